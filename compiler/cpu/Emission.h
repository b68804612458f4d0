// The state of code generation: one LLVM module for a program, one function at a time.
#pragma once

#include "compiler/cpu/Types.h"
#include "compiler/cpu/matmul/Host.h"
#include "compiler/kernel/Plan.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include <set>
#include <string>

namespace descent::cpu {

/// What the functions of one program share.
class ModuleEmission {
public:
  ModuleEmission(llvm::Module &module, const Host &host) : module(module), host(host) {}

  llvm::Module &module;
  const Host host;
  /// See ProgramPlan.
  int64_t leastShared = 0;
  /// Positions are taken apart by divisions of 32 bits where they fit: GPUs have no others.
  bool dividesInWords = false;

  llvm::LLVMContext &context() { return module.getContext(); }
  /// A function of the math bitcode, which is to be linked in: "descent_exp_f32".
  llvm::Function *mathFunction(const std::string &name, llvm::FunctionType *type);
  /// A function of the runtime (runtime/abi/Functions.def), by its name there.
  llvm::Function *runtimeFunction(llvm::StringRef name);
  /// The read-only data of a constant with differing elements. Throws for forms it cannot read.
  llvm::GlobalVariable *table(mlir::Value constant);
  /// A number for a place where a tape is made.
  int nextTapeSite(mlir::Location place) {
    tapePlaces.push_back(place);
    return int(tapePlaces.size()) - 1;
  }

  /// Where tapes are made, by their numbers.
  std::vector<mlir::Location> tapePlaces;

  /// The functions of the math bitcode in use.
  std::set<std::string> mathNames;

private:
  llvm::DenseMap<mlir::Attribute, llvm::GlobalVariable *> tables;
};

/// Says which accesses of a kernel cannot meet: its arrays are alive at once, so they are apart.
class AliasScopes {
public:
  /// Starts a kernel.
  void reset() { scopes.clear(), tagged.clear(), domain = nullptr; }
  /// Notes an access to the array at `place`.
  void tag(llvm::Instruction *access, const kernel::Place &place);
  /// Ends a kernel: writes the metadata.
  void apply();

private:
  using Key = std::tuple<int, int64_t, int>;
  llvm::MDNode *domain = nullptr;
  std::vector<std::pair<Key, llvm::MDNode *>> scopes;
  std::vector<std::pair<llvm::Instruction *, size_t>> tagged;
};

/// One function of the program.
class FunctionEmission {
public:
  FunctionEmission(ModuleEmission &module, kernel::FunctionPlan &plan, llvm::Function *function);

  ModuleEmission &module;
  kernel::FunctionPlan &plan;
  llvm::Function *function;
  llvm::IRBuilder<> b;
  AliasScopes scopes;

  llvm::LLVMContext &context() { return b.getContext(); }
  llvm::Value *runContext() { return function->getArg(0); }

  /// The value of a tensor of one element, or a tape.
  llvm::Value *registerOf(mlir::Value value);
  void setRegister(mlir::Value value, llvm::Value *to);

  bool isInMemory(mlir::Value value) const;
  kernel::Place placeOf(mlir::Value value) const;
  /// The first element of an array in memory.
  llvm::Value *pointerTo(mlir::Value value);
  llvm::Value *pointerAt(int64_t arenaOffset);
  /// A small array in the frame.
  llvm::Value *frameArray(int index, int64_t bytes);
  /// The address of an element of an array that begins at `base`.
  llvm::Value *address(mlir::Type element, llvm::Value *base, llvm::Value *index);

  /// A variable in the function's frame, in the registers after optimisation.
  llvm::AllocaInst *variable(llvm::Type *type);
  /// Memory in the frame that is free again after the next call: at least so many bytes.
  llvm::Value *scratch(int64_t bytes);

  llvm::BasicBlock *newBlock(const llvm::Twine &name = "");
  llvm::ConstantInt *number(int64_t value) { return b.getInt64(uint64_t(value)); }

  /// Whether memory is an array of few elements in the frame (Place::Kind::Frame). While its
  /// address goes nowhere, the array becomes registers; so whoever asks for it from memory is given
  /// a copy.
  bool isInFrame(llvm::Value *pointer) const { return frameArrays.contains(pointer); }

  /// Loops of known bounds are written out, index by index.
  bool writesOut = false;
  /// Math functions are called from here, not inlined.
  bool callsMath = false;

  /// Pointers that the caller gave: inputs by index, arguments, results.
  llvm::DenseMap<int, llvm::Value *> inputs;
  std::vector<llvm::Value *> arguments, results;

private:
  llvm::DenseMap<mlir::Value, llvm::Value *> registers;
  llvm::DenseMap<int, llvm::AllocaInst *> frame;
  llvm::SmallPtrSet<llvm::Value *, 16> frameArrays;
  llvm::AllocaInst *scratchArea = nullptr;
  int64_t scratchBytes = 0;
};

/// Emits the body of a function: `i32 (ptr context, ptr inputs, ptr arena)` for the program itself,
/// `i32 (ptr context, ptr arguments, ptr results, ptr arena)` for an exported function.
void emitFunction(ModuleEmission &module, kernel::FunctionPlan &plan, llvm::Function *function,
                  bool isProgram);

} // namespace descent::cpu
