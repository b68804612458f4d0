#include "compiler/cpu/CodeGen.h"

#include "compiler/cpu/Emission.h"
#include "compiler/cpu/Math.h"
#include "compiler/cpu/matmul/Blocking.h"

#include <mlir/Dialect/Func/IR/FuncOps.h>

namespace descent::cpu {

namespace {

llvm::Function *declare(llvm::Module &module, llvm::StringRef name, bool isProgram) {
  llvm::LLVMContext &context = module.getContext();
  auto *pointer = llvm::PointerType::get(context, 0);
  llvm::SmallVector<llvm::Type *> parameters(isProgram ? 3 : 4, pointer);
  auto *type = llvm::FunctionType::get(llvm::Type::getInt32Ty(context), parameters, false);
  auto *function =
      llvm::Function::Create(type, llvm::Function::ExternalLinkage, symbolOf(name), module);
  // No other pointer leads into the arena.
  unsigned arena = unsigned(parameters.size()) - 1;
  function->addParamAttr(arena, llvm::Attribute::NoAlias);
  function->addParamAttr(arena, llvm::Attribute::getWithAlignment(context, llvm::Align(64)));
  function->setDoesNotThrow();
  return function;
}

} // namespace

ProgramPlan planProgram(mlir::ModuleOp module, const kernel::PlanOptions &options,
                        const Host &host) {
  ProgramPlan program;
  kernel::PlanOptions all = options;
  all.productScratchBytes = productScratchLimit(host);
  all.streamedBytes = host.lastLevelBytes;
  for (auto function : module.getOps<mlir::func::FuncOp>()) {
    ProgramPlan::Function &entry = program.functions.emplace_back();
    entry.name = function.getSymName().str();
    entry.plan = kernel::planFunction(function, all);
    program.arenaBytes = std::max(program.arenaBytes, entry.plan.arenaBytes);
  }
  return program;
}

std::string symbolOf(llvm::StringRef name) {
  return ("program." + name).str();
}

std::unique_ptr<llvm::Module> generate(ProgramPlan &program, llvm::LLVMContext &context,
                                       const llvm::DataLayout &layout, const llvm::Triple &triple,
                                       const Host &host) {
  auto module = std::make_unique<llvm::Module>("program", context);
  module->setDataLayout(layout);
  module->setTargetTriple(triple);
  ModuleEmission emission(*module, host);
  emission.leastShared = program.leastShared;
  for (ProgramPlan::Function &function : program.functions) {
    bool isProgram = function.name == "main";
    emitFunction(emission, function.plan, declare(*module, function.name, isProgram), isProgram);
  }
  program.tapePlaces = std::move(emission.tapePlaces);
  linkMath(*module, emission.mathNames);
  return module;
}

} // namespace descent::cpu
