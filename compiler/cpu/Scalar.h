// Operations on single elements.
#pragma once

#include "compiler/cpu/Emission.h"

namespace descent::cpu {

/// The value of an elementwise operation for given operands. Throws for what has no code.
llvm::Value *emitScalar(FunctionEmission &f, mlir::Operation *op,
                        llvm::ArrayRef<llvm::Value *> operands);

/// How elements are combined by reductions, running reductions and scatters.
enum class Combiner : uint8_t { Sum, Product, Max, Min, And, Or };
Combiner combinerOf(mlir::Operation *op);

/// What combining nothing gives.
llvm::Constant *neutralOf(llvm::LLVMContext &context, Combiner how, mlir::Type element);

/// `reorder`: LLVM may combine in another order (chosen once, when it compiles) and fuse a product
/// into a sum.
llvm::Value *combine(FunctionEmission &f, Combiner how, mlir::Type element, llvm::Value *a,
                     llvm::Value *b, bool reorder);

} // namespace descent::cpu
