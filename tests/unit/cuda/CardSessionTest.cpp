// Whole scripts on a real card; without one, each test says why it is skipped.
#include "descent/Script.h"
#include "runtime/device/cuda/Cuda.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <spawn.h>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace descent {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class CardSessionTest : public testing::Test {
protected:
  void SetUp() override {
    if (std::string why = device::whyNoCuda(); !why.empty())
      GTEST_SKIP() << why;
    folder = (std::filesystem::temp_directory_path() / "descent-card-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    setenv("DESCENT_CACHE_DIR", folder.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("DESCENT_CACHE_DIR");
    if (!folder.empty())
      std::filesystem::remove_all(folder);
  }

  static Script scriptOf(const std::string &text, DeviceKind device = DeviceKind::Gpu) {
    ScriptOptions options;
    options.device = device;
    Script script = Script::fromText("test.gd", text, options);
    std::ostringstream problems;
    script.showDiagnostics(problems);
    EXPECT_TRUE(script.valid()) << problems.str();
    return script;
  }

  std::string folder;
};

const char *const kRegression = R"(
precision f64
let x = normal(key(1), [5000, 40])
let y = x @ linspace(-1.0, 1.0, 40) + 0.1 * normal(key(2), [5000])
param a = zeros([40])
fn loss(x, y) = mean((x @ a - y)^2)
train loss(x, y) with adam(rate=0.01), epochs=3, batch=256, key=key(3)
let total = loss(x, y)
)";

// Large enough for cuBLASLt, where it is installed: by graphs, with the host, and on the processor.
TEST_F(CardSessionTest, LargeProductsAreTheSameWithAndWithoutGraphs) {
  const std::string text = "let x = normal(key(1), [1024, 1024])\n"
                           "fn loss(w) = mean((tanh(x @ w) - x)^2)\n"
                           "var w = 0.01 * normal(key(2), [1024, 1024])\n"
                           "for i in 0..20 { w = w - 100.0 * grad(loss)(w) }\n"
                           "let last = loss(w)\n";
  auto weights = [&] {
    RunResult result = scriptOf(text).run();
    EXPECT_EQ(result.status, RunStatus::Done) << result.message;
    return result.value("w").array();
  };
  Array byGraph = weights();
  EXPECT_EQ(weights(), byGraph) << "the same bits";
  setenv("DESCENT_GRAPHS", "", 1);
  EXPECT_EQ(weights(), byGraph);
  unsetenv("DESCENT_GRAPHS");
  Array onProcessor = scriptOf(text, DeviceKind::Cpu).run().value("w").array();
  for (size_t i = 0; i < 1024 * 1024; i += 4099)
    EXPECT_NEAR(byGraph.values<float>()[i], onProcessor.values<float>()[i], 1e-3);
}

TEST_F(CardSessionTest, TrainsLikeTheProcessor) {
  Array onProcessor = scriptOf(kRegression, DeviceKind::Cpu).run().value("a").array();
  Array first = scriptOf(kRegression).run().value("a").array();
  for (size_t i = 0; i < 40; ++i)
    EXPECT_NEAR(first.values<double>()[i], onProcessor.values<double>()[i], 1e-9);
  for (int round = 0; round < 3; ++round) {
    Script script = scriptOf(kRegression);
    EXPECT_EQ(script.run().value("a").array(), first) << "the same bits";
    EXPECT_TRUE(script.timing().cached);
    EXPECT_GT(script.timing().onDevice, 0);
  }
}

TEST_F(CardSessionTest, ExportedFunctions) {
  Script script =
      scriptOf("export fn norms(x: f64[300, 7], scale: f64) = (sqrt(sum(x * x, axis=1)) * "
               "scale, max(x))\nexport fn at(x: f32[3], i: i32) = x[i]\n");
  for (int round = 1; round < 4; ++round) {
    Array x = Array::uninitialized(DType::F64, {300, 7});
    std::ranges::fill(x.mutableValues<double>(), round);
    std::vector<Array> results = script.call("norms", {x, Array::scalar(2.0)});
    EXPECT_NEAR(results[0].values<double>()[299], 2 * round * std::sqrt(7.0), 1e-12);
    EXPECT_EQ(results[1].item<double>(), round);
    Array three = Array::fromVector(std::vector<float>{1, 2, 3});
    EXPECT_THROW(script.call("at", {three, Array::scalar(int32_t{3})}), Error);
    EXPECT_EQ(script.call("at", {three, Array::scalar(int32_t{2})})[0].item<float>(), 3);
  }
}

