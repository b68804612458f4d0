// What a kernel makes of each element of a product, made where the product is.
#pragma once

#include "compiler/gpu/Program.h"

#include "compiler/cpu/Element.h"

namespace descent::gpu {

/// A kernel behind a product that does little with each of its elements: whoever has a sum goes on
/// with it, and the product is stored only for others.
class DotEpilogue {
public:
  /// `elements`: of the product, that a thread has at once.
  static bool canBe(const ProgramEmission &p, const kernel::Step &product,
                    const kernel::Step &after, int64_t elements);

  /// Notes what the kernel touches; nothing of the product may have been emitted.
  DotEpilogue(ProgramEmission &p, const kernel::Step &product, const kernel::Step &after);

  bool storesProduct() const { return isStored; }
  /// Stores what the kernel makes of neighbours. An index has the position and, unless `isLinear`,
  /// the dimensions.
  void store(llvm::ArrayRef<cpu::Index> at, llvm::ArrayRef<llvm::Value *> sums);
  bool isLinear() const { return loop.linear; }
  /// To be called where all have waited before anything was stored: notes what is touched.
  void touchAgain() { p.pending.add(reads, writes); }

private:
  ProgramEmission &p;
  const kernel::Loop &loop;
  mlir::Value product;
  bool isStored;
  Pending::Spans reads, writes;
};

} // namespace descent::gpu
