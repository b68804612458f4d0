// Nests of running reductions: the innermost loop takes one element after the other, or, where
// lanes run across, one of each lane.
#include "compiler/cpu/KernelEmitter.h"

namespace descent::cpu {

using llvm::Value;

namespace {

mlir::Type elementOf(const Scan &scan) {
  return kernel::tensorType(scan.op->getResult(0)).getElementType();
}

} // namespace

/// Begins anew where the loop at `level` is the one that runs in order.
void KernelEmitter::beginScans(NestCode &nest, size_t level, int64_t count) {
  if (nest.loop->scan != int(level))
    return;
  for (Scan &scan : nest.scans) {
    llvm::Type *type = registerType(f.context(), elementOf(scan));
    scan.running = f.variable(llvm::ArrayType::get(type, uint64_t(count)));
    forRange(f, f.number(0), f.number(count), [&](Value *lane) {
      b.CreateStore(neutralOf(f.context(), combinerOf(scan.op), elementOf(scan)),
                    b.CreateInBoundsGEP(type, scan.running, lane));
    });
  }
}

/// The index at which that loop is.
Value *KernelEmitter::scanned(const NestCode &nest, size_t level, Value *counter) {
  if (!nest.loop->fromEnd || nest.loop->scan != int(level))
    return counter;
  return b.CreateSub(f.number(nest.sizes[level] - 1), counter, "", true, true);
}

/// Takes the next element of a lane: `side`, of those that are emitted; `lane` is where its running
/// value is.
void KernelEmitter::advanceScans(NestCode &nest, size_t side, Value *lane) {
  Index index;
  index.dims = lanes[side];
  Elements elements(f, index, {}, rows.empty() ? nullptr : &rows[side]);
  llvm::SmallVector<Value *, 1> values;
  for (Scan &scan : nest.scans)
    values.push_back(elements.at(scan.op->getOperand(0)));
  for (auto [scan, value] : llvm::zip(nest.scans, values)) {
    llvm::Type *type = registerType(f.context(), elementOf(scan));
    Value *at = b.CreateInBoundsGEP(type, scan.running, lane);
    Value *next = combine(f, combinerOf(scan.op), elementOf(scan), b.CreateLoad(type, at), value,
                          /*reorder=*/false);
    b.CreateStore(next, at);
    storeAtIndex(nest, scan.op, side, next);
  }
}

} // namespace descent::cpu
