#include "runtime/core/Interrupt.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <iostream>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

using namespace descent;

TEST(Interrupt, TheFirstSetsTheFlag) {
  InterruptScope scope;
  EXPECT_FALSE(interruptRequested());
  raise(SIGINT);
  EXPECT_TRUE(interruptRequested());
  clearInterrupt();
  EXPECT_FALSE(interruptRequested());
  raise(SIGINT);
  EXPECT_TRUE(interruptRequested());
  clearInterrupt();
}

TEST(Interrupt, HostsMayAskToo) {
  requestInterrupt();
  EXPECT_TRUE(interruptRequested());
  clearInterrupt();
}

TEST(InterruptDeathTest, TheSecondEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        InterruptScope scope;
        raise(SIGINT);
        raise(SIGINT);
        _exit(0);
      },
      testing::ExitedWithCode(130), "");
}

TEST(InterruptDeathTest, TheOldHandlerComesBack) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        std::signal(SIGINT, [](int) { _exit(7); });
        {
          InterruptScope scope;
        }
        raise(SIGINT);
        _exit(0);
      },
      testing::ExitedWithCode(7), "");
}

// ---- Commands -----------------------------------------------------------------------------------

namespace {

/// Longer than it takes to end.
void wait() {
  std::this_thread::sleep_for(std::chrono::seconds(20));
}

} // namespace

TEST(InterruptDeathTest, WhatNobodyLooksForEndsTheCommand) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        InterruptEnding ending("interrupted: it");
        BeforeInterruptEnd second([] { std::cerr << "second "; });
        BeforeInterruptEnd first([] { std::cerr << "first "; });
        {
          BeforeInterruptEnd gone([] { std::cerr << "gone "; });
        }
        {
          // The handlers of runs are of the same kind.
          InterruptScope scope;
          raise(SIGINT);
          wait();
        }
        _exit(0);
      },
      testing::ExitedWithCode(130), "^first second interrupted: it\n$");
}

TEST(InterruptDeathTest, WhatIsBeingWrittenGetsWhole) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        InterruptEnding ending("interrupted: it");
        {
          InterruptGuard whole;
          InterruptGuard within;
          raise(SIGINT);
          std::this_thread::sleep_for(std::chrono::milliseconds(50));
          std::cerr << "whole ";
        }
        wait();
        _exit(0);
      },
      testing::ExitedWithCode(130), "^whole interrupted: it\n$");
}

TEST(InterruptDeathTest, WhoWaitsForSomebodyElseIsNotWaitedFor) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        InterruptEnding ending("interrupted: it");
        InterruptGuard whole;
        InterruptGuard within;
        {
          InterruptibleWait first;
        }
        // It holds again.
        raise(SIGINT);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        std::cerr << "whole ";
        InterruptibleWait second;
        wait();
        _exit(0);
      },
      testing::ExitedWithCode(130), "^whole interrupted: it\n$");
}

TEST(InterruptDeathTest, TheSecondDoesNotWait) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        InterruptEnding ending("interrupted: it");
        InterruptGuard whole;
        raise(SIGINT);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        raise(SIGINT);
        _exit(0);
      },
      testing::ExitedWithCode(130), "^$");
}

#if !__has_feature(thread_sanitizer) && !__has_feature(address_sanitizer)
TEST(InterruptDeathTest, WithoutAThreadTheSecondEnds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        // No more memory than there is, so no stack.
        rlimit none = {};
        setrlimit(RLIMIT_AS, &none);
        {
          InterruptEnding ending("interrupted: it");
        }
        InterruptEnding ending("interrupted: it");
        raise(SIGINT);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        std::cerr << "on ";
        raise(SIGINT);
        _exit(0);
      },
      testing::ExitedWithCode(130), "^on $");
}
#endif

TEST(InterruptDeathTest, WhoPollsIsLeftToStop) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        InterruptEnding ending("interrupted: it");
        {
          InterruptPolling polling;
          raise(SIGINT);
          std::this_thread::sleep_for(std::chrono::milliseconds(50));
          if (!interruptRequested())
            _exit(1);
          clearInterrupt();
        }
        std::cerr << "on ";
        raise(SIGINT);
        wait();
        _exit(0);
      },
      testing::ExitedWithCode(130), "^on interrupted: it\n$");
}

TEST(Interrupt, ACommandThatIsNotEnded) {
  for (int i = 0; i < 100; ++i)
    InterruptEnding ending("interrupted: it");
}
