// `checkGradients`: each trained loss's gradient against central finite differences, in f64.
#include "descent/Script.h"
#include "frontend/session/GradientCheck.h"

#include <algorithm>
#include <cmath>

namespace descent {
namespace {

/// Elements of a parameter that are compared; a larger one is sampled evenly.
constexpr int64_t kMostElements = 64;
/// Central differences of step h·max(1, |x|) err by about h² from the truncated series and by
/// ε/h from rounding; this h balances the two in f64.
constexpr double kStep = 6e-6;
/// What a right gradient stays under, relative to the parameter's largest one.
constexpr double kTolerance = 1e-5;

} // namespace

GradientCheck compareGradient(const LossFunction &loss, std::vector<Array> parameters, size_t which,
                              const Array &gradient) {
  GradientCheck check;
  check.elements = parameters[which].size();
  double scale = 0, largest = 0;
  for (double g : gradient.values<double>())
    scale = std::max(scale, std::abs(g));
  int64_t stride = std::max<int64_t>(1, check.elements / kMostElements);
  for (int64_t i = 0; i < check.elements; i += stride) {
    auto index = static_cast<size_t>(i);
    double x = parameters[which].values<double>()[index];
    double h = kStep * std::max(1.0, std::abs(x));
    auto lossAt = [&](double value) {
      parameters[which].mutableValues<double>()[index] = value;
      double result = loss(parameters);
      parameters[which].mutableValues<double>()[index] = x;
      return result;
    };
    double difference = (lossAt(x + h) - lossAt(x - h)) / (2 * h);
    double error = std::abs(difference - gradient.values<double>()[index]);
    // A NaN must not pass for a small error.
    largest = std::isnan(error) ? INFINITY : std::max(largest, error);
  }
  check.largestError = largest / std::max(scale, 1e-6);
  check.passed = check.largestError <= kTolerance;
  return check;
}

} // namespace descent
