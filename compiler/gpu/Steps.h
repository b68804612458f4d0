// Code for each kind of step but control flow.
#pragma once

#include "compiler/gpu/Program.h"

namespace descent::gpu {

// Moves.cpp: arrays written piece by piece.
void emitConcat(ProgramEmission &p, const kernel::Step &step);
void emitUpdate(ProgramEmission &p, const kernel::Step &step);
/// Copies or fills whole arrays; `from` may be one that is not in memory.
void emitCopy(ProgramEmission &p, llvm::Value *to, bool toFrame, mlir::Value from);

/// Updates by indices (Scatter.cpp).
void emitScatter(ProgramEmission &p, const kernel::Step &step);
/// The order that sorts rows (Sort.cpp).
void emitArgSort(ProgramEmission &p, const kernel::Step &step);
/// Running sums and the like, also of a kernel that is nothing else (Scan.cpp).
void emitScan(ProgramEmission &p, const kernel::Step &step);
/// The position of an extremum along a dimension (Extremum.cpp).
void emitArgReduce(ProgramEmission &p, const kernel::Step &step);

/// Has the device's library make a product that is left to it (DotLibrary.cpp).
bool emitLibraryDot(ProgramEmission &p, const kernel::Step &step);

/// Loops over arrays, point by point (Points.cpp).
void emitPoints(ProgramEmission &p, const kernel::Step &step);

/// The general product of two arrays (Dot.cpp). `after`: the step behind it, if any; true where that
/// has been made with it.
bool emitDot(ProgramEmission &p, const kernel::Step &step, const kernel::Step *after);

// Tapes.cpp: what loops keep for their derivative. A tape is { memory, capacity, elements } in
// registers.
llvm::StructType *tapeType(llvm::LLVMContext &context);
void emitTapeCreate(ProgramEmission &p, const kernel::Step &step);
void emitTapePush(ProgramEmission &p, const kernel::Step &step);
void emitTapePop(ProgramEmission &p, const kernel::Step &step);

/// Emits the body of a program, whose parameters are (mailbox, state, inputs …, memory of blocks,
/// bytes of each, arena).
void emitProgram(ProgramEmission &p);

} // namespace descent::gpu
