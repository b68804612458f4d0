// Rare cases in vector code.
#pragma once

#include <llvm/IR/PassManager.h>

namespace descent {

/// To be run once loops are vectorised: skips, by a branch, work that no lane of a vector needs.
///
/// Some elementwise functions have a rare and expensive case behind an `if`: sin of huge arguments,
/// say. The loop vectoriser computes both sides for every vector and selects lane by lane. Where a
/// long chain of instructions serves nothing but one side of such selects, this pass moves it into
/// a block of its own:
///
/// ```
///   %far = …                                     br (any lane of %rare), label %then, label %rest
///   %y = select <8 x i1> %rare, %far, %near  →   then: %far = …
///                                                      %some = select %rare, %far, %near
///                                                rest: %y = phi [ %some, %then ], [ %near, %head ]
/// ```
class RareLanesPass : public llvm::PassInfoMixin<RareLanesPass> {
public:
  llvm::PreservedAnalyses run(llvm::Function &function, llvm::FunctionAnalysisManager &analyses);
};

} // namespace descent
