// Measures how long a part takes.
#pragma once

#include <chrono>

namespace descent {

/// Adds the seconds until it dies to a total.
class Stopwatch {
public:
  explicit Stopwatch(double &total) : total(total), begin(Clock::now()) {}
  ~Stopwatch() { total += std::chrono::duration<double>(Clock::now() - begin).count(); }
  Stopwatch(const Stopwatch &) = delete;
  Stopwatch &operator=(const Stopwatch &) = delete;

private:
  using Clock = std::chrono::steady_clock;
  double &total;
  Clock::time_point begin;
};

} // namespace descent
