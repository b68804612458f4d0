// NVIDIA's management library, for one card at 0000:10:00.0 that has no sensor of energy but where
// FAKE_NVML_ENERGY is set.

#include <cstdlib>
#include <cstring>

#define EXPORT extern "C" __attribute__((visibility("default"))) int

static int users = 0;

EXPORT nvmlInit_v2() {
  ++users;
  return 0;
}
EXPORT nvmlShutdown() {
  --users;
  return 0;
}
EXPORT nvmlDeviceGetHandleByPciBusId_v2(const char *bus, void **card) {
  *card = &users;
  return std::strcmp(bus, "0000:10:00.0") == 0 ? 0 : 6; // NVML_ERROR_NOT_FOUND
}
EXPORT nvmlDeviceGetPowerUsage(void *, unsigned *milliwatts) {
  *milliwatts = 345600;
  return 0;
}
EXPORT nvmlDeviceGetTotalEnergyConsumption(void *, unsigned long long *millijoules) {
  if (!std::getenv("FAKE_NVML_ENERGY"))
    return 3; // NVML_ERROR_NOT_SUPPORTED
  static unsigned long long used = 1'000'000;
  *millijoules = used += 500; // between two questions
  return 0;
}
EXPORT nvmlDeviceGetClockInfo(void *, unsigned kind, unsigned *megahertz) {
  *megahertz = kind == 1 ? 1980 : kind == 2 ? 2619 : 0;
  return 0;
}
EXPORT fakeNvmlUsers() {
  return users;
}
