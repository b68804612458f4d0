// Code that a device's driver made, kept among the compiled programs.
#pragma once

#include "compiler/cache/CodeCache.h"
#include "runtime/device/CodeStore.h"

#include <utility>

namespace descent::compiler {

class DeviceStore final : public device::CodeStore {
public:
  explicit DeviceStore(CodeCache cache) : cache(std::move(cache)) {}
  std::optional<std::string> find(Parts parts) override {
    return cache.find(CodeCache::keyOf(parts));
  }
  void keep(Parts parts, std::string_view image) override {
    cache.keep(CodeCache::keyOf(parts), image);
  }

private:
  CodeCache cache;
};

} // namespace descent::compiler
