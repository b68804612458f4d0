// Compares a gradient with central finite differences.
#pragma once

#include "descent/Script.h"

#include <functional>
#include <vector>

namespace descent {

/// A loss as a function of its parameters, all f64.
using LossFunction = std::function<double(const std::vector<Array> &parameters)>;

/// Compares the gradient of one parameter, at the given parameters. Fills in elements, largestError
/// and passed. At most 64 elements, evenly spread, are perturbed.
GradientCheck compareGradient(const LossFunction &loss, std::vector<Array> parameters, size_t which,
                              const Array &gradient);

} // namespace descent
