#include "benchmarks/support/RandomData.h"

#include "descent/Error.h"

#include <cmath>
#include <functional>
#include <numbers>
#include <sstream>

namespace descent::bench {
namespace {

/// SplitMix64 of a place in a stream.
uint64_t mixed(uint64_t seed, uint64_t place) {
  uint64_t z = (seed + 1) * 0xbf58476d1ce4e5b9u + (place + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/// In (0, 1).
double unit(uint64_t seed, uint64_t place) {
  return (static_cast<double>(mixed(seed, place) >> 11) + 0.5) * 0x1p-53;
}

double normal(uint64_t seed, uint64_t place) {
  return std::sqrt(-2 * std::log(unit(seed, 2 * place))) *
         std::cos(2 * std::numbers::pi * unit(seed, 2 * place + 1));
}

int64_t sizeOf(const std::string &text, const Sizes &sizes) {
  if (auto named = sizes.find(text); named != sizes.end())
    return named->second;
  try {
    return std::stoll(text);
  } catch (const std::exception &) {
    throw Error("'" + text + "' is neither a number nor a size of the case");
  }
}

std::vector<std::string> split(const std::string &text, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);)
    parts.push_back(part);
  return parts;
}

template <typename T> Array filled(Shape shape, const std::function<double(uint64_t)> &value) {
  Array array = Array::uninitialized(dtypeOf<T>, std::move(shape));
  uint64_t place = 0;
  for (T &element : array.mutableValues<T>())
    element = static_cast<T>(value(place++));
  return array;
}

} // namespace

Array makeArray(const std::string &description, const Sizes &sizes, DType precision,
                uint64_t seed) {
  size_t bracket = description.find('[');
  std::string law = description.substr(0, bracket);
  Shape shape;
  if (bracket != std::string::npos)
    for (const std::string &extent :
         split(description.substr(bracket + 1, description.size() - bracket - 2), ','))
      shape.push_back(sizeOf(extent, sizes));
  if (size_t hash = law.find('#'); hash != std::string::npos) {
    seed = std::stoull(law.substr(hash + 1));
    law.erase(hash);
  }
  std::vector<std::string> parts = split(law, ':');
  if (parts.size() == 2 && parts[0] == "index") {
    auto below = static_cast<uint64_t>(sizeOf(parts[1], sizes));
    return filled<int32_t>(shape,
                           [&](uint64_t i) { return static_cast<double>(mixed(seed, i) % below); });
  }
  std::function<double(uint64_t)> value;
  if (parts.size() == 1 && parts[0] == "normal")
    value = [&](uint64_t i) { return normal(seed, i); };
  else if (parts.size() == 1 && parts[0] == "coin")
    value = [&](uint64_t i) { return static_cast<double>(mixed(seed, i) & 1); };
  else if (parts.size() == 3 && parts[0] == "uniform")
    value = [&, low = std::stod(parts[1]), high = std::stod(parts[2])](uint64_t i) {
      return low + (high - low) * unit(seed, i);
    };
  else
    throw Error("there is no kind of data '" + law + "'");
  return precision == DType::F32 ? filled<float>(shape, value) : filled<double>(shape, value);
}

} // namespace descent::bench
