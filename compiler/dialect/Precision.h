// How exactly products of matrices are to be computed: an attribute of the module, so that it holds
// for whatever passes make of them, derivatives of any order.
#pragma once

#include <mlir/IR/BuiltinOps.h>

namespace descent::ir {

/// What targets with units for it may round operands of f32 to. Sums are of f32.
enum class ProductPrecision : uint8_t { Full, Tf32, Bf16 };

inline constexpr llvm::StringLiteral kProductPrecision = "descent.products";

inline void setProductPrecision(mlir::ModuleOp module, ProductPrecision precision) {
  if (precision == ProductPrecision::Full) {
    module->removeAttr(kProductPrecision);
    return;
  }
  llvm::StringRef name = precision == ProductPrecision::Tf32 ? "tf32" : "bf16";
  module->setAttr(kProductPrecision, mlir::StringAttr::get(module.getContext(), name));
}

inline ProductPrecision productPrecision(mlir::ModuleOp module) {
  auto name = module->getAttrOfType<mlir::StringAttr>(kProductPrecision);
  if (!name)
    return ProductPrecision::Full;
  return name == "tf32" ? ProductPrecision::Tf32 : ProductPrecision::Bf16;
}

} // namespace descent::ir
