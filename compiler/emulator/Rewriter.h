// The parts of the rewriting.
#pragma once

#include "compiler/emulator/Rewrite.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/SetVector.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstrTypes.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>

namespace descent::emulator {

class Rewriter {
public:
  Rewriter(llvm::Module &module, Machine &machine, bool checks, AccessTable &accesses);

  // Prepare.cpp
  /// Throws DeviceError, with the name of what cannot be run.
  void refuseUnsupported();
  /// Takes away what speaks of the other target, or promises what a faulty kernel does not keep.
  void retarget(const llvm::DataLayout &layout);

  // Variables.cpp
  void moveLocals(std::vector<Variable> &locals, uint64_t &bytes);
  void moveShared();
  void moveGlobals(std::vector<GlobalVariable> &variables);
  /// Offsets and sizes for a kernel.
  void layOutShared(llvm::Function &kernel, KernelCode &code);

  // Intrinsics.cpp
  void replaceIntrinsics();
  /// What is left of them; after `instrument`, as it adds memory that nobody need check.
  void replaceProducts();

  // Instrument.cpp
  void instrument();
  llvm::Function *makeEntry(llvm::Function &kernel);

private:
  llvm::CallInst *call(llvm::IRBuilderBase &builder, const char *function,
                       llvm::ArrayRef<llvm::Value *> arguments);
  llvm::Value *pointer(const void *address);
  Access &record(const llvm::Instruction &at, std::string what);
  [[noreturn]] void refuse(const llvm::Twine &what);

  // Intrinsics.cpp
  bool replace(llvm::IntrinsicInst &intrinsic);
  bool replaceWarpOp(llvm::IntrinsicInst &intrinsic);
  bool replaceBarrier(llvm::IntrinsicInst &intrinsic);
  void replaceProduct(llvm::IntrinsicInst &intrinsic, llvm::AllocaInst *area);
  llvm::Value *fence(llvm::Instruction &at, bool acquires, bool releases, bool blockScope);

  // Instrument.cpp
  void touch(llvm::Instruction &at, llvm::Value *address, llvm::Value *bytes, const Access &access);
  void instrument(llvm::Instruction &instruction);
  void instrumentDivision(llvm::BinaryOperator &division);
  void addTicks(llvm::Function &function);
  void guard(llvm::Value *wrong, llvm::Instruction &before, const Access &access);

  llvm::Module &module;
  Machine &machine;
  const bool checks;
  AccessTable &accesses;

  std::vector<llvm::GlobalVariable *> sharedVariables;
  llvm::DenseMap<llvm::Function *, llvm::SmallSetVector<uint32_t, 4>> sharedUses;
  std::vector<std::pair<uint64_t, uint64_t>> sharedSizes; ///< bytes, alignment
};

} // namespace descent::emulator
