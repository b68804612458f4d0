// The emitter of one kernel, shared by the files it is written in.
#pragma once

#include "compiler/cpu/Nest.h"
#include "compiler/cpu/Parallel.h"
#include "compiler/cpu/Reduction.h"
#include "compiler/cpu/Steps.h"
#include "compiler/cpu/matmul/ProductRows.h"

#include <vector>

namespace descent::cpu {

/// A running reduction: what it has come to, for each lane.
struct Scan {
  mlir::Operation *op = nullptr;
  llvm::Value *running = nullptr;
};

/// One nest of the tree.
struct NestCode {
  const kernel::Loop *loop;
  llvm::SmallVector<int64_t, 4> sizes;
  llvm::SmallVector<mlir::Operation *, 4> stores;
  llvm::SmallVector<mlir::Operation *, 2> streamed; ///< of these, past the caches
  std::vector<Reduction> reductions;
  llvm::SmallVector<Scan, 1> scans; ///< nothing else then
};

/// The bounds of the outermost loop in a chunk.
struct Range {
  llvm::Value *from, *to;
};

class KernelEmitter {
public:
  KernelEmitter(FunctionEmission &f, const kernel::Step &step)
      : f(f), b(f.b), step(step), division(step.division), shared(size_t(step.shared)) {}

  void emit();

private:
  FunctionEmission &f;
  llvm::IRBuilder<> &b;
  const kernel::Step &step;
  const kernel::Division &division;
  size_t shared;
  std::vector<NestCode> nests;
  size_t outermost = 0; ///< the loop that is divided
  Range range{};
  /// Of each of the iterations side by side.
  llvm::SmallVector<Counters, 4> lanes{1};
  llvm::SmallVector<Rows, 4> rows;
  llvm::SmallVector<llvm::Value *, 4> locals; ///< where they begin

  bool describe();
  void emitEmpty();
  const kernel::Partial *partialOf(const Reduction &reduction) const;
  llvm::Value *slot(const kernel::Partial &partial, llvm::Value *chunk);
  bool restarts(const Reduction &reduction) const;
  bool isBlocked(const NestCode &nest, const Reduction &reduction) const;

  void chunk(llvm::Value *number, Range range);
  void sharedLoops(size_t level);
  void runNests(llvm::Value *first, int64_t count);
  void runNest(NestCode &nest);
  void innerLoops(NestCode &nest, size_t level);
  void body(NestCode &nest);
  size_t tiledLevel(const NestCode &nest) const;
  void prefetchLines(mlir::Value value, int map, llvm::ArrayRef<llvm::Value *> counters,
                     int64_t count);
  void squares(NestCode &nest, size_t level, llvm::Value *from, llvm::Value *to);
  bool isStreamed(const NestCode &nest, size_t level) const;
  bool beginsAtLine(const NestCode &nest, int64_t line) const;
  llvm::Value *firstWholeLine(const NestCode &nest, llvm::Value *from, llvm::Value *to,
                              int64_t line);
  void streamLoop(NestCode &nest, llvm::Value *from, llvm::Value *to,
                  llvm::function_ref<void(llvm::Value *)> inside);
  void writeLines(NestCode &nest, llvm::Value *first, int64_t count);
  void finishStreams();
  bool isWide(const NestCode &nest) const;
  void wideLoop(NestCode &nest, llvm::Value *from, llvm::Value *to,
                llvm::function_ref<void(llvm::Value *)> inside);
  void beginAt(NestCode &nest, size_t level);
  void finishAt(NestCode &nest, size_t level);
  void restartRow(llvm::ArrayRef<int64_t> sizes, Reduction &reduction);
  llvm::Value *elementOfResult(Reduction &reduction, size_t lane, kernel::Place &place);
  void storeAtIndex(NestCode &nest, mlir::Operation *op, size_t lane, llvm::Value *value);
  void combineChunks(Reduction &reduction, const kernel::Partial &partial);
  /// Nests to which most indices add nothing, nests that add to the same row, nests with loops of
  /// their own, and nests that compute one number for each index.
  enum class Manner : uint8_t { Guarded, SideBySide, Rows, Numbers };
  Manner mannerOf(const NestCode &nest) const;
  bool isWrittenOut(const NestCode &nest) const;
  bool isNarrowSum(const NestCode &nest) const;
  bool runsAcross(const NestCode &nest) const;
  bool sumsInLanes(const NestCode &nest, const Reduction &reduction) const;
  void turnRows(llvm::Value *first);
  void forLanes(llvm::Value *first, llvm::function_ref<void(llvm::Value *lane)> body);
  void beginScans(NestCode &nest, size_t level, int64_t count);
  void advanceScans(NestCode &nest, size_t side, llvm::Value *lane);
  llvm::Value *scanned(const NestCode &nest, size_t level, llvm::Value *counter);
  bool isInCopies(const NestCode &nest, size_t loops) const;
  void acrossLoops(NestCode &nest, llvm::Value *first, size_t level, int copy);
  void storeResult(Reduction &reduction, llvm::Value *value);
  void bodyAcross(NestCode &nest, llvm::Value *lane, int copy, bool writtenOut);
  void runAcross(NestCode &nest, llvm::Value *first);
  llvm::Value *guardAt(const NestCode &nest, size_t lane);
  void onlyIf(llvm::Value *condition, llvm::function_ref<void()> body);
  void runGuarded(NestCode &nest, llvm::Value *first, int64_t count);
  void prefetchRows(size_t firstNest, size_t endNest, llvm::Value *index, int64_t ahead);
  std::vector<std::unique_ptr<ProductRows>> products;
  void prepareRows();
  void makeRows(const Chunk &chunk, bool after);
  void placeLocals();
  void placeRows(llvm::ArrayRef<llvm::Value *> numbers);
  /// Of what is stored past the caches, the elements of one block, and the index in the block.
  llvm::DenseMap<mlir::Operation *, llvm::AllocaInst *> blocks;
  llvm::Value *inBlock = nullptr;
  llvm::Value *wideLane = nullptr; ///< of a nest that accumulates in lanes of its own
  llvm::Value *current = nullptr;  ///< the chunk
  llvm::Value *lane = nullptr;     ///< of the iterations that run together
  bool areTurned = false; ///< `Step::turned` hold what the iterations that run together read
  llvm::Value *scratch = nullptr; ///< of the thread that runs it
};

} // namespace descent::cpu
