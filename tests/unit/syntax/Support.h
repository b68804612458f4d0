#pragma once

#include "frontend/diagnostics/Diagnostics.h"
#include "frontend/syntax/Ast.h"
#include "frontend/syntax/Parser.h"

#include <string>
#include <vector>

namespace descent::test {

/// A text, parsed.
struct Parsed {
  explicit Parsed(std::string text);

  /// The messages, as they are shown.
  std::string messages() const;
  /// The ids of the messages, with their places: "1:5 expected-token".
  std::vector<std::string> ids() const;

  SourceManager sources;
  Diagnostics diagnostics;
  const SourceFile &file;
  std::unique_ptr<ast::Ast> ast;
};

/// A tree in a notation of one line: operators in parentheses, everything else in brackets with
/// its kind. Written apart from the printer and the formatter, so that each checks the other.
std::string compact(const ast::Expr *expr);
std::string compact(const ast::Stmt *stmt);

/// The statements of a text without errors, joined by " | "; the messages, if it has any.
std::string tree(const std::string &text);

/// The files with the ending `.gd` under a folder, as texts.
std::vector<std::string> scriptsIn(const std::string &folder);

} // namespace descent::test
