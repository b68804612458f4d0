// Random well-typed scripts, for tests that compare two ways of running one.
#pragma once

#include <cstdint>
#include <string>

namespace descent::fuzz {

struct RandomScript {
  /// Defines `fn f(x)`, a float of an array; ends with `let y = f(x0)`.
  std::string value;
  /// What comes after it: `g`, its gradient; `p`, value and tangent along `t`; `along`, the
  /// gradient times `t`.
  std::string derivatives;
  /// After these: `wide` and `narrow`, central differences along `t` of two steps.
  std::string differences;
};

/// The same seed gives the same script. All numbers stay of moderate size. `precision`: f32 or f64.
RandomScript randomScript(uint64_t seed, const std::string &precision = "f64");

} // namespace descent::fuzz
