#pragma once

#include "frontend/diagnostics/Diagnostics.h"
#include "frontend/syntax/Ast.h"
#include "frontend/syntax/Token.h"

namespace descent {

/// Brackets may be open this many at a time.
inline constexpr size_t kMaxOpenBrackets = 256;

struct LexedFile {
  TokenList tokens;
  std::vector<ast::Comment> comments;
  /// A bracket was still open at the end of the text.
  bool endsInside = false;
};

/// Cuts a text into tokens and decides which line breaks end a statement: those that stand neither
/// within `(` or `[`, nor after a binary operator, a comma or `->`, nor before a `.` or a binary
/// operator that cannot begin a statement (all but `-`).
LexedFile lex(const SourceFile &file, Diagnostics &diagnostics);

} // namespace descent
