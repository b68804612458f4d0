// The steps of a function in order: control flow, and what the program asks of the runtime.
#include "compiler/cpu/Control.h"
#include "compiler/cpu/Element.h"
#include "compiler/cpu/Nest.h"
#include "compiler/cpu/Parallel.h"
#include "compiler/cpu/Scalar.h"
#include "compiler/cpu/Steps.h"
#include "compiler/kernel/Small.h"

#include "descent/Error.h"

#include <llvm/IR/Intrinsics.h>

namespace descent::cpu {

using kernel::OpClass;
using kernel::tensorType;
using llvm::SmallVector;
using llvm::Value;

namespace {

class FunctionEmitter : public ControlFlow {
public:
  FunctionEmitter(FunctionEmission &f) : ControlFlow(f, f.b.getPtrTy()) {}

  void emit(bool isProgram);

private:
  /// Steps with loops, above which each becomes a function of its own.
  static constexpr size_t kMostLoops = 32;
  /// Computations on registers, above which functions such as the sine are called, not inlined.
  static constexpr size_t kMostRegisters = 64;

  bool isLarge = false, callsMath = false;

  void readParameters(bool isProgram);
  void step(const kernel::Step &step) override;
  void stepApart(const kernel::Step &step);
  void plainStep(const kernel::Step &step);
  void copies(mlir::Operation *at) override;
  template <typename Copies> void copySmall(Copies &&copies);
  void check(const kernel::Step &step);
  void effect(ir::EffectOp op);
  void returnResults();

