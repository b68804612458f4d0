// The values a program kept, as the public interface gives them.
#pragma once

#include "descent/Script.h"
#include "runtime/abi/RunContext.h"

#include <vector>

namespace descent {

/// Each value with the paths of its arrays; of several of one name, the last.
std::vector<NamedValue> namedValues(const std::vector<abi::KeptValue> &kept);

} // namespace descent
