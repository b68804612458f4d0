// The emitter of one kernel, shared by the files it is written in.
#pragma once

#include "compiler/gpu/Fold.h"

#include "compiler/cpu/Element.h"

#include <llvm/ADT/MapVector.h>

#include <vector>

namespace descent::gpu {

using cpu::Counters;
using cpu::Reduction;

/// A loop nest of the kernel.
struct NestCode {
  const kernel::Loop *loop = nullptr;
  llvm::SmallVector<int64_t, 4> sizes;
  llvm::SmallVector<mlir::Operation *, 4> stores;
  std::vector<Reduction> reductions;
  llvm::SmallVector<mlir::Operation *, 1> scans; ///< nothing else then
};

/// Reductions of a nest that keep the same of its loops `dims`.
struct Group {
  llvm::SmallVector<Reduction *, 4> reductions;
  llvm::SmallVector<int, 4> kept, terms; ///< loops of more than one iteration
  llvm::SmallVector<int64_t, 4> keptSizes, termSizes;
  int64_t keptCount = 1, termCount = 1;

  /// Whether neighbours along the innermost loop are terms of one sum.
  bool termsInner() const { return kept.empty() || (!terms.empty() && terms.back() > kept.back()); }
};

/// What blocks leave of a reduction until all have come: a part of each result for each chunk of
/// its terms.
struct Parts {
  Reduction *reduction = nullptr;
  Group group;
  int64_t chunks = 1;
  llvm::Value *base = nullptr; ///< [chunks, kept]
};

/// Adds the indices of `lanes` neighbours along a loop.
void addNeighbours(llvm::IRBuilder<> &b, llvm::SmallVectorImpl<Counters> &all, int64_t lanes,
                   Counters first, size_t along);

class KernelEmitter {
public:
  KernelEmitter(ProgramEmission &p, const kernel::Step &step)
      : p(p), f(p.f), b(p.b), step(step), shared(size_t(step.shared)) {}

  void emit();

private:
  ProgramEmission &p;
  cpu::FunctionEmission &f;
  llvm::IRBuilder<> &b;
  const kernel::Step &step;
  size_t shared;
  std::vector<NestCode> nests;
  std::vector<Parts> parts;
  /// Small arrays of the frame are written here, and read by all threads when all have come. In the
  /// order of the step's roots: one by addresses would make other code in each process.
  llvm::MapVector<mlir::Value, llvm::Value *> bridges;

  /// Every block does the whole kernel for itself: few elements, which each thread then has.
  bool isAlone = false;
  int64_t blockBytes = 0; ///< of shared memory, behind what folds take
  bool canBeAlone() const;
  void emitNests();
  /// Memory between two waits of all.
  llvm::Value *area(int64_t bytes);
  llvm::Value *areaOfBlock(int64_t bytes);
  void waitForAll();

  bool describe();
  void emitEmpty();
  void makeBridges();
  void noteWritten(mlir::Value value);
  void finishParts();
  void crossBridges();

  std::vector<Group> groupsOf(NestCode &nest, size_t firstDim);
  llvm::Value *partAddress(const Parts &parts, llvm::Value *chunk, llvm::Value *kept);
  void storePart(const Parts &parts, llvm::Value *chunk, llvm::Value *kept, Candidate part);
  llvm::Value *behindValue(const Parts &parts, llvm::Value *at);
  Candidate loadPart(const Parts &parts, llvm::Value *chunk, llvm::Value *kept);
  int64_t bytesOfPart(const Reduction &reduction) const;
  bool needsParts(const Reduction &reduction) const;
  int64_t chunksForEachBlock(int64_t chunks, int64_t bytes) const;
  Parts &newParts(Reduction &reduction, const Group &group, int64_t chunks);
  Folded foldedParts(Reduction &reduction) const;
  void finishRegisters(llvm::ArrayRef<Parts *> parts);
  void finishMemory(Parts &parts);

  llvm::Value *memoryOf(mlir::Value value);
  void store(const NestCode &nest, mlir::Value result, const Counters &counters, llvm::Value *value,
             const cpu::Rows *rows);
  void storeResult(Reduction &reduction, const Counters &counters, Candidate total,
                   const cpu::Rows *rows);
  Candidates evaluate(NestCode &nest, const Counters &counters,
                      llvm::ArrayRef<Reduction *> reductions, bool stores, const cpu::Rows *rows);
  /// The same at several indices.
  llvm::SmallVector<Candidates> evaluateAll(NestCode &nest, llvm::ArrayRef<Counters> all,
                                            llvm::ArrayRef<Reduction *> reductions, bool stores,
                                            const cpu::Rows *rows);
  /// Bytes of the largest element that a nest reads or writes, 4 at least.
  int64_t widestElement(const NestCode &nest) const;
  Strides stridesOf(const NestCode &nest, int64_t neighbours, int64_t count, int64_t threads,
                    int64_t many) const;
  Strides stridesOf(const NestCode &nest, const Group &group, int64_t threads, bool isPart) const;
  llvm::SmallVector<Candidates> evaluateTerms(NestCode &nest, const Counters &outer,
                                              const Group &group, llvm::Value *kept,
                                              llvm::ArrayRef<llvm::Value *> firsts, int64_t lanes,
                                              bool stores, const cpu::Rows *rows);
  Counters countersAt(const Counters &outer, const NestCode &nest, const Group &group,
                      llvm::Value *kept, llvm::Value *term);

  // Nests that share no loops (Kernel.cpp).
  void topLevel(NestCode &nest);
  void topLevelGroup(NestCode &nest, const Group &group, bool stores);

  // Trees (Tree.h).
  struct Accumulators;
  struct Tree;
  bool crosses(const Reduction &reduction) const;
  bool mixes();
  size_t loopsOverRows() const;
  /// `onlyRows`: if several rows can be run at a time; false where they cannot.
  bool tree(bool onlyRows);
};

} // namespace descent::gpu
