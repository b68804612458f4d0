#pragma once

#include "frontend/syntax/Ast.h"

#include <ostream>

namespace descent {

enum class AstRanges { Hide, Show };

/// Writes a tree as text, a node a line, children indented under it. With ranges each line ends in
/// `@line:column-line:column` (the end is the place after the last character). Without them two
/// texts that mean the same give the same lines: parentheses, comments and layout are not shown.
void printAst(const ast::Ast &ast, const SourceFile &file, std::ostream &out,
              AstRanges ranges = AstRanges::Hide);

} // namespace descent
