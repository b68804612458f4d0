#include "runtime/train/Progress.h"

#include <gtest/gtest.h>

using namespace descent;

namespace {

/// A progress whose clock stands still until told otherwise, and whose text is kept.
struct Screen {
  std::string text;
  double time = 100;

  Progress::Options options(Progress::Style style, int64_t steps, int width = 80) {
    Progress::Options options;
    options.style = style;
    options.title = "train loss(x, y)";
    options.steps = steps;
    options.width = width;
    options.write = [this](std::string_view more) { text += more; };
    options.now = [this] { return time; };
    return options;
  }

  std::string take() { return std::exchange(text, ""); }
};

} // namespace

TEST(Progress, PlainLines) {
  Screen screen;
  Progress progress(screen.options(Progress::Style::Lines, 1000));
  screen.time += 2;
  progress.report(100, {{"loss", 0.43321111}});
  EXPECT_EQ(screen.take(), "step 100  loss 0.433211  50 steps/s\n");
  // However soon, every report is a line.
  progress.report(200, {{"loss", 1e-9}, {"grad_norm", 2}});
  EXPECT_EQ(screen.take(), "step 200  loss 1e-09  grad_norm 2  100 steps/s\n");
  progress.finish(200, {{"loss", 1e-9}}, "interrupted");
  EXPECT_EQ(screen.take(), "stopped after 200 steps (2 s): interrupted\n");
}

TEST(Progress, TheLastStepGetsItsLine) {
  Screen screen;
  Progress progress(screen.options(Progress::Style::Lines, 1000));
  progress.finish(1, {{"loss", 3}}, "the condition of stop= holds");
  EXPECT_EQ(screen.take(), "step 1  loss 3\n"
                           "stopped after 1 step (0 s): the condition of stop= holds\n");
  progress.finish(2, {{"loss", 3}}, "");
  EXPECT_EQ(screen.take(), "step 2  loss 3\n");
}

TEST(Progress, QuietSaysNothing) {
  Screen screen;
  Progress progress(screen.options(Progress::Style::Quiet, 1000));
  EXPECT_FALSE(progress.isDue());
  progress.report(1, {{"loss", 1}});
  progress.finish(1000, {{"loss", 1}}, "done");
  progress.clear();
  EXPECT_EQ(screen.text, "");
}

TEST(Progress, Bar) {
  Screen screen;
  Progress progress(screen.options(Progress::Style::Bar, 1000, 90));
  screen.time += 0.01;
  progress.report(250, {{"loss", 0.5}});
  EXPECT_EQ(screen.take(),
            "\rtrain loss(x, y)  [#####..................]  250/1000  loss 0.5  25.0k steps/s  "
            "0:01 left\x1b[K");
  // Too soon to be drawn again.
  screen.time += 0.05;
  EXPECT_FALSE(progress.isDue());
  progress.report(300, {{"loss", 0.4}});
  EXPECT_EQ(screen.take(), "");
  screen.time += 0.06;
  EXPECT_TRUE(progress.isDue());
  progress.report(500, {{"loss", 0.25}});
  EXPECT_EQ(screen.take().substr(0, 44), "\rtrain loss(x, y)  [###########............]");
  progress.clear();
  EXPECT_EQ(screen.take(), "\r\x1b[K");
  progress.clear();
  EXPECT_EQ(screen.take(), "");
  EXPECT_TRUE(progress.isDue());
  progress.finish(1000, {{"loss", 0.125}}, "");
  std::string last = screen.take();
  EXPECT_NE(last.find("#]  1000/1000  loss 0.125  8.3k steps/s\x1b[K\n"), std::string::npos)
      << last;
}

TEST(Progress, NarrowTerminals) {
  Screen screen;
  for (int width : {0, 1, 10, 30, 60, 75, 500}) {
    Progress progress(screen.options(Progress::Style::Bar, 1000, width));
    screen.time += 5;
    progress.report(10, {{"loss", 0.125}});
    std::string drawn = screen.take();
    // Between the return to the line's start and the erasing of its rest.
    size_t columns = drawn.size() - 1 - 3;
    EXPECT_LT(columns, static_cast<size_t>(std::max(width, 2))) << drawn;
    EXPECT_EQ(drawn.find("[") < drawn.find("\x1b"), width >= 75) << drawn;
  }
}

TEST(Progress, WithoutAPlan) {
  Screen screen;
  Progress progress(screen.options(Progress::Style::Bar, 0));
  screen.time += 3600;
  progress.report(7200000, {{"loss", 0.125}});
  EXPECT_EQ(screen.take(), "\rtrain loss(x, y)  step 7200000  loss 0.125  2.0k steps/s\x1b[K");
}

TEST(Progress, LongTimes) {
  Screen screen;
  Progress progress(screen.options(Progress::Style::Bar, 3601, 200));
  screen.time += 2;
  progress.report(1, {});
  std::string drawn = screen.take();
  EXPECT_NE(drawn.find("0.5 steps/s  2:00:00 left"), std::string::npos) << drawn;
}

TEST(Progress, ReportsATenthOfTheRun) {
  EXPECT_EQ(defaultReportInterval(1000), 100);
  EXPECT_EQ(defaultReportInterval(5), 1);
  EXPECT_EQ(defaultReportInterval(0), 1);
}
