// Where variables live: local ones in memory of the thread, shared ones in memory of the block, all
// others in the memory of the device.
#include "compiler/emulator/Rewriter.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/ReplaceConstant.h>
#include <llvm/Support/MathExtras.h>

#include <algorithm>

namespace descent::emulator {

using namespace llvm;

namespace {

constexpr unsigned sharedSpace = 3;
/// Between two variables, so that what is behind one is in no other.
constexpr uint64_t gap = 64;
/// What a card gives a thread.
constexpr uint64_t mostLocalBytes = uint64_t(512) << 10;

} // namespace

void Rewriter::moveLocals(std::vector<Variable> &locals, uint64_t &bytes) {
  const DataLayout &layout = module.getDataLayout();
  bytes = 0;
  for (llvm::Function &function : module) {
    SmallVector<AllocaInst *> allocas;
    for (Instruction &instruction : instructions(function))
      if (auto *alloca = dyn_cast<AllocaInst>(&instruction))
        allocas.push_back(alloca);
    if (allocas.empty())
      continue;
    for (Instruction &instruction : make_early_inc_range(instructions(function)))
      if (instruction.isLifetimeStartOrEnd())
        instruction.eraseFromParent();
    IRBuilder<> builder(&*function.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
    Value *base = call(builder, "descent_emulator_local", {});
    for (AllocaInst *alloca : allocas) {
      uint64_t size = alloca->getAllocationSize(layout)->getFixedValue();
      bytes = alignTo(bytes, std::clamp<uint64_t>(alloca->getAlign().value(), 16, 128));
      Value *place = builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), base, bytes);
      if (alloca->getType() != place->getType())
        place = builder.CreateAddrSpaceCast(place, alloca->getType());
      locals.push_back({bytes, size});
      bytes += size + gap;
      alloca->replaceAllUsesWith(place);
      alloca->eraseFromParent();
    }
  }
  if (bytes > mostLocalBytes)
    refuse(Twine(bytes) + " bytes of local memory");
}

void Rewriter::moveShared() {
  const DataLayout &layout = module.getDataLayout();
  for (llvm::GlobalVariable &variable : module.globals())
    if (variable.getAddressSpace() == sharedSpace)
      sharedVariables.push_back(&variable);
  for (uint32_t number = 0; number < sharedVariables.size(); ++number) {
    llvm::GlobalVariable *variable = sharedVariables[number];
    if (variable->hasInitializer() && !isa<UndefValue>(variable->getInitializer()))
      refuse("shared memory with a value (" + variable->getName() + ")");
    sharedSizes.push_back({layout.getTypeAllocSize(variable->getValueType()).getFixedValue(),
                           layout.getPreferredAlign(variable).value()});
    convertUsersOfConstantsToInstructions({variable});
    DenseMap<llvm::Function *, Value *> places;
    while (!variable->use_empty()) {
      Use &use = *variable->use_begin();
      auto *user = dyn_cast<Instruction>(use.getUser());
      if (!user)
        refuse("a variable that holds the address of shared memory");
      llvm::Function *function = user->getFunction();
      Value *&place = places[function];
      if (!place) {
        IRBuilder<> builder(&*function->getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
        Value *base = variable->isDeclaration()
                          ? call(builder, "descent_emulator_dynamic", {})
                          : call(builder, "descent_emulator_shared", {builder.getInt32(number)});
        place = builder.CreateAddrSpaceCast(base, variable->getType());
        sharedUses[function].insert(number);
      }
      use.set(place);
    }
  }
  for (llvm::GlobalVariable *variable : sharedVariables)
    variable->eraseFromParent();
}

void Rewriter::layOutShared(llvm::Function &kernel, KernelCode &code) {
  SmallSetVector<llvm::Function *, 8> reached;
  reached.insert(&kernel);
  SmallSetVector<uint32_t, 8> used;
  for (size_t i = 0; i < reached.size(); ++i) {
    for (uint32_t number : sharedUses[reached[i]])
      used.insert(number);
    for (Instruction &instruction : instructions(*reached[i]))
      if (auto *call = dyn_cast<CallBase>(&instruction))
        if (call->getCalledFunction() && !call->getCalledFunction()->isDeclaration())
          reached.insert(call->getCalledFunction());
  }
  uint64_t offset = 0, onCard = 0;
  for (uint32_t number = 0; number < sharedSizes.size(); ++number) {
    auto [bytes, alignment] = sharedSizes[number];
    if (!used.contains(number)) {
      code.shared.push_back({offset, 0});
      continue;
    }
    offset = alignTo(offset, std::max<uint64_t>(16, alignment));
    onCard = alignTo(onCard, alignment) + bytes;
    code.shared.push_back({offset, bytes});
    offset += bytes + gap;
  }
  code.dynamicShared = alignTo(offset, 128);
  code.staticSharedBytes = static_cast<int64_t>(onCard);
}

void Rewriter::moveGlobals(std::vector<GlobalVariable> &variables) {
  const DataLayout &layout = module.getDataLayout();
  SmallVector<llvm::GlobalVariable *> globals;
  for (llvm::GlobalVariable &variable : module.globals())
    globals.push_back(&variable);
  for (llvm::GlobalVariable *variable : globals) {
    if (!variable->hasInitializer())
      refuse("the variable " + variable->getName() + ", which is defined elsewhere");
    std::string symbol = "descent_variable_" + std::to_string(variables.size());
    auto *initial = new llvm::GlobalVariable(module, variable->getValueType(), /*isConstant=*/true,
                                             GlobalValue::ExternalLinkage,
                                             variable->getInitializer(), symbol + "_initial");
    variables.push_back({symbol, initial->getName().str(),
                         layout.getTypeAllocSize(variable->getValueType()).getFixedValue(),
                         variable->isConstant()});
    auto *placed = new llvm::GlobalVariable(
        module, variable->getValueType(), /*isConstant=*/false, GlobalValue::ExternalLinkage,
        nullptr, symbol, nullptr, GlobalValue::NotThreadLocal, variable->getAddressSpace());
    variable->replaceAllUsesWith(placed);
    variable->eraseFromParent();
  }
}

} // namespace descent::emulator
