// Stable sorting of row indices.
#pragma once

#include "compiler/math/Numeric.h"

namespace descent::math {

/// An unsigned integer for a number, in the same order: NaN after every number, all NaNs equal, and
/// so the two zeros.
template <class T> DESCENT_MATH_INLINE auto sortingKey(T x) {
  if constexpr (sizeof(T) == 4) {
    using U = uint32_t;
    constexpr U sign = U(1) << 31;
    if constexpr (T(0.5) != T(0)) {
      U bits = __builtin_bit_cast(U, x);
      U key = bits & sign ? ~bits : bits | sign;
      key = x == T(0) ? sign : key;
      return isNan(x) ? ~U(0) : key;
    } else {
      return T(-1) < T(0) ? U(x) ^ sign : U(x);
    }
  } else {
    using U = uint64_t;
    constexpr U sign = U(1) << 63;
    if constexpr (T(0.5) != T(0)) {
      U bits = __builtin_bit_cast(U, x);
      U key = bits & sign ? ~bits : bits | sign;
      key = x == T(0) ? sign : key;
      return isNan(x) ? ~U(0) : key;
    } else {
      return T(-1) < T(0) ? U(x) ^ sign : U(x);
    }
  }
}

/// Sorts indices by merging, runs of sixteen first by insertion: for rows that are short.
template <class U>
DESCENT_MATH_INLINE void mergeSort(const U *key, int32_t *index, int32_t *scratch, int64_t n) {
  constexpr int64_t run = 16;
  for (int64_t start = 0; start < n; start += run) {
    int64_t end = start + run < n ? start + run : n;
    for (int64_t i = start; i < end; ++i) {
      U value = key[i];
      int64_t j = i;
      for (; j > start && value < key[index[j - 1]]; --j)
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
        bool takeRight = left >= middle || (right < end && key[from[right]] < key[from[left]]);
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

/// Sorts keys, and indices with them, by eleven bits at a time, the lowest first; digits that are
/// the same in all keys are left out.
template <class U>
DESCENT_MATH_INLINE void radixSort(U *key, int32_t *index, U *keyRoom, int32_t *indexRoom,
                                   int64_t n) {
  constexpr int bits = 11, digits = (int(sizeof(U)) * 8 + bits - 1) / bits, buckets = 1 << bits;
  int32_t counts[digits][buckets];
  for (int digit = 0; digit < digits; ++digit)
    for (int bucket = 0; bucket < buckets; ++bucket)
      counts[digit][bucket] = 0;
  for (int64_t i = 0; i < n; ++i) {
    index[i] = int32_t(i);
    for (int digit = 0; digit < digits; ++digit)
      ++counts[digit][(key[i] >> (digit * bits)) & (buckets - 1)];
  }
  int32_t *sorted = index;
  for (int digit = 0; digit < digits; ++digit) {
    int32_t *count = counts[digit];
    if (count[(key[0] >> (digit * bits)) & (buckets - 1)] == n)
      continue;
    int32_t before = 0;
    for (int bucket = 0; bucket < buckets; ++bucket) {
      int32_t here = count[bucket];
      count[bucket] = before;
      before += here;
    }
    for (int64_t i = 0; i < n; ++i) {
      int32_t to = count[(key[i] >> (digit * bits)) & (buckets - 1)]++;
      keyRoom[to] = key[i];
      indexRoom[to] = index[i];
    }
    U *keys = key;
    key = keyRoom;
    keyRoom = keys;
    int32_t *indices = index;
    index = indexRoom;
    indexRoom = indices;
  }
  if (index != sorted)
    for (int64_t i = 0; i < n; ++i)
      sorted[i] = index[i];
}

/// Rows from which on the passes over all buckets pay: (measured) by 32 and by 64 bits.
template <class U> constexpr int64_t leastForRadix = sizeof(U) == 4 ? 1024 : 4096;

/// Writes to index the permutation that sorts x[0..n) ascending, equal elements (all NaNs are
/// equal, so are the two zeros) in their order. Overwrites x. scratch: 12 n bytes, aligned to 8.
template <class T>
DESCENT_MATH_INLINE void argsort(T *x, int32_t *index, void *scratch, int64_t n) {
  using U = decltype(sortingKey(T()));
  U *key = reinterpret_cast<U *>(x);
  for (int64_t i = 0; i < n; ++i)
    key[i] = sortingKey(x[i]);
  U *keyRoom = static_cast<U *>(scratch);
  int32_t *indexRoom = reinterpret_cast<int32_t *>(keyRoom + n);
  if (n < leastForRadix<U>)
    mergeSort(key, index, indexRoom, n);
  else
    radixSort(key, index, keyRoom, indexRoom, n);
}

} // namespace descent::math
