#include "runtime/core/Threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace descent;

TEST(Threads, EachElementOnce) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threadCount(), threads);
    for (int64_t count : {0, 1, 2, 7, 64, 1000})
      for (int64_t grain : {1, 3, 64, 5000}) {
        std::vector<int> visits(count, 0);
        pool.parallelFor(count, grain, [&](int64_t begin, int64_t end) {
          EXPECT_EQ(begin % grain, 0);
          EXPECT_EQ(end, std::min(count, begin + grain));
          for (int64_t i = begin; i < end; ++i)
            ++visits[i];
        });
        EXPECT_EQ(std::count(visits.begin(), visits.end(), 1), count);
      }
  }
}

TEST(Threads, BoundsNearTheLargestInteger) {
  ThreadPool pool(3);
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  std::atomic<int> calls{0};
  pool.parallelFor(most, most / 2, [&](int64_t begin, int64_t end) {
    EXPECT_LT(begin, end);
    ++calls;
  });
  EXPECT_EQ(calls, 3);
}

TEST(Threads, SumsDoNotDependOnTheCount) {
  constexpr int64_t count = 100000, grain = 1000;
  auto sum = [&](int threads) {
    ThreadPool pool(threads);
    std::vector<float> partial(count / grain);
    pool.parallelFor(count, grain, [&](int64_t begin, int64_t end) {
      float chunk = 0;
      for (int64_t i = begin; i < end; ++i)
        chunk += 1.0f / static_cast<float>(i + 1);
      partial[begin / grain] = chunk;
    });
    return std::accumulate(partial.begin(), partial.end(), 0.0f);
  };
  float alone = sum(1);
  for (int threads : {2, 3, 5, 16})
    EXPECT_EQ(sum(threads), alone);
}

TEST(Threads, ManyShortLoops) {
  ThreadPool pool(2);
  std::vector<int64_t> cells(64, 0);
  for (int round = 0; round < 20000; ++round)
    pool.parallelFor(64, 8, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        cells[i] += i;
    });
  for (int64_t i = 0; i < 64; ++i)
    EXPECT_EQ(cells[i], 20000 * i);
}

TEST(Threads, WakesFromSleep) {
  ThreadPool pool(3);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::atomic<int> chunks{0};
    pool.parallelFor(12, 1, [&](int64_t, int64_t) { ++chunks; });
    EXPECT_EQ(chunks, 12);
  }
}

TEST(Threads, NestedAndConcurrentCalls) {
  ThreadPool pool(4);
  std::atomic<int64_t> total{0};
  auto nested = [&] {
    pool.parallelFor(10, 1, [&](int64_t, int64_t) {
      pool.parallelFor(10, 3, [&](int64_t begin, int64_t end) { total += end - begin; });
    });
  };
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round)
        nested();
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(total, 4 * 50 * 100);
}

TEST(Threads, TheFirstChunksErrorIsRethrown) {
  for (int threads : {1, 2, 4}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 20; ++round) {
      try {
        pool.parallelFor(100, 1, [](int64_t begin, int64_t) {
          if (begin == 20 || begin == 70)
            throw std::runtime_error(std::to_string(begin));
        });
        FAIL();
      } catch (const std::runtime_error &error) {
        EXPECT_STREQ(error.what(), "20");
      }
    }
    // The pool is as good as before.
    std::atomic<int> chunks{0};
    pool.parallelFor(9, 2, [&](int64_t, int64_t) { ++chunks; });
    EXPECT_EQ(chunks, 5);
  }
}

TEST(Threads, TheCountCanChange) {
  ThreadPool pool(1);
  for (int threads : {4, 2, 2, 1, 3}) {
    pool.setThreadCount(threads);
    EXPECT_EQ(pool.threadCount(), threads);
    std::atomic<int> chunks{0};
    pool.parallelFor(50, 1, [&](int64_t, int64_t) { ++chunks; });
    EXPECT_EQ(chunks, 50);
  }
  pool.setThreadCount(0);
  EXPECT_GE(pool.threadCount(), 1);
}
