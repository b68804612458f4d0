#include "compiler/gpu/DotEpilogue.h"

namespace descent::gpu {

using kernel::OpClass;
using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// Simple instructions of a thread for what is behind a tile: they are written out for each of its
/// elements.
constexpr int64_t kMostCost = 1024;

/// Whether all that is made of a value is made by operations `roots`, and on the way to them.
bool isOnlyFor(const kernel::FunctionPlan &plan, mlir::Value value,
               ArrayRef<mlir::Operation *> roots) {
  return llvm::all_of(value.getUsers(), [&](mlir::Operation *user) {
    if (llvm::is_contained(roots, user))
      return true;
    if (!kernel::isElemental(kernel::classOf(user)) ||
        user->getBlock() != roots.front()->getBlock())
      return false;
    mlir::Value result = user->getResult(0);
    return kernel::isArray(result) && !plan.placeOf(result) && isOnlyFor(plan, result, roots);
  });
}

Pending::Spans spansOf(const ProgramEmission &p, ArrayRef<kernel::Read> reads,
                       mlir::Value but = {}) {
  Pending::Spans spans;
  for (const kernel::Read &read : reads)
    if (read.value != but)
      p.span(read.value, spans);
  return spans;
}

Pending::Spans resultsOf(const ProgramEmission &p, const kernel::Step &step) {
  Pending::Spans spans;
  for (mlir::Operation *root : step.roots)
    p.span(root->getResult(0), spans);
  return spans;
}

} // namespace

bool DotEpilogue::canBe(const ProgramEmission &p, const kernel::Step &product,
                        const kernel::Step &after, int64_t elements) {
  mlir::Value sums = product.roots.front()->getResult(0);
  if (!after.isKernel || after.points || after.shared || after.loops.size() != 1 ||
      after.isWrittenOut || !after.products.empty() || p.isInFrame(sums))
    return false;
  const kernel::Loop &loop = after.loops.front();
  if (loop.scan >= 0 || loop.guard.condition || loop.cost * elements > kMostCost)
    return false;
  if (loop.linear
          ? kernel::numElements(sums) != kernel::numElements(after.roots.front()->getResult(0))
          : tensorType(sums).getShape() != ArrayRef(loop.space))
    return false;
  for (mlir::Operation *root : after.roots)
    if (!kernel::isElemental(kernel::classOf(root)) || !kernel::isArray(root->getResult(0)) ||
        p.isInFrame(root->getResult(0)) || p.isOfBlock(root->getResult(0)))
      return false;
  bool reads = false;
  for (const kernel::Read &read : after.reads)
    if (read.value == sums) {
      if (!read.atIndex)
        return false;
      reads = true;
    }
  if (!reads)
    return false;
  // Others still read the operands when the first results are there.
  Pending::Spans operands = spansOf(p, product.reads);
  return llvm::none_of(resultsOf(p, after), [&](const Pending::Span &result) {
    return llvm::any_of(operands,
                        [&](const Pending::Span &operand) { return result.meets(operand); });
  });
}

DotEpilogue::DotEpilogue(ProgramEmission &p, const kernel::Step &product, const kernel::Step &after)
    : p(p), loop(after.loops.front()), product(product.roots.front()->getResult(0)),
      isStored(!isOnlyFor(p.f.plan, this->product, after.roots)),
      reads(spansOf(p, after.reads, this->product)), writes(resultsOf(p, after)) {
  p.touch(reads, writes);
  // If all have waited, the product's are no longer noted.
  p.pending.add(spansOf(p, product.reads), resultsOf(p, product));
}

/// All is read and computed before anything is written.
void DotEpilogue::store(ArrayRef<cpu::Index> at, ArrayRef<Value *> sums) {
  cpu::FunctionEmission &f = p.f;
  SmallVector<SmallVector<Value *, 4>, 2> made(loop.roots.size());
  llvm::AllocaInst *slot = f.variable(sums.front()->getType());
  cpu::PointSlots slots;
  slots.slots[product] = slot;
  slots.lane = f.number(0);
  for (auto [index, sum] : llvm::zip(at, sums)) {
    p.b.CreateStore(sum, slot);
    cpu::Elements elements(f, index, loop.roots);
    elements.useSlots(&slots);
    for (auto [i, root] : llvm::enumerate(loop.roots))
      made[i].push_back(elements.at(root->getResult(0)));
  }
  for (auto [root, values] : llvm::zip(loop.roots, made)) {
    mlir::Value result = root->getResult(0);
    mlir::Type element = tensorType(result).getElementType();
    for (auto [index, value] : llvm::zip(at, values))
      cpu::storeElement(p.b, element, value, f.address(element, f.pointerTo(result), index.linear));
  }
}

} // namespace descent::gpu
