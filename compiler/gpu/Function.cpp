// The steps of a program in order: control flow, and what the program asks of the host.
#include "compiler/cpu/Control.h"
#include "compiler/cpu/Element.h"
#include "compiler/cpu/Steps.h"
#include "compiler/gpu/Fetch.h"
#include "compiler/gpu/Fold.h"
#include "compiler/gpu/Host.h"
#include "compiler/gpu/Kernel.h"
#include "compiler/gpu/Reached.h"
#include "compiler/gpu/Steps.h"
#include "compiler/kernel/Small.h"

#include "descent/Error.h"

namespace descent::gpu {

using kernel::OpClass;
using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

class FunctionEmitter : public cpu::ControlFlow {
public:
  explicit FunctionEmitter(ProgramEmission &p)
      : ControlFlow(p.f, tapeType(p.f.context())), p(p), reached(p) {}

  void emit();

private:
  ProgramEmission &p;
  Reached reached;
  /// By which other way a place may be reached.
  llvm::SmallVector<Pending::State, 4> ways;
  /// A step that was made with the one before it.
  const kernel::Step *madeBefore = nullptr;

  void readParameters();
  void returnResults();
  void step(const kernel::Step &step) override;
  void plainStep(const kernel::Step &step);
  const kernel::Step *nextOf(const kernel::Step &step) const;
  bool isReplicated(const kernel::Step &step) const;
  bool mayFault(const kernel::Step &step) const;
  void byProcessorCode(const kernel::Step &step);
  void byWhomItIs(const kernel::Step &step, void (*emit)(ProgramEmission &, const kernel::Step &));
  void copies(mlir::Operation *at) override;
  void copy(mlir::Operation *at, ArrayRef<kernel::Copy> all);
  void waitBefore(mlir::Operation *loop);
  void check(const kernel::Step &step);

