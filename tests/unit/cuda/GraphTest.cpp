// Programs that leave a card for products: as a graph, with the host, and with both.
#include "FakeProgram.h"
#include "Support.h"

#include "runtime/core/Interrupt.h"
#include "runtime/device/Runner.h"
#include "runtime/device/cuda/Driver.h"
#include "runtime/device/cuda/Graph.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>
#include <unistd.h>

namespace descent::test {
namespace {

using namespace device;
using testing::AllOf;
using testing::HasSubstr;

/// A product of 2 × 2 matrices.
Product small() {
  Product made;
  made.element = Product::Element::F64;
  made.m = made.n = made.k = 2;
  made.lhs = {1, 2, 0};
  made.rhs = {0, 2, 0};
  return made;
}

/// What a compiled program does, by hand: a training of `steps` steps with two products each,
/// a @ w and its square, in turns of two places. What it knows across launches is in its state.
class Training {
public:
  int64_t steps = 100;
  /// Asks for a longer tape in these steps; tells the host of an effect in each of so many.
  int64_t tapeEvery = 0, effectEvery = 0;
  /// The results of how many steps are kept apart: the places of products.
  int64_t places = 2;
  /// Whether it looks at the word that asks to stop.
  bool polls = false;
  /// The step in which the kernel fails, and the code.
  int64_t failsAt = -1;
  int failure = 700;
  std::atomic<int64_t> stepsDone = 0;

  /// A launch.
  int operator()(const FakeLaunch &how) {
    program = {reinterpret_cast<int64_t *>(how.arguments[0]),
               reinterpret_cast<int64_t *>(how.arguments[1])};
    arena = reinterpret_cast<double *>(how.arguments[4]);
    int64_t &place = program.state[kPlace], &step = program.state[kStep];
    for (;; place = 0) {
      switch (place) {
      case 0:
        if (step == steps || (polls && program.word(mailbox::stop).load() != 0))
          return 0;
        if (step == 0)
          for (int i = 0; i < 4; ++i)
            w()[i] = i == 0 || i == 3 ? 1 : 0.25;
        for (int i = 0; i < 4; ++i)
          a()[i] = std::sin(double(step + i));
        if (tapeEvery && step % tapeEvery == 0)
          askHost(Request::Tape, 0, (step + 1) << 18);
        if (effectEvery && step % effectEvery == 0)
          askHost(Request::Effect, 0, 0);
        if (step == failsAt)
          return failure;
        leaveFor(1, 0, {a(), w(), result(step)});
        return 0;
      case 1:
        leaveFor(2, 1, {result(step), result(step), square(step)});
        return 0;
      default:
        for (int i = 0; i < 4; ++i)
          w()[i] = 0.9 * w()[i] + 0.01 * square(step)[i];
        ++step;
        stepsDone = step;
      }
    }
  }

  static constexpr int64_t stateBytes = 8 * 64;
  static constexpr int64_t arenaBytes = 8 * 4096;
  static constexpr int64_t mailboxWords = mailbox::words(3);

private:
  static constexpr int64_t kPlace = 40, kStep = 41;

  double *w() { return arena; }
  double *a() { return arena + 4; }
  double *result(int64_t step) { return arena + 8 + step % places * 8; }
  double *square(int64_t step) { return result(step) + 4; }
  void askHost(Request request, int64_t index, int64_t bytes) {
    program.box[mailbox::request] = int64_t(request);
    program.box[mailbox::index] = index;
    program.box[mailbox::bytes] = bytes;
    program.post();
    while (program.word(mailbox::answered).load() != program.word(mailbox::requested).load())
      std::this_thread::yield();
  }
  void leaveFor(int64_t place, int64_t product, std::array<const void *, 3> operands) {
    program.state[kPlace] = place;
    program.leaveFor(product, operands);
  }

