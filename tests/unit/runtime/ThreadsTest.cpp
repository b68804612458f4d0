#include "runtime/core/Threads.h"

#include "descent/Error.h"

#include "runtime/core/Memory.h"
#include "runtime/core/Processors.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <numeric>
#include <sched.h>
#include <set>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
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

// A thread at a long chunk, or one that the system does not let run, keeps nobody from the rest of
// its part.
TEST(Threads, WhatOneHasNotBegunOthersTake) {
  ThreadPool pool(2);
  auto caller = std::this_thread::get_id();
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> done{0};
    bool sawAll = true;
    pool.parallelFor(10, 1, [&](int64_t begin, int64_t) {
      // The first chunk of the worker's part.
      if (begin == 5 && std::this_thread::get_id() != caller) {
        auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (done < 9 && std::chrono::steady_clock::now() < end)
          std::this_thread::yield();
        sawAll = done == 9;
      }
      ++done;
    });
    EXPECT_EQ(done, 10);
    ASSERT_TRUE(sawAll);
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

TEST(Threads, NoMoreThanAllowedShareTheWork) {
  ThreadPool pool(6);
  for (int most : {1, 2, 4, 0, 9}) {
    std::mutex guard;
    std::set<std::thread::id> seen;
    auto note = [&](int64_t, int64_t) {
      std::lock_guard lock(guard);
      seen.insert(std::this_thread::get_id());
    };
    using Note = decltype(note);
    pool.parallelFor(
        600, 1, [](void *self, int64_t b, int64_t e) { (*static_cast<Note *>(self))(b, e); }, &note,
        most);
    EXPECT_LE(seen.size(), size_t(most == 0 ? 6 : std::min(most, 6)));
    // Of several, the others may have done it all before this one came to it.
    if (most == 1)
      EXPECT_TRUE(seen.contains(std::this_thread::get_id()));
  }
}

TEST(Threads, GrowsButDoesNotShrink) {
  ThreadPool pool(1);
  pool.growTo(3);
  EXPECT_EQ(pool.threadCount(), 3);
  pool.growTo(2);
  EXPECT_EQ(pool.threadCount(), 3);
  // Not from inside, where the threads are at work.
  pool.parallelFor(10, 1, [&](int64_t, int64_t) { pool.growTo(5); });
  EXPECT_EQ(pool.threadCount(), 3);
}

TEST(Threads, WorkersLeaveSignalsToOthers) {
  ThreadPool pool(3);
  std::atomic<int> blocked{0}, open{0};
  auto caller = std::this_thread::get_id();
  pool.parallelFor(30, 1, [&](int64_t, int64_t) {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    if (std::this_thread::get_id() != caller)
      (sigismember(&mask, SIGINT) ? blocked : open)++;
    else
      while (blocked + open == 0) // It must not take them all.
        std::this_thread::yield();
  });
  EXPECT_EQ(open, 0);
  EXPECT_GT(blocked, 0);
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_FALSE(sigismember(&mask, SIGINT));
}

TEST(Threads, AForkedProcessGoesOnAlone) {
  ThreadPool pool(3);
  auto count = [&] {
    std::atomic<int> chunks{0};
    pool.parallelFor(50, 1, [&](int64_t, int64_t) { ++chunks; });
    return chunks.load();
  };
  ASSERT_EQ(count(), 50);
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    bool right = count() == 50 && pool.threadCount() == 1;
    // ThreadSanitizer starts no threads in a process that was forked from one with several.
#if !__has_feature(thread_sanitizer)
    pool.growTo(2);
    right = right && pool.threadCount() == 2 && count() == 50;
#endif
    _exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(count(), 50);
}

TEST(Threads, TheDefaultCount) {
  const char *before = std::getenv("DESCENT_THREADS");
  std::string saved = before ? before : "";
  auto with = [](const char *value) {
    setenv("DESCENT_THREADS", value, 1);
    return defaultThreads();
  };
  EXPECT_EQ(with("3"), 3);
  checkDefaultThreads();
  for (const char *nonsense :
       {"", "0", "-2", "many", "3x", "99999999999", "1e30", "5000", " 3", "nan"}) {
    EXPECT_EQ(with(nonsense), std::min(processors(), kMostThreads)) << nonsense;
    try {
      checkDefaultThreads();
      ADD_FAILURE() << nonsense;
    } catch (const Error &error) {
      EXPECT_EQ(error.what(),
                "the variable DESCENT_THREADS takes a whole number from 1 to 1024, not " +
                    (*nonsense ? "'" + std::string(nonsense) + "'" : "nothing"));
    }
  }
  unsetenv("DESCENT_THREADS");
  checkDefaultThreads();
  cpu_set_t all, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
  CPU_ZERO(&one);
  for (int i = 0; CPU_COUNT(&one) == 0; ++i)
    if (CPU_ISSET(i, &all))
      CPU_SET(i, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(defaultThreads(), 1);
  ASSERT_EQ(sched_setaffinity(0, sizeof(all), &all), 0);
  if (before)
    setenv("DESCENT_THREADS", saved.c_str(), 1);
}

TEST(Memory, OfAllSizesBeginsAtALine) {
  constexpr size_t large = size_t{4} << 20; // from here on in large pages
  for (size_t bytes :
       {size_t{0}, size_t{1}, size_t{64}, size_t{65}, large - 1, large, large + 1, large * 3 / 2}) {
    std::unique_ptr<void, void (*)(void *)> memory{allocate(bytes), std::free};
    ASSERT_TRUE(memory) << bytes;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory.get()) % 64, 0u) << bytes;
    std::memset(memory.get(), 1, bytes);
  }
  EXPECT_EQ(allocate(std::numeric_limits<size_t>::max()), nullptr);
}

TEST(Memory, LimitsOfControlGroups) {
  EXPECT_EQ(memoryOfLimit("max"), 0);
  EXPECT_EQ(memoryOfLimit("1073741824"), 1 << 30);
  EXPECT_EQ(memoryOfLimit(""), 0);
  EXPECT_GT(machineMemory(), 1 << 26);
  EXPECT_GT(availableMemory(), 0);
  EXPECT_LE(availableMemory(), machineMemory());
}

TEST(Threads, QuotasOfControlGroups) {
  EXPECT_EQ(processorsOfQuota("max 100000"), 0);
  EXPECT_EQ(processorsOfQuota("100000 100000"), 1);
  EXPECT_EQ(processorsOfQuota("150000 100000"), 2);
  EXPECT_EQ(processorsOfQuota("50000 100000"), 1);
  EXPECT_EQ(processorsOfQuota("1600000 100000"), 16);
  for (const char *nonsense : {"", "100000", "100000 ", "100000 0", "-1 100000", "0 100000", "x y"})
    EXPECT_EQ(processorsOfQuota(nonsense), 0) << nonsense;
}
