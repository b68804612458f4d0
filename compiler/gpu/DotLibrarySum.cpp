// What the library makes of a product in its own call: alpha · product + beta · array, or + bias.
//
// cuBLASLt can also do a ReLU, which gives 0 for NaN where ours gives NaN
// (https://forums.developer.nvidia.com/t/329783), and a GELU, of which its manual does not say what
// it computes how exactly: both are left to the steps behind. An array and a bias at a time it can
// add, but the manual of cublasLtMatmul() advises against it.
#include "compiler/gpu/DotLibrary.h"
#include "compiler/gpu/Program.h"

#include "compiler/kernel/Classify.h"
#include "compiler/kernel/Forming.h"

#include <cmath>

namespace descent::gpu {

using kernel::OpClass;
using kernel::Place;
using kernel::tensorType;

namespace {

/// Whether a factor is the same number for the library.
bool isUsable(double factor, mlir::Type element) {
  return element.isF32() ? std::isnormal(static_cast<float>(factor)) : std::isnormal(factor);
}

/// By what an operation multiplies its operand `number`; nothing where it does something else.
std::optional<double> factorOf(mlir::Operation *op, unsigned number) {
  if (mlir::isa<ir::NegOp>(op))
    return -1;
  if (!mlir::isa<ir::MulOp, ir::DivOp>(op))
    return std::nullopt;
  auto constant =
      mlir::dyn_cast_or_null<mlir::FloatAttr>(kernel::splatOf(op->getOperand(1 - number)));
  if (!constant || (mlir::isa<ir::DivOp>(op) && number != 0))
    return std::nullopt;
  double by = constant.getValueAsDouble();
  double factor = mlir::isa<ir::DivOp>(op) ? 1 / by : by;
  return isUsable(factor, tensorType(op->getResult(0)).getElementType()) ? std::optional(factor)
                                                                         : std::nullopt;
}

class Summing {
public:
  Summing(ProgramEmission &p, mlir::Block &block, size_t index, LibraryProduct &found)
      : p(p), block(block), steps(p.f.plan.blocks.find(&block)->second.steps), index(index),
        found(found), dot(found.result) {}

  void run();

private:
  ProgramEmission &p;
  mlir::Block &block;
  std::vector<kernel::Step> &steps;
  size_t index;
  LibraryProduct &found;
  const mlir::Value dot;

