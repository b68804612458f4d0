// What the code generator is told: the steps of each block in order, and where each value lives.
#pragma once

#include "compiler/kernel/Classify.h"
#include "compiler/kernel/IndexMaps.h"
#include "compiler/kernel/Points.h"

#include <deque>
#include <vector>

namespace descent::kernel {

/// A value in memory that a step reads.
struct Read {
  mlir::Value value;
  /// Only the element at the loop's own index is read, before that element of the outputs is
  /// written.
  bool pointwise = false;
  /// The nest that reads it (of a kernel), and whether at the nest's own index.
  int nest = 0;
  bool atIndex = false;
  /// The map under which its elements are read.
  int map = IndexMaps::identity;
};

/// A condition without which nothing is added to the sums of a nest.
struct Guard {
  mlir::Value condition; ///< null: there is none
  /// For each dimension of the condition that of the loops, or -1 where it has one element.
  llvm::SmallVector<int, 4> dims;
  int level = 0; ///< loops outside of which it is not known

  bool operator==(const Guard &) const = default;
};

/// One loop nest over `space`, row-major. Elements of the outputs and of reductions' operands are
/// computed at each index; what they need of operations that are not in memory is computed there
/// too.
struct Loop {
  llvm::SmallVector<int64_t, 4> space;
  /// Kernels: the operations whose results this nest makes, in program order.
  llvm::SmallVector<mlir::Operation *, 2> roots;
  /// All that is read is read at the loop's own index, so the nest can be one loop over all
  /// elements.
  bool linear = true;
  /// Operations in the body at one index, and what they cost in simple instructions.
  int operations = 0, cost = 0;
  /// Of all its roots.
  Guard guard;
  /// The two innermost loops run in squares of so many iterations, so that the lines of an array
  /// that is read across its rows are used before they leave the cache. 0: they do not.
  int64_t tile = 0;
  /// The dimension, of the innermost loop, along which the roots are running sums and the like, one
  /// element after the other; -1: they are none.
  int scan = -1;
  bool fromEnd = false; ///< beginning with the last one
};

/// An array that only the nests of one tree read: as much of it is kept as one iteration of the
/// shared loops needs. One element is a register.
struct Local {
  mlir::Value value;
  llvm::SmallVector<int, 4> dims; ///< of the value, that are not shared loops
  int64_t elements = 1;           ///< along these
  int64_t offset = 0;             ///< in the scratch memory of a running chunk
  bool ofChunk = false;           ///< kept for all iterations of a chunk; `dims` are then all
};

/// A product of which each chunk of a kernel makes the rows that are the iterations of the kernel's
/// outermost loop: those that its nests then read, or those of a left operand that its nests have
/// made, as long as these are in the cache. Of a batch of products, whole ones are made.
struct RowProduct {
  mlir::Operation *op = nullptr;
  int64_t chunkRows = 1;
  bool isLocal = false;               ///< nothing else reads it: it is a local of the chunk
  bool isAfter = false;               ///< the nests make rows of its left operand before
  bool isBatch = false;               ///< a row is all that an index of the batch has
  const char *operandApart = nullptr; ///< why its left operand is made as a whole before it
  /// Room for its right operand in the order in which it is read: of all chunks, in the step's
  /// scratch memory, or, of a batch, in that of the running chunk.
  int64_t packedBytes = 0, packedOffset = 0;
};

/// An array in memory of which the iterations that run across lanes read rows, one after the other:
/// a copy of these rows is made for them, with the iterations innermost.
struct Turned {
  mlir::Value value;
  llvm::SmallVector<int, 4> dims; ///< of the value, that are not shared loops
  int64_t elements = 1;           ///< along these
  int64_t offset = 0;             ///< in the scratch memory of a running chunk
};

/// What one chunk of a divided kernel adds to a reduction over the outermost loop. Chunk `c` leaves
/// it at `offset + c * bytes` of the step's scratch memory; afterwards the chunks' parts are
/// combined in order.
struct Partial {
  mlir::Value result;
  int64_t bytes = 0, offset = 0;
  /// Where an array of f32 is summed up in f64.
  int64_t totalOffset = -1;
};

/// How the outermost loop of a kernel is cut into chunks of consecutive iterations. The numbers
/// depend on shapes alone, and so does the order in which anything is added up, whoever runs the
/// chunks. Chunks write disjoint elements of the stored outputs, and of scratch memory their own
/// `laneBytes`.
struct Division {
  int64_t extent = 1; ///< iterations of the outermost loop
  int64_t size = 1;   ///< of a chunk; the last one may have fewer
  int64_t count = 1;  ///< chunks; 1: the kernel is not worth dividing
  /// Of all outputs that are reduced over the outermost loop; empty where count is 1.
  llvm::SmallVector<Partial, 2> partials;
  /// Rough number of simple operations of a chunk: too few are not worth another thread.
  int64_t operations = 0;
  /// Scratch memory that belongs to a running chunk (rows of local arrays), at `laneOffset` of the
  /// step's scratch memory. Whoever runs chunks at the same time has to give each another piece of
  /// that size.
  int64_t laneBytes = 0, laneOffset = 0;
};

/// A unit of execution: a kernel (a tree of loops with several outputs), one operation that has
/// loops of its own, a computation on registers, or a piece of control flow.
///
/// The `shared` outermost loops of a kernel's nests are the same loops: for each of their indices
/// the nests run one after the other, in the order of `loops`. What one of them stores and only
/// others of them read is as large as one iteration of the shared loops needs (Place::Kind::Row).
struct Step {
  /// The operations whose results it makes, in program order. All but kernels have one.
  llvm::SmallVector<mlir::Operation *, 2> roots;
  llvm::SmallVector<Loop, 1> loops;
  int shared = 0;
  /// Iterations of the innermost shared loop that run together, each with its own locals.
  int together = 1;
  /// They are the innermost loop of nests with loops of their own, too: where those are short,
  /// numbers of different iterations fill the vectors. Locals are then laid out with the iterations
  /// innermost.
  bool across = false;
  llvm::SmallVector<Local, 2> locals;
  llvm::SmallVector<Turned, 1> turned; ///< where the iterations run across lanes
  llvm::SmallVector<RowProduct, 1> products;
  /// A later kernel with an outermost loop as long as this one's, and why they do not share it.
  mlir::Operation *neighbour = nullptr;
  const char *apart = nullptr;
  /// Why a product's left operand is made as a whole before it.
  const char *operandApart = nullptr;
  Division division;
  /// Arrays that are too large for the caches, and that whole rows of the innermost loops are
  /// stored to: see isStreamed.
  llvm::SmallVector<mlir::Value, 2> large;
  llvm::SmallVector<Read, 4> reads;
  /// Positions of this step's begin and end in the order of execution of the function.
  int begin = 0, end = 0;
  bool isKernel = false;
  /// It touches few elements and does little with each: there are no loops, each index is code of
  /// its own.
  bool isWrittenOut = false;
  /// Loops over points and what goes with them; `roots` are then all their operations.
  std::shared_ptr<Points> points;
  /// Working memory, and where it is in the arena.
  int64_t scratchBytes = 0, scratchOffset = 0;
};

struct BlockPlan {
  std::vector<Step> steps;
  int begin = 0, end = 0;
};

/// Where an array is.
struct Place {
  enum class Kind : uint8_t {
    Inline, ///< nowhere: computed where it is used
    Arena,  ///< `offset` bytes into the arena
    Input,  ///< the caller's input `index`
    Argument,
    Result, ///< the caller's memory for result `index`
    Table,  ///< a constant in the code
    Row,    ///< `offset` bytes into its step's scratch memory: what one iteration of shared loops
            ///< needs
    Frame,  ///< few elements: array `index` of the function's frame, which becomes registers where
            ///< all indices into it are known
  };
  Kind kind = Kind::Inline;
  int64_t offset = 0;
  int index = 0;
};

/// One assignment at the beginning of a loop, at the end of its body or at the end of a branch: to
/// the array that is the loop's or branch's result.
struct Copy {
  mlir::Value to, from;
  bool toParking = false;   ///< saves `from` for a later copy
  bool fromParking = false; ///< takes what was saved
};

struct FunctionPlan {
  mlir::Operation *function = nullptr;
  llvm::DenseMap<mlir::Block *, BlockPlan> blocks;
  /// Of every array that lives in memory. A value not in it is computed where it is used.
  llvm::DenseMap<mlir::Value, Place> places;
  /// By where they happen: a loop (its initial values) or a terminator. One after the other.
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<Copy, 2>> copies;
  /// The offset at which copies of that place park an array.
  llvm::DenseMap<mlir::Operation *, int64_t> parking;
  /// Results of the function that are to be copied from somewhere else at the end.
  llvm::SmallVector<std::pair<int, mlir::Value>> results;
  IndexMaps maps;
  int64_t arenaBytes = 0;
  /// Arrays of few elements are in the frame: the function is small enough.
  bool keepsFewInFrame = false;
  /// Loops over arrays that do not run point by point, and why.
  llvm::DenseMap<mlir::Operation *, const char *> notByPoints;

