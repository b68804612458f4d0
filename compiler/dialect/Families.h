// How each family of operations enters the dialect; its implementation is its own file.
#pragma once

#include "compiler/dialect/Dialect.h"

namespace descent::ir {

/// Registers the operations of one family with the dialect.
template <typename... Ops> void addFamily(DescentDialect &dialect) {
  (mlir::RegisteredOperationName::insert<Ops>(dialect), ...);
}

/// Types in parentheses, perhaps none: the directive `custom<Types>` of the assembly formats.
mlir::ParseResult parseTypes(mlir::OpAsmParser &parser, mlir::SmallVectorImpl<mlir::Type> &types);
void printTypes(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::TypeRange types);

void registerElementwiseOps(DescentDialect &dialect);
void registerShapeOps(DescentDialect &dialect);
void registerReduceOps(DescentDialect &dialect);
void registerControlOps(DescentDialect &dialect);
void registerTransformOps(DescentDialect &dialect);
void registerHostOps(DescentDialect &dialect);

} // namespace descent::ir
