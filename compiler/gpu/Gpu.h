// From a module of plain `descent` operations to code for NVIDIA GPUs.
#pragma once

#include "compiler/gpu/Program.h"
#include "compiler/kernel/LargeArrays.h"
#include "runtime/device/Product.h"

#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>
#include <mlir/IR/BuiltinOps.h>
#include <mlir/IR/Location.h>

#include <memory>
#include <string>
#include <vector>

namespace descent::gpu {

/// A program as one kernel, which all blocks of a launch run together, and what its launch needs.
///
/// Its parameters, of 64 bits each: the mailbox, memory of `stateBytes` zeros, the inputs in order
/// (of an exported function its arguments and its results), memory of `blockBytes` for each block,
/// `blockBytes`, the arena.
struct GpuCode {
  std::unique_ptr<llvm::Module> module;
  std::string kernel;
  int threads = 256;      ///< of a block
  int64_t arenaBytes = 0; ///< working memory
  int64_t blockBytes = 0; ///< working memory of each block
  int64_t stateBytes = 0;
  int64_t tapeBytes = 0; ///< as far as it is known how large tapes get
  int64_t mailboxWords = 0;
  int64_t usefulBlocks = 1;              ///< more have nothing to do
  std::vector<device::Product> products; ///< by their number in messages
  std::vector<mlir::Location> tapePlaces;
  /// The steps that the mailbox tells of, by their number there less 1 (see Reached.h).
  std::vector<StepPlace> steps;
  /// The arrays that take most of the arena.
  std::vector<kernel::LargeArray> largest;
  std::vector<bool> byRows; ///< see kernel::readByRows
  std::vector<bool> ahead;  ///< see kernel::fetchedAhead
};

/// Has a program remember how many inputs it is given, before those that nothing needs go.
void countInputs(mlir::ModuleOp module);

/// LLVM IR for a program or the exported function of that name, for the processor of `machine`,
/// optimised. Products of at least `libraryWork` multiplications are left to the
/// device's library (0: none are), but for `refusedProducts`. Throws descent::Error, and device::DeviceError
/// where the program is too large for a kernel.
GpuCode generate(mlir::ModuleOp module, llvm::LLVMContext &context, llvm::TargetMachine &machine,
                 const kernel::PlanOptions &options, int threads, llvm::StringRef name = "main",
                 int64_t libraryWork = 0,
                 const std::vector<device::Product> &refusedProducts = {});

/// For compute capability `major`.`minor`. Throws device::DeviceError where there is none.
std::unique_ptr<llvm::TargetMachine> makeMachine(int major, int minor);

/// The module as PTX. Changes the module.
std::string emitPtx(llvm::Module &module, llvm::TargetMachine &machine);

} // namespace descent::gpu
