// The small vocabulary in which the rules of differentiation are written.
#pragma once

#include "compiler/dialect/Dialect.h"

#include <mlir/IR/ImplicitLocOpBuilder.h>

namespace descent::derivative {

using mlir::ArrayRef;
using mlir::Block;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::RankedTensorType;
using mlir::Region;
using mlir::SmallVector;
using mlir::Type;
using mlir::Value;
using mlir::ValueRange;

/// The type of an array.
inline RankedTensorType tensorOf(Value value) {
  return mlir::cast<RankedTensorType>(value.getType());
}
inline ArrayRef<int64_t> shapeOf(Value value) {
  return tensorOf(value).getShape();
}
inline bool isTape(Type type) {
  return mlir::isa<ir::TapeType>(type);
}
/// Whether values of the type can have a derivative: arrays of floats and tapes of them.
bool isDifferentiable(Type type);
/// The type of bools that go with a value, one for each of its elements; a tape of bools for a
/// tape.
Type maskTypeOf(Type type);

/// 0, 1, … n-1 without those in `dims`.
SmallVector<int64_t> otherDims(int64_t rank, ArrayRef<int64_t> dims);
SmallVector<int64_t> inversePermutation(ArrayRef<int64_t> permutation);

/// Emits operations at one place with one location.
///
/// What moves elements takes bools too, with `or` for the sum and false for zero: a mask is pulled
/// back by the same rule as the cotangent it goes with. An operation that would change nothing is
/// not emitted.
class Emitter : public mlir::ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  /// An array of one number (for bools: whether it is not zero).
  Value number(Type type, double value);
  /// Zeros, or false, or an empty tape.
  Value zeros(Type type);
  Value trues(Type type) { return number(type, 1); }

  /// The sum; for bools, whether either is true.
  Value plus(Value a, Value b);
  Value times(Value a, Value b) { return ir::MulOp::create(*this, a, b); }
  Value over(Value a, Value b) { return ir::DivOp::create(*this, a, b); }
  Value negate(Value x) { return ir::NegOp::create(*this, x); }
  Value compare(ir::Predicate predicate, Value a, Value b) {
    return ir::CompareOp::create(*this, predicate, a, b);
  }
  Value choose(Value condition, Value a, Value b) {
    return ir::SelectOp::create(*this, a.getType(), condition, a, b);
  }
  /// `x` where the condition holds, zero elsewhere.
  Value where(Value condition, Value x) { return choose(condition, x, zeros(x.getType())); }

  Value reshape(Value x, ArrayRef<int64_t> shape);
  Value transpose(Value x, ArrayRef<int64_t> permutation);
  Value broadcast(Value x, ArrayRef<int64_t> shape, ArrayRef<int64_t> dims);
  /// The sum along dimensions.
  Value sumOver(Value x, ArrayRef<int64_t> dims);
  Value slice(Value x, ArrayRef<int64_t> starts, ArrayRef<int64_t> limits,
              ArrayRef<int64_t> strides);
  /// The elements from `start` to `limit` along one dimension.
  Value sliceAlong(Value x, int64_t dim, int64_t start, int64_t limit, int64_t stride = 1);
  /// Pads with a number.
  Value pad(Value x, ArrayRef<int64_t> low, ArrayRef<int64_t> high, ArrayRef<int64_t> interior,
            double value = 0);
  Value padAlong(Value x, int64_t dim, int64_t low, int64_t high, int64_t interior,
                 double value = 0);
  Value reverse(Value x, ArrayRef<int64_t> dims);
  Value cumsum(Value x, int64_t dim, bool reverse);
  /// Another element type; bools stay bools.
  Value convert(Value x, Type element);
  /// The index along a dimension, as i32.
  Value iota(ArrayRef<int64_t> shape, int64_t dim);
  Value gather(Value x, Value indices, int64_t axis, int64_t batch);
  Value scatterAdd(Value x, Value indices, Value updates, int64_t axis, int64_t batch);
  Value scatterSet(Value x, Value indices, Value updates, int64_t axis, int64_t batch);
  Value dynamicSlice(Value x, ValueRange starts, ArrayRef<int64_t> sizes);
  Value update(Value x, Value update, ValueRange starts);

  Value push(Value tape, Value value) {
    return ir::TapePushOp::create(*this, tape.getType(), tape, value);
  }
  /// The tape below, and its top value.
  std::pair<Value, Value> pop(Value tape);

private:
  Value asInts(Value bools);
  Value asBools(Value ints);
};

} // namespace descent::derivative
