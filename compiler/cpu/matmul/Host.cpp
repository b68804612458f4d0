#include "compiler/cpu/matmul/Host.h"

#include <unistd.h>

#include <fstream>
#include <string>

namespace descent::cpu {

namespace {

/// The size of the last cache that this machine's processors have, or 0 where it is not known. What
/// the processor itself says, which sysconf passes on, may be the sum over all its parts.
int64_t lastLevelHere() {
  int64_t bytes = 0;
  int last = 0;
  for (int index = 0; index < 8; ++index) {
    std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    int64_t size = 0;
    int level = 0;
    char unit = 0;
    if (!(std::ifstream(folder + "level") >> level) ||
        !(std::ifstream(folder + "size") >> size >> unit) || level <= last)
      continue;
    last = level;
    bytes = size << (unit == 'K' ? 10 : unit == 'M' ? 20 : unit == 'G' ? 30 : 0);
  }
  return bytes;
}

} // namespace

Host hostOf(const Processor &processor) {
  Host host;
  std::unique_ptr<llvm::MCSubtargetInfo> info = featuresOf(processor);
  if (processor.triple.isX86()) {
    if (info->checkFeatures("+avx512f,+avx512vl")) {
      host.vectorBytes = 64;
      host.vectorRegisters = 32;
      host.masks = true;
    } else if (info->checkFeatures("+avx")) {
      host.vectorBytes = 32;
    }
  } else if (processor.triple.isAArch64()) {
    host.vectorRegisters = 32;
  }
  // Virtual machines and other systems than Linux may not know.
#ifdef _SC_LEVEL1_DCACHE_SIZE
  if (int64_t bytes = sysconf(_SC_LEVEL1_DCACHE_SIZE); bytes > 0)
    host.level1Bytes = bytes;
  if (int64_t bytes = sysconf(_SC_LEVEL2_CACHE_SIZE); bytes > 0)
    host.level2Bytes = bytes;
#endif
  if (int64_t bytes = lastLevelHere())
    host.lastLevelBytes = bytes;
  return host;
}

const Host &thisHost() {
  static const Host host = hostOf(hostProcessor());
  return host;
}

} // namespace descent::cpu
