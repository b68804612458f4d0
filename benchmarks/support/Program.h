// A function of a `.gd` file, compiled for the sizes of its inputs.
#pragma once

#include "benchmarks/support/Inputs.h"

#include "descent/Script.h"

#include <string>

namespace descent::bench {

/// The parameters' names of `fn name(…)` in a script's text. Throws Error where there is no such
/// function.
std::vector<std::string> parametersOf(const std::string &text, const std::string &name);

/// The whole text of a file. Throws Error.
std::string readText(const std::string &path);

/// A compiled function with its inputs, ready to be run again and again.
class Program {
public:
  /// Parameters take the inputs of their names. Throws Error with the diagnostics of a script that
  /// does not compile.
  Program(const std::string &path, const std::string &function, Inputs inputs);

  void run() { script.callInto("measured", arguments, results.arrays); }
  const Outputs &outputs() const { return results; }
  /// What it took to compile, the first run not included.
  double compileSeconds() const { return seconds; }

private:
  std::vector<Array> arguments; // found while the script is made
  Script script;
  Outputs results;
  double seconds = 0;
};

} // namespace descent::bench
