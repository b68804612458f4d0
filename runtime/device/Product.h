// Products of matrices that a program leaves to its device's library.
#pragma once

#include <cstdint>

namespace descent::device {

/// result[batch, m, n] = alpha · lhs · rhs + beta · added + bias: the result is row-major, without
/// gaps. `added` is an array like the result, or the result itself, which is then replaced; `bias`
/// has an element for each column, for all rows.
struct Product {
  enum class Element : int64_t { F32, F64 };
  /// To what operands of f32 may be rounded before they are multiplied.
  enum class Rounding : int64_t { None, Tf32, Bf16 };
  /// A matrix for each index of the batch. Terms are what the product adds up over; the other
  /// dimension are the rows of the left matrix, and the columns of the right one.
  struct Side {
    /// Whether neighbouring terms are neighbours in memory; otherwise the others are.
    int64_t termsInner = 0;
    int64_t stride = 0;      ///< elements from one row in memory to the next
    int64_t batchStride = 0; ///< elements from one matrix to the next

    bool operator==(const Side &) const = default;
  };

  Element element = Element::F32;
  Rounding rounding = Rounding::None;
  int64_t batch = 1, m = 1, n = 1, k = 1;
  Side lhs, rhs;
  double alpha = 1; ///< as `element` has it, like `beta`
  double beta = 0;  ///< 0: nothing is added
  int64_t hasBias = 0;

  bool operator==(const Product &) const = default;
  /// Whether it is nothing but a product.
  bool isPlain() const { return alpha == 1 && beta == 0 && !hasBias; }
  int64_t multiplications() const { return batch * m * n * k; }
};

/// The first elements of a product's arrays, in the device's memory; 0: there is none.
struct ProductArrays {
  uint64_t lhs = 0, rhs = 0, result = 0, added = 0, bias = 0;

  bool operator==(const ProductArrays &) const = default;
};

} // namespace descent::device
