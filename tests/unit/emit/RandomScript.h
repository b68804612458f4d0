// Random well-typed scripts, for tests that compare two ways of running one.
#pragma once

#include <cstdint>
#include <string>

namespace descent::fuzz {

struct RandomScript {
  /// Defines `fn f(x)`, a float of an array; ends with `let y = f(x0)`.
  std::string value;
  /// What comes after it: `g`, its gradient; `p`, value and tangent along `t`; `along`, the gradient times
  /// `t`; `wide` and `narrow`, central differences along `t` of two steps.
  std::string derivatives;
};

/// The same seed gives the same script. All numbers stay of moderate size.
RandomScript randomScript(uint64_t seed);

} // namespace descent::fuzz
