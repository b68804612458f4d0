// The sums of a tile of a product, in the registers of a block's threads.
#pragma once

#include "compiler/gpu/DotOperand.h"

namespace descent::gpu {

/// Adds up products of slices in shared memory. All threads of a block work together.
class DotSums {
public:
  virtual ~DotSums() = default;

  virtual void clear() = 0;
  virtual void multiply(llvm::Value *lhs, llvm::Value *rhs) = 0;

  /// Neighbours in a row of the tile.
  struct Run {
    llvm::Value *row, *column; ///< of the first, in the tile
    llvm::SmallVector<llvm::Value *, 4> values;
  };
  /// This thread's part of the tile.
  virtual void results(llvm::function_ref<void(const Run &)> each) = 0;
};

/// By fused multiply-adds (DotPlain.cpp).
std::unique_ptr<DotSums> makePlainSums(ProgramEmission &p, mlir::Type element,
                                       const DotTiling &tiling, const DotOperand &lhs,
                                       const DotOperand &rhs);
/// By tensor cores (DotTensor.cpp).
std::unique_ptr<DotSums> makeTensorSums(ProgramEmission &p, const DotTiling &tiling,
                                        const DotOperand &lhs, const DotOperand &rhs);

} // namespace descent::gpu