TEST_F(CardSessionTest, NothingIsLeftBehind) {
  auto observer = device::openCuda();
  scriptOf(kRegression).run();
  int64_t before = observer->freeBytes();
  for (int round = 0; round < 200; ++round)
    scriptOf("print sum(normal(key(1), [100_000]))").run();
  EXPECT_GE(observer->freeBytes(), before - (int64_t{32} << 20));
}

TEST_F(CardSessionTest, MoreThanTheCardHas) {
  int64_t rows = device::findCuda().cards.at(0).memoryBytes / 4'000'000'000 + 2;
  std::string text = "let total = cumsum(ones([" + std::to_string(rows) +
                     ", 1_000_000_000]), axis=1)\nprint total[0, -1]\n";
  RunResult result = scriptOf(text).run();
  EXPECT_EQ(result.status, RunStatus::Failed);
  EXPECT_THAT(result.message,
              AllOf(HasSubstr("[out-of-device-memory]"), HasSubstr("test.gd:1:13")));
  // The card is as it was.
  EXPECT_EQ(scriptOf("let two = 1.0 + 1.0").run().value("two").array().toDouble(), 2);
}

TEST_F(CardSessionTest, DataThatDoNotFitAreReadOverTheBus) {
  std::string file = folder + "/rows.npz", body = "data d = \"" + file + R"("
param a = zeros([64])
fn loss(x) = mean((x @ a - sum(x, axis=1))^2)
train loss(d.x) with adam(rate=0.01), steps=20, batch=512, key=key(3)
)";
  scriptOf("save({ x: normal(key(1), [1_000_000, 64]) }, \"" + file + "\")", DeviceKind::Cpu).run();
  Array expected = scriptOf(body).run().value("a").array();
  // Somebody else takes all but 300 MiB of the card.
  auto other = device::openCuda();
  int64_t left = int64_t{300} << 20;
  if (other->freeBytes() < 2 * left)
    GTEST_SKIP() << "the card is in use";
  device::Address taken = other->allocate(other->freeBytes() - left);
  std::ostringstream remarks;
  RunResult result = scriptOf(body).run({.remarks = &remarks});
  EXPECT_EQ(result.status, RunStatus::Done) << result.message;
  // Other sums are made together where rows are fetched ahead.
  for (size_t i = 0; i < 64; ++i)
    EXPECT_NEAR(result.value("a").array().values<float>()[i], expected.values<float>()[i], 1e-5);
  EXPECT_THAT(remarks.str(), HasSubstr("over the bus: `d.x`"));
  other->release(taken);
}

TEST_F(CardSessionTest, CtrlCStopsATraining) {
  std::string text = kRegression;
  text = text.replace(text.find("epochs=3"), 8, "epochs=1_000_000");
  Script script = scriptOf(text);
  std::thread user([] {
    std::this_thread::sleep_for(std::chrono::seconds(3));
    kill(getpid(), SIGINT);
  });
  auto begin = std::chrono::steady_clock::now();
  RunResult result = script.run({.handleInterrupt = true});
  user.join();
  EXPECT_EQ(result.status, RunStatus::Interrupted);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  EXPECT_GE(result.value("total").array().toDouble(), 0) << "what came after the loop ran";
}

TEST_F(CardSessionTest, TwoProcessesTrainOnOneCard) {
  Array alone = scriptOf(kRegression).run().value("a").array();
  std::string self = std::filesystem::read_symlink("/proc/self/exe"),
              filter = "--gtest_filter=CardSessionTest.TrainsLikeTheProcessor";
  char *arguments[] = {self.data(), filter.data(), nullptr};
  pid_t other = 0;
  ASSERT_EQ(posix_spawn(&other, self.c_str(), nullptr, nullptr, arguments, environ), 0);
  int status = 0, runs = 0;
  while (waitpid(other, &status, WNOHANG) == 0) {
    EXPECT_EQ(scriptOf(kRegression).run().value("a").array(), alone);
    ++runs;
  }
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_GT(runs, 0);
}

} // namespace
} // namespace descent
