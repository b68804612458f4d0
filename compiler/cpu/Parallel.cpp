#include "compiler/cpu/Parallel.h"

#include "compiler/cpu/Nest.h"

#include <llvm/ADT/MapVector.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/MDBuilder.h>

namespace descent::cpu {

namespace {

/// Iterations of chunk `number`, which the division makes.
void setBounds(FunctionEmission &f, const kernel::Division &division, Chunk &chunk) {
  chunk.begin = f.b.CreateMul(chunk.number, f.number(division.size), "", true, true);
  chunk.end = f.b.CreateAdd(chunk.begin, f.number(division.size), "", true, true);
  if (division.count * division.size > division.extent)
    chunk.end =
        f.b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, chunk.end, f.number(division.extent));
}

/// The function that computes a value; null for constants and the like.
llvm::Function *homeOf(llvm::Value *value) {
  if (auto *argument = llvm::dyn_cast<llvm::Argument>(value))
    return argument->getParent();
  auto *instruction = llvm::dyn_cast<llvm::Instruction>(value);
  return instruction ? instruction->getFunction() : nullptr;
}

/// What an outlined function is given.
struct Captured {
  llvm::Value *structure;
  /// Copies of small arrays, whose own addresses are not to leave the function.
  llvm::SmallVector<std::pair<llvm::AllocaInst *, llvm::AllocaInst *>> copies{};
};

void copyArray(FunctionEmission &f, llvm::AllocaInst *to, llvm::AllocaInst *from) {
  f.b.CreateMemCpy(to, to->getAlign(), from, from->getAlign(),
                   from->getAllocatedType()->getArrayNumElements());
}

/// Small arrays in the frame that an outlined function knows by their begin alone.
llvm::SmallPtrSet<llvm::Value *, 4> arraysIn(FunctionEmission &f,
                                             llvm::ArrayRef<llvm::Value *> values) {
  llvm::SmallPtrSet<llvm::Value *, 4> arrays, others;
  for (llvm::Value *value : values)
    if (value->getType()->isPointerTy()) {
      llvm::Value *whole = llvm::getUnderlyingObject(value);
      if (f.isInFrame(whole))
        (whole == value ? arrays : others).insert(whole);
    }
  for (llvm::Value *whole : others)
    arrays.erase(whole);
  return arrays;
}

/// Hands over the values of other functions that `inner` uses: puts them into a structure, at the
/// current place, and reads them at the begin of `inner`. (Where the current place is in an
/// outlined function itself, that captures them in turn.)
Captured capture(FunctionEmission &f, llvm::Function *inner) {
  llvm::SmallMapVector<llvm::Value *, llvm::SmallVector<llvm::Use *, 4>, 16> captured;
  for (llvm::Instruction &instruction : llvm::instructions(*inner))
    for (llvm::Use &operand : instruction.operands())
      if (llvm::Function *home = homeOf(operand.get()); home && home != inner)
        captured[operand.get()].push_back(&operand);
  if (captured.empty())
    return {llvm::ConstantPointerNull::get(f.b.getPtrTy())};
  llvm::SmallVector<llvm::Type *> types;
  llvm::SmallVector<llvm::Value *> values;
  for (auto &[value, uses] : captured) {
    types.push_back(value->getType());
    values.push_back(value);
  }
  llvm::SmallPtrSet<llvm::Value *, 4> arrays = arraysIn(f, values);
  auto *type = llvm::StructType::get(f.context(), types);
  Captured result{f.variable(type)};
  llvm::BasicBlock &entry = inner->getEntryBlock();
  llvm::IRBuilder<> at(&entry, entry.begin());
  llvm::MDNode *nothing = llvm::MDNode::get(f.context(), {});
  for (auto [i, each] : llvm::enumerate(captured)) {
    auto &[value, uses] = each;
    llvm::Value *given = value;
    if (arrays.contains(value)) {
      auto *array = llvm::cast<llvm::AllocaInst>(value);
      llvm::AllocaInst *copy = f.variable(array->getAllocatedType());
      copy->setAlignment(array->getAlign());
      copyArray(f, copy, array);
      result.copies.push_back({array, copy});
      given = copy;
    }
    f.b.CreateStore(given, f.b.CreateStructGEP(type, result.structure, unsigned(i)));
    llvm::LoadInst *load =
        at.CreateLoad(value->getType(), at.CreateStructGEP(type, inner->getArg(0), unsigned(i)));
    load->setMetadata(llvm::LLVMContext::MD_invariant_load, nothing);
    if (auto *argument = llvm::dyn_cast<llvm::Argument>(value);
        argument && argument->getParamAlign()) {
      auto bytes = at.getInt64(argument->getParamAlign()->value());
      load->setMetadata(llvm::LLVMContext::MD_align,
                        llvm::MDNode::get(f.context(), llvm::ConstantAsMetadata::get(bytes)));
    }
    for (llvm::Use *use : uses)
      use->set(load);
  }
  return result;
}

/// After the call.
void release(FunctionEmission &f, const Captured &captured) {
  for (auto [array, copy] : captured.copies)
    copyArray(f, array, copy);
}

/// `void (ptr captured, …)`.
llvm::Function *declareFunction(FunctionEmission &f, const char *name,
                                llvm::ArrayRef<llvm::Type *> others) {
  llvm::SmallVector<llvm::Type *> parameters{f.b.getPtrTy()};
  parameters.append(others.begin(), others.end());
  auto *type = llvm::FunctionType::get(f.b.getVoidTy(), parameters, false);
  auto *function =
      llvm::Function::Create(type, llvm::Function::InternalLinkage, name, f.module.module);
  function->setDoesNotThrow();
  function->addParamAttr(0, llvm::Attribute::NoAlias);
  function->addParamAttr(0, llvm::Attribute::ReadOnly);
  return function;
}

} // namespace

