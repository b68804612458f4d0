// Loops that several of the hand-written peers have: sums, softmax, the product of matrices.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace descent::bench::PEER_NAMESPACE {

template <typename T> T largest(const T *x, int64_t n) {
  T top = x[0];
  for (int64_t i = 1; i < n; ++i)
    top = x[i] > top ? x[i] : top;
  return top;
}

template <typename T> T logSumExp(const T *x, int64_t n) {
  T top = largest(x, n), sum = 0;
  for (int64_t i = 0; i < n; ++i)
    sum += std::exp(x[i] - top);
  return top + std::log(sum);
}

/// weights = exp(x) / Σ exp(x); gives log Σ exp(x). `weights` may be `x`.
template <typename T> T softmax(const T *x, int64_t n, T *weights) {
  T top = largest(x, n), sum = 0;
  for (int64_t i = 0; i < n; ++i) {
    T weight = std::exp(x[i] - top);
    weights[i] = weight;
    sum += weight;
  }
  T scale = 1 / sum;
  for (int64_t i = 0; i < n; ++i)
    weights[i] *= scale;
  return top + std::log(sum);
}

/// Three loops, the innermost along rows.
template <typename T> struct Loops {
  static void multiply(bool transposeA, bool transposeB, int64_t m, int64_t n, int64_t k,
                       const T *__restrict a, const T *__restrict b, T *__restrict c) {
    if (transposeB) {
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j)
          c[i * n + j] = transposeA ? dot(k, a + i, m, b + j * k) : dot(k, a + i * k, 1, b + j * k);
      return;
    }
    std::fill(c, c + m * n, T(0));
    if (transposeA && n == 1) {
      for (int64_t p = 0; p < k; ++p)
        for (int64_t i = 0; i < m; ++i)
          c[i] += a[p * m + i] * b[p];
      return;
    }
    for (int64_t i = 0; i < m; ++i)
      for (int64_t p = 0; p < k; ++p) {
        T factor = transposeA ? a[p * m + i] : a[i * k + p];
        for (int64_t j = 0; j < n; ++j)
          c[i * n + j] += factor * b[p * n + j];
      }
  }

private:
  static T dot(int64_t k, const T *a, int64_t step, const T *b) {
    T sum = 0;
    if (step == 1) {
      for (int64_t p = 0; p < k; ++p)
        sum += a[p] * b[p];
    } else {
      for (int64_t p = 0; p < k; ++p)
        sum += a[p * step] * b[p];
    }
    return sum;
  }
};

} // namespace descent::bench::PEER_NAMESPACE
