// The matrix product of the hand-written peers: three loops, the innermost along rows.
#pragma once

#include <algorithm>
#include <cstdint>

namespace descent::bench::PEER_NAMESPACE {

template <typename T> struct Loops {
  static void multiply(bool transposeA, bool transposeB, int64_t m, int64_t n, int64_t k,
                       const T *a, const T *b, T *c) {
    std::fill(c, c + m * n, T(0));
    if (transposeB) {
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j)
          for (int64_t p = 0; p < k; ++p)
            c[i * n + j] += (transposeA ? a[p * m + i] : a[i * k + p]) * b[j * k + p];
      return;
    }
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
};

} // namespace descent::bench::PEER_NAMESPACE
