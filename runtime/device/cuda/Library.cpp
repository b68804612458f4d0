#include "runtime/device/cuda/Library.h"

#include <cstdlib>
#include <dlfcn.h>

namespace descent::device::cuda {

Library::Library(const char *name, const char *variable) {
  const char *value = std::getenv(variable);
  if (value && !*value) {
    reason = std::string(variable) + " is empty";
    return;
  }
  handle = dlopen(value ? value : name, RTLD_NOW | RTLD_LOCAL);
  if (handle)
    return;
  const char *text = dlerror();
  reason = text ? text : "the loader gives no reason";
  if (value)
    reason += std::string(" (") + variable + " names it)";
}

void *Library::symbol(const char *name) const {
  return dlsym(handle, name);
}

std::string Library::fileOf(const void *symbol) {
  Dl_info info{};
  return dladdr(symbol, &info) != 0 && info.dli_fname ? info.dli_fname : "";
}

} // namespace descent::device::cuda
