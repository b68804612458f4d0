// Whole scripts on the driver that pretends: what happens around their kernel, which is a function
// of the test.
#include "Support.h"

#include "descent/Script.h"
#include "runtime/device/Messages.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <set>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace descent::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class CudaSessionTest : public CudaTest {
protected:
  void SetUp() override {
    CudaTest::SetUp();
    environment.set("DESCENT_CACHE_DIR", "");
    programKernel(0);
  }

  /// The kernel of a program with so many inputs.
  void programKernel(int inputs) {
    fake->kernels["descent_program"] = {[this](const FakeLaunch &how) {
                                          ++launches;
                                          return run ? run(how) : 0;
                                        },
                                        inputs + 5};
  }

  struct Outcome {
    RunResult result;
    std::string printed, remarks;
    Timing timing;
  };
  Outcome runScript(const std::string &text, DeviceKind device = DeviceKind::Gpu,
                    int64_t tapeLimit = 0) {
    ScriptOptions options;
    options.device = device;
    options.tapeLimit = tapeLimit;
    Script script = Script::fromText("model.gd", text, options);
    std::ostringstream problems, out, remarks;
    script.showDiagnostics(problems);
    EXPECT_TRUE(script.valid()) << problems.str();
    Outcome outcome;
    outcome.result = script.run({.out = &out, .remarks = &remarks});
    outcome.printed = out.str();
    outcome.remarks = remarks.str();
    outcome.timing = script.timing();
    return outcome;
  }

  std::function<int(const FakeLaunch &)> run;
  int launches = 0;
};

// ---- Memory -------------------------------------------------------------------------------------

/// It makes 4 million numbers that it needs at once, of 30.5 MiB, and half of that.
const char *const kLarge = "precision f64\n"
                           "let large = cumsum(arange(4_000_000.0))\n"
                           "let other = cumsum(large[:2_000_000])\n"
                           "print large[-1] + other[7]\n";

TEST_F(CudaSessionTest, NoRoomForWhatAProgramMakes) {
  fake->memoryBytes = size_t{20} << 20;
  Outcome outcome = runScript(kLarge);
  EXPECT_EQ(outcome.result.status, RunStatus::Failed);
  EXPECT_THAT(outcome.result.message,
              AllOf(StartsWith("model.gd:2:"), HasSubstr("[out-of-device-memory]"),
                    HasSubstr("Fake 0 has no room for this program: it needs "),
                    HasSubstr("0 bytes for its data and "), HasSubstr(" of 20.0 MiB are free"),
                    HasSubstr("model.gd:2:13: note: f64[4000000] takes 30.5 MiB"),
                    HasSubstr("model.gd:3:13: note: f64[2000000] takes 15.3 MiB"),
                    HasSubstr("`precision f32`"), HasSubstr("--device cpu")));
  EXPECT_EQ(launches, 0);
  EXPECT_EQ(outcome.remarks, "");
}

