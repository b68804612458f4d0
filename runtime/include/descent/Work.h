// How much a program does at the least: what its speed can be held against.
#pragma once

#include <vector>

namespace descent {

/// What some code moves and computes.
struct Amount {
  /// That its kernels read and write: each array once for each kernel, and of arrays of which they
  /// need parts only these.
  double bytes = 0;
  /// Multiplications and additions of products of matrices.
  double productOperations = 0;

  Amount operator+(const Amount &other) const {
    return {bytes + other.bytes, productOperations + other.productOperations};
  }
  Amount operator*(double times) const { return {bytes * times, productOperations * times}; }
};

/// What a program does, as far as that is known when it is compiled.
struct Work {
  /// What runs a known number of times, in all. Of the branches of an `if` what both do at least.
  Amount known;
  /// One iteration of each outermost loop whose number of iterations is not known, such as that of
  /// a `train`, in order.
  std::vector<Amount> loops;
};

} // namespace descent
