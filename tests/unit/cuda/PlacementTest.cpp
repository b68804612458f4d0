// Which data stay in the machine's memory.
#include "runtime/device/Placement.h"

#include <gmock/gmock.h>

#include <random>

namespace descent::device {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kMiB = 1 << 20;

std::vector<size_t> outside(std::vector<int64_t> mebibytes, std::vector<bool> byRows,
                            int64_t room) {
  for (int64_t &each : mebibytes)
    each *= kMiB;
  return inputsOutside(mebibytes, byRows, room * kMiB);
}

TEST(Placement, NothingWhereAllFits) {
  EXPECT_THAT(outside({}, {}, 0), IsEmpty());
  EXPECT_THAT(outside({10, 20}, {true, true}, 30), IsEmpty());
}

TEST(Placement, WhatIsReadByRowsComesFirst) {
  EXPECT_THAT(outside({40, 20}, {false, true}, 41), ElementsAre(1));
  EXPECT_THAT(outside({40, 20}, {true, true}, 41), ElementsAre(1)) << "the smallest that is enough";
  EXPECT_THAT(outside({40, 20}, {true, true}, 39), ElementsAre(0)) << "the largest";
  EXPECT_THAT(outside({40, 20, 30}, {true, true, true}, 29), ElementsAre(0, 2));
  EXPECT_THAT(outside({40, 20, 30}, {false, true, false}, 35), ElementsAre(0, 1));
}

TEST(Placement, RowsOnly) {
  std::vector<int64_t> bytes{40 * kMiB, 20 * kMiB, 30 * kMiB};
  EXPECT_THAT(inputsOutside(bytes, {false, true, true}, 60 * kMiB, true), ElementsAre(2));
  EXPECT_THAT(inputsOutside(bytes, {false, true, true}, 10 * kMiB, true), ElementsAre(1, 2));
  EXPECT_THAT(inputsOutside(bytes, {false, false, false}, 10 * kMiB, true), IsEmpty());
}

TEST(Placement, WhatIsSmallStays) {
  EXPECT_THAT(inputsOutside(std::vector<int64_t>{kMiB - 1, 100}, {true, true}, 0), IsEmpty());
  EXPECT_THAT(outside({10, 10}, {}, 15), ElementsAre(0)) << "of which nothing is known";
}

// What is left fits, if it can; nothing is outside that need not be.
TEST(Placement, OfRandomSizes) {
  std::mt19937 random(5);
  for (int round = 0; round < 2000; ++round) {
    std::vector<int64_t> bytes;
    std::vector<bool> byRows;
    int64_t all = 0;
    for (unsigned i = 0; i < random() % 8; ++i) {
      bytes.push_back(int64_t(random() % 50) * kMiB / 4);
      byRows.push_back(random() % 2);
      all += bytes.back();
    }
    int64_t room = int64_t(random() % 60) * kMiB;
    int64_t inside = all, least = 0, smallest = INT64_MAX;
    std::vector<size_t> chosen = inputsOutside(bytes, byRows, room);
    for (size_t i : chosen) {
      EXPECT_GE(bytes[i], kMiB);
      inside -= bytes[i];
      smallest = std::min(smallest, bytes[i]);
    }
    for (int64_t each : bytes)
      least += each < kMiB ? each : 0;
    EXPECT_LE(inside, std::max(room, least));
    if (!chosen.empty())
      EXPECT_GT(all, room);
  }
}

} // namespace
} // namespace descent::device
