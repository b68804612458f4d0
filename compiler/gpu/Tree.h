// A tree of nests, shared by the files it is written in.
#pragma once

#include "compiler/gpu/Kernel.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/Sequence.h>
#include <llvm/ADT/SetVector.h>

namespace descent::gpu {

/// Where a team adds up a reduction over the shared loops.
struct KernelEmitter::Accumulators {
  Reduction *reduction = nullptr;
  size_t nest = 0;
  Group inner; ///< of the loops inside the shared ones
  int part = -1;
  /// One element: a number of each thread, all of which count. Several: an array of the team.
  llvm::AllocaInst *value = nullptr, *position = nullptr;
  int64_t offset = 0; ///< in the memory of a team
  llvm::Value *array = nullptr;
  /// By rows: what this thread has of the elements. One element: all threads' count.
  struct Cell {
    llvm::AllocaInst *value = nullptr, *position = nullptr;
  };
  llvm::SmallVector<Cell, 8> cells;
};

/// Which elements of a row each thread of a team has: `slots` times `lanes` neighbours, the team's
/// threads side by side.
struct RowSlots {
  int64_t elements = 1, lanes = 1, slots = 1;
  int64_t count() const { return lanes * slots; }
};

struct KernelEmitter::Tree {
  KernelEmitter &k;
  ProgramEmission &p;
  cpu::FunctionEmission &f;
  llvm::IRBuilder<> &b;
  llvm::ArrayRef<int64_t> sizes; ///< of the shared loops
  Team team;
  int64_t teams = 1; ///< of a block
  llvm::Value *teamNumber = nullptr;
  /// Memory of a team: of its locals and accumulators.
  int64_t teamBytes = 0;
  bool inSharedMemory = true;
  llvm::Value *memory = nullptr;
  std::vector<Accumulators> accumulators;
  llvm::SmallVector<kernel::Local, 4> locals;
  llvm::SmallVector<int64_t, 4> localOffsets;
  /// Where the iteration that is emitted has its locals.
  cpu::Rows rows;
  Counters counters;

  explicit Tree(KernelEmitter &k)
      : k(k), p(k.p), f(k.f), b(k.b),
        sizes(llvm::ArrayRef(k.nests.front().sizes).take_front(k.shared)) {}

  /// Where its shared memory begins: behind what folds take, and what is between two waits.
  int64_t sharedFrom() const { return foldBytes(p.grid) + k.blockBytes; }

  // Tree.cpp
  void findLocals();
  void findAccumulators();
  int64_t bytesOfTeam();
  void chooseTeam();
  void chooseTeamOfOne();
  void place();
  void placeBridges(cpu::Rows &into);
  Accumulators *find(Reduction &reduction);
  /// Whether it is as much of an array as an iteration needs, which nobody reads later.
  bool isLocal(mlir::Value value) const {
    return f.placeOf(value).kind == kernel::Place::Kind::Row;
  }
  int64_t innerSize(const NestCode &nest) const;
  Counters countersOf(const Group &loops, llvm::Value *kept, llvm::Value *term);
  void shareOut(const Group &loops);
  void addUp(const Group &loops);

  // One iteration at a time (TreeNests.cpp).
  void clear();
  void iteration(const Counters &at);
  void nest(NestCode &nest);
  void atOneIndex(NestCode &nest);
  void foldInner(NestCode &nest, const Group &group, bool stores,
                 llvm::function_ref<void(llvm::Value *, llvm::ArrayRef<Candidate>)> finish);
  void complete(NestCode &nest, const Group &group, bool stores);
  void accumulate(NestCode &nest, const Group &group, bool stores);
  void scan(NestCode &nest);
  void addTo(Accumulators &each, Candidate added);

  /// Gives what the chunk's iterations have come to: the element at an index of an accumulator.
  using KeptAt = std::function<llvm::Value *(Accumulators &, llvm::Value *)>;
  void giveParts(llvm::Value *chunk, const KeptAt &keptAt);
  llvm::Value *elementOf(Accumulators &each, llvm::Value *base, llvm::Value *index);

