// What the processor offers to products of matrices, and the sizes of its caches.
#pragma once

#include "compiler/cpu/Target.h"

#include <cstdint>

namespace descent::cpu {

struct Host {
  int vectorBytes = 16;
  int vectorRegisters = 16;
  /// Loads and stores of some lanes of a vector are instructions.
  bool masks = false;
  int64_t level1Bytes = 32 << 10, level2Bytes = 512 << 10;
  int64_t lastLevelBytes = 32 << 20; ///< of the cache that memory is behind
};

/// A processor with this machine's caches.
Host hostOf(const Processor &processor);

/// This machine.
const Host &thisHost();

} // namespace descent::cpu
