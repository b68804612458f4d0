// Random programs of loops, branches, choices and derivatives in each other.
#include "tests/unit/derivative/DerivativeCase.h"
#include "tests/unit/derivative/RandomWriter.h"

#include <gtest/gtest.h>

namespace descent::derivative::test {

namespace {

TEST(RandomProgram, DerivativesMatchFiniteDifferences) {
  for (unsigned seed = 0; seed < 150 && !testing::Test::HasFailure(); ++seed) {
    Case testCase = oneResult("seed " + std::to_string(seed), {{{2}, 0.2, 1}, {{2}, 0.2, 1}},
                              Writer(seed).write(), {2});
    testCase.tolerance = 1e-5;
    testCase.checkUnused = false;
    check(testCase);
  }
}

} // namespace

} // namespace descent::derivative::test
