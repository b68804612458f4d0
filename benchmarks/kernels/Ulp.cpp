#include "benchmarks/kernels/Ulp.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace descent::bench {
namespace {

using Wide = long double;
using Function = Wide (*)(Wide, Wide);

const std::map<std::string, Function> kFunctions = {
    {"apply_exp", [](Wide x, Wide) { return std::exp(x); }},
    {"apply_log", [](Wide x, Wide) { return std::log(x); }},
    {"apply_log1p", [](Wide x, Wide) { return std::log1p(x); }},
    {"apply_tanh", [](Wide x, Wide) { return std::tanh(x); }},
    {"apply_sigmoid", [](Wide x, Wide) { return 1 / (1 + std::exp(-x)); }},
    {"apply_sin", [](Wide x, Wide) { return std::sin(x); }},
    {"apply_cos", [](Wide x, Wide) { return std::cos(x); }},
    {"apply_erf", [](Wide x, Wide) { return std::erf(x); }},
    {"apply_lgamma", [](Wide x, Wide) { return std::lgamma(x); }},
    {"apply_pow", [](Wide x, Wide y) { return std::pow(x, y); }},
};

template <typename T>
double largest(Function function, const Inputs &inputs, const Array &results) {
  auto given = results.values<T>();
  auto x = inputs.array("x").values<T>(), y = inputs.arrays.back().second.values<T>();
  double worst = 0;
  for (size_t i = 0; i < given.size(); ++i) {
    Wide truth = function(x[i], y[i]);
    int exponent = std::max(std::ilogb(truth), std::numeric_limits<T>::min_exponent - 1);
    Wide unit = std::ldexp(Wide(1), exponent - std::numeric_limits<T>::digits + 1);
    worst = std::max(worst, static_cast<double>(std::abs(given[i] - truth) / unit));
  }
  return worst;
}

} // namespace

std::optional<double> largestUlp(const std::string &function, const Inputs &inputs,
                                 const Array &results) {
  auto found = kFunctions.find(function);
  if (found == kFunctions.end())
    return std::nullopt;
  return inputs.precision == DType::F32 ? largest<float>(found->second, inputs, results)
                                        : largest<double>(found->second, inputs, results);
}

} // namespace descent::bench
