#include "Support.h"

#include "runtime/device/cuda/Nvml.h"

namespace descent::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Nvml, ReadsWhatTheCardHas) {
  Environment environment;
  environment.set("DESCENT_LIBNVML", FAKE_NVML);
  std::string problem;
  auto sensors = device::openSensors("0000:10:00.0", problem);
  ASSERT_NE(sensors, nullptr) << problem;
  EXPECT_EQ(sensors->watts(), 345.6);
  EXPECT_EQ(sensors->joules(), std::nullopt);
  EXPECT_EQ(sensors->processorMegahertz(), 1980);
  EXPECT_EQ(sensors->memoryMegahertz(), 2619);
  auto users =
      reinterpret_cast<int (*)()>(dlsym(dlopen(FAKE_NVML, RTLD_NOW | RTLD_LOCAL), "fakeNvmlUsers"));
  EXPECT_EQ(users(), 1);
  sensors.reset();
  EXPECT_EQ(users(), 0);
  EXPECT_EQ(device::openSensors("0000:99:00.0", problem), nullptr);
  EXPECT_EQ(problem, "NVIDIA's management library does not know the card at 0000:99:00.0 (NVML "
                     "error 6)");
  EXPECT_EQ(users(), 0);
}

TEST(Nvml, IsNotThere) {
  Environment environment;
  environment.set("DESCENT_LIBNVML", "");
  std::string problem;
  EXPECT_EQ(device::openSensors("0000:10:00.0", problem), nullptr);
  EXPECT_EQ(problem, "NVIDIA's management library is not installed: DESCENT_LIBNVML is empty");
  environment.set("DESCENT_LIBNVML", OLD_CUDA);
  EXPECT_EQ(device::openSensors("0000:10:00.0", problem), nullptr);
  EXPECT_THAT(problem, StartsWith("NVIDIA's management library is too old: it has no nvml"));
}

} // namespace
} // namespace descent::test
