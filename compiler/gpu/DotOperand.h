// One operand of a product on its way into shared memory.
#pragma once

#include "compiler/gpu/DotTiling.h"
#include "compiler/gpu/Program.h"

namespace descent::gpu {

/// The dimensions of one operand, by what they are to the product. "Free" are rows of the left
/// operand and columns of the right one; indices into several dimensions are row-major.
class DotSide {
public:
  DotSide(ProgramEmission &p, ir::DotOp op, unsigned which);

  ProgramEmission &p;
  ir::DotOp op;
  const unsigned which;
  mlir::Type element;
  int64_t freeCount = 1, termCount = 1;
  /// Whether neighbouring terms are neighbours in memory; otherwise neighbouring rows (or columns)
  /// are, or none.
  bool termsInner = false;
  /// How many neighbours in memory always begin at a multiple of their number.
  int64_t neighbours = 1;

  /// The element at these indices; `ahead` is added to the one along which neighbours lie.
  llvm::Value *at(llvm::Value *batch, llvm::Value *free, llvm::Value *term, int64_t ahead = 0);

private:
  llvm::SmallVector<int64_t, 4> batchDims, freeDims, termDims;
  llvm::SmallVector<int64_t, 4> batchSizes, freeSizes, termSizes;
};

/// Brings slices of an operand into shared memory: first into registers, later on from there, so
/// that something else can be done until they have come. All threads of a block work together.
class DotOperand {
public:
  DotOperand(ProgramEmission &p, ir::DotOp op, unsigned which, const DotTiling &tiling);

  /// The type of a word in shared memory.
  llvm::Type *word() const { return wordType; }
  /// Of a slice.
  int64_t bytes() const;
  /// The number of a word in a slice.
  llvm::Value *place(llvm::Value *word, llvm::Value *free) const;
  /// By how much that grows along both.
  int64_t stepOfWord() const { return wordsInner ? 1 : freeCount + kPadding(); }
  int64_t stepOfFree() const { return wordsInner ? tiling.words() + kTermsPadding : 1; }

  /// What follows is about rows (or columns) from `first` on.
  void begin(llvm::Value *batch, llvm::Value *first);
  void stage(llvm::Value *term);
  /// What was staged at `term`.
  void put(llvm::Value *term, llvm::Value *slice);

private:
  static constexpr int64_t kTermsPadding = 4;
  int64_t kPadding() const;

  ProgramEmission &p;
  llvm::IRBuilder<> &b;
  DotSide side;
  const DotTiling &tiling;
  const int64_t freeCount; ///< of a tile
  /// In shared memory neighbours are words of one row (or column).
  const bool wordsInner;
  llvm::Type *wordType;
  /// What a thread brings at once.
  int64_t pieceFree = 1, pieceTerms = 1;
  /// Such a piece is inside of the operand or outside of it, never both.
  bool isWhole = true;
  int64_t pieces = 1, count = 1; ///< of a thread, of the block
  llvm::SmallVector<llvm::AllocaInst *, 16> staged;
  llvm::Value *batch = nullptr, *first = nullptr;

  struct Piece {
    llvm::Value *free, *term; ///< in the tile and the slice
  };
  Piece piece(int64_t number);
  llvm::Value *rounded(llvm::Value *value);
};

} // namespace descent::gpu
