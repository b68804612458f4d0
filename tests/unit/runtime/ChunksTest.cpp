#include "runtime/abi/Chunks.h"

#include "runtime/abi/Functions.h"
#include "runtime/abi/RunContext.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace descent::abi {
namespace {

constexpr int64_t kLaneBytes = 1000;

/// What the chunks of a test have in common.
struct Loop {
  std::vector<std::atomic<int>> visits;
  std::mutex guard;
  std::set<void *> lanes;
  std::set<std::thread::id> threads;
  std::atomic<bool> disturbed{false};

  explicit Loop(int64_t count) : visits(static_cast<size_t>(count)) {}

  static void chunk(void *self, int64_t number, void *lane) {
    auto &loop = *static_cast<Loop *>(self);
    ++loop.visits[static_cast<size_t>(number)];
    // Another thread with the same lane would write another number into it.
    auto *bytes = static_cast<unsigned char *>(lane);
    auto mark = static_cast<unsigned char>(number);
    for (int64_t i = 0; i < kLaneBytes; ++i)
      bytes[i] = mark;
    for (int64_t i = 0; i < kLaneBytes; ++i)
      if (bytes[i] != mark)
        loop.disturbed = true;
    std::lock_guard lock(loop.guard);
    loop.lanes.insert(lane);
    loop.threads.insert(std::this_thread::get_id());
  }

  void expectRight(size_t mostThreads) {
    for (auto &times : visits)
      EXPECT_EQ(times, 1);
    EXPECT_FALSE(disturbed);
    EXPECT_LE(threads.size(), mostThreads);
    EXPECT_EQ(lanes.size(), threads.size());
    for (void *lane : lanes)
      EXPECT_EQ(reinterpret_cast<uintptr_t>(lane) % 64, 0u);
  }
};

TEST(Chunks, EachOnceInALaneOfItsThread) {
  alignas(64) std::array<unsigned char, kLaneBytes> lane;
  for (int threads : {1, 2, 7})
    for (int64_t count : {1, 2, 3, 100}) {
      Loop loop(count);
      runChunks(threads, count, &Loop::chunk, &loop, lane.data(), kLaneBytes);
      loop.expectRight(static_cast<size_t>(threads));
      EXPECT_TRUE(loop.lanes.contains(lane.data())) << "the caller's own";
    }
}

TEST(Chunks, SeveralCallersAtOnce) {
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([] {
      alignas(64) std::array<unsigned char, kLaneBytes> lane;
      for (int round = 0; round < 20; ++round) {
        Loop loop(40);
        runChunks(3, 40, &Loop::chunk, &loop, lane.data(), kLaneBytes);
        loop.expectRight(3);
      }
    });
  for (std::thread &caller : callers)
    caller.join();
}

TEST(Chunks, AContextSaysHowManyThreads) {
  alignas(64) std::array<unsigned char, kLaneBytes> lane;
  std::vector<Effect> effects;
  std::vector<Check> checks;
  RunContext::Options options;
  options.threads = 1;
  RunContext context(effects, checks, options);
  Loop loop(50);
  descent_parallel(&context, 50, reinterpret_cast<void *>(&Loop::chunk), &loop, lane.data(),
                   kLaneBytes);
  loop.expectRight(1);
  EXPECT_TRUE(loop.threads.contains(std::this_thread::get_id()));
  RunContext any(effects, checks, {});
  EXPECT_GE(any.threads(), 1);
}

} // namespace
} // namespace descent::abi