bool isShared(const FunctionEmission &f, const kernel::Division &division) {
  return division.count > 1 && division.count * division.operations >= f.module.leastShared;
}

void emitChunks(FunctionEmission &f, const kernel::Division &division, int64_t scratchOffset,
                llvm::function_ref<void(const Chunk &)> body) {
  llvm::Value *lane = division.laneBytes ? f.pointerAt(scratchOffset + division.laneOffset)
                                         : llvm::ConstantPointerNull::get(f.b.getPtrTy());
  if (division.count == 1)
    return body({f.number(0), f.number(0), f.number(division.extent), lane});
  if (!isShared(f, division)) {
    Nest nest(f);
    Chunk chunk;
    chunk.number = nest.open(division.count);
    chunk.lane = lane;
    setBounds(f, division, chunk);
    body(chunk);
    return nest.closeAll();
  }
  llvm::Function *inner = declareFunction(f, "chunk", {f.b.getInt64Ty(), f.b.getPtrTy()});
  inner->addParamAttr(2, llvm::Attribute::NoAlias);
  inner->addParamAttr(2, llvm::Attribute::getWithAlignment(f.context(), llvm::Align(64)));
  {
    llvm::IRBuilder<>::InsertPointGuard guard(f.b);
    f.b.SetInsertPoint(llvm::BasicBlock::Create(f.context(), "entry", inner));
    Chunk chunk;
    chunk.number = inner->getArg(1);
    chunk.lane = inner->getArg(2);
    setBounds(f, division, chunk);
    body(chunk);
    f.b.CreateRetVoid();
  }
  Captured captured = capture(f, inner);
  f.b.CreateCall(f.module.runtimeFunction("parallel"),
                 {f.runContext(), f.number(division.count), inner, captured.structure, lane,
                  f.number(division.laneBytes)});
  release(f, captured);
}

void emitApart(FunctionEmission &f, llvm::ArrayRef<mlir::Value> registers,
               llvm::function_ref<void()> body) {
  llvm::Function *inner = declareFunction(f, "kernel", {f.b.getPtrTy()});
  inner->addFnAttr(llvm::Attribute::NoInline);
  inner->addParamAttr(1, llvm::Attribute::NoAlias);
  llvm::StructType *type = nullptr;
  {
    llvm::IRBuilder<>::InsertPointGuard guard(f.b);
    f.b.SetInsertPoint(llvm::BasicBlock::Create(f.context(), "entry", inner));
    body();
    llvm::SmallVector<llvm::Type *> types;
    for (mlir::Value value : registers)
      types.push_back(f.registerOf(value)->getType());
    type = llvm::StructType::get(f.context(), types);
    for (auto [i, value] : llvm::enumerate(registers))
      f.b.CreateStore(f.registerOf(value),
                      f.b.CreateStructGEP(type, inner->getArg(1), unsigned(i)));
    f.b.CreateRetVoid();
  }
  Captured captured = capture(f, inner);
  llvm::Value *results =
      registers.empty() ? llvm::cast<llvm::Value>(llvm::ConstantPointerNull::get(f.b.getPtrTy()))
                        : f.variable(type);
  f.b.CreateCall(inner, {captured.structure, results});
  release(f, captured);
  for (auto [i, value] : llvm::enumerate(registers))
    f.setRegister(value, f.b.CreateLoad(type->getElementType(unsigned(i)),
                                        f.b.CreateStructGEP(type, results, unsigned(i))));
}

} // namespace descent::cpu
