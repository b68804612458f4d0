// The threads that run a program together, and how they wait for each other.
#pragma once

#include "compiler/cpu/Emission.h"

namespace descent::gpu {

/// Threads that run one iteration together: one thread, a warp or a block. Each of them has a rank.
struct Team {
  int64_t size = 1;
  llvm::Value *rank = nullptr; ///< i64, below `size`
};

/// All threads of a launch. Every thread runs the whole program: computations on single numbers are
/// done by all of them alike, loops are shared out. So control flow is the same for all, but inside
/// of loops.
///
/// Numbers of threads and blocks are i64, as indices are.
class Grid {
public:
  static constexpr int64_t warpSize = 32;

  /// Emits what the ids need at the begin of the kernel `f.function`. `state`: memory of a launch
  /// that is zero when it begins, `stateBytes` of it.
  /// `fetches`: the last blocks do nothing but fetch (Fetch.h), and are none of `blocks`.
  Grid(cpu::FunctionEmission &f, int64_t threads, llvm::Value *state, bool fetches);
  static constexpr int64_t stateBytes = 256;

  const int64_t threads; ///< of a block
  llvm::Value *thread = nullptr, *block = nullptr, *blocks = nullptr;
  llvm::Value *fetching = nullptr; ///< blocks that do; null: none do
  /// At most so many do: enough for 128 KiB under way.
  static constexpr int64_t mostFetching = 8;
  /// The number of this thread among all, and how many there are.
  llvm::Value *number = nullptr, *count = nullptr;

  Team ofThread() const;
  Team ofWarp() const;
  Team ofBlock() const;

  /// Memory of a launch: `stateBytes` are the grid's own.
  llvm::Value *memoryOfLaunch() const { return state; }

  /// All threads of a team get here before any goes on, and see what the others wrote. All of them
  /// have to get here.
  void wait(const Team &team);
  /// The same for all threads of the launch.
  void waitForAll();

  /// Shared memory of the block: all users share the same bytes, so there has to be a wait between
  /// two of them. Address space 3.
  llvm::Value *shared(int64_t offset);
  /// How much of it is in use.
  void needShared(int64_t bytes) { sharedBytes = std::max(sharedBytes, bytes); }
  /// Once the kernel is complete: makes the shared memory.
  void finish();

  /// The value that the lane of a warp has whose number differs from this one's in the bits of
  /// `mask`. All lanes have to get here.
  llvm::Value *exchange(llvm::Value *value, int mask);
  /// The value of the lane of that number (i64). All lanes have to get here.
  llvm::Value *ofLane(llvm::Value *value, llvm::Value *lane);

  /// for (i = from; i < to; i += step), none where there is none. `isWhole`: the body is as much as
  /// registers allow, of one iteration.
  void loop(llvm::Value *from, llvm::Value *to, llvm::Value *step,
            llvm::function_ref<void(llvm::Value *)> body, bool isWhole = false);
  /// Only where the condition holds.
  void onlyIf(llvm::Value *condition, llvm::function_ref<void()> body);
  /// By one thread of all.
  void byFirst(llvm::function_ref<void()> body);

private:
  cpu::FunctionEmission &f;
  llvm::IRBuilder<> &b;
  llvm::Value *state;
  llvm::GlobalVariable *memory = nullptr;
  int64_t sharedBytes = 0;

  llvm::Value *special(llvm::Intrinsic::ID id, int64_t below);
  llvm::Value *shuffle(llvm::Value *value, llvm::Intrinsic::ID id, llvm::Value *from);
  llvm::Function *barrier();
};

} // namespace descent::gpu
