#include "runtime/device/cuda/Driver.h"

#include "runtime/device/Device.h"
#include "runtime/device/cuda/Library.h"
#include "runtime/device/cuda/Words.h"

#include <fmt/format.h>

namespace descent::device::cuda {

std::shared_ptr<const Driver> findDriver() {
  Library library("libcuda.so.1", "DESCENT_LIBCUDA");
  if (!library)
    throw DeviceError("no NVIDIA driver is installed: " + library.problem());
  auto driver = std::make_shared<Driver>();
  const char *missing = nullptr;
  auto find = [&](auto &function, const char *symbol, bool required) {
    function =
        reinterpret_cast<std::remove_reference_t<decltype(function)>>(library.symbol(symbol));
    if (!function && required && !missing)
      missing = symbol;
  };
#define CUDA_FUNCTION(name, symbol, parameters) find(driver->name, #symbol, true);
#define CUDA_OPTIONAL(name, symbol, parameters) find(driver->name, #symbol, false);
#include "runtime/device/cuda/Driver.def"
  if (driver->init)
    driver->library = Library::fileOf(reinterpret_cast<const void *>(driver->init));
  if (missing)
    throw DeviceError(
        fmt::format("the NVIDIA driver is too old: {} has no {}; one for CUDA 11.0 or "
                    "later is needed (450 or later)",
                    driver->library.empty() ? "its library" : driver->library, missing));
  return driver;
}

std::shared_ptr<const Driver> startDriver() {
  std::shared_ptr<const Driver> driver = findDriver();
  // A kernel may ask this process for something, and would wait for ever.
  if (isSet("CUDA_LAUNCH_BLOCKING"))
    throw DeviceError("cannot start the NVIDIA driver: CUDA_LAUNCH_BLOCKING is set, and then a "
                      "process does nothing while its kernels run, which here ask it for what they "
                      "print and save; unset it");
  if (int code = driver->init(0))
    throw DeviceError(failure(*driver, code, "start the NVIDIA driver"));
  return driver;
}

std::string versionOf(const Driver &driver) {
  int version = 0;
  if (driver.driverGetVersion(&version) != kSuccess)
    return "?";
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

} // namespace descent::device::cuda
