// Loops over the functions of Math.h, made of their bitcode and compiled for a machine.
#pragma once

#include "compiler/math/Bitcode.h"

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include <memory>
#include <string>
#include <vector>

namespace llvm::orc {
class LLJIT;
}

namespace descent::test {

/// One function of Math.def, its types in LLVM's spelling.
struct Function {
  std::string name;
  std::vector<std::string> arguments;
  std::string result;
  void *native;
};

/// All but the sorts, which are not elementwise.
std::vector<Function> functions();

/// Only the order of polygamma is an i32 beside a floating argument.
inline bool isOrder(const Function &f, size_t argument) {
  return argument == 0 && f.arguments.size() == 2 && f.arguments[1] != f.arguments[0];
}

/// Null where this LLVM lacks the target.
std::unique_ptr<llvm::TargetMachine> machineFor(const std::string &triple, const std::string &cpu,
                                                const std::string &features = "");
/// The machine that runs the tests.
std::unique_ptr<llvm::TargetMachine> hostMachine();

enum class RareCases { Computed, Skipped };

/// A loop y[i] = f(a[i], b[i]) named loop_<f> for each function (the order of polygamma is 2;
/// booleans are stored as bytes), linked with the definitions and optimised for a machine, as
/// vectors. Skipped: with RareLanesPass at the end.
std::unique_ptr<llvm::Module> loopsFor(llvm::TargetMachine &machine, llvm::LLVMContext &context,
                                       const std::vector<Function> &list,
                                       RareCases rare = RareCases::Computed);

/// The loops of the given functions, compiled for this machine.
std::unique_ptr<llvm::orc::LLJIT> compiledLoops(const std::vector<Function> &list, RareCases rare);

} // namespace descent::test
