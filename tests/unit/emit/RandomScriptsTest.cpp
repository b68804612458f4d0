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
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + script.value + script.derivatives);
    Program whole(script.value + script.derivatives);
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

} // namespace
} // namespace descent
