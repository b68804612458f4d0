// From a module of plain `descent` operations to LLVM IR.
#pragma once

#include "compiler/cpu/matmul/Host.h"
#include "compiler/kernel/Plan.h"

#include <llvm/IR/Module.h>
#include <mlir/IR/BuiltinOps.h>
#include <mlir/IR/Location.h>

#include <memory>
#include <string>
#include <vector>

namespace descent::cpu {

/// The plans of all functions of a program.
struct ProgramPlan {
  struct Function {
    std::string name;
    kernel::FunctionPlan plan;
  };
  std::vector<Function> functions;
  int64_t arenaBytes = 0; ///< enough for any of them
  /// Simple operations of a loop, below which one thread runs it. Waking a thread that spins takes
  /// half a microsecond, one that sleeps some tens; a thread does 4 to 10 operations in a
  /// nanosecond.
  int64_t leastShared = 128 << 10;
  /// Once code is generated: where tapes are made, by their numbers there.
  std::vector<mlir::Location> tapePlaces;
};

ProgramPlan planProgram(mlir::ModuleOp module, const kernel::PlanOptions &options,
                        const Host &host = thisHost());

/// The symbol of a function of the program.
std::string symbolOf(llvm::StringRef name);

/// LLVM IR for a program, not optimised; the math functions are linked in. Throws descent::Error.
std::unique_ptr<llvm::Module> generate(ProgramPlan &program, llvm::LLVMContext &context,
                                       const llvm::DataLayout &layout, const llvm::Triple &triple,
                                       const Host &host = thisHost());

} // namespace descent::cpu