  const Place *placeOf(mlir::Value value) const {
    auto found = places.find(value);
    return found == places.end() ? nullptr : &found->second;
  }
};

struct PlanOptions {
  /// For the caches and the few threads of a processor: rows of products in the kernels that read or
  /// make them, guards, blocks of points. Off, for code that very many threads run.
  bool forProcessor = true;
  /// Groups operations into kernels; off, every operation is a kernel of its own.
  bool fuse = true;
  /// Working memory for the right operand of a product, at most.
  int64_t productScratchBytes = 256 << 10;
  /// Simple operations of a chunk, at least: what is worth a thread's attention.
  int64_t chunkOperations = 64 << 10;
  /// Bytes from which on an array is stored past the caches: those of the last one. 0: all arrays
  /// that can be are, whether it pays or not.
  int64_t streamedBytes = 32 << 20;
};

/// Plans a `func.func` of the dialect. Throws descent::Error for what cannot be compiled.
FunctionPlan planFunction(mlir::Operation *function, const PlanOptions &options);

/// Whether a kernel stores an array past the caches (with non-temporal stores): it is large, and
/// nothing that the kernel reads has its memory.
bool isStreamed(const FunctionPlan &plan, const Step &step, mlir::Value value);

/// The plan as text: one line for each step, with what it reads and writes.
void printPlan(const FunctionPlan &plan, llvm::raw_ostream &os);

} // namespace descent::kernel
