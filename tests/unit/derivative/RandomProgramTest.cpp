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

Case randomCase(unsigned seed, Writer::Options options) {
  Case testCase = oneResult("seed " + std::to_string(seed), {{{2}, 0.2, 1}, {{2}, 0.2, 1}},
                            Writer(seed, options).write(), {2});
  testCase.checkUnused = false;
  return testCase;
}

TEST(RandomProgram, CheckpointsChangeNoBit) {
  for (unsigned seed = 0; seed < 70 && !testing::Test::HasFailure(); ++seed) {
    Case testCase = randomCase(seed, {.checkpoints = true, .derivatives = false}), plain = testCase;
    plain.withoutCheckpoints = true;
    for (const char *modes : {"", "F", "R"})
      EXPECT_EQ(numbersOf(testCase, modes), numbersOf(plain, modes))
          << testCase.name << " " << modes;
    expectNear(numbersOf(testCase, "RR"), numbersOf(plain, "RR"), testCase.name);
  }
}

TEST(RandomProgram, CheckpointsAroundDerivatives) {
  for (unsigned seed = 0; seed < 30 && !testing::Test::HasFailure(); ++seed) {
    Case testCase = randomCase(seed, {.checkpoints = true}), plain = testCase;
    plain.withoutCheckpoints = true;
    for (const char *modes : {"", "F", "R", "RF", "RR", "RFR"})
      expectNear(numbersOf(testCase, modes), numbersOf(plain, modes), testCase.name);
  }
}

TEST(RandomProgram, BlocksChangeNoBit) {
  for (unsigned seed = 0; seed < 70 && !testing::Test::HasFailure(); ++seed) {
    Case plain =
        randomCase(seed, {.checkpoints = seed % 2 == 1, .derivatives = false, .longLoops = true});
    Case testCase = plain;
    testCase.tapeLimit = seed % 3 ? 1 : 70;
    EXPECT_EQ(numbersOf(testCase, "R"), numbersOf(plain, "R")) << testCase.name;
    for (const char *modes : {"RF", "RR"})
      expectNear(numbersOf(testCase, modes), numbersOf(plain, modes), testCase.name);
  }
}

TEST(RandomProgram, BlocksAroundDerivatives) {
  for (unsigned seed = 0; seed < 20 && !testing::Test::HasFailure(); ++seed) {
    Case plain = randomCase(seed, {.longLoops = true});
    Case testCase = plain;
    testCase.tapeLimit = 1;
    for (const char *modes : {"R", "RR"})
      expectNear(numbersOf(testCase, modes), numbersOf(plain, modes), testCase.name);
  }
}

} // namespace

} // namespace descent::derivative::test
