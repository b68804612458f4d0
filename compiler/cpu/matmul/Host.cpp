#include "compiler/cpu/matmul/Host.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/Triple.h>

#include <unistd.h>

namespace descent::cpu {

namespace {

Host describe() {
  Host host;
  llvm::Triple triple(llvm::sys::getProcessTriple());
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  if (triple.isX86()) {
    if (features.lookup("avx512f") && features.lookup("avx512vl")) {
      host.vectorBytes = 64;
      host.vectorRegisters = 32;
      host.masks = true;
    } else if (features.lookup("avx")) {
      host.vectorBytes = 32;
    }
  } else if (triple.isAArch64()) {
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

} // namespace

const Host &thisHost() {
  static const Host host = describe();
  return host;
}

} // namespace descent::cpu
