// Code for each kind of step but control flow.
#pragma once

#include "compiler/cpu/Emission.h"

namespace descent::cpu {

/// One loop nest with all its outputs (Kernel.cpp).
void emitKernel(FunctionEmission &f, const kernel::Step &step);

/// Results that are computed in registers (Kernel.cpp).
void emitRegister(FunctionEmission &f, const kernel::Step &step);

/// Loops over arrays, for each block of points by itself (Points.cpp).
void emitPoints(FunctionEmission &f, const kernel::Step &step);

// Moves.cpp: arrays written piece by piece.
void emitConcat(FunctionEmission &f, const kernel::Step &step);
void emitUpdate(FunctionEmission &f, const kernel::Step &step);
void emitScatter(FunctionEmission &f, const kernel::Step &step);
void emitTapeCreate(FunctionEmission &f, const kernel::Step &step);
void emitTapePush(FunctionEmission &f, const kernel::Step &step);
void emitTapePop(FunctionEmission &f, const kernel::Step &step);
/// The elements of an array of few, and their way into memory: one by one, without a loop.
llvm::SmallVector<llvm::Value *, 16> elementsOf(FunctionEmission &f, mlir::Value value);
void storeElements(FunctionEmission &f, llvm::Value *to, mlir::Value like,
                   llvm::ArrayRef<llvm::Value *> elements);
/// Copies or fills whole arrays; `value` may be one that is not in memory.
void emitCopy(FunctionEmission &f, llvm::Value *to, mlir::Value value);

// Ordered.cpp: loops in which order matters along one dimension.
void emitScan(FunctionEmission &f, const kernel::Step &step);
void emitArgReduce(FunctionEmission &f, const kernel::Step &step);
void emitArgSort(FunctionEmission &f, const kernel::Step &step);

/// The general product of two arrays (Dot.cpp).
void emitDot(FunctionEmission &f, const kernel::Step &step);

} // namespace descent::cpu
