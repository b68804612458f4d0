// Compares an expanded vmap with the evaluator's loop over lanes.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace descent::batch {

/// A program of one lane.
struct LaneCase {
  std::string name;
  /// The types of %a, %b, …
  std::vector<std::string> operands;
  /// Operations; the last defines %r.
  std::string body;
  std::string result;
};

/// For 0, 1 and 3 lanes and each choice of which operands differ between lanes (at least one does):
/// expands the vmap of the case and expects what a loop over its lanes gives, on random numbers.
void expectLanesAgree(const LaneCase &lane);

/// The same in a vmap of 2 inside a vmap of 3, each operand differing in one of them, both, or
/// neither.
void expectNestedLanesAgree(const LaneCase &lane);

} // namespace descent::batch