  FakeProgram program;
  double *arena = nullptr;
};

class GraphTest : public CudaTest {
protected:
  void SetUp() override {
    CudaTest::SetUp();
    prepare();
    image.code = ptxOf({"descent_program"});
    image.kernel = "descent_program";
    image.threads = 32;
    image.stateBytes = Training::stateBytes;
    image.arenaBytes = Training::arenaBytes;
    image.mailboxWords = Training::mailboxWords;
    image.usefulBlocks = 2;
    image.products = {small(), small()};
    abi::Effect print;
    effects = {print};
  }
  void TearDown() override {
    clearInterrupt();
    CudaTest::TearDown();
  }
  void prepare() {
    environment.set("DESCENT_LIBCUBLASLT", FAKE_CUDA);
    // The mailbox, the state, the memory of blocks, its bytes, the arena.
    fake->kernels["descent_program"] = {[this](const FakeLaunch &how) { return (*training)(how); },
                                        5};
  }
  /// The kernel starts anew with what is there, and w is the first of the arena.
  RunTimes run(Device &device) {
    abi::RunContext context(effects, checks, {});
    RunTimes times = runProgram(device, image, {}, effects, checks, context);
    isStopped = context.failure().has_value();
    return times;
  }
  /// The weights at the end, seen as a result of the program: the kernel's last launch tells.
  std::vector<double> weightsOf(bool graphs, RunTimes *times = nullptr) {
    Environment own;
    if (!graphs)
      own.set("DESCENT_GRAPHS", "");
    std::vector<double> weights;
    fake->kernels["descent_program"].run = [&](const FakeLaunch &how) {
      int code = (*training)(how);
      auto *w = reinterpret_cast<const double *>(how.arguments[4]);
      weights.assign(w, w + 4);
      return code;
    };
    auto device = openCuda();
    RunTimes took = run(*device);
    if (times)
      *times = took;
    return weights;
  }