  // Several iterations, rows, at a time (TreeRows.cpp): `together` of each team; 0: they are not.
  int64_t together = 0;
  int64_t batch() const { return together * teams; } ///< of a block
  void placeRows();
  void clearRows();
  /// Runs those of a batch from `first` on, in so far as they are below `to` where it is not null.
  void iterations(llvm::Value *first, llvm::Value *to,
                  llvm::function_ref<Counters(llvm::Value *)> countersOf);
  void givePartsOfRows(llvm::Value *chunk, const KeptAt &keptAt);

private:
  struct Iteration {
    Counters at;
    llvm::Value *isThere = nullptr; ///< null: it is
  };
  /// What threads have of a reduction, for a row or for all.
  struct RowTotal {
    Reduction *reduction = nullptr;
    size_t row = 0;
    Candidate total;
  };
  /// The rows that are emitted and where each has its locals. Behind those of a team: this thread's
  /// own one, if there are rows for its lanes.
  llvm::SmallVector<Iteration, 8> batchNow;
  std::vector<cpu::Rows> rowsOf;
  /// Numbers of a row that its own threads have alone so far.
  llvm::SmallDenseSet<mlir::Value> ofOwnRow;
  llvm::Value *ownRow = nullptr;
  llvm::SmallVector<RowSlots, 4> slotsOf; ///< of each nest
  bool waits = false;                     ///< for what others read or update in memory
  /// Of shared memory: of a row's locals, and of a warp's sums.
  int64_t rowBytes = 0, sumBytes = 0;

  bool canBeWrittenOut();
  bool chooseRows();
  bool canHaveRows(int64_t threads, int64_t widest);
  int64_t lanesOf(const NestCode &nest, int64_t widest);
  int64_t sharedOfRows();
  /// Whether each thread has it for itself.
  bool isOfThread(const kernel::Local &local) const {
    return team.size == 1 || local.elements == 1;
  }

  /// Whether numbers of rows are computed by some lanes each, and told the others.
  bool sharesRows() const {
    return together > 1 && team.size >= together && team.size <= Grid::warpSize;
  }
  /// What of the rows is emitted for a nest without loops, and for one with.
  llvm::iota_range<size_t> rowsAtOneIndex() const {
    auto count = size_t(together);
    return sharesRows() ? llvm::seq(count, count + 1) : llvm::seq<size_t>(0, count);
  }
  llvm::Value *isOwn(size_t row);

  llvm::Value *elementAt(const RowSlots &slots, int64_t slot);
  llvm::Value *hasElement(const RowSlots &slots, int64_t slot);
  void wait();
  llvm::Value *both(llvm::Value *one, llvm::Value *other);
  void onlyWhere(llvm::Value *condition, llvm::function_ref<void()> body);
  void nestOfRows(NestCode &nest, const RowSlots &slots);
  void atOneIndexOfRows(NestCode &nest);
  void tell(NestCode &nest);
  llvm::SmallVector<mlir::Value> readBy(NestCode &nest);
  Candidate ofRow(Reduction &reduction, const RowSlots &slots, size_t row,
                  llvm::ArrayRef<Candidate> added);
  void addToSums(Accumulators &sums, const RowSlots &slots, llvm::ArrayRef<Candidate> added);
  Candidate sumOf(Accumulators &sums, size_t i);
  void addTo(Accumulators &sums, size_t i, Candidate added);
  void storeTotals(NestCode &nest, llvm::ArrayRef<RowTotal> totals);
  void combine(llvm::MutableArrayRef<RowTotal> totals);
  RowTotal combineForOwn(llvm::MutableArrayRef<RowTotal> ofRows);
  Candidate exchanged(Candidate mine, int64_t mask);
  void combineLanes(llvm::MutableArrayRef<RowTotal> totals, int64_t low, int64_t high);
  llvm::Value *slotOfWarp(llvm::Value *number, llvm::Value *warp);
  void leaveOfWarps(llvm::ArrayRef<RowTotal> totals);
  Candidate totalOfWarps(Reduction &reduction, llvm::Value *number);
};

/// Rows of at most so many elements can be a thread's, if it then has at most so many in all.
constexpr int64_t kShortRow = 16, kMostOfThread = 64;
/// Shared memory of a block.
constexpr int64_t kMostShared = 40 << 10;

} // namespace descent::gpu
