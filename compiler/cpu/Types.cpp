#include "compiler/cpu/Types.h"

#include <mlir/IR/BuiltinAttributes.h>

namespace descent::cpu {

llvm::Type *registerType(llvm::LLVMContext &context, mlir::Type element) {
  if (element.isF32())
    return llvm::Type::getFloatTy(context);
  if (element.isF64())
    return llvm::Type::getDoubleTy(context);
  return llvm::Type::getIntNTy(context, element.getIntOrFloatBitWidth());
}

llvm::Type *memoryType(llvm::LLVMContext &context, mlir::Type element) {
  return element.isInteger(1) ? llvm::Type::getInt8Ty(context) : registerType(context, element);
}

bool isUnsigned(mlir::Type element) {
  return element.isUnsignedInteger() || element.isInteger(1);
}

std::string_view suffixOf(mlir::Type element) {
  if (element.isF32())
    return "f32";
  if (element.isF64())
    return "f64";
  bool wide = element.getIntOrFloatBitWidth() == 64;
  if (element.isUnsignedInteger())
    return wide ? "u64" : "u32";
  return wide ? "i64" : element.isInteger(1) ? "bool" : "i32";
}

llvm::Constant *constantOf(llvm::LLVMContext &context, mlir::Type element, mlir::Attribute value) {
  llvm::Type *type = registerType(context, element);
  if (auto number = mlir::dyn_cast<mlir::FloatAttr>(value))
    return llvm::ConstantFP::get(type, number.getValue());
  return llvm::ConstantInt::get(type, mlir::cast<mlir::IntegerAttr>(value).getValue());
}

llvm::Constant *zeroOf(llvm::LLVMContext &context, mlir::Type element) {
  return llvm::Constant::getNullValue(registerType(context, element));
}

llvm::Value *loadElement(llvm::IRBuilderBase &b, mlir::Type element, llvm::Value *address) {
  llvm::Value *value = b.CreateLoad(memoryType(b.getContext(), element), address);
  return element.isInteger(1) ? b.CreateTrunc(value, b.getInt1Ty()) : value;
}

llvm::StoreInst *storeElement(llvm::IRBuilderBase &b, mlir::Type element, llvm::Value *value,
                              llvm::Value *address) {
  if (element.isInteger(1))
    value = b.CreateZExt(value, b.getInt8Ty());
  return b.CreateStore(value, address);
}

} // namespace descent::cpu
