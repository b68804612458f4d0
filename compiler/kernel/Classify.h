// What kind of work each operation is, as far as forming kernels and planning memory go.
#pragma once

#include "compiler/dialect/Dialect.h"

#include <mlir/IR/Operation.h>

namespace descent::kernel {

enum class OpClass : uint8_t {
  Constant,
  Input,
  Elementwise, ///< the result at an index needs the operands at that index
  View,        ///< broadcast, transpose, reshape, slice, reverse: moves elements, costs nothing
  Element,     ///< iota, pad, concat, gather, dynamic_slice: each element can be had by itself
  Reduce,
  Dot,
  ArgReduce,
  Scan,
  ArgSort,
  Update,
  Scatter,
  Fetch, ///< of devices alone
  TapeCreate,
  TapePush,
  TapePop,
  For,
  While,
  If,
  Effect,
  Check,
  Poll,
  Clock,
  Yield,  ///< ends a region
  Return, ///< ends a function
  Other,  ///< nothing the code generator knows
};

OpClass classOf(mlir::Operation *op);

/// Elementwise, View or Element: the value of one element can be computed by itself.
bool isElemental(OpClass kind);

/// Combines elements along dimensions (a product of matrices does so, too).
bool isReduction(mlir::Operation *op);

/// Rough cost of one element, in simple instructions, without the operands.
int costOf(mlir::Operation *op);

mlir::RankedTensorType tensorType(mlir::Value value);
int64_t numElements(mlir::Value value);
bool isTape(mlir::Value value);
/// A tensor of one element, of whatever rank, lives in a register.
bool isRegister(mlir::Value value);
/// A tensor that lives in memory or is computed where it is used.
bool isArray(mlir::Value value);
/// Bytes of one element in memory (a bool takes one).
int64_t elementBytes(mlir::Type elementType);
int64_t byteSize(mlir::Value value);

/// The element of a constant whose elements are all the same, or null.
mlir::Attribute splatOf(mlir::Value value);
/// A constant with differing elements: it lives in the code's read-only data.
bool isTable(mlir::Value value);

/// The result has the same elements in the same order as the operand (reshape, stop_gradient).
bool isAlias(mlir::Operation *op);

/// How a dot looks at its operands: the dimensions of the product and where they are.
struct DotShape {
  llvm::SmallVector<int64_t> lhsFree, rhsFree; ///< dimensions of the operands
  int64_t batch = 1, m = 1, n = 1, k = 1;
  /// The operand that has all dimensions with more than one element: 0 or 1, or -1 for neither.
  int matrix = -1;
};
DotShape dotShape(ir::DotOp op);
/// What a product costs in simple instructions, of which a processor does some multiplications in the
/// time of one.
int64_t workOf(ir::DotOp op);
/// Into how many parts the sums of a product are cut, that are made side by side and then added up in order: more than
/// one where it has few elements and very many terms. It depends on the product's shape alone.
int64_t partsOfTerms(ir::DotOp op);

/// For each dimension of `operand`'s type, the dimension of the other operand of a matrix-vector
/// product that it is paired with, or -1 (it then has one element).
llvm::SmallVector<int64_t> pairedDims(ir::DotOp op, unsigned operand);

/// For each dimension of the result of a reduction (or of a product of a matrix and a vector) the
/// dimension of its loops that it is; -1: of one element.
llvm::SmallVector<int, 4> keptDims(mlir::Operation *op);

/// A value that is cheap to compute where it is needed, however often, wherever that is: a splat,
/// an iota, or moved elements of one register or of an array that is in memory anyway.
bool isCheapEverywhere(mlir::Value value);
/// A splat, an iota or a repeated register: it can be written into place without having been in
/// memory.
bool isFill(mlir::Value value);

/// How an operation takes an operand.
enum class Taking : uint8_t {
  Element, ///< element by element: the operand can be computed where it is used
  View,    ///< at any index, so often that it must be in memory or moved elements of what is
  Whole,   ///< from memory
  Copy,    ///< copied into another place: from memory, or filled
};
Taking takingOf(mlir::OpOperand &operand);

} // namespace descent::kernel
