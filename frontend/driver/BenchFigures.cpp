// What is made of the figures of `descent bench`.
#include "frontend/driver/Bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace descent::driver {

double medianOf(std::vector<double> values) {
  if (values.empty())
    return 0;
  std::ranges::sort(values);
  size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double spreadOf(const std::vector<double> &values) {
  double median = medianOf(values);
  if (values.empty() || median == 0)
    return 0;
  auto [least, most] = std::ranges::minmax(values);
  return (most - least) / 2 / median;
}

double speedUp(const BenchTimes &first, const BenchTimes &other) {
  std::vector<double> ratios;
  const std::vector<double> &a = first.compared(), &b = other.compared();
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    ratios.push_back(a[i] / b[i]);
  return medianOf(ratios);
}

Crossover crossoverOf(const std::vector<double> &sizes, const std::vector<double> &advantages) {
  bool wins = std::ranges::any_of(advantages, [](double x) { return x > 1; });
  if (!wins)
    return {Crossover::Kind::Never};
  if (advantages.back() <= 1)
    return {Crossover::Kind::Mixed};
  size_t i = advantages.size() - 1;
  while (i > 0 && advantages[i - 1] > 1)
    --i;
  if (i == 0)
    return {Crossover::Kind::Always};
  double before = std::log(advantages[i - 1]), after = std::log(advantages[i]);
  double part = before / (before - after); // 0: at the smaller size
  double low = sizes[i - 1], high = sizes[i];
  double size = low > 0 ? low * std::pow(high / low, part) : low + part * (high - low);
  return {Crossover::Kind::At, size};
}

std::string threeDigits(double value) {
  if (value == 0 || !std::isfinite(value))
    return fmt::format("{}", value);
  double rounded = std::stod(fmt::format("{:.2e}", value));
  int decimals = std::clamp(2 - static_cast<int>(std::floor(std::log10(std::abs(rounded)))), 0, 20);
  return fmt::format("{:.{}f}", rounded, decimals);
}

std::string inSeconds(double seconds) {
  if (seconds == 0)
    return "0 s";
  for (auto [unit, size] : {std::pair("s", 1.0), {"ms", 1e-3}, {"µs", 1e-6}})
    if (seconds >= size * 0.9995)
      return threeDigits(seconds / size) + " " + unit;
  return threeDigits(seconds / 1e-9) + " ns";
}

} // namespace descent::driver
