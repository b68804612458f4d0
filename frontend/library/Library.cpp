#include "frontend/library/Library.h"

#include <algorithm>

namespace descent::library {
namespace {

struct EmbeddedModule {
  std::string_view name;
  std::string_view text;
};

constexpr EmbeddedModule kModules[] = {
#include "Modules.inc"
};

} // namespace

std::optional<std::string_view> moduleText(std::string_view name) {
  for (const EmbeddedModule &module : kModules)
    if (module.name == name)
      return module.text;
  return std::nullopt;
}

std::vector<std::string_view> moduleNames() {
  std::vector<std::string_view> names;
  for (const EmbeddedModule &module : kModules)
    if (module.name != "prelude")
      names.push_back(module.name);
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace descent::library
