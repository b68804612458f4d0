// Numbers of elements, of blocks and the like.
#pragma once

#include <llvm/ADT/ArrayRef.h>

#include <cstdint>

namespace descent::gpu {

/// Both are positive.
inline int64_t ceilDiv(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

inline int64_t product(llvm::ArrayRef<int64_t> sizes) {
  int64_t all = 1;
  for (int64_t size : sizes)
    all *= size;
  return all;
}

} // namespace descent::gpu
