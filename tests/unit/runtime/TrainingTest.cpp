// What a run makes of Ctrl-C while it trains, and besides.
#include "runtime/abi/RunContext.h"
#include "runtime/core/Interrupt.h"

#include <gtest/gtest.h>

#include <vector>

namespace descent::abi {
namespace {

class Training : public testing::Test {
protected:
  void SetUp() override {
    clearInterrupt();
    OperandType count{DType::I64, {}}, number{DType::F32, {}}, reason{DType::I32, {}},
        seconds{DType::F64, {}};
    TrainEndEffect end;
    end.reasons = {"the planned steps are done", "stopped", "not finite", "interrupted"};
    effects.push_back({TrainBeginEffect{}, {}, {}});
    effects.push_back({end, {count, number, number, reason, seconds}, {}});
    checks.push_back({Check::Kind::NotFinite, {{"not finite", {}, ""}}, {}, {}});
  }
  void TearDown() override { clearInterrupt(); }

  void begin(RunContext &context) { context.effect(0, nullptr); }
  void end(RunContext &context, int32_t why) {
    int64_t steps = 7;
    float loss = 1, norm = 1;
    double time = 1;
    const void *operands[] = {&steps, &loss, &norm, &why, &time};
    context.effect(1, operands);
  }
  static int pollers() { return detail::interruptPollers; }

  std::vector<Effect> effects;
  std::vector<Check> checks;
};

TEST_F(Training, PollsFromItsBeginToItsEnd) {
  for (bool rehearse : {false, true}) {
    RunContext::Options options;
    options.rehearse = rehearse;
    RunContext context(effects, checks, options);
    EXPECT_TRUE(context.takes(0) && context.takes(1)) << "devices ask whether they need not tell";
    EXPECT_EQ(pollers(), 0);
    begin(context);
    EXPECT_EQ(pollers(), 1);
    EXPECT_FALSE(context.poll());
    requestInterrupt();
    EXPECT_TRUE(context.poll());
    end(context, 3);
    EXPECT_EQ(pollers(), 0);
    EXPECT_TRUE(context.interrupted());
    EXPECT_FALSE(interruptRequested()) << "a second one counts anew";
    EXPECT_EQ(context.trainings().size(), 1u);
  }
}

// Behind the last poll, where nobody else would look for it.
TEST_F(Training, CtrlCThatComesTooLateIsNotLost) {
  RunContext context(effects, checks, {});
  begin(context);
  requestInterrupt();
  end(context, 0);
  EXPECT_TRUE(context.interrupted());
  EXPECT_FALSE(interruptRequested());
}

TEST_F(Training, ThatFailsPollsNoMore) {
  RunContext context(effects, checks, {});
  begin(context);
  context.checkFailed(0, nullptr);
  EXPECT_EQ(pollers(), 0);
  {
    RunContext other(effects, checks, {});
    begin(other);
    EXPECT_EQ(pollers(), 1);
  }
  EXPECT_EQ(pollers(), 0) << "nor one that is left";
}

TEST_F(Training, OfACallLooksForNothing) {
  RunContext::Options options;
  options.pollInterrupt = false;
  RunContext context(effects, checks, options);
  begin(context);
  EXPECT_EQ(pollers(), 0);
  requestInterrupt();
  EXPECT_FALSE(context.poll());
  end(context, 0);
  EXPECT_FALSE(context.interrupted());
  EXPECT_TRUE(interruptRequested());
}

} // namespace
} // namespace descent::abi
