#include "runtime/core/Interrupt.h"

#include <gtest/gtest.h>

#include <csignal>

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