  void beginLoop() override;
  void mayLeave() override;
  void endIteration() override;
  void endLoop() override;
  void beginBranch() override;
  void otherBranch() override;
  void endBranch() override;
};

void FunctionEmitter::readParameters() {
  f.plan.function->walk([&](ir::InputOp input) {
    Value *pointer = f.function->getArg(unsigned(2 + input.getIndex()));
    f.inputs[int(input.getIndex())] = pointer;
    if (kernel::isRegister(input))
      f.setRegister(input, cpu::loadElement(b, tensorType(input).getElementType(), pointer));
  });
  mlir::Block &body = f.plan.function->getRegion(0).front();
  unsigned next = 2;
  for (mlir::BlockArgument argument : body.getArguments()) {
    f.arguments.push_back(f.function->getArg(next++));
    if (kernel::isRegister(argument))
      f.setRegister(argument,
                    cpu::loadElement(b, tensorType(argument).getElementType(), f.arguments.back()));
  }
  for (size_t i = 0; i < body.getTerminator()->getNumOperands(); ++i)
    f.results.push_back(f.function->getArg(next++));
  f.arguments.insert(f.arguments.end(), p.ownArrays.begin(), p.ownArrays.end());
}

void FunctionEmitter::emit() {
  readParameters();
  block(f.plan.function->getRegion(0).front());
  returnResults();
  b.CreateRetVoid();
}

/// Of an exported function.
void FunctionEmitter::returnResults() {
  mlir::Operation *end = f.plan.function->getRegion(0).front().getTerminator();
  auto memoryOf = [](mlir::Value value, size_t index) {
    return Pending::Span{kernel::Place::Kind::Result, int(index), 0, kernel::byteSize(value)};
  };
  for (auto [i, value] : llvm::enumerate(end->getOperands()))
    if (kernel::isRegister(value)) {
      p.touch({}, {memoryOf(value, i)});
      p.grid.byFirst([&] {
        cpu::storeElement(b, tensorType(value).getElementType(), f.registerOf(value), f.results[i]);
      });
    }
  for (auto [i, value] : f.plan.results) {
    Pending::Spans reads;
    p.span(value, reads);
    p.touch(reads, {memoryOf(value, size_t(i))});
    emitCopy(p, f.results[size_t(i)], /*toFrame=*/false, value);
  }
}

// ---- Steps --------------------------------------------------------------------------------------

/// Whether every thread does all of a step for itself: its results are few elements, which each has
/// in registers.
bool FunctionEmitter::isReplicated(const kernel::Step &step) const {
  if (!step.isWrittenOut)
    return false;
  for (mlir::Operation *root : step.roots)
    for (mlir::Value result : root->getResults())
      if (kernel::isArray(result) && !p.isInFrame(result))
        return false;
  return true;
}

/// Whether a step reads or writes arrays, and so could do so where there are none.
bool FunctionEmitter::mayFault(const kernel::Step &step) const {
  return step.isKernel || step.points || !step.reads.empty() ||
         llvm::any_of(step.roots.front()->getResults(),
                      [](mlir::Value result) { return kernel::isArray(result); });
}

/// By the code for processors: what one thread does, or each of them for itself, as all have few
/// elements.
void FunctionEmitter::byProcessorCode(const kernel::Step &step) {
  if (step.isKernel)
    return cpu::emitKernel(f, step);
  switch (kernel::classOf(step.roots.front())) {
  case OpClass::Dot:
    return cpu::emitDot(f, step);
  case OpClass::Update:
    return cpu::emitUpdate(f, step);
  case OpClass::Scatter:
    return cpu::emitScatter(f, step);
  default:
    return cpu::emitConcat(f, step);
  }
}

/// By each block, where it is an array of its own that is made, else by all together.
void FunctionEmitter::byWhomItIs(const kernel::Step &step,
                                 void (*emit)(ProgramEmission &, const kernel::Step &)) {
  std::optional<Alone> alone;
  if (p.isOfBlock(step.roots.front()->getResult(0)))
    alone.emplace(p);
  emit(p, step);
}

const kernel::Step *FunctionEmitter::nextOf(const kernel::Step &step) const {
  const auto &steps = f.plan.blocks.find(step.roots.front()->getBlock())->second.steps;
  return &step == &steps.back() ? nullptr : &step + 1;
}

void FunctionEmitter::step(const kernel::Step &step) {
  if (&step == madeBefore)
    return;
  p.setPlace(step.roots.front()->getLoc());
  OpClass kind = kernel::classOf(step.roots.front());
  bool touches = step.isKernel || step.points;
  switch (kind) {
  case OpClass::For:
  case OpClass::While:
  case OpClass::If:
    break;
  case OpClass::TapeCreate:
  case OpClass::TapePush:
  case OpClass::TapePop:
    reached.step(step.roots.front()->getLoc());
    break;
  case OpClass::Effect:
  case OpClass::Poll:
  case OpClass::Clock:
  case OpClass::Fetch:
    break;
  default:
    touches = true;
  }
  if (touches) {
    if (mayFault(step))
      reached.step(step.roots.front()->getLoc());
    p.beforeStep(step);
  }
  plainStep(step);
}

void FunctionEmitter::plainStep(const kernel::Step &step) {
  mlir::Operation *op = step.roots.front();
  OpClass kind = kernel::classOf(op);
  bool inFrame =
      op->getNumResults() && kernel::isArray(op->getResult(0)) && p.isInFrame(op->getResult(0));
  if (isReplicated(step) && (step.isKernel || inFrame)) {
    f.writesOut = true;
    byProcessorCode(step);
    f.writesOut = false;
    return;
  }
  if (step.points)
    return emitPoints(p, step);
  if (step.isKernel) {
    if (step.loops.front().scan >= 0 && !step.shared)
      return emitScan(p, step);
    return KernelEmitter(p, step).emit();
  }
  switch (kind) {
  case OpClass::Elementwise:
  case OpClass::View:
  case OpClass::Element:
    if (!kernel::isArray(op->getResult(0)))
      return cpu::emitRegister(f, step);
    return inFrame ? byProcessorCode(step) : byWhomItIs(step, emitConcat);
  case OpClass::Dot:
    if (emitLibraryDot(p, step))
      return;
    if (const kernel::Step *next = nextOf(step); emitDot(p, step, next))
      madeBefore = next;
    return;
  case OpClass::ArgReduce:
    return emitArgReduce(p, step);
  case OpClass::Scan:
    return emitScan(p, step);
  case OpClass::ArgSort:
    return emitArgSort(p, step);
  case OpClass::Update:
    if (kernel::isRegister(op->getResult(0)))
      return cpu::emitUpdate(f, step);
    return inFrame ? byProcessorCode(step) : byWhomItIs(step, emitUpdate);
  case OpClass::Scatter:
    return emitScatter(p, step);
  case OpClass::Fetch:
    return emitFetch(p, step);
  case OpClass::TapeCreate:
    return emitTapeCreate(p, step);
  case OpClass::TapePush:
    return emitTapePush(p, step);
  case OpClass::TapePop:
    return emitTapePop(p, step);
  case OpClass::Effect: {
    auto effect = mlir::cast<ir::EffectOp>(op);
    askHost(p, device::Request::Effect, f.number(int64_t(effect.getIndex())), effect.getValues());
    return;
  }
  case OpClass::Check:
    return check(step);
  case OpClass::Poll:
    return f.setRegister(op->getResult(0), pollHost(p));
  case OpClass::Clock:
    return f.setRegister(op->getResult(0), timeOnDevice(p, op->getResult(0)));
  default:
    if (control(op))
      return;
    throw Error("the code generator does not know the operation '" +
                op->getName().getStringRef().str() + "'");
  }
}

void FunctionEmitter::check(const kernel::Step &step) {
  auto op = mlir::cast<ir::CheckOp>(step.roots.front());
  mlir::Value condition = op.getCondition();
  Value *holds = nullptr;
  if (kernel::isRegister(condition)) {
    holds = f.registerOf(condition);
  } else {
    // Every block looks at all of it, so nobody has to be told.
    Folded all;
    all.type = b.getInt1Ty();
    all.neutral = b.getTrue();
    all.combine = [&](Candidate x, Candidate y) {
      return Candidate{b.CreateAnd(x.value, y.value), nullptr};
    };
    ArrayRef<int64_t> shape = tensorType(condition).getShape();
    int64_t count = kernel::numElements(condition);
    FoldSpace space{1, count, true, f.number(0), f.number(1), f.number(0), f.number(count)};
    f.scopes.reset();
    fold(
        p, p.grid.ofBlock(), {all}, space,
        [&](Value *, Value *at) -> Candidates {
          cpu::Index index;
          index.dims = cpu::dimsOfLinear(f, at, shape);
          cpu::Elements elements(f, index);
          return {Candidate{elements.at(condition), nullptr}};
        },
        [&](Value *, ArrayRef<Candidate> totals) { holds = totals.front().value; });
  }
  llvm::BasicBlock *good = f.newBlock("good"), *bad = f.newBlock("bad");
  b.CreateCondBr(holds, good, bad);
  b.SetInsertPoint(bad);
  Pending::State before = p.pending.state();
  askHost(p, device::Request::CheckFailed, f.number(int64_t(op.getIndex())), op.getValues());
  b.CreateRetVoid();
  p.pending.restore(std::move(before));
  b.SetInsertPoint(good);
}

/// What the plan wants copied at the begin of a loop or the end of a region.
void FunctionEmitter::copies(mlir::Operation *at) {
  if (auto found = f.plan.copies.find(at); found != f.plan.copies.end())
    copy(at, found->second);
  if (mlir::isa<ir::ForOp, ir::WhileOp>(at))
    waitBefore(at);
}

void FunctionEmitter::copy(mlir::Operation *at, ArrayRef<kernel::Copy> all) {
  // Few elements are all read before any is written.
  SmallVector<std::pair<mlir::Value, SmallVector<Value *, 16>>> few;
  auto isFew = [&](const kernel::Copy &copy) { return p.isInFrame(copy.to); };
  for (const kernel::Copy &copy : all)
    if (isFew(copy) && !copy.toParking) {
      Pending::Spans reads;
      p.span(copy.from, reads);
      p.touch(reads, {});
      few.push_back({copy.to, cpu::elementsOf(f, copy.from)});
    }
  for (auto &[to, elements] : few)
    cpu::storeElements(f, f.pointerTo(to), to, elements);
  auto parking = f.plan.parking.find(at);
  for (const kernel::Copy &copy : all) {
    if (isFew(copy))
      continue;
    Pending::Spans reads, writes;
    auto parked = [&](mlir::Value value) {
      return Pending::Span{kernel::Place::Kind::Arena, 0, parking->second,
                           parking->second + kernel::byteSize(value)};
    };
    if (copy.fromParking)
      reads.push_back(parked(copy.to));
    else
      p.span(copy.from, reads);
    if (copy.toParking)
      writes.push_back(parked(copy.from));
    else
      p.span(copy.to, writes);
    p.touch(reads, writes);
    std::optional<Alone> alone;
    if (!copy.toParking && p.isOfBlock(copy.to))
      alone.emplace(p);
    if (copy.toParking) {
      emitCopy(p, f.pointerAt(parking->second), /*toFrame=*/false, copy.from);
    } else if (copy.fromParking) {
      mlir::Type element = tensorType(copy.to).getElementType();
      Value *from = f.pointerAt(parking->second), *to = f.pointerTo(copy.to);
      p.shareOut(kernel::numElements(copy.to), [&](Value *index) {
        Value *value = cpu::loadElement(b, element, f.address(element, from, index));
        cpu::storeElement(b, element, value, f.address(element, to, index));
      });
    } else {
      emitCopy(p, f.pointerTo(copy.to), /*toFrame=*/false, copy.from);
    }
  }
}

// ---- What is pending ----------------------------------------------------------------------------

/// What is pending from before a loop would be waited for in its body, in each iteration: all wait
/// before it, unless the body waits there for its own sake.
void FunctionEmitter::waitBefore(mlir::Operation *loop) {
  Pending inside;
  loop->walk<mlir::WalkOrder::PreOrder>([&](mlir::Block *block) {
    auto found = f.plan.blocks.find(block);
    if (found == f.plan.blocks.end())
      return mlir::WalkResult::skip();
    for (const kernel::Step &step : found->second.steps) {
      if (mlir::isa<ir::ForOp, ir::WhileOp, ir::IfOp>(step.roots.front()) && !step.points)
        continue; // what is in them comes later
      Pending::Spans reads, writes;
      p.spans(step, reads, writes);
      if (p.pending.needed(reads, writes) == Pending::Wait::OfAll) {
        p.waitForAll();
        p.pending.noteWait(Pending::Wait::OfAll);
        return mlir::WalkResult::interrupt();
      }
      if (inside.needed(reads, writes) == Pending::Wait::OfAll)
        return mlir::WalkResult::interrupt();
      inside.add(reads, writes);
    }
    return mlir::WalkResult::advance();
  });
}

void FunctionEmitter::beginLoop() {
  ways.push_back(p.pending.state());
  p.pending.beginWay();
  p.pending.beginLog();
  reached.beginLoop();
}

void FunctionEmitter::mayLeave() {
  ways.back() = p.pending.state();
}

/// What is pending must not meet anything that the next iteration touches.
void FunctionEmitter::endIteration() {
  auto [reads, writes, fetched] = p.pending.endLog();
  for (int fetch : p.pending.takeFetchesSince(ways.back()))
    waitForFetch(p, fetch);
  p.wait(p.pending.needed(reads, writes));
  reached.endIteration();
}

void FunctionEmitter::endLoop() {
  reached.endLoop();
  p.pending.endWay();
  p.pending.join(ways.pop_back_val());
}

void FunctionEmitter::beginBranch() {
  reached.otherWay();
  p.pending.beginWay();
  ways.push_back(p.pending.state());
}

void FunctionEmitter::otherBranch() {
  reached.otherWay();
  Pending::State before = std::move(ways.back());
  ways.back() = p.pending.state();
  p.pending.restore(std::move(before));
}

void FunctionEmitter::endBranch() {
  reached.otherWay();
  p.pending.endWay();
  p.pending.join(ways.pop_back_val());
}

} // namespace

void emitProgram(ProgramEmission &p) {
  FunctionEmitter(p).emit();
}

} // namespace descent::gpu
