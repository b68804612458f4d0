// Scripts with large products on the driver that pretends; what is said of graphs.
#include "FakeProgram.h"
#include "Support.h"

#include "descent/Script.h"

#include <map>
#include <sstream>

namespace descent::test {
namespace {

std::string graphsLine() {
  for (const auto &[what, found] : describeMachine())
    if (what == "CUDA graphs")
      return found;
  return "";
}

TEST_F(CudaTest, TheDoctorKnowsWhetherThereAreGraphs) {
  EXPECT_EQ(graphsLine(), "steps with products of cuBLASLt run without the host");
  fake->version = 12060;
  EXPECT_EQ(graphsLine(), "not used, the host goes on behind each product of cuBLASLt: the driver "
                          "is for CUDA 12.6, and 12.8 or later is needed");
  fake->cards = 0;
  EXPECT_EQ(graphsLine(), "");
}

// 30 products of one script, at two places in turns.
TEST_F(CudaTest, ScriptsLeaveForLargeProductsWithoutTheHost) {
  environment.set("DESCENT_CACHE_DIR", "");
  environment.set("DESCENT_LIBCUBLASLT", FAKE_CUDA);
  environment.set("FAKE_CUBLASLT_IDLE", "1");
  constexpr int64_t step = 20; // of the state
  fake->kernels["descent_program"] = {
      [](const FakeLaunch &how) {
        FakeProgram program{reinterpret_cast<int64_t *>(how.arguments[0]),
                            reinterpret_cast<int64_t *>(how.arguments[1])};
        auto *arena = reinterpret_cast<const char *>(how.arguments[4]);
        if (program.state[step] == 30)
          return 0;
        const char *first = arena + program.state[step]++ % 2 * 256;
        program.leaveFor(0, {first, first, arena + (4 << 20)});
        return 0;
      },
      5};
  ScriptOptions options;
  options.device = DeviceKind::Gpu;
  Script script = Script::fromText("model.gd",
                                   "var w = sin(reshape(arange(1048576.0), (1024, 1024)))\n"
                                   "for i in 0..30 { w = tanh(w @ w) }\n"
                                   "print sum(w)\n",
                                   options);
  std::ostringstream problems;
  script.showDiagnostics(problems);
  ASSERT_TRUE(script.valid()) << problems.str();
  for (int round = 1; round <= 2; ++round) {
    EXPECT_EQ(script.run().status, RunStatus::Done);
    // Each run has memory of its own.
    EXPECT_EQ(fake->launches, 3 * round);
    EXPECT_EQ(fake->graphLaunches, round);
    EXPECT_EQ(fake->graphExecs, 0);
  }
}

} // namespace
} // namespace descent::test
