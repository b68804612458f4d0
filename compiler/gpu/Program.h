// The state of emitting one program for a GPU.
#pragma once

#include "compiler/gpu/DotLibrary.h"
#include "compiler/gpu/Grid.h"
#include "compiler/gpu/Pending.h"
#include "runtime/device/Product.h"

namespace descent::gpu {

/// The place in the script; null where there is none.
mlir::FileLineColRange placeOf(mlir::Location location);

/// A step of a program, for what is said where it fails (see Reached.h).
struct StepPlace {
  mlir::FileLineColRange where;
  bool isInLoop;
};

/// What a thread takes at a time: `times` rows of `lanes` neighbours. Neighbours in memory are then
/// read together, and much is under way at once.
struct Strides {
  int64_t lanes = 1, times = 1;
};

class ProgramEmission {
public:
  /// `state`: see Grid. `mailbox`: see Host.h.
  /// `fetches`: there are blocks for nothing but that (see Fetch.h).
  ProgramEmission(cpu::FunctionEmission &f, int64_t threads, llvm::Value *state,
                  llvm::Value *mailbox, bool fetches)
      : f(f), b(f.b), grid(f, threads, state, fetches), mailbox(mailbox),
        arenaBytes(f.plan.arenaBytes), state(state) {}

  cpu::FunctionEmission &f;
  llvm::IRBuilder<> &b;
  Grid grid;
  llvm::Value *mailbox;
  Pending pending;

  /// Of the processor: 80 for compute capability 8.0.
  int capability = 0;
  /// Whether there are tensor cores for tf32, bf16 and f64.
  bool hasTensorCores = false;
  /// Products of at least so many multiplications are the library's; 0: none are.
  int64_t libraryWork = 0;
  std::vector<device::Product> products;
  /// Those that the library has nothing for.
  std::vector<device::Product> refusedProducts;
  /// Those that are left to it, by their operation.
  llvm::DenseMap<mlir::Operation *, LibraryProduct> libraryProducts;
  /// Rows that are fetched while the program goes on.
  struct Fetch {
    ir::FetchOp op;
    int64_t request = 0;               ///< where in the arena the indices are given
    llvm::AllocaInst *posts = nullptr; ///< how often it was asked for
  };
  std::vector<Fetch> fetches;
  /// Of the arena, with what is added to that of the plan.
  int64_t arenaBytes;
  /// Memory of each block, behind the arena: first `ownBytes` of arrays that each has of its own
  /// (OwnArrays.h), which come behind the caller's arguments; then working memory.
  int64_t bytesOfBlock = 0, ownBytes = 0;
  llvm::SmallVector<llvm::Value *> ownArrays;
  int firstOwn = 0; ///< its number among the arguments
  llvm::Value *ofBlock = nullptr;
  /// Of tapes, as far as it is known how large they get.
  int64_t tapeBytes = 0;
  /// Operands of a message to the host, at most.
  int64_t mostOperands = 0;
  /// Blocks that the largest step can keep busy.
  int64_t usefulBlocks = 1;

  /// Those that the mailbox tells of, by their number there less 1.
  std::vector<StepPlace> steps;

  /// Memory of the arena for one purpose alone: its offset.
  int64_t addMemory(int64_t bytes);
  /// Memory that threads write to, wait for all, and then read. Each time that the place is run it
  /// is the other one of two: so nobody has to wait before writing to it, as whoever is still
  /// reading what it was last time has not been at the wait of this time.
  llvm::Value *exchangeArea(int64_t bytes);
  /// Working memory of this block.
  llvm::Value *memoryOfBlock(int64_t bytes);

  /// Waits for all threads where they might not have finished with what a step touches; then notes
  /// that it touches it.
  void beforeStep(const kernel::Step &step);
  /// `keep`: notes that it touches it.
  void touch(const Pending::Spans &reads, const Pending::Spans &writes, bool keep = true);
  /// Adds the memory of a value, if it is any that is written.
  void span(mlir::Value value, Pending::Spans &into) const;
  /// What a step touches.
  void spans(const kernel::Step &step, Pending::Spans &reads, Pending::Spans &writes) const;
  void waitForAll();
  void waitForBlock();
  /// Whether anybody waits.
  bool wait(Pending::Wait whose);
  /// To be called before anything that is to run once: what has been emitted so far, the ids, every
  /// launch of the program computes anew.
  void begin();
  /// To be called when all has been emitted. Gives the bytes of the state.
  int64_t finish();
  /// Whether this thread is the first of all (i1).
  llvm::Value *isFirstThread() const { return isFirst; }

  bool isInFrame(mlir::Value value) const {
    return f.placeOf(value).kind == kernel::Place::Kind::Frame;
  }
  /// Whether each block has an array of its own.
  bool isOfBlock(mlir::Value value) const {
    kernel::Place place = f.placeOf(value);
    return place.kind == kernel::Place::Kind::Argument && place.index >= firstOwn;
  }
  /// Whether an update leaves all but the new elements where they are.
  bool isInPlace(mlir::Operation *update) const;

  /// What is emitted from here on belongs to a place in the script.
  void setPlace(mlir::Location location);

  /// Runs `body` with each index below `count`, shared among all threads.
  void shareOut(int64_t count, llvm::function_ref<void(llvm::Value *)> body);
  /// The same, many at a time: `body` gets the first of each row of `lanes` neighbours.
  void shareOut(int64_t count, Strides strides,
                llvm::function_ref<void(llvm::ArrayRef<llvm::Value *>, int64_t lanes)> body);

private:
  void useBlocks(int64_t iterations);
  llvm::Value *state;
  llvm::Value *isFirst = nullptr; ///< of all threads
};

/// While there is one, the code is for a grid of one block, each block for itself.
class Alone {
public:
  explicit Alone(ProgramEmission &p);
  ~Alone();
  Alone(const Alone &) = delete;
  Alone &operator=(const Alone &) = delete;

private:
  ProgramEmission &p;
  llvm::Value *block, *blocks, *number, *count;
  int64_t usefulBlocks;
};

} // namespace descent::gpu
