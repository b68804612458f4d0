// How far results of elementary functions are from the true ones.
#pragma once

#include "benchmarks/support/Inputs.h"

#include <optional>

namespace descent::bench {

/// The largest distance of `results` from the function of the inputs, in units of the last place of
/// the true result; nothing for a function that is not an elementary one. The truth is what the C
/// library gives in 80 bits.
std::optional<double> largestUlp(const std::string &function, const Inputs &inputs,
                                 const Array &results);

} // namespace descent::bench
