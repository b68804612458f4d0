// Which operations of a block run together.
#pragma once

#include "compiler/kernel/Plan.h"

namespace descent::kernel {

/// Values known to be in memory: filled in as blocks are formed, outer blocks before inner ones.
using Materialised = llvm::DenseSet<mlir::Value>;

/// Groups the operations of one block (not of the regions in it) into steps and puts these in
/// order. Adds the arrays of the block that live in memory to `materialised`.
/// `points`: operations of the block that become one step each.
BlockPlan formBlock(mlir::Block &block, IndexMaps &maps, Materialised &materialised,
                    const PlanOptions &options, llvm::ArrayRef<std::shared_ptr<Points>> points);

/// The array in whose memory `value` is: itself, or what it is a mere reshaping of.
mlir::Value aliasRoot(mlir::Value value);

} // namespace descent::kernel