  std::unique_ptr<Training> training = std::make_unique<Training>();
  ProgramImage image;
  std::vector<abi::Effect> effects;
  std::vector<abi::Check> checks;
  bool isStopped = false;
};

TEST_F(GraphTest, StepsWithProductsRunWithoutTheHost) {
  EXPECT_EQ(findCuda().noGraphs, "");
  training->steps = 1000;
  RunTimes host, alone;
  std::vector<double> expected = weightsOf(false, &host);
  EXPECT_EQ(host.launches, 2001);
  EXPECT_EQ(fake->graphLaunches, 0);
  fake->launches = 0;
  EXPECT_EQ(weightsOf(true, &alone), expected);
  EXPECT_EQ(training->stepsDone, 1000);
  // The products of two steps, at two places; with the first of the third it is a graph.
  EXPECT_EQ(fake->launches, 5);
  EXPECT_EQ(fake->graphLaunches, 1);
  EXPECT_EQ(alone.launches, 6);
}

TEST_F(GraphTest, WhatComesOnceIsTheHosts) {
  training->steps = 2;
  weightsOf(true);
  EXPECT_EQ(fake->graphLaunches, 0);
  EXPECT_EQ(fake->launches, 5);
}

TEST_F(GraphTest, ProductsAtNewPlacesAreTheHostsUntilTheyComeAgain) {
  for (int64_t places : {1, 3, 32, 40, 100}) {
    SCOPED_TRACE(places);
    training->places = places;
    training->steps = 300;
    std::vector<double> expected = weightsOf(false);
    fake->graphLaunches = fake->launches = 0;
    RunTimes times;
    EXPECT_EQ(weightsOf(true, &times), expected);
    // 32 places of each product are remembered: steps at others are the host's in each round.
    int64_t others = std::max<int64_t>(0, places - 32);
    EXPECT_EQ(times.launches, 2 + 2 * places + (300 / places - 1) * 2 * others);
  }
}

TEST_F(GraphTest, RequestsToTheHostGoOn) {
  training->steps = 200;
  training->tapeEvery = 20;
  training->effectEvery = 3;
  std::vector<double> expected = weightsOf(false);
  fake->allocations = 0;
  EXPECT_EQ(weightsOf(true), expected);
  EXPECT_EQ(fake->graphLaunches, 1);
  EXPECT_GE(fake->allocations, 9) << "longer tapes, while the graph runs";
}

TEST_F(GraphTest, ItIsStopped) {
  training->steps = int64_t{1} << 40;
  training->polls = true;
  std::thread user([&] {
    auto latest = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (training->stepsDone < 1000 && std::chrono::steady_clock::now() < latest)
      std::this_thread::yield();
    requestInterrupt();
  });
  auto device = openCuda();
  run(*device);
  user.join();
  EXPECT_GE(training->stepsDone, 1000);
  EXPECT_EQ(fake->graphLaunches, 1);
}

TEST_F(GraphTest, AFaultInAGraphIsTold) {
  training->failsAt = 50;
  auto device = openCuda();
  EXPECT_THAT(problemOf([&] { run(*device); }),
              AllOf(HasSubstr("'descent_program'"), HasSubstr("'a product of cuBLASLt'"),
                    HasSubstr("it read or wrote outside of its arrays (CUDA_ERROR_ILLEGAL_ADDRESS"),
                    HasSubstr("while trying to see whether the kernels have ended")));
  EXPECT_EQ(fake->graphLaunches, 1);
  EXPECT_THAT(problemOf([&] { run(*device); }), HasSubstr("it read or wrote outside"));
}

TEST_F(GraphTest, ADriverThatCannotMakeThemLeavesThemToTheHost) {
  std::vector<double> expected = weightsOf(false);
  for (const char *symbol : {"cuGraphCreate", "cuGraphConditionalHandleCreate", "cuGraphAddNode_v2",
                             "cuGraphKernelNodeSetAttribute", "cuStreamBeginCaptureToGraph",
                             "cuStreamEndCapture", "cuGraphInstantiateWithFlags", "cuGraphLaunch"})
    for (int code : {1, 2, 801}) {
      SCOPED_TRACE(symbol);
      fake->failures = {{symbol, code}};
      RunTimes times;
      EXPECT_EQ(weightsOf(true, &times), expected);
      EXPECT_EQ(times.launches, 201);
      EXPECT_EQ(fake->graphLaunches, 0);
    }
  fake->failures.clear();
  // One that cannot be captured.
  environment.set("FAKE_CUBLASLT_FAIL", "captured=15");
  EXPECT_EQ(weightsOf(true), expected);
  EXPECT_EQ(fake->graphLaunches, 0);
}

TEST_F(GraphTest, AFaultWhileOneIsMade) {
  fake->failures["cuGraphInstantiateWithFlags"] = 719;
  EXPECT_THAT(problemOf([&] { weightsOf(true); }),
              AllOf(HasSubstr("CUDA_ERROR_LAUNCH_FAILED"),
                    HasSubstr("while trying to make a graph of a kernel and its products")));
}

TEST_F(GraphTest, DriversWithoutThem) {
  std::vector<double> expected = weightsOf(false);
  fake->version = 12040;
  EXPECT_EQ(findCuda().noGraphs, "the driver is for CUDA 12.4, and 12.8 or later is needed");
  EXPECT_EQ(weightsOf(true), expected);
  EXPECT_EQ(fake->graphLaunches, 0);
  environment.set("DESCENT_GRAPHS", "");
  EXPECT_EQ(findCuda().noGraphs, "DESCENT_GRAPHS is empty");
  environment.set("DESCENT_GRAPHS", nullptr);
  use(FAKE_CUDA_PLAIN);
  prepare();
  environment.set("DESCENT_LIBCUBLASLT", FAKE_CUDA_PLAIN);
  EXPECT_EQ(findCuda().noGraphs, "the driver lacks functions for them");
  EXPECT_EQ(weightsOf(true), expected);
  EXPECT_EQ(fake->launches, 201);
}

// Functions are called again and again: what one call has learnt the next one knows.
TEST_F(GraphTest, CallsOfAFunction) {
  training->steps = 1;
  training->places = 1;
  auto device = openCuda();
  ProgramRunner runner(*device, image);
  std::vector<int> launches;
  for (int i = 0; i < 4; ++i) {
    abi::RunContext context(effects, checks, {});
    runner.call({}, {}, effects, checks, context);
    launches.push_back(runner.times().launches);
  }
  EXPECT_EQ(launches, (std::vector<int>{3, 2, 1, 1}));
  EXPECT_EQ(fake->graphExecs, 1);
}

TEST_F(GraphTest, AThousandStartsLeaveNothingBehind) {
  training->steps = 4;
  for (int i = 0; i < 1000; ++i) {
    training->failsAt = i % 100 == 50 ? 3 : -1;
    bool isFaulty = problemOf([&] { weightsOf(true); }) != "nothing";
    ASSERT_EQ(isFaulty, i % 100 == 50);
    ASSERT_EQ(fake->graphs + fake->graphExecs + fake->modules + fake->streams, 0);
    ASSERT_EQ(fake->memory.size(), 0u);
  }
  EXPECT_EQ(fake->graphLaunches, 1000);
}

/// A kernel that leaves one number after the other: the last of the products first.
TEST_F(GraphTest, EachProductIsItsOwn) {
  auto device = openCuda({.timesLaunches = true});
  ASSERT_TRUE(device->multiplies());
  constexpr size_t count = 5;
  std::vector<Address> results;
  Address matrix = device->allocate(32), next = device->allocate(8);
  const double one[]{1, 0, 0, 1};
  device->copyTo(matrix, one, 32);
  std::vector<ProductCall> calls;
  for (size_t i = 0; i < count; ++i) {
    Product product = small();
    product.alpha = double(i) + 1;
    results.push_back(device->allocate(32));
    calls.push_back({product, {matrix, matrix, results.back()}});
    device->multiply(product, calls.back().arrays);
  }
  const int64_t zero = 0;
  device->copyTo(next, &zero, 8);
  device->wait();
  std::vector<int> seen;
  fake->kernels["count"] = {[&](const FakeLaunch &how) {
                              EXPECT_TRUE(how.cooperative);
                              EXPECT_EQ(how.blocks, 3);
                              auto *number = reinterpret_cast<int64_t *>(how.arguments[0]);
                              EXPECT_EQ(*number, 0);
                              seen.push_back(int(count - seen.size()));
                              std::this_thread::sleep_for(std::chrono::milliseconds(2));
                              *number = seen.back();
                              return 0;
                            },
                            1};
  auto program = device->load(ptxOf({"count"}));
  Launch how{.blocks = 3, .threads = 64, .cooperative = true};
  const uint64_t arguments[]{next};
  auto repetition = device->repeat(*program, "count", how, arguments, calls, next);
  ASSERT_NE(repetition, nullptr);
  for (Address result : results) {
    const double nothing[4]{};
    device->copyTo(result, nothing, 32);
  }
  ASSERT_TRUE(repetition->launch());
  device->wait();
  EXPECT_EQ(seen, (std::vector<int>{5, 4, 3, 2, 1, 0}));
  EXPECT_GE(device->lastLaunchSeconds().value_or(0), 0.012);
  for (size_t i = 0; i < count; ++i) {
    double made[4];
    device->copyFrom(made, results[i], 32);
    EXPECT_EQ(made[0], double(i) + 1);
  }
  // More blocks than there is room for.
  how.blocks = 1000;
  EXPECT_EQ(device->repeat(*program, "count", how, arguments, calls, next), nullptr);
  repetition.reset();
  for (Address address : results)
    device->release(address);
  device->release(matrix);
  device->release(next);
}

TEST(GraphCode, PtxasTakesIt) {
  const char *ptxas = "/usr/local/cuda/bin/ptxas";
  if (access(ptxas, X_OK) != 0)
    GTEST_SKIP() << "there is no ptxas here";
  std::string file = testing::TempDir() + "descent_select_" + std::to_string(getpid()) + ".ptx";
  std::ofstream(file) << cuda::kSelectPtx;
  for (const char *processor : {"sm_75", "sm_80", "sm_90"})
    EXPECT_EQ(
        std::system((std::string(ptxas) + " -arch=" + processor + " -o /dev/null " + file).c_str()),
        0)
        << processor;
  std::remove(file.c_str());
}

} // namespace
} // namespace descent::test