  bool match();
  bool addTerm(mlir::Value term, double factor);
  bool isStored(mlir::Value value) const { return p.f.plan.placeOf(value); }
  bool isThere(mlir::Value value) const;
  bool isSimple(const kernel::Step &step) const;
  void addRead(const kernel::Step &step, Pending::Spans &spans) const;
  void addWritten(const kernel::Step &step, Pending::Spans &spans) const;
  bool canBeStoredEarly(size_t maker) const;
  bool canStayInPlace(size_t maker) const;
  bool accept();
};

/// The operand of the operation that is all that is made of a value, in this block.
mlir::OpOperand *onlyUse(mlir::Value value, mlir::Block &block) {
  if (!value.hasOneUse())
    return nullptr;
  mlir::OpOperand &use = *value.use_begin();
  return use.getOwner()->getBlock() == &block ? &use : nullptr;
}

/// Whether an array is in memory before the product is made.
bool Summing::isThere(mlir::Value value) const {
  Place::Kind kind = p.f.placeOf(value).kind;
  if (kernel::isRegister(value) || (kind != Place::Kind::Arena && kind != Place::Kind::Input &&
                                    kind != Place::Kind::Argument && kind != Place::Kind::Result))
    return false;
  mlir::Operation *by = kernel::aliasRoot(value).getDefiningOp();
  if (!by || by->getBlock() != &block || mlir::isa<ir::InputOp>(by))
    return true;
  for (size_t i = 0; i < index; ++i) {
    if (llvm::is_contained(steps[i].roots, by))
      return true;
    auto made = p.libraryProducts.find(steps[i].roots.front());
    if (made != p.libraryProducts.end() && made->second.result == value)
      return true;
  }
  return false;
}

bool Summing::addTerm(mlir::Value term, double factor) {
  while (!isStored(term) && term.getDefiningOp()) {
    mlir::Operation *op = term.getDefiningOp();
    unsigned number = mlir::isa<ir::MulOp>(op) && kernel::splatOf(op->getOperand(0)) ? 1 : 0;
    std::optional<double> by = factorOf(op, number);
    if (!by || factor * factor != 1)
      break;
    term = op->getOperand(number);
    factor *= *by;
  }
  if (auto broadcast = term.getDefiningOp<ir::BroadcastOp>(); broadcast && !isStored(term)) {
    mlir::Value bias = broadcast.getX();
    int64_t rank = tensorType(term).getRank(), count = int64_t(broadcast.getDims().size());
    // One element for each column, which the last dimensions are together.
    for (auto [i, dim] : llvm::enumerate(broadcast.getDims()))
      if (dim != rank - count + int64_t(i))
        return false;
    if (factor != 1 || kernel::numElements(bias) != found.product.n || !isThere(bias))
      return false;
    found.bias = bias;
    found.product.hasBias = 1;
    return true;
  }
  if (!isThere(term))
    return false;
  found.added = term;
  found.product.beta = factor;
  return true;
}

/// Finds what is made of the product, and of nothing else of it.
bool Summing::match() {
  mlir::OpOperand *use = onlyUse(found.result, block);
  if (!use)
    return false;
  if (std::optional<double> factor = factorOf(use->getOwner(), use->getOperandNumber())) {
    found.product.alpha = *factor;
    found.result = use->getOwner()->getResult(0);
    // Others do that by the way.
    if (isStored(found.result))
      return true;
    if (use = onlyUse(found.result, block); !use)
      return false;
  }
  mlir::Operation *sum = use->getOwner();
  bool isDifference = mlir::isa<ir::SubOp>(sum);
  if (!mlir::isa<ir::AddOp>(sum) && !isDifference)
    return false;
  bool isFirst = use->getOperandNumber() == 0;
  if (isDifference && !isFirst)
    found.product.alpha = -found.product.alpha;
  found.result = sum->getResult(0);
  return addTerm(sum->getOperand(isFirst ? 1 : 0), isDifference && isFirst ? -1 : 1);
}

/// Whether all that a step touches is known of it.
bool Summing::isSimple(const kernel::Step &step) const {
  OpClass kind = kernel::classOf(step.roots.front());
  return step.isKernel || step.points || kernel::isElemental(kind) || kind == OpClass::Dot ||
         kind == OpClass::Effect || kind == OpClass::Check;
}

/// But the product.
void Summing::addRead(const kernel::Step &step, Pending::Spans &spans) const {
  for (const kernel::Read &read : step.reads)
    if (read.value != dot)
      p.span(read.value, spans);
}

/// But the result.
void Summing::addWritten(const kernel::Step &step, Pending::Spans &spans) const {
  for (mlir::Operation *root : step.roots)
    for (mlir::Value made : root->getResults())
      if (kernel::isArray(made) && made != found.result)
        p.span(made, spans);
  if (step.scratchBytes)
    spans.push_back(
        {Place::Kind::Arena, 0, step.scratchOffset, step.scratchOffset + step.scratchBytes});
}

bool meets(const Pending::Span &one, const Pending::Spans &others) {
  return llvm::any_of(others, [&](const Pending::Span &other) { return other.meets(one); });
}

/// Whether the result can be stored where the product is made, though the step `maker` does it:
/// nobody uses that memory meanwhile.
bool Summing::canBeStoredEarly(size_t maker) const {
  Pending::Spans result, added, others;
  p.span(found.result, result);
  for (mlir::Value operand : {found.lhs, found.rhs, found.bias})
    if (operand)
      p.span(operand, others);
  if (found.added)
    p.span(found.added, added);
  bool goesOn = steps[maker].roots.size() > 1;
  // In its place the library can add to an array.
  if (!added.empty() && (added.front().begin != result.front().begin || goesOn))
    others.append(added);
  for (size_t i = index + 1; i < maker; ++i) {
    if (!isSimple(steps[i]))
      return false;
    addRead(steps[i], others);
    addWritten(steps[i], others);
  }
  if (goesOn)
    addRead(steps[maker], others);
  return !meets(result.front(), others);
}

/// Whether the result can have the product's place instead of its own, which is nobody else's until
/// its last reader is done, and nobody counts on its own.
bool Summing::canStayInPlace(size_t maker) const {
  for (mlir::Operation *user : found.result.getUsers()) {
    OpClass kind = kernel::classOf(user);
    if (user->getBlock() != &block || (kind != OpClass::Elementwise && kind != OpClass::Reduce &&
                                       kind != OpClass::Dot && kind != OpClass::Effect))
      return false;
  }
  size_t last = maker;
  for (auto &[where, plan] : p.f.plan.blocks)
    for (auto [i, step] : llvm::enumerate(plan.steps))
      for (const kernel::Read &read : step.reads)
        if (read.value == found.result) {
          if (where != &block || step.points)
            return false;
          last = std::max(last, i);
        }
  Pending::Spans product, others;
  p.span(dot, product);
  for (size_t i = index + 1; i <= last; ++i) {
    if (!isSimple(steps[i]))
      return false;
    addWritten(steps[i], others);
  }
  return product.size() == 1 && !meets(product.front(), others);
}

/// Changes the plan; nothing where that cannot be.
bool Summing::accept() {
  if (!isStored(found.result)) {
    // Whoever would have computed it reads it where the product would have been. Loops over points
    // have places of their own for what they read.
    for (auto &[where, plan] : p.f.plan.blocks)
      for (const kernel::Step &step : plan.steps)
        if (step.points &&
            llvm::any_of(step.reads, [&](const kernel::Read &read) { return read.value == dot; }))
          return false;
    p.f.plan.places[found.result] = *p.f.plan.placeOf(dot);
  } else {
    mlir::Operation *op = found.result.getDefiningOp();
    size_t number = index + 1;
    while (number < steps.size() && !llvm::is_contained(steps[number].roots, op))
      ++number;
    Pending::Spans result;
    p.span(found.result, result);
    if (number == steps.size() || result.size() != 1)
      return false;
    kernel::Step &maker = steps[number];
    if (!maker.isKernel || maker.points || maker.loops.size() != 1 || maker.shared ||
        !maker.products.empty())
      return false;
    if (!canBeStoredEarly(number)) {
      if (!canStayInPlace(number))
        return false;
      p.f.plan.places[found.result] = *p.f.plan.placeOf(dot);
    }
    llvm::erase(maker.roots, op);
    llvm::erase(maker.loops.front().roots, op);
    if (maker.roots.empty())
      steps.erase(steps.begin() + int64_t(number));
  }
  for (auto &[where, plan] : p.f.plan.blocks)
    for (kernel::Step &step : plan.steps)
      for (kernel::Read &read : step.reads)
        if (read.value == dot)
          read.value = found.result;
  return true;
}

void Summing::run() {
  LibraryProduct plain = found;
  if (!match() || llvm::is_contained(p.refusedProducts, found.product) || !accept())
    found = plain;
}

} // namespace

void addWhatFollows(ProgramEmission &p, mlir::Block &block, size_t index, LibraryProduct &found) {
  Summing(p, block, index, found).run();
}

} // namespace descent::gpu
