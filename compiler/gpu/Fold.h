// Reductions by a team of threads.
#pragma once

#include "compiler/gpu/Program.h"

#include "compiler/cpu/Reduction.h"

#include <limits>

namespace descent::gpu {

using cpu::Candidate;

/// How the terms of one reduction are combined.
struct Folded {
  llvm::Type *type = nullptr;
  llvm::Constant *neutral = nullptr;
  bool hasPosition = false;
  std::function<Candidate(Candidate, Candidate)> combine; ///< in any order

  static Folded of(cpu::FunctionEmission &f, cpu::Reduction &reduction);
};
/// A number for each of some reductions that run together.
using Candidates = llvm::SmallVector<Candidate, 4>;

/// Reductions over `terms` indices for each of `kept` indices. The numbers are what is expected and
/// tell how the threads share the work; the bounds are what there is.
struct FoldSpace {
  int64_t kept = 1, terms = 1;
  /// Neighbours in memory are terms of one sum, not of neighbouring ones.
  bool termsInner = true;
  llvm::Value *keptFrom = nullptr, *keptTo = nullptr, *termsFrom = nullptr, *termsTo = nullptr;
  /// Threads side by side along what is kept, at most, where neighbours in memory are neighbouring
  /// sums.
  int64_t mostKept = std::numeric_limits<int64_t>::max();
  /// What a thread takes of the terms at a time. Begins of ranges are multiples of the lanes.
  Strides strides = {};
};

/// Threads side by side along what is kept and along the terms: powers of two.
struct Sharing {
  int64_t kept = 1, terms = 1;
  bool termsInner = true;
  static Sharing of(const FoldSpace &space, int64_t threads);
};

/// Emits the loops: `term` gives what the index (kept, term) adds; `finish` gets the totals of an
/// index, by one thread of the team, or by all of them where one index is kept (`space.kept` is 1).
///
/// The order in which terms are combined depends on the numbers of the space and the size of the
/// team alone. All threads of the team have to get here.
void fold(ProgramEmission &p, const Team &team, llvm::ArrayRef<Folded> folded,
          const FoldSpace &space,
          llvm::function_ref<Candidates(llvm::Value *kept, llvm::Value *term)> term,
          llvm::function_ref<void(llvm::Value *kept, llvm::ArrayRef<Candidate>)> finish);

/// The same, where many terms are made at a time: `terms` gets the first of each row of `lanes`
/// neighbours, and gives what all of them add, in order.
void fold(ProgramEmission &p, const Team &team, llvm::ArrayRef<Folded> folded,
          const FoldSpace &space,
          llvm::function_ref<llvm::SmallVector<Candidates>(
              llvm::Value *kept, llvm::ArrayRef<llvm::Value *> firsts, int64_t lanes)>
              terms,
          llvm::function_ref<void(llvm::Value *kept, llvm::ArrayRef<Candidate>)> finish);

/// Bytes of shared memory at its begin that teams of a whole block use to fold.
int64_t foldBytes(const Grid &grid);

} // namespace descent::gpu
