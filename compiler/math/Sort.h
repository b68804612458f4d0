// Stable sorting of row indices.
#pragma once

#include "compiler/math/Numeric.h"

namespace descent::math {

/// Whether a must come before b: NaN after every number.
template <class T> DESCENT_MATH_INLINE bool before(T a, T b) {
  if constexpr (T(0.5) != T(0))
    return a < b || (isNan(b) && !isNan(a));
  else
    return a < b;
}

/// Writes to index the permutation that sorts x[0..n) ascending, equal elements (all NaNs are
/// equal, so are the two zeros) in their order. scratch: n elements.
template <class T>
DESCENT_MATH_INLINE void argsort(const T *x, int32_t *index, int32_t *scratch, int64_t n) {
  constexpr int64_t run = 16;
  for (int64_t start = 0; start < n; start += run) {
    int64_t end = start + run < n ? start + run : n;
    for (int64_t i = start; i < end; ++i) {
      T value = x[i];
      int64_t j = i;
      for (; j > start && before(value, x[index[j - 1]]); --j)
        index[j] = index[j - 1];
      index[j] = int32_t(i);
    }
  }
  int32_t *from = index;
  int32_t *to = scratch;
  for (int64_t width = run; width < n; width *= 2) {
    for (int64_t start = 0; start < n; start += 2 * width) {
      int64_t middle = start + width < n ? start + width : n;
      int64_t end = start + 2 * width < n ? start + 2 * width : n;
      int64_t left = start;
      int64_t right = middle;
      for (int64_t i = start; i < end; ++i) {
        bool takeRight = left >= middle || (right < end && before(x[from[right]], x[from[left]]));
        to[i] = from[takeRight ? right : left];
        right += takeRight;
        left += !takeRight;
      }
    }
    int32_t *swap = from;
    from = to;
    to = swap;
  }
  if (from != index)
    for (int64_t i = 0; i < n; ++i)
      index[i] = from[i];
}

} // namespace descent::math
