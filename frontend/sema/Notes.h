// The text around an error, for notes that point at the other places involved.
#pragma once

#include "frontend/diagnostics/Source.h"

#include <string_view>
#include <vector>

namespace descent::sema {

struct NameInText {
  std::string_view name;
  SourceRange range;
};

/// The names that an expression's text mentions as values, each once, in order: not those called, not
/// fields, not the names of arguments.
std::vector<NameInText> namesIn(const SourceManager &sources, SourceRange range);

} // namespace descent::sema
