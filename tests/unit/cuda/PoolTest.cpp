// The pool alone, against a source that knows what it gave.
#include "runtime/device/cuda/Pool.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace descent::device::cuda {
namespace {

constexpr int64_t kMiB = 1 << 20;

class Source : public Pool::Source {
public:
  std::optional<Address> obtain(int64_t bytes) override {
    if (bytes > capacity - given)
      return std::nullopt;
    given += bytes;
    ++obtained;
    // Pieces lie side by side: the pool must not join them.
    Address at = next;
    next += Address(bytes);
    pieces[at] = bytes;
    return at;
  }
  void giveBack(Address piece) noexcept override {
    EXPECT_TRUE(idle);
    auto found = pieces.find(piece);
    ASSERT_NE(found, pieces.end());
    given -= found->second;
    pieces.erase(found);
  }
  bool mayGiveBack() noexcept override { return idle; }

  std::map<Address, int64_t> pieces;
  int64_t capacity = 1000 * kMiB, given = 0;
  int obtained = 0;
  bool idle = true;
  Address next = 0x7f0000000000;
};

TEST(Pool, SmallArraysShareAPiece) {
  Source source;
  Pool pool(source, 64 * kMiB);
  Address a = *pool.allocate(1), b = *pool.allocate(257), c = *pool.allocate(0);
  EXPECT_EQ(b - a, 256u);
  EXPECT_EQ(c - b, 512u);
  EXPECT_EQ(source.obtained, 1);
  EXPECT_EQ(pool.usedBytes(), 1024);
  EXPECT_EQ(pool.heldBytes(), 2 * kMiB);
  EXPECT_TRUE(pool.release(b));
  EXPECT_FALSE(pool.release(b));
  EXPECT_FALSE(pool.release(a + 256));
  EXPECT_FALSE(pool.release(12));
  EXPECT_EQ(*pool.allocate(300), b) << "the gap that fits";
}

TEST(Pool, IsGivenBackBeyondItsReserve) {
  Source source;
  Pool pool(source, 10 * kMiB);
  std::vector<Address> held;
  for (int i = 0; i < 10; ++i)
    held.push_back(*pool.allocate(8 * kMiB));
  EXPECT_EQ(pool.heldBytes(), 80 * kMiB);
  for (Address address : held)
    EXPECT_TRUE(pool.release(address));
  EXPECT_EQ(pool.usedBytes(), 0);
  EXPECT_EQ(pool.heldBytes(), 8 * kMiB);
  EXPECT_EQ(source.given, 8 * kMiB);
}

TEST(Pool, NothingGoesBackWhileAKernelRuns) {
  Source source;
  Pool pool(source, 0);
  Address a = *pool.allocate(100 * kMiB), b = *pool.allocate(kMiB);
  source.idle = false;
  pool.release(a);
  EXPECT_EQ(pool.heldBytes(), 102 * kMiB);
  EXPECT_EQ(*pool.allocate(100 * kMiB), a);
  pool.release(a);
  source.idle = true;
  pool.release(b);
  EXPECT_EQ(pool.heldBytes(), 0);
  EXPECT_EQ(source.given, 0);
}

TEST(Pool, MakesRoomBeforeItGivesUp) {
  Source source;
  source.capacity = 100 * kMiB;
  Pool pool(source, 1000 * kMiB);
  Address a = *pool.allocate(60 * kMiB);
  EXPECT_EQ(pool.allocate(60 * kMiB), std::nullopt);
  pool.release(a);
  EXPECT_EQ(pool.heldBytes(), 60 * kMiB);
  Address b = *pool.allocate(90 * kMiB);
  EXPECT_EQ(pool.heldBytes(), 90 * kMiB);
  pool.release(b);
}

TEST(Pool, TakesTheLastOfTheCard) {
  Source source;
  source.capacity = 3 * kMiB;
  Pool pool(source, 0);
  // Rounded up to whole pieces it would be too much.
  Address address = *pool.allocate(kMiB * 5 / 2);
  EXPECT_EQ(pool.heldBytes(), kMiB * 5 / 2);
  EXPECT_TRUE(pool.release(address));
  for (int64_t bytes : {4 * kMiB, INT64_MAX - 4 * kMiB, INT64_MAX - 2 * kMiB, INT64_MAX})
    EXPECT_EQ(pool.allocate(bytes), std::nullopt);
}

TEST(Pool, NoTwoArraysOverlap) {
  for (int64_t reserve : {int64_t{0}, 5 * kMiB, 1000 * kMiB}) {
    Source source;
    std::mt19937 random(7);
    {
      Pool pool(source, reserve);
      std::map<Address, int64_t> live;
      int64_t used = 0;
      for (int i = 0; i < 20000; ++i) {
        source.idle = random() % 4 != 0;
        if (live.size() < 10 || random() % 2) {
          int64_t bytes = int64_t(random() % (random() % 10 == 0 ? 9 * kMiB : 3000));
          std::optional<Address> address = pool.allocate(bytes);
          if (!address)
            continue;
          int64_t rounded = std::max<int64_t>(256, (bytes + 255) / 256 * 256);
          ASSERT_EQ(*address % 256, 0u);
          auto after = live.lower_bound(*address);
          ASSERT_TRUE(after == live.end() || *address + Address(rounded) <= after->first);
          ASSERT_TRUE(after == live.begin() ||
                      std::prev(after)->first + Address(std::prev(after)->second) <= *address);
          // All of it lies in one piece that is still the pool's.
          auto piece = source.pieces.upper_bound(*address);
          ASSERT_NE(piece, source.pieces.begin());
          --piece;
          ASSERT_LE(*address + Address(rounded), piece->first + Address(piece->second));
          live[*address] = rounded;
          used += rounded;
        } else {
          auto victim = std::next(live.begin(), long(random() % live.size()));
          used -= victim->second;
          ASSERT_TRUE(pool.release(victim->first));
          live.erase(victim);
        }
        ASSERT_EQ(pool.usedBytes(), used);
        ASSERT_EQ(pool.heldBytes(), source.given);
      }
      source.idle = true;
      for (const auto &[address, bytes] : live)
        ASSERT_TRUE(pool.release(address));
      EXPECT_LE(pool.heldBytes(), reserve);
    }
    EXPECT_EQ(source.given, 0);
  }
}

} // namespace
} // namespace descent::device::cuda
