// Products along a dimension as steps of plain multiplications, whose derivatives divide by nothing
// and so are right where elements are zero, to any order.
#pragma once

#include "compiler/derivative/Emitter.h"

namespace descent::derivative {

/// The product of each row of a matrix: neighbours are multiplied until one column is left.
class PairwiseProduct {
public:
  PairwiseProduct(Emitter &emit, Value rows);
  /// From a tangent of the rows to that of the products, a matrix of one column.
  Value pushForward(Value tangent);
  /// The transpose of this.
  Value pullBack(Value cotangent);

private:
  Value evens(Value rows) { return emit.sliceAlong(rows, 1, 0, shapeOf(rows)[1], 2); }
  Value odds(Value rows) { return emit.sliceAlong(rows, 1, 1, shapeOf(rows)[1], 2); }
  /// An even number of columns, with a number in the one that is added.
  Value evened(Value rows, double filler) {
    return emit.padAlong(rows, 1, 0, shapeOf(rows)[1] % 2, 0, filler);
  }

  Emitter &emit;
  struct Level {
    Value evens, odds;
    int64_t width;
  };
  SmallVector<Level> levels;
};

/// The running product along a dimension: in step s each element is multiplied by the one 2^s
/// before.
class RunningProduct {
public:
  RunningProduct(Emitter &emit, Value x, int64_t dim);
  Value pushForward(Value tangent);
  Value pullBack(Value cotangent);

private:
  /// Element i - distance in the place of element i, and a number before the first.
  Value delayed(Value x, int64_t distance, double filler) {
    return emit.padAlong(emit.sliceAlong(x, dim, 0, size - distance), dim, distance, 0, 0, filler);
  }
  /// The transpose: element i + distance in the place of element i.
  Value advanced(Value x, int64_t distance) {
    return emit.padAlong(emit.sliceAlong(x, dim, distance, size), dim, 0, distance, 0);
  }

  Emitter &emit;
  int64_t dim, size;
  struct Step {
    Value factor, other;
    int64_t distance;
  };
  SmallVector<Step> steps;
};

} // namespace descent::derivative
