// Element types in LLVM: in registers a bool is i1, in memory a byte.
#pragma once

#include <llvm/IR/IRBuilder.h>
#include <mlir/IR/BuiltinTypes.h>

#include <string_view>

namespace descent::cpu {

llvm::Type *registerType(llvm::LLVMContext &context, mlir::Type element);
llvm::Type *memoryType(llvm::LLVMContext &context, mlir::Type element);

bool isUnsigned(mlir::Type element);

/// The suffix of a math function's name: "f32", "i64", "u32" …
std::string_view suffixOf(mlir::Type element);

/// A constant of an element type from the attribute of one element.
llvm::Constant *constantOf(llvm::LLVMContext &context, mlir::Type element, mlir::Attribute value);
llvm::Constant *zeroOf(llvm::LLVMContext &context, mlir::Type element);

/// An element from or to memory; the address is of this element.
llvm::Value *loadElement(llvm::IRBuilderBase &b, mlir::Type element, llvm::Value *address);
llvm::StoreInst *storeElement(llvm::IRBuilderBase &b, mlir::Type element, llvm::Value *value,
                              llvm::Value *address);

} // namespace descent::cpu
