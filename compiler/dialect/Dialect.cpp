#include "compiler/dialect/Dialect.h"

#include "compiler/dialect/Families.h"

#include <mlir/IR/DialectImplementation.h>

#include "compiler/dialect/Dialect.cpp.inc"
#include "compiler/dialect/Enums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "compiler/dialect/Attributes.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "compiler/dialect/Types.cpp.inc"

namespace descent::ir {

void DescentDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "compiler/dialect/Attributes.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "compiler/dialect/Types.cpp.inc"
      >();
  registerElementwiseOps(*this);
  registerShapeOps(*this);
  registerReduceOps(*this);
  registerControlOps(*this);
  registerTransformOps(*this);
  registerHostOps(*this);
}

mlir::ParseResult parseTypes(mlir::OpAsmParser &parser, mlir::SmallVectorImpl<mlir::Type> &types) {
  return parser.parseCommaSeparatedList(mlir::OpAsmParser::Delimiter::Paren,
                                        [&] { return parser.parseType(types.emplace_back()); });
}

void printTypes(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::TypeRange types) {
  printer << '(' << types << ')';
}

mlir::Operation *DescentDialect::materializeConstant(mlir::OpBuilder &builder,
                                                     mlir::Attribute value, mlir::Type type,
                                                     mlir::Location loc) {
  auto elements = llvm::dyn_cast<mlir::ElementsAttr>(value);
  if (!elements || elements.getType() != type)
    return nullptr;
  return ConstantOp::create(builder, loc, elements);
}

} // namespace descent::ir
