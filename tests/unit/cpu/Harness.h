// Compiles programs of the dialect and runs them on arrays, also by the reference evaluator.
#pragma once

#include "compiler/Compiler.h"
#include "tests/reference/Evaluator.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace descent::tests {

using reference::Event;
using reference::Tensor;

/// Numbers as an array.
Tensor f32(reference::Dims dims, std::vector<double> numbers);
Tensor f64(reference::Dims dims, std::vector<double> numbers);
Tensor i32(reference::Dims dims, std::vector<double> numbers);
Tensor i64(reference::Dims dims, std::vector<double> numbers);
Tensor u32(reference::Dims dims, std::vector<double> numbers);
Tensor boolean(reference::Dims dims, std::vector<double> numbers);

/// Different numbers in an irregular order, between -4 and 4 (integers: -9 … 9, bools: 0, 1).
Tensor sample(mlir::Type type, unsigned seed);
Tensor sample(const std::string &type, unsigned seed);

/// Parses a module. Fails the test where it is wrong.
compiler::Module parse(const std::string &text);

/// One function of a module, with types for its results.
struct Compiled {
  compiler::Executable executable;
  std::vector<Tensor> zeros;          ///< of the results' types
  std::shared_ptr<const void> tables; ///< of its effects and checks

  /// Calls it; `status` is what the code returned. The events are effects and failed checks.
  std::vector<Tensor> operator()(const std::vector<Tensor> &arguments, int *status = nullptr,
                                 std::vector<Event> *events = nullptr) const;
};

/// Compiles the function `f` of a module.
Compiled compileFunction(const std::string &text, bool fuse = true);
Compiled compileFunction(const std::string &text, const compiler::CompileOptions &options);

/// Runs the program `main` on inputs: what it asks of the runtime, in order.
std::vector<Event> runProgram(const std::string &text, const std::vector<Tensor> &inputs,
                              const compiler::CompileOptions &options);
std::vector<Event> runProgram(const std::string &text, const std::vector<Tensor> &inputs,
                              bool fuse = true);

/// What the reference evaluator gives.
std::vector<Tensor> evaluateFunction(const std::string &text, const std::vector<Tensor> &arguments);

/// Runs `f`, fused and unfused, on the arguments and expects what the reference evaluator gives.
void expectAgreement(const std::string &text, const std::vector<Tensor> &arguments,
                     double relative = 2e-6, double absolute = 1e-6);
/// The same on samples of its parameters' types.
void expectAgreement(const std::string &text, double relative = 2e-6, double absolute = 1e-6);

/// The text of the optimised LLVM IR.
std::string llvmOf(const std::string &text, bool fuse = true);

} // namespace descent::tests
