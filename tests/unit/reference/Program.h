// Evaluates programs written in a test.
#pragma once

#include "tests/reference/Evaluator.h"

#include <gtest/gtest.h>

#include <string>

namespace descent::reference {

/// Evaluates `@main` of a module given as text. A module that does not parse fails the test.
std::vector<Tensor> evaluateText(const std::string &module, std::vector<Tensor> arguments = {},
                                 const Options &options = {});

/// Evaluates one operation: `line` computes `%r` of type `result` from `%a`, `%b`, … (the
/// arguments).
Tensor evaluateLine(const std::string &line, const std::string &result,
                    std::vector<Tensor> arguments);

/// The numbers of a tensor, whatever its type.
std::vector<double> numbers(const Tensor &tensor);

inline Tensor f64(Dims dims, std::vector<double> values) {
  return Tensor::of(DType::F64, std::move(dims), std::move(values));
}
inline Tensor f32(Dims dims, std::vector<double> values) {
  return Tensor::of(DType::F32, std::move(dims), std::move(values));
}
inline Tensor i32(Dims dims, std::vector<double> values) {
  return Tensor::of(DType::I32, std::move(dims), std::move(values));
}
inline Tensor bools(Dims dims, std::vector<double> values) {
  return Tensor::of(DType::Bool, std::move(dims), std::move(values));
}

} // namespace descent::reference