  Value *operandPointers(mlir::ValueRange operands);
};

/// Whether a step has loops. (Control flow has none of its own.)
bool hasLoops(const kernel::Step &step) {
  if (step.isWrittenOut)
    return false;
  if (step.isKernel || step.points)
    return true;
  switch (kernel::classOf(step.roots.front())) {
  case OpClass::View:
    return kernel::isArray(step.roots.front()->getResult(0));
  case OpClass::Dot:
  case OpClass::ArgReduce:
  case OpClass::Scan:
  case OpClass::ArgSort:
  case OpClass::Update:
  case OpClass::Scatter:
    return true;
  default:
    return false;
  }
}

/// Loads the pointers and single elements that the caller gives.
void FunctionEmitter::readParameters(bool isProgram) {
  auto readElement = [&](mlir::Value value, Value *pointer) {
    f.setRegister(value, loadElement(b, tensorType(value).getElementType(), pointer));
  };
  auto pointerIn = [&](Value *table, int64_t index) -> Value * {
    return b.CreateLoad(b.getPtrTy(),
                        b.CreateConstInBoundsGEP1_64(b.getPtrTy(), table, uint64_t(index)));
  };
  mlir::Block &body = f.plan.function->getRegion(0).front();
  f.plan.function->walk([&](ir::InputOp input) {
    if (!isProgram)
      throw Error("an exported function cannot read a data file");
    Value *&pointer = f.inputs[int(input.getIndex())];
    if (!pointer)
      pointer = pointerIn(f.function->getArg(1), int64_t(input.getIndex()));
    if (kernel::isRegister(input))
      readElement(input, pointer);
  });
  if (isProgram)
    return;
  for (auto [i, argument] : llvm::enumerate(body.getArguments())) {
    f.arguments.push_back(pointerIn(f.function->getArg(1), int64_t(i)));
    if (kernel::isRegister(argument))
      readElement(argument, f.arguments.back());
  }
  for (size_t i = 0; i < body.getTerminator()->getNumOperands(); ++i)
    f.results.push_back(pointerIn(f.function->getArg(2), int64_t(i)));
}

void FunctionEmitter::emit(bool isProgram) {
  mlir::Block &body = f.plan.function->getRegion(0).front();
  if (isProgram && (body.getNumArguments() || body.getTerminator()->getNumOperands()))
    throw Error("the program itself has neither arguments nor results");
  readParameters(isProgram);
  size_t loops = 0, registers = 0;
  for (const auto &[block, plan] : f.plan.blocks)
    for (const kernel::Step &step : plan.steps) {
      loops += hasLoops(step);
      registers +=
          step.roots.size() == 1 && kernel::classOf(step.roots.front()) == OpClass::Elementwise;
    }
  isLarge = loops > kMostLoops;
  callsMath = registers > kMostRegisters;
  block(body);
  returnResults();
  b.CreateRet(b.getInt32(0));
}

void FunctionEmitter::returnResults() {
  mlir::Operation *end = f.plan.function->getRegion(0).front().getTerminator();
  for (auto [i, value] : llvm::enumerate(end->getOperands()))
    if (kernel::isRegister(value))
      storeElement(b, tensorType(value).getElementType(), f.registerOf(value), f.results[i]);
  for (auto [i, value] : f.plan.results)
    emitCopy(f, f.results[size_t(i)], value);
}

void FunctionEmitter::step(const kernel::Step &step) {
  f.writesOut = step.isWrittenOut;
  if (!isLarge || !hasLoops(step))
    plainStep(step);
  else
    stepApart(step);
  f.writesOut = false;
}

void FunctionEmitter::stepApart(const kernel::Step &step) {
  SmallVector<mlir::Value> registers;
  for (mlir::Operation *root : step.roots)
    for (mlir::Value result : root->getResults())
      if (kernel::isRegister(result))
        registers.push_back(result);
  emitApart(f, registers, [&] { plainStep(step); });
}

void FunctionEmitter::plainStep(const kernel::Step &step) {
  if (step.points)
    return emitPoints(f, step);
  if (step.isKernel)
    return emitKernel(f, step);
  mlir::Operation *op = step.roots.front();
  switch (kernel::classOf(op)) {
  case OpClass::Elementwise:
  case OpClass::View:
  case OpClass::Element:
    if (kernel::isArray(op->getResult(0)))
      return emitConcat(f, step);
    f.callsMath = callsMath;
    emitRegister(f, step);
    f.callsMath = false;
    return;
  case OpClass::Dot:
    return emitDot(f, step);
  case OpClass::ArgReduce:
    return emitArgReduce(f, step);
  case OpClass::Scan:
    return emitScan(f, step);
  case OpClass::ArgSort:
    return emitArgSort(f, step);
  case OpClass::Update:
    return emitUpdate(f, step);
  case OpClass::Scatter:
    return emitScatter(f, step);
  case OpClass::TapeCreate:
    return emitTapeCreate(f, step);
  case OpClass::TapePush:
    return emitTapePush(f, step);
  case OpClass::TapePop:
    return emitTapePop(f, step);
  case OpClass::Effect:
    return effect(mlir::cast<ir::EffectOp>(op));
  case OpClass::Check:
    return check(step);
  case OpClass::Poll: {
    Value *asked = b.CreateCall(f.module.runtimeFunction("poll"), {f.runContext()});
    return f.setRegister(op->getResult(0), b.CreateICmpNE(asked, b.getInt32(0)));
  }
  case OpClass::Clock:
    return f.setRegister(op->getResult(0),
                         b.CreateCall(f.module.runtimeFunction("clock"), {f.runContext()}));
  default:
    if (control(op))
      return;
    throw Error("the code generator does not know the operation '" +
                op->getName().getStringRef().str() + "'");
  }
}

/// What the plan wants copied at the begin of a loop or the end of a region.
void FunctionEmitter::copies(mlir::Operation *at) {
  auto found = f.plan.copies.find(at);
  if (found == f.plan.copies.end())
    return;
  auto isFew = [&](const kernel::Copy &copy) {
    return f.plan.keepsFewInFrame && kernel::isFew(kernel::numElements(copy.to));
  };
  copySmall(llvm::make_filter_range(found->second, isFew));
  auto parking = f.plan.parking.find(at);
  for (const kernel::Copy &copy : found->second) {
    if (isFew(copy))
      continue;
    if (copy.toParking) {
      emitCopy(f, f.pointerAt(parking->second), copy.from);
    } else if (copy.fromParking) {
      uint64_t bytes = uint64_t(kernel::byteSize(copy.to));
      b.CreateMemCpy(f.pointerTo(copy.to), llvm::MaybeAlign(), f.pointerAt(parking->second),
                     llvm::MaybeAlign(), bytes);
    } else {
      emitCopy(f, f.pointerTo(copy.to), copy.from);
    }
  }
}

/// Few elements are all read before any is written, so they need no parking, and no order. (Only
/// arrays of one size change places.)
template <typename Copies> void FunctionEmitter::copySmall(Copies &&copies) {
  SmallVector<std::pair<mlir::Value, SmallVector<Value *, 16>>> all;
  for (const kernel::Copy &copy : copies)
    if (!copy.toParking)
      all.push_back({copy.to, elementsOf(f, copy.from)});
  for (auto &[to, elements] : all)
    storeElements(f, f.pointerTo(to), to, elements);
}

// ---- The runtime --------------------------------------------------------------------------------

/// Pointers to the elements of the operands; few elements, which are in registers, are put into
/// memory for it.
Value *FunctionEmitter::operandPointers(mlir::ValueRange operands) {
  if (operands.empty())
    return llvm::ConstantPointerNull::get(b.getPtrTy());
  int64_t count = int64_t(operands.size()), words = 0;
  auto wordsOf = [&](mlir::Value operand) -> int64_t {
    bool isCopied =
        kernel::isRegister(operand) || f.placeOf(operand).kind == kernel::Place::Kind::Frame;
    return isCopied ? (kernel::byteSize(operand) + 7) / 8 : 0;
  };
  for (mlir::Value operand : operands)
    words += wordsOf(operand);
  Value *area = f.scratch(8 * (count + words));
  int64_t next = count;
  for (auto [i, operand] : llvm::enumerate(operands)) {
    Value *pointer;
    if (int64_t words = wordsOf(operand)) {
      pointer = b.CreateConstInBoundsGEP1_64(b.getInt64Ty(), area, uint64_t(next));
      next += words;
      storeElements(f, pointer, operand, elementsOf(f, operand));
    } else {
      pointer = f.pointerTo(operand);
    }
    b.CreateStore(pointer, b.CreateConstInBoundsGEP1_64(b.getPtrTy(), area, i));
  }
  return area;
}

void FunctionEmitter::effect(ir::EffectOp op) {
  b.CreateCall(
      f.module.runtimeFunction("effect"),
      {f.runContext(), b.getInt32(uint32_t(op.getIndex())), operandPointers(op.getValues())});
}

void FunctionEmitter::check(const kernel::Step &step) {
  auto op = mlir::cast<ir::CheckOp>(step.roots.front());
  mlir::Value condition = op.getCondition();
  Value *holds;
  if (kernel::isRegister(condition)) {
    holds = f.registerOf(condition);
  } else {
    Value *all = f.variable(b.getInt1Ty());
    b.CreateStore(b.getTrue(), all);
    forEach(f, step.loops.front().space, [&](llvm::ArrayRef<Value *> counters) {
      Index index;
      index.dims.assign(counters.begin(), counters.end());
      Value *element = Elements(f, index).at(condition);
      b.CreateStore(b.CreateAnd(b.CreateLoad(b.getInt1Ty(), all), element), all);
    });
    holds = b.CreateLoad(b.getInt1Ty(), all);
  }
  llvm::BasicBlock *good = f.newBlock("good"), *bad = f.newBlock("bad");
  b.CreateCondBr(b.CreateIntrinsic(llvm::Intrinsic::expect, {b.getInt1Ty()}, {holds, b.getTrue()}),
                 good, bad);
  b.SetInsertPoint(bad);
  b.CreateCall(
      f.module.runtimeFunction("check_failed"),
      {f.runContext(), b.getInt32(uint32_t(op.getIndex())), operandPointers(op.getValues())});
  b.CreateRet(b.getInt32(1));
  b.SetInsertPoint(good);
}

} // namespace

void emitFunction(ModuleEmission &module, kernel::FunctionPlan &plan, llvm::Function *function,
                  bool isProgram) {
  FunctionEmission f(module, plan, function);
  FunctionEmitter(f).emit(isProgram);
}

} // namespace descent::cpu
