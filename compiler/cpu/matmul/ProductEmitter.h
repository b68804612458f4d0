// The emitter of products, shared by whoever needs whole products or some of their rows.
#pragma once

#include "compiler/cpu/Nest.h"
#include "compiler/cpu/Parallel.h"
#include "compiler/cpu/matmul/Blocking.h"
#include "compiler/cpu/matmul/Pack.h"

namespace descent::cpu {

class ProductEmitter {
public:
  ProductEmitter(FunctionEmission &f, const kernel::Step &step, ProductLayout layout,
                 Blocking blocking, llvm::Type *element, int64_t parts = 1)
      : f(f), b(f.b), step(step), layout(std::move(layout)), blocking(blocking), element(element),
        parts(parts), host(f.module.host) {}

  void emit(llvm::Value *result);

  /// Where one of the products that the `outer` loops go through is.
  struct Bases {
    llvm::Value *lhs, *rhs, *result;
  };
  llvm::Value *lhsBase();
  llvm::Value *rhsBase();
  bool packsRhs() const { return blocking.packRhs; }
  /// Copies all of the right operand: its blocks of terms one after the other.
  void packAll(llvm::Value *from, llvm::Value *to);
  /// The product of some rows with a right operand that is as packAll leaves it (or as it is, where
  /// it is not to be packed), in the running thread.
  void multiplyRows(const Bases &bases);
  /// The products of a batch whose numbers along its first dimension are [begin, end), in the
  /// running thread. The left operands begin at `from`, or, null, where they are in memory; the
  /// results at `to`, or, null, in the array at `result`. Right operands are packed at `packed`.
  void multiplyBatch(llvm::Value *begin, llvm::Value *end, llvm::Value *from, llvm::Value *result,
                     llvm::Value *to, llvm::Value *packed);

private:
  FunctionEmission &f;
  llvm::IRBuilder<> &b;
  const kernel::Step &step;
  ProductLayout layout;
  Blocking blocking;
  llvm::Type *element;
  int64_t parts; ///< of the sums; see kernel::partsOfTerms
  const Host &host;
  /// Runs in a chunk, and is not divided again.
  bool alone = false;

  void advanceBy(Bases &bases, const Extent &extent, llvm::Value *index) {
    bases.lhs = advance(f, element, bases.lhs, index, extent.lhs);
    bases.rhs = advance(f, element, bases.rhs, index, extent.rhs);
    bases.result = advance(f, element, bases.result, index, extent.result);
  }
  llvm::Value *open(Nest &nest, Bases &bases, const Extent &extent) {
    llvm::Value *at = nest.open(extent.size);
    advanceBy(bases, extent, at);
    return at;
  }
  llvm::Value *openBlocks(Nest &nest, Bases &bases, const Extent &extent, int64_t block,
                          llvm::Value *&size);
  void emitEach(Bases bases);
  void emitMany(Bases bases, int64_t count);
  void emitOne(Bases bases, llvm::ArrayRef<Extent> inside, llvm::Value *scratch);

  int64_t tilesDown() const {
    return (layout.row.size + blocking.tile.rows - 1) / blocking.tile.rows;
  }
  int64_t tilesAcross() const {
    return (std::min(layout.column.size, blocking.columnBlock) + blocking.tile.columns - 1) /
           blocking.tile.columns;
  }
  int restColumns() const { return int(layout.column.size % blocking.tile.columns); }
  int restRows() const { return int(layout.row.size % blocking.tile.rows); }

  bool goesByRows(int64_t scratchBytes) const;
  void emitByRows(Bases bases, llvm::Value *scratch);
  bool goesByTerms() const;
  void emitByTerms(Bases bases);
  /// Some tiles of a product: of rows and of columns.
  struct Piece {
    llvm::Value *fromRow, *toRow, *fromColumn, *toColumn;
  };
  struct Pieces {
    int64_t down = 1, across = 1; ///< tiles of one
    int64_t rows = 1, groups = 1; ///< of them
  };
  Pieces piecesOf(int64_t blocks) const;
  void emitPieces(int64_t blocks, llvm::function_ref<void(const Piece &)> body);
  void multiplyPiece(Bases bases, const Piece &piece, llvm::Value *terms, llvm::Value *columns,
                     llvm::Value *add);
  void multiplyAll(const Bases &bases);
  int64_t operations() const;
  int64_t chunksFor(int64_t operations) const;
  kernel::Division divided(int64_t parts, int64_t operations) const;
  void pack(llvm::Value *from, llvm::Value *to, llvm::Value *terms, llvm::Value *columns);
  void multiply(llvm::Value *lhs, llvm::Value *rhs, llvm::Value *result, llvm::Value *terms,
                llvm::Value *columns, llvm::Value *add);
  /// Elements from one panel of the right operand to the next.
  llvm::Value *panelSize(FunctionEmission &in, llvm::Value *terms) const;
  /// Elements that a term takes in packed panels.
  int64_t packedWidth() const;
  llvm::Function *rowsFunction();
  void emitRows(FunctionEmission &in);
  void tileRow(FunctionEmission &in, llvm::Value *tile, llvm::Value *packed, int rows);
};

} // namespace descent::cpu
