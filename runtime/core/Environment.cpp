#include "runtime/core/Environment.h"

#include "descent/Error.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace descent {

std::optional<int64_t> numberFromEnvironment(const char *name, int64_t least, int64_t most) {
  const char *value = std::getenv(name);
  if (!value)
    return std::nullopt;
  std::string_view text = value;
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
    throw Error(fmt::format("the variable {} takes a whole number from {} to {}, not {}", name,
                            least, most, text.empty() ? "nothing" : "'" + std::string(text) + "'"));
  return number;
}

} // namespace descent
