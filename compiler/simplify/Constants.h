// Reading and making constants.
#pragma once

#include "compiler/dialect/Dialect.h"

#include <mlir/IR/PatternMatch.h>

namespace descent::simplify {

inline mlir::RankedTensorType tensorOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}
inline bool isFloatTensor(mlir::Value value) {
  return mlir::isa<mlir::FloatType>(tensorOf(value).getElementType());
}
inline bool isBoolTensor(mlir::Value value) {
  return tensorOf(value).getElementType().isInteger(1);
}

/// The elements of a constant; null for any other value.
mlir::DenseElementsAttr constantOf(mlir::Value value);

/// The one number all elements of a constant float array are.
std::optional<double> floatSplat(mlir::Value value);
/// The one number all elements of a constant integer or bool array are (unsigned ones
/// zero-extended).
std::optional<int64_t> integerSplat(mlir::Value value);
/// Whether all elements of a constant number array equal `number`.
bool isSplat(mlir::Value value, double number);

/// A constant array all elements of which are `number` (converted to the element type).
mlir::DenseElementsAttr splat(mlir::RankedTensorType type, double number);
mlir::Value makeSplat(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType type,
                      double number);
mlir::Value makeConstant(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::DenseElementsAttr elements);

/// The largest or smallest value of an element type: what the maximum or minimum of nothing is.
mlir::DenseElementsAttr extreme(mlir::RankedTensorType type, bool largest);

} // namespace descent::simplify
