// The elements of constants, one by one.
#pragma once

#include "compiler/simplify/Constants.h"
#include "compiler/simplify/FoldElementwise.h"

namespace descent::simplify {

/// The most elements of a constant that is computed while compiling; larger ones are computed by
/// the program.
constexpr int64_t largestConstant = 1024;

/// All elements of a constant, in row-major order.
std::vector<Number> numbersOf(mlir::DenseElementsAttr elements);

mlir::DenseElementsAttr constantFrom(mlir::RankedTensorType type, llvm::ArrayRef<Number> numbers);

/// The constants that are an operation's operands; nothing if one is not.
std::optional<llvm::SmallVector<mlir::DenseElementsAttr>> constantOperands(mlir::Operation *op);

inline bool isSmall(mlir::Value value) {
  return tensorOf(value).getNumElements() <= largestConstant;
}

/// The steps between neighbours along each dimension, in row-major order.
llvm::SmallVector<int64_t> stepsOf(llvm::ArrayRef<int64_t> shape);

/// Calls `visit` with the position and the index of each element of a shape, in row-major order.
template <typename Visit> void forEachIndex(llvm::ArrayRef<int64_t> shape, Visit visit) {
  llvm::SmallVector<int64_t> index(shape.size(), 0);
  int64_t count = mlir::ShapedType::getNumElements(shape);
  for (int64_t i = 0; i < count; ++i) {
    visit(i, llvm::ArrayRef<int64_t>(index));
    for (size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d])
        break;
      index[d] = 0;
    }
  }
}

} // namespace descent::simplify
