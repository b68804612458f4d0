// The state of forming one block's kernels, shared by the files that decide about it.
#pragma once

#include "compiler/kernel/Forming.h"

#include <map>

namespace descent::kernel {

constexpr int mostOperations = 300; ///< in one loop
constexpr int mostDepth = 48;       ///< of operations computed where they are used
constexpr int mostOutputs = 12;     ///< of one kernel
constexpr int cheapCost = 4;        ///< what may be computed twice instead of being stored
/// Arrays larger than this are read from memory again, and a byte that goes to or from memory costs
/// as much as so many simple operations: at 10 GB/s a tenth of a nanosecond, in which a core does
/// three or four on vectors. A stored element is first read by the processor, then written.
constexpr int64_t cachedBytes = 1 << 20;
constexpr double operationsPerByte = 2.5;
constexpr int mostRepetitions = 3;
constexpr int mostViewRepetitions = 8;
constexpr int mostSearched = 2000; ///< steps between two that might be in one kernel
constexpr int mostConeSearched = 32;
constexpr int mostCandidates = 6; ///< kernels that are looked at for a nest to share loops with
constexpr int mostNests = 16;     ///< of one tree
/// Rows that are shorter leave too little to do for an iteration of shared loops, unless there are
/// enough iterations to fill vectors with numbers of several.
constexpr int64_t shortestRow = 16, manyRows = 64;
/// What flows between nests that share loops had better stay in the second cache.
constexpr int64_t mostRowBytes = 256 << 10;

enum class UseKind : uint8_t {
  Element,  ///< in a loop, under an index map
  Whole,    ///< read from memory by the step
  Copy,     ///< copied to another place, or filled in there
  Captured, ///< used by regions of the step that can compute it themselves
  Must,     ///< has to be in memory when the step runs
};

struct Use {
  UseKind kind = UseKind::Must;
  bool viewOnly = false; ///< Element: only moved elements may be computed there
  int step = -1;         ///< -1: the terminator
  int loop = -1;
  int map = IndexMaps::identity;
  int depth = 0;
};

struct LoopState {
  int step;
  int index; ///< in the step
};

/// What an operation makes in a nest: stored at the loops' index, or reduced over some loops.
struct Made {
  llvm::SmallVector<int64_t, 4> space;
  llvm::SmallVector<int, 4> dims; ///< for each dimension of the result: that of the space, or -1
  bool stores = false;
  Guard guard;
  int scan = -1; ///< see Loop
  bool fromEnd = false;
};

class Former {
public:
  Former(mlir::Block &block, IndexMaps &maps, Materialised &materialised,
         const PlanOptions &options, llvm::ArrayRef<std::shared_ptr<Points>> points)
      : block(block), maps(maps), materialised(materialised), options(options), points(points) {}

  BlockPlan form();

private:
  mlir::Block &block;
  IndexMaps &maps;
  Materialised &materialised;
  const PlanOptions &options;
  llvm::ArrayRef<std::shared_ptr<Points>> points;
  llvm::DenseMap<mlir::Operation *, int> pointMembers; ///< which of `points` each belongs to

  std::deque<Step> steps;
  std::vector<llvm::SmallVector<int, 4>> successors;
  std::vector<int> minPosition;
  std::vector<LoopState> loops;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Use, 2>> uses;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<int, 2>> leafUsers;
  llvm::DenseMap<mlir::Operation *, int> positions, coneCost;
  /// Steps that update in place, and the map under which they may read what they update.
  llvm::DenseSet<std::pair<int, int>> inPlaceReads;
  /// The latest loops of kernels over each shape.
  std::map<llvm::SmallVector<int64_t, 4>, llvm::SmallVector<int, 4>> kernelLoops;
  /// The latest kernels, last one first.
  llvm::SmallVector<int, 8> recentKernels;
  std::vector<unsigned> visited;
  unsigned visit = 0;
  int nextHost = -1;

  // Uses.
  void use(mlir::Value value, Use how);
  void useOperands(mlir::Operation *op, int step);
  void useCaptured(mlir::Operation *op, int step);
  void readLeaf(mlir::Value value, const Use &how);
  void inlineAt(mlir::Operation *op, llvm::ArrayRef<Use> at);

  // Decisions.
  void visitOp(mlir::Operation *op);
  void visitArray(mlir::Operation *op);
  void visitAlias(mlir::Operation *op);
  bool shouldStore(mlir::Operation *op, llvm::ArrayRef<Use> at);
  int64_t leafBytes(mlir::Operation *op);
  void estimateCosts();

  // Steps.
  int newStep(mlir::Operation *op);
  int newLoop(int step, llvm::ArrayRef<int64_t> space);
  void addRoot(int step, mlir::Operation *op);
  void joinOrStartKernel(mlir::Operation *op, llvm::ArrayRef<int64_t> space, bool storesAtIndex);
  bool mayJoin(int loop, const Made &made, llvm::ArrayRef<Use> at);
  /// Why sharableDepth or depthToShare last gave 0.
  const char *refusal = nullptr;
  int sharableDepth(int step, const Made &made, llvm::ArrayRef<Use> at);
  int depthToShare(int step, mlir::Operation *op, const Made &made, llvm::ArrayRef<Use> at);
  /// The condition without which `op`, reduced by a nest over a space, adds nothing, if asking
  /// pays.
  Guard guardOf(mlir::Operation *op, llvm::ArrayRef<int64_t> space);
  bool readsAlike(int step, mlir::Operation *op, int64_t least);
  bool reaches(int from, int to);
  void formKernelRoot(mlir::Operation *op, int step, int loop);
  void formOwnStep(mlir::Operation *op);
  void addResult(int step, mlir::Value result);
  void formPoints(const std::shared_ptr<Points> &points);
  void layOutPoints(Step &step);
  void orderHost(int step);
  void findLocals(int step);
  void chooseTile(Step &step);
  void divide(Step &step);
  void findLarge(int step);
  void finishKernels();
  const char *findKernelForRows(int product, int &kernel);
  bool isTakenBy(int product, int kernel) const;
  const char *findMakerOfRows(int product, int &kernel);
  bool goesByRows(int step, int64_t rows) const;
  int64_t partialBytes(const Step &step) const;
  bool readsByRows(int step, mlir::Value product);
  void takeProduct(int product, int kernel, RowProduct rows, int64_t rowBytes);
  void takeIntoReader(int product, int kernel);
  void takeIntoMaker(int product, int kernel);
  void takeProducts();
  void findLocalOperands();
  /// Products that are made by the kernel that reads them: their steps are none.
  llvm::DenseSet<int> taken;
  /// The kernels that make left operands of products.
  llvm::DenseMap<mlir::Operation *, LoopState> makers;
  void preferInPlace();
  BlockPlan inOrder();
};

/// Whether an operation or anything inside it is seen from outside, in order.
bool hasHostOps(mlir::Operation *op);
/// Whether `op` takes from an array the very box that `into` will replace.
bool takesUpdatedBox(mlir::Operation *op, mlir::Operation *into);

} // namespace descent::kernel
