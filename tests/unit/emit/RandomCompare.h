// Whether two runs of a random script gave the same.
#pragma once

#include "tests/unit/emit/ScriptProgram.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace descent::fuzz {

/// $DESCENT_RANDOM_SCRIPTS, $DESCENT_RANDOM_SEED.
inline uint64_t setting(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// Each value, in terms of its own largest element. `tolerance` 0: to the bit.
inline void expectSame(const Values &expected, const Values &actual, double tolerance,
                       const std::string &what) {
  Values given = actual;
  for (const auto &[name, values] : expected) {
    const std::vector<double> &other = given[name]; // where it has no elements, there may be none
    ASSERT_EQ(values.size(), other.size()) << what << ": " << name;
    double largest = 1e-3;
    for (double value : values)
      if (std::isfinite(value))
        largest = std::max(largest, std::abs(value));
    size_t wrong = 0, first = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      double a = values[i], b = other[i];
      if (a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= tolerance * largest)
        continue;
      first = wrong++ ? first : i;
    }
    if (wrong)
      ADD_FAILURE() << what << ": " << wrong << " of " << values.size() << " elements of " << name
                    << ", first [" << first << "]: " << values[first] << " and " << other[first]
                    << ", the largest being " << largest;
    given.erase(name);
  }
  for (const auto &[name, values] : given)
    EXPECT_TRUE(values.empty()) << what << ": " << name;
}

} // namespace descent::fuzz
