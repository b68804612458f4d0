// What the processor offers to products of matrices.
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
};

/// A processor with this machine's caches.
Host hostOf(const Processor &processor);

/// This machine.
const Host &thisHost();

} // namespace descent::cpu
