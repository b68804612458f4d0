// Elementwise functions that a program uses many times are called, not inlined.
#pragma once

#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/ADT/SetVector.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/Module.h>

namespace descent {

/// Keeps the code small, and quick to compile, of programs that use an elementwise function over
/// and over: the body of a sine is hundreds of instructions, and the time that LLVM takes grows
/// with every copy of it. Where a function has many calls it is compiled once, for a vector, and
/// called. Functions that are always called (DESCENT_MATH_RARE) get vector variants too, which call
/// them for one lane after the other: a loop around a call of another kind would stay scalar.
///
/// ```
///   VectorCalls calls(module);  // before the inliner and the loop vectoriser
///   …                           // they run: a widened call becomes a call of a vector variant
///   calls.finish(optimize);     // what is left of the variants
/// ```
/// The results are the same bits as of the inlined functions.
class VectorCalls {
public:
  /// Chooses the functions. The math bitcode (Bitcode.h) has to be linked in.
  explicit VectorCalls(llvm::Module &module);

  /// Whether that is a vector variant: not to be optimised before it is known to be used.
  bool contains(const llvm::Function &function) const {
    return variants.contains(const_cast<llvm::Function *>(&function));
  }

  /// Runs `optimize`, which has to vectorise loops, on the variants that are called; drops the
  /// others.
  void finish(llvm::function_ref<void(llvm::Function &)> optimize);

private:
  llvm::Module &module;
  llvm::SetVector<llvm::Function *> variants;

  void call(llvm::Function &function, llvm::ArrayRef<llvm::CallInst *> calls);
  /// The body of a variant: a loop over the lanes around the scalar function, which is inlined and
  /// vectorised, or called for one lane after the other.
  void define(llvm::Function &variant, llvm::Function &scalar, unsigned lanes, bool inlined);
};

} // namespace descent
