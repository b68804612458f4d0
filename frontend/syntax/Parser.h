#pragma once

#include "frontend/diagnostics/Diagnostics.h"
#include "frontend/syntax/Ast.h"

#include <memory>

namespace descent {

/// Reads a file. Always gives a tree: what could not be read is an error reported to `diagnostics`
/// and an Error node in the tree. Takes time and memory in proportion to the length of the text,
/// whatever the text.
std::unique_ptr<ast::Ast> parse(const SourceFile &file, Diagnostics &diagnostics);

} // namespace descent
