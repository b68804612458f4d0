// All tables of built-in functions as one.
#include "frontend/sema/Builtins.h"

#include <unordered_map>

namespace descent::sema {
namespace {

const std::unordered_map<std::string_view, const Builtin *> &table() {
  static const auto rows = [] {
    std::unordered_map<std::string_view, const Builtin *> result;
    for (std::span<const Builtin> family :
         {elementwiseBuiltins(), makerBuiltins(), shapeBuiltins(), reductionBuiltins(),
          linearBuiltins(), randomBuiltins(), transformBuiltins(), controlBuiltins()})
      for (const Builtin &builtin : family)
        result.emplace(builtin.name, &builtin);
    return result;
  }();
  return rows;
}

} // namespace

const Builtin *findBuiltin(std::string_view name) {
  auto found = table().find(name);
  return found == table().end() ? nullptr : found->second;
}

std::vector<std::string_view> builtinNames() {
  std::vector<std::string_view> names;
  for (const auto &[name, builtin] : table())
    names.push_back(name);
  return names;
}

} // namespace descent::sema
