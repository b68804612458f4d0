// The inside of a compiler::Module, for code that includes MLIR: frontend/emit and the compiler.
#pragma once

#include "compiler/Compiler.h"

#include <mlir/IR/BuiltinOps.h>
#include <mlir/IR/MLIRContext.h>
#include <mlir/IR/OwningOpRef.h>

namespace descent::compiler {

/// The IR and the context it lives in. The program is `func.func @main()` without arguments or
/// results; every other public function of the module is an exported one.
struct Module::State {
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace descent::compiler
