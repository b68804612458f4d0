// The elementwise functions, linked from their bitcode.
#pragma once

#include <llvm/IR/Module.h>

#include <set>
#include <string>

namespace descent::cpu {

/// Defines the named functions, and what they use, in the module; they become internal to it. Throws
/// descent::Error for a name that the bitcode does not have.
void linkMath(llvm::Module &module, const std::set<std::string> &names);

} // namespace descent::cpu
