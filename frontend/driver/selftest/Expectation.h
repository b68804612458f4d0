// What a program test must print, and whether it did.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace descent::driver {

/// The contents of `X.expected`: what `X.gd` must print. A line `exit N` is the exit code (0
/// otherwise); a line `error: TEXT` is a text that standard error must have.
struct Expectation {
  int exitCode = 0;
  std::optional<std::string> error;
  std::vector<std::string> lines;

  static Expectation read(const std::string &path);
};

/// The first line that differs from what is expected, shown with that; nothing where all agree.
/// Words are compared one by one: two integers must be the same, other numbers agree within 2e-5 of
/// each other, since the order of a sum depends on the width of the processor's vectors, or on the
/// device.
std::optional<std::string> difference(const std::string &output,
                                      const std::vector<std::string> &expected);

} // namespace descent::driver
