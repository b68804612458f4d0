// The oracle of the `descent` dialect: a slow, plain evaluator, written from the operations'
// descriptions and sharing nothing with the compiler's own code generation.
#pragma once

#include "tests/reference/Tensor.h"

#include <mlir/Dialect/Func/IR/FuncOps.h>

#include <stdexcept>
#include <vector>

namespace descent::reference {

/// What a program did to the world outside, in order.
struct Event {
  enum class Kind { Effect, FailedCheck };
  Kind kind;
  int64_t index;
  std::vector<Tensor> operands;
};

struct Options {
  /// The elements of `descent.input`, by index.
  std::vector<Tensor> inputs;
  /// Where effects and failed checks are recorded; evaluation goes on after a failed check.
  std::vector<Event> *events = nullptr;
  /// Iterations of all loops together after which evaluation gives up.
  int64_t maxIterations = 10'000'000;
};

/// What cannot be evaluated: a derivative that has not been expanded, a loop without end, an
/// operation of another dialect, an input that is missing.
struct EvaluationError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Evaluates a function. Arguments must have the types of its parameters; the results are those it
/// returns. `vmap` is evaluated as a loop over its lanes whose results are stacked; `jvp` and `vjp`
/// must have been expanded. Throws EvaluationError.
std::vector<Tensor> evaluate(mlir::func::FuncOp function, std::vector<Tensor> arguments,
                             const Options &options = {});

} // namespace descent::reference
