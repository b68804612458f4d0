// Random scripts on arrays of all sizes around vectors, teams of threads and blocks, for tests that
// compare two ways of running one. (RandomScript.h: small arrays, expressions of more depth.)
#pragma once

#include <cstdint>
#include <string>

namespace descent::fuzz {

struct SizedScript {
  /// Ends with `let (o0, o1 …) = f(…)`, or with a training and what it made of the params. Its
  /// `data` items are read by RandomData (RandomData.h).
  std::string value;
  /// What comes after it: derivatives of `g`, the sum of what `f` gives. May be empty.
  std::string derivatives;
  /// f32.
  bool isSingle = false;
  /// Whether `along` and `forward` are there, which are equal: a derivative in both modes.
  bool hasModes = false;
};

/// The same seed gives the same script.
SizedScript sizedScript(uint64_t seed);
/// One that trains: minibatches, optimizers, losses.
SizedScript trainingScript(uint64_t seed);

} // namespace descent::fuzz
