// Products of matrices that a program leaves to its device's library.
#pragma once

#include <cstdint>

namespace descent::device {

/// result[batch, m, n] = lhs · rhs: the result is row-major, without gaps.
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
  };

  Element element = Element::F32;
  Rounding rounding = Rounding::None;
  int64_t batch = 1, m = 1, n = 1, k = 1;
  Side lhs, rhs;

  int64_t multiplications() const { return batch * m * n * k; }
};

} // namespace descent::device
