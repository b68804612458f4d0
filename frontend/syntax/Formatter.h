#pragma once

#include "frontend/diagnostics/Diagnostics.h"

#include <optional>
#include <string>

namespace descent {

/// The text of a file in the one layout; absent where it has syntax errors (reported).
///
/// Indents by two spaces, puts one space where spaces belong and none elsewhere, keeps all
/// comments (those at the end of neighbouring lines in one column), at most one empty line in a
/// row, and the author's choice of
///   - where a line is broken within a statement: contents of a bracket stand below its first
///     element, or indented by two where the bracket ends its line;
///   - `a*b` or `a * b` for arithmetic, as long as it does not contradict the precedence;
///   - parentheses, and a comma at the end of a list of several lines.
/// The result reads as the same tree, and formatting it again changes nothing.
std::optional<std::string> formatSource(const SourceFile &file, Diagnostics &diagnostics);

} // namespace descent
