#include "compiler/cpu/matmul/Host.h"

#include <unistd.h>

namespace descent::cpu {

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
  return host;
}

const Host &thisHost() {
  static const Host host = hostOf(hostProcessor());
  return host;
}

} // namespace descent::cpu
