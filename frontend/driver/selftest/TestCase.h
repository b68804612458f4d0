// The tests beside the command: those of operations and programs, and how one is run.
#pragma once

#include "descent/Script.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace descent::driver {

/// A `test` block of a script of tests/ops, or a script with the output that it must have.
struct TestCase {
  std::string family; ///< "ops" or "programs"
  std::string name;   ///< `ops/shape.gd "pad"`, `programs/functions/order`
  std::filesystem::path script;
  std::string block;                 ///< of an op test
  std::filesystem::path expectation; ///< of a program test
};

/// A device that tests run on, or why they do not.
struct TestDevice {
  std::string name; ///< "cpu", "emulator" or "gpu"
  std::string whyNot;
  int limit = 0; ///< seconds after which a test is ended; 0: enough for what is slow there
};

/// The nearest folder at or above the command's own that has tests/ops. Nothing where there is
/// none; `looked` then has all that were looked at.
std::optional<std::filesystem::path> findTests(std::vector<std::filesystem::path> &looked);

/// All tests below a folder (one that has tests/ops or tests/programs), in order. Throws Error for
/// a script that cannot be read.
std::vector<TestCase> testsIn(const std::filesystem::path &root);

/// What speaks against a test having passed on a device; empty where it has.
///
/// A script of tests/ops runs with one block of its tests. A program runs with the code compiled
/// and, on the processor, from the cache of compiled code with one and with seven threads, which
/// must give the same output and the same values; where the processor has wider vectors than AVX2,
/// with code for AVX2 as well.
std::string problemOf(const TestCase &test, const TestDevice &device);

} // namespace descent::driver
