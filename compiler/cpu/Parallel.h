// Loops whose chunks may run on several threads.
//
// The chunks of a division become a function of their own, which the runtime calls for each:
//
//   for i in 0..extent            captured = {x, out}
//     out[i] = f(x[i])      ─▶    descent_parallel(context, count, chunk, &captured, lane, bytes)
//
//                                 chunk(captured, c, lane):
//                                   x, out = captured
//                                   for i in c * size .. min((c + 1) * size, extent)
//                                     out[i] = f(x[i])
//
// The chunks are the same whether one thread runs them all or several share them, and so are the
// bits of the results.
#pragma once

#include "compiler/cpu/Emission.h"

namespace descent::cpu {

/// The iterations [begin, end) of a divided loop, at least one.
struct Chunk {
  llvm::Value *number = nullptr;
  llvm::Value *begin = nullptr, *end = nullptr;
  /// The running thread's own `Division::laneBytes` of scratch memory.
  llvm::Value *lane = nullptr;
};

/// Emits code that runs `body` for all chunks of a division, one after the other or on several
/// threads, and goes on when all are done. `scratchOffset` is that of the step's scratch memory in
/// the arena.
///
/// `body` emits one chunk, once. It may use any value of the function around it; what it computes
/// cannot be used outside. Chunks must not write what other chunks read or write.
void emitChunks(FunctionEmission &f, const kernel::Division &division, int64_t scratchOffset,
                llvm::function_ref<void(const Chunk &)> body);

/// Emits `body` into a function of its own and a call of it: what LLVM does with a function takes
/// more than in proportion to its size, so large programs are compiled in parts. `registers` are
/// the values that `body` sets as registers for later use; what it uses may come from anywhere.
void emitApart(FunctionEmission &f, llvm::ArrayRef<mlir::Value> registers,
               llvm::function_ref<void()> body);

/// Whether emitChunks would use several threads for a division.
bool isShared(const FunctionEmission &f, const kernel::Division &division);

} // namespace descent::cpu
