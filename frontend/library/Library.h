// The part of the library that is written in the language, as text in the program.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace descent::library {

/// The text of a module ("prelude", "stats", "nn"), or nothing where there is none of that name.
/// The prelude's names are known everywhere; other modules are for `use`.
std::optional<std::string_view> moduleText(std::string_view name);

/// The names of the modules for `use`, in alphabetical order.
std::vector<std::string_view> moduleNames();

} // namespace descent::library