/// Files of arrays that a script can read.
class CudaDataTest : public CudaSessionTest {
protected:
  void SetUp() override {
    CudaSessionTest::SetUp();
    folder = (std::filesystem::temp_directory_path() / "descent-room-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    ScriptOptions none;
    none.cache = false;
    Script::fromText("make.gd",
                     "save({ x: ones([2_000_000]), y: ones([10]), z: ones([400_000]) }, \"" +
                         folder + "/points.npz\")",
                     none)
        .run();
    programKernel(3);
  }
  void TearDown() override {
    std::filesystem::remove_all(folder);
    CudaSessionTest::TearDown();
  }
  /// `body` reads points.x, of 7.6 MiB, points.y, of 40 bytes, and points.z, of 1.5 MiB.
  std::string reading(const std::string &body) const {
    return "data points = \"" + folder + "/points.npz\"\n" + body;
  }
  std::string folder;
};

const char *const kSums = "print sum(points.x) + sum(points.y) + sum(points.z)\n";

TEST_F(CudaDataTest, NoRoomForDataThatCannotBeShared) {
  for (bool maps : {false, true}) {
    fake->mapsHostMemory = maps;
    if (maps) {
      fake->failures["cuMemHostRegister_v2"] = 800; // there is a limit
      fake->mostPinnedBytes = size_t{5} << 20;      // for the driver, too
    }
    fake->memoryBytes = size_t{8} << 20;
    Outcome outcome = runScript(reading(kSums));
    EXPECT_EQ(outcome.result.status, RunStatus::Failed);
    EXPECT_THAT(
        outcome.result.message,
        AllOf(HasSubstr("[out-of-device-memory]"), HasSubstr("9.2 MiB for its data"),
              HasSubstr("the data `points.x`, f32[2000000], take 7.6 MiB"),
              HasSubstr("the data `points.z`, f32[400000], take 1.5 MiB"),
              Not(HasSubstr("points.y")), Not(HasSubstr("precision f32")),
              HasSubstr(maps ? "the data `points.x` could stay in the machine's memory, but "
                               "7.6 MiB of the machine's memory cannot be shared with GPU 0 "
                               "(Fake 0) (CUDA error 800, unknown to this driver), nor can "
                               "a copy of it (CUDA_ERROR_OUT_OF_MEMORY, 2: out of memory); "
                               "`ulimit -l`, or the container"
                             : "the data `points.x` could stay in the machine's memory, but "
                               "the device cannot read the machine's memory")));
    EXPECT_EQ(launches, 0);
    EXPECT_EQ(runScript(reading(kSums), DeviceKind::Auto).printed, "2400010\n");
  }
}

TEST_F(CudaDataTest, WhatDoesNotFitIsReadOverTheBus) {
  const void *shared = nullptr;
  run = [&](const FakeLaunch &how) {
    if (fake->registered.size() == 1)
      shared = fake->registered.begin()->first;
    // The second parameter behind the mailbox and the state.
    EXPECT_EQ(how.arguments[2], reinterpret_cast<uint64_t>(shared));
    EXPECT_EQ(static_cast<const float *>(shared)[1'999'999], 1);
    return 0;
  };
  fake->memoryBytes = size_t{8} << 20;
  ScriptOptions options;
  options.device = DeviceKind::Gpu;
  Script script = Script::fromText("model.gd", reading(kSums), options);
  for (int round = 0; round < 2; ++round) {
    std::ostringstream remarks;
    RunResult result = script.run({.remarks = &remarks});
    EXPECT_EQ(result.status, RunStatus::Done) << result.message;
    // Once.
    EXPECT_EQ(remarks.str(), round > 0
                                 ? ""
                                 : "descent: Fake 0 has no room for all of the data, so these are "
                                   "read from the machine's memory, over the bus: `points.x`, "
                                   "f32[2000000], 7.6 MiB\n");
    EXPECT_EQ(fake->registered.size(), 0u) << "when it has ended";
  }
  EXPECT_EQ(launches, 2);
  // There is room.
  fake->memoryBytes = size_t{1} << 30;
  fake->mostRegistered = 0;
  run = {};
  EXPECT_LT(script.timing().deviceBytes, 2 << 20);
  EXPECT_EQ(runScript(reading(kSums)).remarks, "");
  EXPECT_EQ(fake->mostRegistered, 0u);
}

// Where a process may not lock its memory the driver's own has a copy.
TEST_F(CudaDataTest, ACopyIsReadOverTheBus) {
  fake->failures["cuMemHostRegister_v2"] = 1;
  fake->memoryBytes = size_t{8} << 20;
  int64_t pinned = -1;
  run = [&](const FakeLaunch &how) {
    pinned = fake->pinned;
    EXPECT_FALSE(fake->memory.contains(how.arguments[2]));
    EXPECT_EQ(reinterpret_cast<const float *>(how.arguments[2])[1'999'999], 1);
    return 0;
  };
  for (int round = 0; round < 2; ++round) {
    Outcome outcome = runScript(reading(kSums));
    EXPECT_EQ(outcome.result.status, RunStatus::Done) << outcome.result.message;
    EXPECT_THAT(outcome.remarks, HasSubstr("over the bus: `points.x`"));
    EXPECT_EQ(fake->pinned, 0) << "when it has ended";
  }
  EXPECT_EQ(launches, 2);
  EXPECT_EQ(pinned, 4) << "two buffers, the mailbox, the copy";
  // A program that fails gives it back, too.
  run = [](const FakeLaunch &) { return 700; };
  EXPECT_THAT(problemOf([&] { runScript(reading(kSums)); }), HasSubstr("failed on GPU 0"));
  EXPECT_EQ(fake->pinned, 0);
}

// What a loop keeps for its derivative is known here, 11.4 MiB, and nothing else would be too much.
TEST_F(CudaDataTest, TapesAreReckonedWith) {
  std::string text = reading("fn f(w) {\n"
                             "  var y = w\n"
                             "  for i in 0..300 { y = sin(y - mean(y)) }\n"
                             "  sum(y) + points.x[5] + points.y[0] + points.z[1]\n"
                             "}\n"
                             "print grad(f)(ones(10_000))[3]\n");
  fake->memoryBytes = size_t{32} << 20;
  constexpr int64_t limit = int64_t{16} << 20; // else loops keep less where there is less room
  EXPECT_EQ(runScript(text, DeviceKind::Gpu, limit).remarks, "");
  fake->memoryBytes = size_t{22} << 20;
  EXPECT_THAT(runScript(text, DeviceKind::Gpu, limit).remarks,
              HasSubstr("over the bus: `points.x`"));
  // Of a loop of which nothing is known nothing is expected.
  std::string unknown = text;
  unknown.replace(unknown.find("for i in 0..300 {"), 17, "while sum(y) > 9.0 {");
  EXPECT_EQ(runScript(unknown).remarks, "");
  EXPECT_EQ(launches, 3);
}

// The driver gives each thread that the card can run its own, 16 MiB here, when the kernel starts.
TEST_F(CudaDataTest, MemoryOfThreadsIsReckonedWith) {
  fake->memoryBytes = size_t{28} << 20;
  EXPECT_EQ(runScript(reading(kSums)).remarks, "");
  fake->kernels["descent_program"].local = 2048;
  EXPECT_THAT(runScript(reading(kSums)).remarks, HasSubstr("over the bus: `points.z`"));
}

// The bus is for who asks for the card; else the processor reads all of it faster, again and again.
TEST_F(CudaDataTest, AutoTakesTheProcessorForWhatEachStepReads) {
  fake->memoryBytes = size_t{8} << 20;
  std::string
      steps = reading("var s = 0.0\nfor i in 0..3 { s = 1.0 + sum(points.x * s) }\nprint s\n"
                      "print points.y[0] + points.z[0]\n"),
      rows = reading(
          "var s = 0.0\nfor i in 0..3 { s = s + sum(points.x[i * 5 : i * 5 + 5]) }\nprint s\n"
          "print points.y[0] + points.z[0]\n");
  Outcome outcome = runScript(steps, DeviceKind::Auto);
  EXPECT_THAT(outcome.remarks,
              StartsWith("descent: it runs on the processor, as Fake 0 has no room"));
  EXPECT_EQ(launches, 0);
  EXPECT_THAT(runScript(steps).remarks, HasSubstr("over the bus: `points.x`"));
  EXPECT_EQ(launches, 1);
  EXPECT_THAT(runScript(rows, DeviceKind::Auto).remarks, HasSubstr("over the bus: `points.x`"));
  EXPECT_EQ(launches, 2);
}

TEST_F(CudaDataTest, SharedMemoryIsGivenBackWhereAKernelFails) {
  run = [](const FakeLaunch &) { return 700; };
  fake->memoryBytes = size_t{8} << 20;
  EXPECT_THAT(problemOf([&] { runScript(reading(kSums)); }), HasSubstr("failed on GPU 0"));
  EXPECT_EQ(launches, 1);
  fake->registered.clear(); // the context took it along
}

// A card that is newer than Descent.
TEST_F(CudaSessionTest, AutoRunsOnTheProcessorWhereNoCodeIsMadeForTheCard) {
  fake->major = 30;
  const std::string text = "print sum(arange(4.0))\n";
  Outcome outcome = runScript(text, DeviceKind::Auto);
  EXPECT_EQ(outcome.result.status, RunStatus::Done);
  EXPECT_EQ(outcome.printed, "6\n");
  EXPECT_THAT(outcome.remarks, StartsWith("descent: it runs on the processor, as no code is made "
                                          "for GPUs of compute capability 30.0"));
  EXPECT_THAT(problemOf([&] { runScript(text); }), StartsWith("no code is made for GPUs"));
  EXPECT_EQ(launches, 0);
}

TEST_F(CudaSessionTest, AutoRunsOnTheProcessorWhereThereIsNoRoom) {
  fake->memoryBytes = size_t{20} << 20;
  Outcome outcome = runScript(kLarge, DeviceKind::Auto);
  EXPECT_EQ(outcome.result.status, RunStatus::Done);
  EXPECT_EQ(outcome.printed, "7999998000084\n");
  EXPECT_THAT(outcome.remarks,
              AllOf(StartsWith("descent: it runs on the processor, as Fake 0 has no room for this "
                               "program: it needs "),
                    HasSubstr(" are free\n")));
  EXPECT_EQ(launches, 0);
}

TEST_F(CudaSessionTest, AutoRunsOnTheProcessorWhereTheCodeIsNotTaken) {
  fake->failures["cuModuleLoadData"] = 200;
  Outcome outcome = runScript("print 1 + 1", DeviceKind::Auto);
  EXPECT_EQ(outcome.result.status, RunStatus::Done);
  EXPECT_EQ(outcome.printed, "2\n");
  EXPECT_THAT(outcome.remarks,
              StartsWith("descent: it runs on the processor, as cannot load kernels on GPU 0"));
  fake->failures.clear();
}

TEST_F(CudaSessionTest, AfterAFaultNothingIsRunAgain) {
  // The program had begun: what it did cannot be undone.
  run = [](const FakeLaunch &) { return 700; };
  EXPECT_THAT(problemOf([&] { runScript("print 1", DeviceKind::Auto); }),
              HasSubstr("the kernel 'descent_program' failed on GPU 0"));
  EXPECT_EQ(launches, 1);
}

// ---- Where a kernel fails -----------------------------------------------------------------------

/// The kernel says that it has begun a step, then fails.
auto failingIn(int64_t step) {
  return [step](const FakeLaunch &how) {
    reinterpret_cast<volatile int64_t *>(how.arguments[0])[device::mailbox::reached] = step;
    return 700;
  };
}

const char *const kSteps = "let x = cumsum(arange(9000.0))\n"
                           "var s = 0.0\n"
                           "for i in 0..3 {\n"
                           "  s = s + sum(x * s)\n"
                           "}\n"
                           "print sort(x * s)[7]\n";

TEST_F(CudaSessionTest, AFaultIsShownWhereTheProgramWas) {
  std::set<std::string> places;
  for (int64_t step = 1;; ++step) {
    run = failingIn(step);
    Outcome outcome;
    try {
      outcome = runScript(kSteps);
    } catch (const Error &error) {
      // There are no more steps: what was written there is not one.
      EXPECT_GT(step, 3);
      EXPECT_THAT(error.what(), StartsWith("the kernel 'descent_program' failed on GPU 0"));
      break;
    }
    EXPECT_EQ(outcome.result.status, RunStatus::Failed);
    const std::string &message = outcome.result.message;
    EXPECT_THAT(
        message,
        AllOf(HasSubstr(": error: the kernel 'descent_program' failed on GPU 0 (Fake 0): it read "
                        "or wrote outside of its arrays (CUDA_ERROR_ILLEGAL_ADDRESS, 700: an "
                        "illegal memory access was encountered), seen while trying to "),
              HasSubstr("; the emulator (--device emulator) runs the same code and names the line "
                        "of the script  [device-failed]\n"),
              HasSubstr("^"), HasSubstr("note: the program had come about as far as this")));
    std::string place = message.substr(0, message.find(": error"));
    places.insert(place);
    EXPECT_EQ(place == "model.gd:4:11", message.find("any iteration") != std::string::npos)
        << message;
  }
  EXPECT_THAT(places, testing::IsSupersetOf({"model.gd:1:9", "model.gd:4:11", "model.gd:6:7"}));
}

TEST_F(CudaSessionTest, AFaultOfAnExportedFunction) {
  ScriptOptions options;
  options.device = DeviceKind::Gpu;
  Script script = Script::fromText("model.gd",
                                   "export fn g(x: f32[5000]) = sum(x)\n"
                                   "export fn f(x: f32[5000]) = 1.0 +\n  sort(x)\n",
                                   options);
  programKernel(2);
  run = failingIn(1);
  std::vector<Array> arguments{Array::uninitialized(DType::F32, {5000})};
  try {
    script.call("f", arguments);
    FAIL() << "it went on";
  } catch (const Error &error) {
    EXPECT_THAT(error.what(), AllOf(StartsWith("model.gd:3:3: error: the kernel"),
                                    HasSubstr(" 3 |   sort(x)\n"), HasSubstr("[device-failed]")));
  }
}

// What is on disk is the same for scripts that differ in their lines alone.
TEST_F(CudaSessionTest, AFaultOfCodeFromDisk) {
  std::string folder = (std::filesystem::temp_directory_path() / "descent-session-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  environment.set("DESCENT_CACHE_DIR", folder.c_str());
  EXPECT_FALSE(runScript(kSteps).timing.cached);
  run = failingIn(1);
  for (const char *comment : {"", "# a line\n", "# a line\n# and another\n"}) {
    Outcome outcome = runScript(std::string(comment) + kSteps);
    EXPECT_TRUE(outcome.timing.cached);
    long line = 1 + std::count(comment, comment + std::strlen(comment), '\n');
    EXPECT_THAT(outcome.result.message, StartsWith("model.gd:" + std::to_string(line) + ":"));
  }
  EXPECT_EQ(fake->compilations, 1);
  std::filesystem::remove_all(folder);
}

// ---- Code on disk -------------------------------------------------------------------------------

TEST_F(CudaSessionTest, WithAllOnDiskNothingIsCompiled) {
  std::string folder = (std::filesystem::temp_directory_path() / "descent-session-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  environment.set("DESCENT_CACHE_DIR", folder.c_str());
  auto timingOf = [&] { return runScript("print sum(exp(arange(1000.0) / 1000))").timing; };
  Timing first = timingOf(), second = timingOf();
  EXPECT_FALSE(first.cached);
  EXPECT_GT(first.llvm, 0);
  EXPECT_TRUE(second.cached);
  EXPECT_EQ(second.emit + second.derivative + second.llvm, 0);
  EXPECT_EQ(fake->compilations, 1) << "the driver's compiler, too";
  EXPECT_EQ(launches, 2);
  // Of another kind of card it is other code.
  fake->major = 8;
  EXPECT_FALSE(timingOf().cached);
  EXPECT_EQ(fake->compilations, 2);
  EXPECT_TRUE(timingOf().cached);
  fake->major = 9;
  EXPECT_TRUE(timingOf().cached);
  EXPECT_EQ(fake->compilations, 2);
  std::filesystem::remove_all(folder);
}

// ---- Times --------------------------------------------------------------------------------------

// ---- The library for products -------------------------------------------------------------------

// Before a script runs it is known what the library has nothing for, and its code is made anew.
TEST_F(CudaSessionTest, WhatTheLibraryHasNothingForIsTheKernels) {
  environment.set("DESCENT_LIBCUBLASLT", FAKE_CUDA);
  environment.set("FAKE_CUBLASLT_IDLE", "1");
  // The kernel leaves a product to the host, and knows of no bias.
  bool leaves = true;
  run = [&](const FakeLaunch &how) {
    if (launches > 1 || !leaves)
      return 0;
    auto *box = reinterpret_cast<int64_t *>(how.arguments[0]);
    box[device::mailbox::request] = int64_t(device::Request::Product);
    box[device::mailbox::index] = 0;
    for (int64_t i = 0; i < 3; ++i)
      box[device::mailbox::operands + i * device::mailbox::wordsOfOperand] =
          int64_t(how.arguments[4]) + (i << 22);
    std::atomic_ref(box[device::mailbox::requested]).store(1);
    return 0;
  };
  const char *script = "let x = reshape(arange(1048576.0), (1024, 1024))\n"
                       "let b = sin(arange(1024.0))\n"
                       "let y = sin(x) @ cos(x) + b\n";
  EXPECT_THAT(problemOf([&] { runScript(script); }), HasSubstr("it does not take these matrices"));
  launches = 0;
  environment.set("FAKE_CUBLASLT_LACKS", "bias");
  EXPECT_EQ(runScript(script).result.status, RunStatus::Done);
  EXPECT_EQ(launches, 2);
  // It has nothing at all.
  launches = 0;
  leaves = false;
  environment.set("FAKE_CUBLASLT_FAIL", "cublasLtMatmulAlgoGetHeuristic=15");
  EXPECT_EQ(runScript(script).result.status, RunStatus::Done);
  EXPECT_EQ(launches, 1);
}

TEST_F(CudaSessionTest, TimesAreTheCards) {
  run = [](const FakeLaunch &) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    return 0;
  };
  Timing timing = runScript("print 1").timing;
  EXPECT_GT(timing.open, 0);
  EXPECT_GT(timing.load, 0);
  EXPECT_GT(timing.transfer, 0);
  EXPECT_GE(timing.onDevice, 0.03);
  EXPECT_LE(timing.onDevice, timing.run);
  EXPECT_GT(timing.deviceBytes, 0);
  EXPECT_GE(runScript("print cumsum(arange(1_000_000.0))[7]").timing.deviceBytes, 4'000'000);
  Timing onProcessor = runScript("print 1", DeviceKind::Cpu).timing;
  EXPECT_EQ(onProcessor.open + onProcessor.load + onProcessor.transfer + onProcessor.onDevice, 0);
}

// ---- Beginning and ending -----------------------------------------------------------------------

TEST_F(CudaSessionTest, AThousandScriptsLeaveNothingBehind) {
  std::string folder = (std::filesystem::temp_directory_path() / "descent-session-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  environment.set("DESCENT_CACHE_DIR", folder.c_str());
  // Some fail, some find no room; the others run to their end.
  for (int i = 0; i < 1000; ++i) {
    run = [i](const FakeLaunch &) { return i % 10 == 3 ? 700 : 0; };
    fake->memoryBytes = i % 10 == 7 ? size_t{1} << 20 : size_t{1} << 30;
    std::string problem;
    try {
      problem = runScript("print cumsum(arange(1_000_000.0))[7]").result.message;
    } catch (const Error &error) {
      problem = error.what();
    }
    ASSERT_EQ(problem.empty(), i % 10 != 3 && i % 10 != 7) << problem;
    ASSERT_EQ(fake->memory.size(), 0u);
    ASSERT_EQ(fake->pinned + fake->streams + fake->events + fake->contexts + fake->modules, 0);
  }
  EXPECT_EQ(launches, 900);
  std::filesystem::remove_all(folder);
}

// Runs of one script: what one of them had is the next one's, and nothing adds up.
TEST_F(CudaSessionTest, AScriptThatRunsAThousandTimes) {
  ScriptOptions options;
  options.device = DeviceKind::Gpu;
  Script script = Script::fromText("model.gd", "print cumsum(arange(1_000_000.0))[7]", options);
  size_t held = 0;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(script.run().status, RunStatus::Done);
    if (i == 0)
      held = fake->usedBytes();
    ASSERT_EQ(fake->usedBytes(), held);
    ASSERT_EQ(fake->modules, 1);
  }
}

} // namespace
} // namespace descent::test
