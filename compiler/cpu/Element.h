// The value of one element of an array at an index of a loop.
#pragma once

#include "compiler/cpu/Emission.h"

namespace descent::cpu {

/// A position in an array: along each dimension, in row-major order, or both.
struct Index {
  llvm::SmallVector<llvm::Value *, 4> dims; ///< empty: not known yet (or no dimensions)
  llvm::Value *linear = nullptr;
};

/// Where the current iteration of a tree's shared loops keeps an array of which it needs a part
/// only.
struct RowPlace {
  llvm::Value *base = nullptr;
  llvm::SmallVector<int, 4> dims; ///< of the array, along which there is more than one element
  int64_t step = 1;               ///< elements of memory from one to the next
  kernel::Place place;            ///< for telling accesses apart
  llvm::Value *origin = nullptr;  ///< the first index along the first dimension; null: 0
  bool isWhole = false;           ///< all that the iteration reads, not at the loops' index alone
};
using Rows = llvm::DenseMap<mlir::Value, RowPlace>;

/// Where each point of a block has its elements of arrays that only the block knows (Points.cpp).
struct PointSlots {
  llvm::DenseMap<mlir::Value, llvm::Value *> slots; ///< the block's first element
  llvm::Value *lane = nullptr;                      ///< the point's number in the block
};

/// Emits elements of arrays at the current index of a loop nest. An array in memory is loaded from;
/// any other is computed from its operands' elements. Each element is made once for each index map
/// under which it is needed.
class Elements {
public:
  /// `index`: the loops' own. `stored`: arrays that this loop writes at its own index; they are
  /// computed, not loaded. `rows`: places of those of which there are rows.
  Elements(FunctionEmission &f, Index index, llvm::ArrayRef<mlir::Operation *> stored = {},
           const Rows *rows = nullptr);

  /// Elements of these are loaded from their slots, under any index map.
  void useSlots(const PointSlots *of) { slots = of; }

  llvm::Value *at(mlir::Value value, int map = kernel::IndexMaps::identity);
  /// The element of `op`'s result, from its operands.
  llvm::Value *compute(mlir::Operation *op, int map = kernel::IndexMaps::identity);
  /// The same for an operand under the map by which `op` reads it; `index` is where that is.
  llvm::Value *operandAt(mlir::Operation *op, unsigned operand, int map, Index index);

private:
  using Key = std::pair<mlir::Value, int>;

  FunctionEmission &f;
  llvm::IRBuilder<> &b;
  llvm::ArrayRef<mlir::Operation *> stored;
  const Rows *rows;
  const PointSlots *slots = nullptr;
  llvm::DenseMap<Key, llvm::Value *> known;
  llvm::DenseMap<int, Index> indexes;
  /// What became known in the branch that is being emitted.
  std::vector<Key> *branchKnown = nullptr;

  llvm::SmallVector<llvm::Value *, 4> dimsOf(int map, mlir::Value value);
  llvm::Value *load(mlir::Value value, int map);
  llvm::Value *loadFromRow(mlir::Value value, int map);
  llvm::Value *choose(llvm::Value *condition, llvm::function_ref<llvm::Value *()> yes,
                      llvm::function_ref<llvm::Value *()> no);
  llvm::Value *inBranch(llvm::function_ref<llvm::Value *()> make);

  llvm::Value *broadcast(ir::BroadcastOp op, int map);
  llvm::Value *transpose(ir::TransposeOp op, int map);
  llvm::Value *reshape(ir::ReshapeOp op, int map);
  llvm::Value *slice(ir::SliceOp op, int map);
  llvm::Value *reverse(ir::ReverseOp op, int map);
  llvm::Value *iota(ir::IotaOp op, int map);
  llvm::Value *pad(ir::PadOp op, int map);
  llvm::Value *concat(ir::ConcatOp op, int map);
  llvm::Value *dynamicSlice(ir::DynamicSliceOp op, int map);
  llvm::Value *gather(ir::GatherOp op, int map);
};

/// The address of an element of an array of which there is a row.
llvm::Value *rowAddress(FunctionEmission &f, mlir::Value value, const RowPlace &row,
                        llvm::ArrayRef<llvm::Value *> dims);

/// The row-major position of an index in an array of a shape, and back.
llvm::Value *linearIndex(FunctionEmission &f, llvm::ArrayRef<llvm::Value *> dims,
                         llvm::ArrayRef<int64_t> shape);
llvm::SmallVector<llvm::Value *, 4> dimsOfLinear(FunctionEmission &f, llvm::Value *linear,
                                                 llvm::ArrayRef<int64_t> shape);

/// An index along a dimension from an integer of the program, clamped to 0 … last.
llvm::Value *clampedIndex(FunctionEmission &f, llvm::Value *value, int64_t last);

} // namespace descent::cpu
