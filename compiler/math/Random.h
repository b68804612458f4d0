// The counter-based generator threefry2x32 with 20 rounds (Salmon et al., "Parallel random numbers:
// as easy as 1, 2, 3", SC11).
#pragma once

#include "compiler/math/Numeric.h"

namespace descent::math {

DESCENT_MATH_INLINE uint32_t rotateLeft(uint32_t x, int count) {
  return (x << count) | (x >> (32 - count));
}

/// Two words of key and counter packed high word first; so is the result.
DESCENT_MATH_INLINE uint64_t threefry2x32(uint64_t key, uint64_t counter) {
  constexpr int rotations[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
  constexpr uint32_t parity = 0x1BD11BDA;
  uint32_t keys[3];
  keys[0] = uint32_t(key >> 32);
  keys[1] = uint32_t(key);
  keys[2] = keys[0] ^ keys[1] ^ parity;
  uint32_t a = uint32_t(counter >> 32) + keys[0];
  uint32_t b = uint32_t(counter) + keys[1];
#pragma clang loop unroll(full)
  for (uint32_t group = 1; group <= 5; ++group) {
#pragma clang loop unroll(full)
    for (int round = 0; round < 4; ++round) {
      a += b;
      b = rotateLeft(b, rotations[(group + 1) % 2][round]) ^ a;
    }
    a += keys[group % 3];
    b += keys[(group + 1) % 3] + group;
  }
  return uint64_t(a) << 32 | b;
}

} // namespace descent::math
