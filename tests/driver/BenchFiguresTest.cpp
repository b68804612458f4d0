// What `descent bench` makes of its figures.
#include "frontend/driver/Bench.h"

#include <gtest/gtest.h>

#include <cmath>

namespace descent::driver {
namespace {

TEST(BenchFigures, Medians) {
  EXPECT_EQ(medianOf({}), 0);
  EXPECT_EQ(medianOf({3}), 3);
  EXPECT_EQ(medianOf({5, 1, 2}), 2);
  EXPECT_EQ(medianOf({4, 1, 2, 100}), 3);
}

TEST(BenchFigures, SpreadIsHalfTheRange) {
  EXPECT_EQ(spreadOf({}), 0);
  EXPECT_EQ(spreadOf({2}), 0);
  EXPECT_EQ(spreadOf({1, 2, 3}), 0.5);
}

TEST(BenchFigures, SpeedUpIsTheMedianOfRatiosOfTheSameRound) {
  BenchTimes first, other;
  first.runs = {10, 100, 30};
  other.runs = {5, 10, 10};
  EXPECT_EQ(speedUp(first, other), 3);
  // What trains is compared by its steps.
  first.steps = {1, 1, 1};
  other.steps = {2, 2, 2};
  EXPECT_EQ(speedUp(first, other), 0.5);
}

using Kind = Crossover::Kind;

TEST(BenchFigures, CrossoverBetweenTwoSizes) {
  // On logarithmic scales halfway between 1,000 and 100,000.
  Crossover found = crossoverOf({10, 1000, 100000, 1e6}, {0.1, 0.25, 4, 10});
  EXPECT_EQ(found.kind, Kind::At);
  EXPECT_NEAR(found.size, 10000, 1e-6);
  // Nearer to where it nearly wins already.
  EXPECT_NEAR(crossoverOf({1, 100}, {0.5, 8}).size, std::pow(100, 0.25), 1e-9);
  EXPECT_EQ(crossoverOf({1, 100}, {1, 8}).size, 1);
}

TEST(BenchFigures, CrossoverFromZero) {
  EXPECT_NEAR(crossoverOf({0, 100}, {0.5, 2}).size, 50, 1e-9);
}

TEST(BenchFigures, NoCrossover) {
  EXPECT_EQ(crossoverOf({1, 2, 3}, {2, 3, 4}).kind, Kind::Always);
  EXPECT_EQ(crossoverOf({1, 2, 3}, {0.2, 0.3, 1}).kind, Kind::Never);
  EXPECT_EQ(crossoverOf({1, 2, 3}, {0.2, 3, 0.4}).kind, Kind::Mixed);
  // It wins, loses, and wins from there on: the last one counts.
  Crossover last = crossoverOf({1, 10, 100}, {2, 0.5, 2});
  EXPECT_EQ(last.kind, Kind::At);
  EXPECT_NEAR(last.size, 10 * std::sqrt(10), 1e-9);
}

TEST(BenchFigures, SecondsAsPeopleReadThem) {
  EXPECT_EQ(inSeconds(0), "0 s");
  EXPECT_EQ(inSeconds(12.345), "12.3 s");
  EXPECT_EQ(inSeconds(0.9996), "1.00 s");
  EXPECT_EQ(inSeconds(0.0123), "12.3 ms");
  EXPECT_EQ(inSeconds(1e-6), "1.00 µs");
  EXPECT_EQ(inSeconds(4.56e-8), "45.6 ns");
  EXPECT_EQ(inSeconds(1.2e-10), "0.120 ns");
}

} // namespace
} // namespace descent::driver
