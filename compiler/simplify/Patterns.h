// The steps of simplification: rewrite patterns by subject, and what needs a view of whole loops.
#pragma once

#include "compiler/dialect/Dialect.h"

#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/IR/PatternMatch.h>

namespace descent::simplify {

/// Numbers: identities, signs, powers, common factors of two selects.
void addAlgebraPatterns(mlir::RewritePatternSet &patterns);
/// Truth values, comparisons, choices, changes of type.
void addLogicPatterns(mlir::RewritePatternSet &patterns);
/// Operations on constants, and results without elements.
void addConstantPatterns(mlir::RewritePatternSet &patterns);
/// Running reductions, orders, products and gathers of small constants.
void addStructuredConstantPatterns(mlir::RewritePatternSet &patterns);
/// Broadcast, reshape, transpose.
void addShapePatterns(mlir::RewritePatternSet &patterns);
/// Slice, pad, concat, reverse.
void addBoxPatterns(mlir::RewritePatternSet &patterns);
/// Positions known at run time that turn out to be known earlier.
void addIndexPatterns(mlir::RewritePatternSet &patterns);
/// Reductions and products.
void addReducePatterns(mlir::RewritePatternSet &patterns);
/// Loops, branches and tapes.
void addControlPatterns(mlir::RewritePatternSet &patterns);
/// What goes into checkpoints and comes out of them.
void addCheckpointPatterns(mlir::RewritePatternSet &patterns);
/// What is true only where no derivative is left to be taken.
void addAfterDerivativePatterns(mlir::RewritePatternSet &patterns);

/// Removes operations, carried values and results of branches that no effect or returned value
/// depends on. Tells whether anything was removed.
bool removeDeadValues(mlir::func::FuncOp function);

/// Moves computations out of the loops and derivatives in which they do not change, where computing
/// them once is worth keeping the result. Tells whether anything was moved.
bool hoistInvariants(mlir::func::FuncOp function);

/// Gives each loop its own copy of the broadcasts and indices it uses, so that they are part of its
/// computations and not arrays in memory.
void sinkRepetitions(mlir::func::FuncOp function);

} // namespace descent::simplify
