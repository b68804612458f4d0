// Programs whose derivatives are compared with finite differences.
#pragma once

#include "tests/reference/Evaluator.h"

#include <limits>
#include <string>
#include <vector>

namespace descent::derivative::test {

using reference::Dims;
using reference::Tensor;

/// An argument that is differentiated: f64, with random elements between two numbers.
struct Argument {
  Dims dims;
  double low = -1, high = 1;
};

/// A function in the text of the dialect: `body` computes from %x0, %x1 … (each a f64 tensor as in
/// `arguments`) the f64 values named in `results`.
struct Case {
  std::string name;
  std::vector<Argument> arguments;
  std::string body;
  std::vector<std::string> results;
  std::vector<std::string> resultTypes;
  /// Derivatives up to this order are checked, in every combination of modes.
  int order = 2;
  double tolerance = 1e-6;
  /// Whether the body itself has no operation without a use, so that the derivative shall have
  /// none.
  bool checkUnused = true;
  /// The bytes that the tapes of a loop should take at most.
  int64_t tapeLimit = std::numeric_limits<int64_t>::max();
  /// Makes checkpoints plain code before derivatives are taken.
  bool withoutCheckpoints = false;
};

std::string typeText(const Dims &dims);
/// "tensor<2x3xf64>" for each argument or result: a case with one result of a given shape.
Case oneResult(std::string name, std::vector<Argument> arguments, std::string body, Dims result);

/// Checks each derivative against a finite difference of the one of an order less, and that the
/// expanded programs verify and have no operation without a use.
void check(const Case &testCase);

/// The numbers of a derivative at a random point: one mode for each order, innermost first.
std::vector<double> numbersOf(const Case &testCase, const std::string &modes);

/// Expects equal numbers but for rounding.
void expectNear(const std::vector<double> &actual, const std::vector<double> &expected,
                const std::string &name);

/// Expands the derivatives of a module and evaluates its function `main`.
std::vector<Tensor> expandAndRun(const std::string &text, std::vector<Tensor> arguments);

inline Tensor f64(Dims dims, std::vector<double> numbers) {
  return Tensor::of(DType::F64, std::move(dims), std::move(numbers));
}
inline Tensor f64(double number) {
  return Tensor::scalar(DType::F64, number);
}

/// The derivatives of a function of one argument of `n` elements to `n` elements along ones, of
/// orders 1 to `modes.size()`; `modes` has one of F and R for each order, innermost first. One
/// number per element.
std::vector<double> derivativeOf(const std::string &body, const std::string &result,
                                 const std::vector<double> &at, const std::string &modes);

} // namespace descent::derivative::test
