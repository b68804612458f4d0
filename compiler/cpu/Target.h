// The processor that code is made for: this machine's.
#pragma once

#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include <memory>

namespace descent::cpu {

/// Made anew for each compilation; not to be used from two threads. Throws descent::Error.
std::unique_ptr<llvm::TargetMachine> hostMachine();

/// Runs the passes that the kernels profit from.
void optimize(llvm::Module &module, llvm::TargetMachine &machine);

/// The module as an object file, or as text for an assembler. Changes the module.
llvm::SmallVector<char, 0> emitCode(llvm::Module &module, llvm::TargetMachine &machine,
                                    llvm::CodeGenFileType type);

} // namespace descent::cpu
