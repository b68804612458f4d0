// Random programs of the dialect, for comparing two ways of running one: before and after a pass,
// the compiler's code and the evaluator.
#pragma once

#include "tests/reference/Evaluator.h"

#include <mlir/IR/OwningOpRef.h>

#include <optional>
#include <string>

namespace descent::reference {

struct RandomProgramOptions {
  int operations = 25; ///< of the program itself; those of loops and branches are fewer
  int depth = 2;       ///< how deep loops and branches nest
  bool vmap = false;
  bool tapes = true;
  bool effects = true; ///< inside loops too; the values at the end are always handed to an effect
};

/// A program: `@main` without arguments and results. It reads `descent.input` 0, 1, … and ends with
/// `descent.effect` 0 on what it computed.
struct RandomProgram {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<Tensor> inputs;

  mlir::func::FuncOp main();
  /// What the reference evaluator sees the program do.
  std::vector<Event> evaluate();
};

/// The program of a seed: the same on every machine. Shapes are small (sizes 0 to 5, rank to 3),
/// all element types and families of operations occur.
///
/// Floats stay moderate, and nothing that jumps (comparisons, rounding, conversion to integers,
/// sorting) is applied to floats that were computed with rounding: so two right ways of running a
/// program give the same truths and integers, and floats that differ little.
RandomProgram randomProgram(mlir::MLIRContext &context, uint64_t seed,
                            const RandomProgramOptions &options = {});

/// What two runs of a program differ in, up to the first failed check of either; nothing if they
/// agree.
std::optional<std::string> difference(const std::vector<Event> &expected,
                                      const std::vector<Event> &actual);

} // namespace descent::reference
