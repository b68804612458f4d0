// GradBench's protocol, from the side of a tool: one JSON message a line, one answer a line.
#pragma once

#include "benchmarks/support/Inputs.h"

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

namespace descent::bench {

/// A function with its input, prepared to be timed.
class Evaluation {
public:
  virtual ~Evaluation() = default;
  virtual void run() = 0;
  virtual const Outputs &outputs() const = 0;
  /// How many steps one run makes; times are of a step.
  virtual int64_t steps() const { return 1; }
  /// What preparing took, in seconds: reported beside the runs, never within them.
  double prepareSeconds = 0;
};

/// What answers the messages.
class Tool {
public:
  virtual ~Tool() = default;
  virtual std::string name() const = 0;
  /// Gets a module ready. Throws Error where it cannot.
  virtual void define(const std::string &module) = 0;
  virtual std::unique_ptr<Evaluation> prepare(const std::string &module,
                                              const std::string &function, const Json &input) = 0;
};

/// Answers messages until the input ends.
///
/// An evaluation is prepared once, also when it is asked for several times in a row: `prepare` is a
/// timing of its own. Then it runs `min_runs` times, and longer until `min_seconds` have passed.
/// Each run is a timing `evaluate`; with `batch` in the input, as many runs together are one, and
/// their mean is given.
void serve(Tool &tool, std::istream &in, std::ostream &out);

} // namespace descent::bench
