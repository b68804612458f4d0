// Sums whose parts are independent of each other stay so.
#pragma once

#include <llvm/IR/PassManager.h>

namespace descent::cpu {

/// LLVM may make a + (b * c + d * e) two multiply-adds in a row, one waiting for the other: fewer
/// instructions, but where `a` is a sum that a loop carries, or the sum of another lane of
/// accumulators, all that waits for it waits longer. So only additions of a product may become a
/// multiply-add.
class SumsPass : public llvm::PassInfoMixin<SumsPass> {
public:
  llvm::PreservedAnalyses run(llvm::Function &function, llvm::FunctionAnalysisManager &analyses);
};

} // namespace descent::cpu
