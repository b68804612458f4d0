#include "runtime/device/cuda/Nvml.h"

#include "runtime/device/cuda/Library.h"

#include <fmt/format.h>
#include <type_traits>

namespace descent::device {

namespace {

using NvmlCard = struct NvmlCardTag *;

struct Nvml {
#define NVML_FUNCTION(name, symbol, parameters) int(*name) parameters = nullptr;
#include "runtime/device/cuda/Nvml.def"
};

enum Clock : unsigned { kProcessors = 1, kMemory = 2 };

class Sensors final : public CardSensors {
public:
  Sensors(const Nvml &nvml, NvmlCard card) : nvml(nvml), card(card) {}
  ~Sensors() override { nvml.shutdown(); }

  std::optional<double> joules() override {
    unsigned long long millijoules = 0;
    if (nvml.totalEnergy(card, &millijoules) != 0)
      return std::nullopt;
    return static_cast<double>(millijoules) / 1000;
  }
  std::optional<double> watts() override {
    unsigned milliwatts = 0;
    if (nvml.powerUsage(card, &milliwatts) != 0)
      return std::nullopt;
    return static_cast<double>(milliwatts) / 1000;
  }
  std::optional<double> processorMegahertz() override { return clock(kProcessors); }
  std::optional<double> memoryMegahertz() override { return clock(kMemory); }

private:
  std::optional<double> clock(Clock kind) {
    unsigned megahertz = 0;
    if (nvml.clockInfo(card, kind, &megahertz) != 0)
      return std::nullopt;
    return megahertz;
  }

  Nvml nvml;
  NvmlCard card;
};

} // namespace

std::unique_ptr<CardSensors> openSensors(const std::string &bus, std::string &problem) {
  cuda::Library library("libnvidia-ml.so.1", "DESCENT_LIBNVML");
  if (!library) {
    problem = "NVIDIA's management library is not installed: " + library.problem();
    return nullptr;
  }
  Nvml nvml;
  const char *missing = nullptr;
  auto find = [&](auto &function, const char *symbol) {
    function =
        reinterpret_cast<std::remove_reference_t<decltype(function)>>(library.symbol(symbol));
    if (!function)
      missing = symbol;
  };
#define NVML_FUNCTION(name, symbol, parameters) find(nvml.name, #symbol);
#include "runtime/device/cuda/Nvml.def"
  if (missing) {
    problem = fmt::format("NVIDIA's management library is too old: it has no {}", missing);
    return nullptr;
  }
  if (int code = nvml.init()) {
    problem = fmt::format("NVIDIA's management library does not start (NVML error {})", code);
    return nullptr;
  }
  NvmlCard card = nullptr;
  if (int code = nvml.deviceByBus(bus.c_str(), &card)) {
    nvml.shutdown();
    problem = fmt::format(
        "NVIDIA's management library does not know the card at {} (NVML error {})", bus, code);
    return nullptr;
  }
  return std::make_unique<Sensors>(nvml, card);
}

} // namespace descent::device
