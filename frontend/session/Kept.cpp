#include "frontend/session/Kept.h"

#include <algorithm>

namespace descent {
namespace {

void flatten(const abi::ValueLayout &layout, const std::vector<Array> &arrays,
             const std::string &path, NamedValue &out) {
  if (layout.kind == abi::ValueLayout::Kind::Array) {
    out.arrays.push_back(arrays.at(static_cast<size_t>(layout.operand)));
    out.paths.push_back(path);
    return;
  }
  for (size_t i = 0; i < layout.items.size(); ++i) {
    std::string step =
        layout.kind == abi::ValueLayout::Kind::Record ? layout.names[i] : std::to_string(i);
    flatten(layout.items[i], arrays, path.empty() ? step : path + "." + step, out);
  }
}

} // namespace

std::vector<NamedValue> namedValues(const std::vector<abi::KeptValue> &kept) {
  std::vector<NamedValue> result;
  for (const abi::KeptValue &value : kept) {
    NamedValue named;
    named.name = value.name;
    flatten(value.layout, value.arrays, "", named);
    auto previous = std::ranges::find(result, value.name, &NamedValue::name);
    if (previous == result.end())
      result.push_back(std::move(named));
    else
      *previous = std::move(named);
  }
  return result;
}

} // namespace descent
