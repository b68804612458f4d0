// The processor that code is made for: this machine's, or another of its kind.
#pragma once

#include <llvm/IR/Module.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Triple.h>

#include <memory>
#include <string>
#include <vector>

namespace descent::cpu {

/// In LLVM's terms.
struct Processor {
  llvm::Triple triple;
  std::string name;     ///< znver5, x86-64-v3, neoverse-n1
  std::string features; ///< beyond those that the name stands for: +avx512f,-sse4a
};

/// This machine's.
Processor hostProcessor();

/// A processor by its name, of the same kind as this machine's, which "" and "native" stand for.
/// Throws descent::Error for a name that LLVM does not know.
Processor processorNamed(const std::string &name);

/// What a processor can do, by name. Throws as makeMachine does.
std::unique_ptr<llvm::MCSubtargetInfo> featuresOf(const Processor &processor);

/// What code for a processor may use and this machine's lacks. Empty: it runs here.
std::vector<std::string> missingHere(const Processor &processor);

/// Made anew for each compilation; not to be used from two threads. Throws descent::Error where
/// this build of LLVM makes no code for that kind of processor.
std::unique_ptr<llvm::TargetMachine> makeMachine(const Processor &processor);

/// Runs the passes that the kernels profit from.
void optimize(llvm::Module &module, llvm::TargetMachine &machine);

/// The module as an object file, or as text for an assembler. Changes the module.
llvm::SmallVector<char, 0> emitCode(llvm::Module &module, llvm::TargetMachine &machine,
                                    llvm::CodeGenFileType type);

} // namespace descent::cpu
