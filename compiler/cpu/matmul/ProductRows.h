// Some rows of a product at a time, inside a kernel that reads them.
#pragma once

#include "compiler/cpu/Emission.h"

namespace descent::cpu {

class ProductEmitter;

/// Makes rows of one product of a kernel.
class ProductRows {
public:
  /// Emits what is needed once, before the kernel's chunks: the right operand, packed.
  ProductRows(FunctionEmission &f, const kernel::Step &step, const kernel::RowProduct &product);
  ~ProductRows();

  /// Emits, in a chunk, the rows [begin, end) of the product, or these products of a batch. The
  /// left operand's rows are at `from`, the product's go to `to`; null: where these arrays are in
  /// memory. `lane` is the running thread's memory.
  void emit(llvm::Value *begin, llvm::Value *end, llvm::Value *from, llvm::Value *to,
            llvm::Value *lane);

private:
  FunctionEmission &f;
  mlir::Value result;
  int64_t chunkRows, lastRows = 0;
  bool isBatch;
  llvm::Type *element;
  /// Of a whole chunk and of the last one, if that has fewer rows.
  std::unique_ptr<ProductEmitter> whole, last;
  int64_t lhsRow = 0, resultRow = 0;
  int64_t packedOffset = 0;
};

} // namespace descent::cpu
