// LLVM IR for NVPTX → LLVM IR for this machine that calls the emulator.
//
//   %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()     %t = call i32 @descent_emulator_thread(ptr
//   machine) %p = getelementptr float, ptr addrspace(3)    →    %s = call ptr
//   @descent_emulator_shared(ptr machine, i32 0)
//          @tile, i32 %t                               %p = getelementptr float, ptr addrspace(3)
//          %s', i32 %t
//   %v = load float, ptr addrspace(3) %p               call void @descent_emulator_touch(ptr
//   machine, ptr %p', i64 4, ptr access)
//                                                      %v = load float, ptr addrspace(3) %p
//
// Local variables move from the stack, where a faulty kernel could destroy the process, to memory
// of the thread. Tables and mutable variables become symbols, for the caller to place in the memory
// of the device.
#pragma once

#include "compiler/emulator/Access.h"
#include "compiler/emulator/Machine.h"

#include <llvm/IR/Module.h>

#include <string>
#include <vector>

namespace descent::emulator {

/// A variable of the program that lies in the memory of the device.
struct GlobalVariable {
  std::string symbol;
  /// The symbol of what it holds at first.
  std::string initial;
  uint64_t bytes = 0;
  bool constant = false;
};

struct RewrittenKernel {
  KernelCode code;
  /// The symbol of KernelCode::entry.
  std::string entry;
};

struct Rewritten {
  std::vector<RewrittenKernel> kernels;
  std::vector<GlobalVariable> variables;
};

/// `layout`: of this machine. Records go to `accesses`. Throws DeviceError for what the emulator
/// cannot run.
Rewritten rewrite(llvm::Module &module, const llvm::DataLayout &layout, Machine &machine,
                  bool checks, AccessTable &accesses);

} // namespace descent::emulator
