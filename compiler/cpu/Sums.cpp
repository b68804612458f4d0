#include "compiler/cpu/Sums.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>

namespace descent::cpu {

llvm::PreservedAnalyses SumsPass::run(llvm::Function &function, llvm::FunctionAnalysisManager &) {
  auto isProduct = [](llvm::Value *value) {
    auto *by = llvm::dyn_cast<llvm::BinaryOperator>(value);
    return by && by->getOpcode() == llvm::Instruction::FMul;
  };
  for (llvm::Instruction &each : llvm::instructions(function))
    if (each.getOpcode() == llvm::Instruction::FAdd && each.hasAllowReassoc() &&
        llvm::none_of(each.operands(), isProduct))
      each.setHasAllowContract(false);
  return llvm::PreservedAnalyses::all();
}

} // namespace descent::cpu
