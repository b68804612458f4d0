// What `descent selftest` makes of how processes end, and of what they print.
#include "frontend/driver/selftest/Expectation.h"
#include "frontend/driver/selftest/Process.h"

#include "descent/Error.h"

#include <gmock/gmock.h>

namespace descent::driver {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

ProcessResult shell(const std::string &text, seconds limit = seconds(60)) {
  return runProcess({"/bin/sh", "-c", text}, "/", {{"WHAT", "this"}}, limit);
}

TEST(Process, GivesWhatItWrote) {
  ProcessResult run = shell("echo $WHAT; pwd; echo beside >&2; exit 3");
  EXPECT_EQ(run.exitCode, 3);
  EXPECT_EQ(run.out, "this\n/\n");
  EXPECT_EQ(run.err, "beside\n");
  EXPECT_EQ(run.ending, "");
  EXPECT_EQ(shell("head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2").err.size(), 1000000u);
}

TEST(Process, SaysHowItEnded) {
  ProcessResult killed = shell("kill -SEGV $$");
  EXPECT_EQ(killed.exitCode, -1);
  EXPECT_THAT(killed.ending, HasSubstr("signal 11"));
  ProcessResult late = shell("echo first; exec sleep 600", seconds(1));
  EXPECT_EQ(late.exitCode, -1);
  EXPECT_EQ(late.out, "first\n");
  EXPECT_THAT(late.ending, HasSubstr("more than 1 s"));
  EXPECT_THROW(runProcess({"/no/such/command"}, "/", {}, seconds(1)), Error);
}

bool agrees(const std::string &output, const std::string &expected) {
  return !difference(output + "\n", {expected});
}

TEST(Expectation, ComparesWords) {
  EXPECT_TRUE(agrees("x = 1.00001", "x = 1"));
  EXPECT_TRUE(agrees("[1e-9 -2.5]", "[0 -2.50001]"));
  EXPECT_TRUE(agrees("nan  true", "nan true"));
  EXPECT_TRUE(agrees("-0", "0"));
  EXPECT_FALSE(agrees("x = 1.001", "x = 1"));
  EXPECT_FALSE(agrees("100001", "100000"));
  EXPECT_FALSE(agrees("nan", "1"));
  EXPECT_FALSE(agrees("inf", "-inf"));
  EXPECT_FALSE(agrees("1 2", "1"));
  EXPECT_FALSE(agrees("a", "b"));
  EXPECT_TRUE(difference("1\n2\n", {"1"}));
  EXPECT_TRUE(difference("", {"1"}));
}

} // namespace
} // namespace descent::driver
