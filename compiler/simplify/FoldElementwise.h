// Elementwise operations on numbers known at compile time.
#pragma once

#include "compiler/dialect/Dialect.h"

namespace descent::simplify {

/// A number of any element type: floats as double, integers and bools as their bits, sign-extended
/// for signed types and zero-extended for others.
struct Number {
  double real = 0;
  uint64_t bits = 0;
};

Number numberOf(const llvm::APFloat &value);
Number numberOf(const llvm::APInt &value, mlir::Type element);
/// The number as an attribute of an element type, rounded or wrapped to it.
mlir::Attribute attributeOf(Number number, mlir::Type element);

/// The result of an elementwise operation at one index, whose operands there are known; nothing for
/// operations that are not computed here.
std::optional<Number> foldElement(mlir::Operation *op, llvm::ArrayRef<Number> operands);

/// How reduction `op` combines two numbers.
std::optional<Number> combine(mlir::Operation *op, Number a, Number b);

} // namespace descent::simplify
