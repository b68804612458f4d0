// What a host can ask of a script to measure it.
#include "descent/Script.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

using namespace descent;

namespace {

const char *const kTrains = R"(
let x = linspace(-1.0, 1.0, 50)
param w = 0.5
train mean((w * x - 3.0 * x)^2) with sgd(rate=0.1), steps=7, log=1
print "w = {w}"
save(w, "measured.npy")
let k = 4
param v = 1.0
train (v - 2.0)^2 with sgd(rate=0.1), steps=1000, stop=step >= 3
)";

Script script(const char *text, DeviceKind device = DeviceKind::Cpu) {
  ScriptOptions options;
  options.cache = false;
  options.device = device;
  Script script = Script::fromText("test.gd", text, options);
  EXPECT_TRUE(script.valid());
  return script;
}

class Measure : public testing::TestWithParam<DeviceKind> {};

TEST_P(Measure, EffectsAreDiscarded) {
  std::filesystem::remove("measured.npy");
  std::ostringstream out, progress;
  RunOptions options;
  options.out = &out;
  options.progress = &progress;
  options.discardEffects = true;
  RunResult result = script(kTrains, GetParam()).run(options);
  EXPECT_EQ(result.status, RunStatus::Done);
  EXPECT_EQ(out.str() + progress.str(), "");
  EXPECT_FALSE(std::filesystem::exists("measured.npy"));
  // Values are kept all the same, unless that is not wanted either.
  EXPECT_EQ(result.value("k").array().toDouble(), 4);
  options.keepValues = false;
  EXPECT_TRUE(script(kTrains, GetParam()).run(options).values.empty());
}

TEST_P(Measure, TrainingsAreTimed) {
  RunOptions options;
  options.discardEffects = true;
  Script measured = script(kTrains, GetParam());
  for (int run = 0; run < 2; ++run) {
    RunResult result = measured.run(options);
    ASSERT_EQ(result.trainings.size(), 2u);
    EXPECT_EQ(result.trainings[0].steps, 7);
    EXPECT_EQ(result.trainings[1].steps, 3);
    for (const TrainTime &training : result.trainings)
      EXPECT_GT(training.seconds, 0);
  }
}

TEST_P(Measure, TheWorkOfAStepIsCounted) {
  Script measured = script(kTrains, GetParam());
  measured.run({.discardEffects = true});
  std::optional<Work> work = measured.work();
  ASSERT_TRUE(work);
  // The loops of the trainings.
  EXPECT_EQ(work->loops.size(), 2u);
}

TEST_P(Measure, CopiesHaveARate) {
  EXPECT_GT(script(kTrains, GetParam()).copyRate(), 1e6);
}

INSTANTIATE_TEST_SUITE_P(Devices, Measure,
                         testing::Values(DeviceKind::Cpu, DeviceKind::Emulator));

TEST(MeasureEnergy, IsNotKnownOfTheProcessor) {
  EXPECT_FALSE(script(kTrains).joules().has_value());
}

TEST(MeasureEnergy, IsReadFromTheCard) {
  setenv("DESCENT_LIBCUDA", FAKE_CUDA, 1);
  setenv("DESCENT_LIBNVML", FAKE_NVML, 1);
  {
    Script none = script(kTrains, DeviceKind::Gpu);
    EXPECT_EQ(none.device().first, "Fake 0");
    EXPECT_FALSE(none.joules().has_value());
    EXPECT_GT(none.copyRate(), 1e6);
  }
  setenv("FAKE_NVML_ENERGY", "1", 1);
  Script measured = script(kTrains, DeviceKind::Gpu);
  // Nothing is known of a device before it is asked for.
  EXPECT_FALSE(measured.joules().has_value());
  measured.device();
  std::optional<double> before = measured.joules(), after = measured.joules();
  ASSERT_TRUE(before && after);
  EXPECT_DOUBLE_EQ(*after - *before, 0.5);
  for (const char *name : {"DESCENT_LIBCUDA", "DESCENT_LIBNVML", "FAKE_NVML_ENERGY"})
    unsetenv(name);
}

TEST(MeasureEnergy, NoDeviceNoRate) {
  setenv("DESCENT_LIBCUDA", "/nonexistent/libcuda.so.1", 1);
  EXPECT_THROW(script(kTrains, DeviceKind::Gpu).copyRate(), Error);
  EXPECT_GT(script(kTrains, DeviceKind::Auto).copyRate(), 1e6); // the processor's
  unsetenv("DESCENT_LIBCUDA");
}

} // namespace
