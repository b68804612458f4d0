// Random scripts, through all stages: compiled with and without fusion they give the same, and what
// the reference evaluator gives; their derivatives agree in both modes and with finite differences.
//
// DESCENT_RANDOM_SCRIPTS=N tries N scripts, DESCENT_RANDOM_SEED=S begins at seed S.
#include "tests/unit/emit/RandomScript.h"
#include "tests/unit/emit/ScriptProgram.h"

#include <cmath>
#include <cstdlib>

namespace descent {
namespace {

uint64_t setting(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

bool isNear(double a, double b, double tolerance) {
  return (std::isnan(a) && std::isnan(b)) || a == b ||
         std::abs(a - b) <= tolerance * (1 + std::max(std::abs(a), std::abs(b)));
}

void expectEqual(const Values &a, const Values &b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto &[name, values] : a) {
    auto other = b.find(name);
    ASSERT_NE(other, b.end()) << name;
    ASSERT_EQ(values.size(), other->second.size()) << name;
    for (size_t i = 0; i < values.size(); ++i)
      EXPECT_TRUE(isNear(values[i], other->second[i], 1e-9))
          << name << "[" << i << "]: " << values[i] << " and " << other->second[i];
  }
}

TEST(RandomScripts, HoldWhatTheyMust) {
  uint64_t first = setting("DESCENT_RANDOM_SEED", 1), count = setting("DESCENT_RANDOM_SCRIPTS", 12);
  for (uint64_t seed = first; seed < first + count; ++seed) {
    fuzz::RandomScript script = fuzz::randomScript(seed);
    std::string text = script.value + script.derivatives + script.differences;
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + text);
    Program whole(text);
    if (!whole.program) {
      ADD_FAILURE() << whole.problems;
      continue;
    }
    Values fused = whole.run(true);
    expectEqual(fused, whole.run(false));

    Program plain(script.value);
    Values value = plain.run(true);
    expectEqual(value, plain.evaluated());
    EXPECT_TRUE(isNear(value["y"][0], fused["y"][0], 1e-9));

    double forward = fused["p"].at(1), reverse = fused["along"].at(0);
    EXPECT_TRUE(isNear(fused["p"].at(0), fused["y"].at(0), 1e-9));
    // At a kink the two modes may choose different slopes, and differences know none.
    double wide = fused["wide"].at(0), narrow = fused["narrow"].at(0);
    bool isSmooth = isNear(wide, narrow, 1e-6);
    EXPECT_TRUE(isNear(forward, reverse, 1e-8)) << forward << " forward, " << reverse << " reverse";
    if (isSmooth) {
      EXPECT_TRUE(isNear(reverse, narrow, 2e-5)) << reverse << ", difference " << narrow;
    }
    if (testing::Test::HasFailure())
      break;
  }
}

/// The largest difference of two lists of numbers, in terms of the largest number.
double distance(const std::vector<double> &a, const std::vector<double> &b) {
  if (a.size() != b.size())
    return INFINITY;
  double largest = 1, most = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i]))
      continue;
    largest = std::max({largest, std::abs(a[i]), std::abs(b[i])});
    double difference = std::abs(a[i] - b[i]);
    most = std::isnan(difference) ? INFINITY : std::max(most, difference);
  }
  return most / largest;
}

// In f32 a script gives what it gives in f64, to fewer digits. Where a comparison is close it may
// take another way, so a few may differ.
TEST(RandomScripts, AreTheSameInSinglePrecision) {
  uint64_t first = setting("DESCENT_RANDOM_SEED", 1), count = setting("DESCENT_RANDOM_SCRIPTS", 12);
  uint64_t different = 0;
  std::string which;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    Values expected, actual;
    for (const char *precision : {"f64", "f32"}) {
      fuzz::RandomScript script = fuzz::randomScript(seed, precision);
      std::string text = script.value + script.derivatives;
      SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + text);
      Program program(text);
      ASSERT_TRUE(program.program) << program.problems;
      (precision[1] == '3' ? actual : expected) = program.run(true);
    }
    double most = 0;
    for (const char *name : {"y", "g", "p", "along"})
      most = std::max(most, distance(expected[name], actual[name]));
    if (most > 2e-4) {
      ++different;
      which += " " + std::to_string(seed) + " (" + std::to_string(most) + ")";
    }
  }
  EXPECT_LE(different, count / 10) << "seeds" << which;
}

} // namespace
} // namespace descent
