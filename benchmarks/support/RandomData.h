// The inputs of benchmarks: the same numbers wherever they are made.
#pragma once

#include "descent/Array.h"

#include <map>
#include <string>

namespace descent::bench {

/// Sizes by name: {"n": 1024}.
using Sizes = std::map<std::string, int64_t>;

/// An array as a case describes it: `normal[n,d]`, `uniform:LOW:HIGH[n]`, `coin[n]` (0 or 1, as
/// floats), or `index:BELOW[k]` (i32). Extents and BELOW are numbers or sizes; no brackets make a
/// scalar. The numbers depend on the seed and their place alone, so of two arrays of one seed the
/// shorter is the beginning of the longer; `normal#7[n]` has seed 7, whatever is given. Throws
/// Error for what it cannot read.
Array makeArray(const std::string &description, const Sizes &sizes, DType precision, uint64_t seed);

} // namespace descent::bench
