#include "runtime/device/cuda/Words.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

namespace descent::device::cuda {

std::string namedCode(const Driver &driver, int code) {
  const char *name = nullptr, *text = nullptr;
  if (driver.getErrorName(code, &name) != kSuccess || !name)
    return fmt::format("CUDA error {}, unknown to this driver", code);
  if (driver.getErrorString(code, &text) != kSuccess || !text)
    return fmt::format("{}, {}", name, code);
  return fmt::format("{}, {}: {}", name, code, text);
}

std::string failure(const Driver &driver, int code, std::string_view doing) {
  std::string what = meaning(driver, code);
  return what.empty() ? fmt::format("cannot {}: {}", doing, namedCode(driver, code))
                      : fmt::format("cannot {}: {} ({})", doing, what, namedCode(driver, code));
}

/// Cards may be hidden from a process.
static std::string hidden() {
  const char *visible = std::getenv("CUDA_VISIBLE_DEVICES");
  return visible
             ? fmt::format("; CUDA_VISIBLE_DEVICES is '{}' and hides those that it does not name",
                           visible)
             : "";
}

bool isSet(const char *variable) {
  const char *value = std::getenv(variable);
  return value && *value && std::string_view(value) != "0";
}

static std::string withFiles(std::string_view otherwise) {
  std::string problem = deviceFilesProblem();
  return problem.empty() ? std::string(otherwise) : problem;
}

std::string meaning(const Driver &driver, int code) {
  switch (code) {
  case kOutOfMemory:
    return "the card's memory is full; nvidia-smi shows which processes have it";
  case kNotInitialized:
    return "CUDA was in use before this process was forked from another, and cannot be used in "
           "both";
  case kDeinitialized:
    return "the driver has ended; the process is about to";
  case kStubLibrary:
    return fmt::format("{} is the toolkit's stand-in for linking, not the driver; take its folder "
                       "out of LD_LIBRARY_PATH",
                       driver.library);
  case kNeedsNewerDriver:
    return "the library of the driver is newer than the driver itself; update that";
  case kDeviceUnavailable:
    return "another process uses the card and it is set up to serve one (nvidia-smi -q -d COMPUTE "
           "shows it), or it has failed";
  case kNoDevice: {
    std::string hint = hidden();
    return hint.empty() ? withFiles("the driver finds no GPU") : "the driver finds no GPU" + hint;
  }
  case kInvalidDevice:
    return "there is no such GPU" + hidden();
  case kNotLicensed:
    return "the card is a virtual one (vGPU) without a licence";
  case kNvlinkUncorrectable:
    return "the connection between cards (NVLink) lost data; restarting the machine may help";
  case kEccUncorrectable:
    return "the card's memory lost data that it cannot restore; nvidia-smi -q -d ECC shows the "
           "counts, and restarting the machine may help";
  case kJitCompilerNotFound:
    return "the driver's compiler libnvidia-ptxjitcompiler.so.1 is not installed beside it";
  case kJitDisabled:
    return "CUDA_DISABLE_PTX_JIT is set, and then the driver compiles nothing; unset it";
  case kNoBinaryForGpu:
    return isSet("CUDA_FORCE_PTX_JIT")
               ? "CUDA_FORCE_PTX_JIT is set, and then the driver takes no machine code; unset it"
               : "";
  case kContained:
    return "the card had a fault and ended the work of this process";
  case kOperatingSystem:
    return withFiles("the system refused the driver");
  case kLaunchOutOfResources:
    return "a block of it needs more registers or shared memory than the card has for one";
  case kNotPermitted:
    return withFiles("this user may not use the card");
  case kSystemNotReady:
    return "the driver was installed or updated and is not yet set up; restart the machine (where "
           "several GPUs share an NVSwitch, the service nvidia-fabricmanager must run)";
  case kSystemDriverMismatch:
    return fmt::format("the library {} and the driver in the kernel are of different versions, as "
                       "after an update; restart the machine",
                       driver.library);
  case kCompatNotSupported:
    return "a newer driver's library for compatibility is installed, which works with NVIDIA's "
           "cards "
           "for data centres only; take it out of LD_LIBRARY_PATH";
  case kMpsConnectionFailed:
    return "the card is served by NVIDIA's multi-process service (MPS), which does not answer";
  case kMpsServerNotReady:
    return "the card is served by NVIDIA's multi-process service (MPS), which is not ready yet; "
           "try "
           "again";
  case kMpsClientsReached:
  case kMpsConnectionsReached:
    return "the card is served by NVIDIA's multi-process service (MPS), which has as many "
           "processes "
           "as it takes; wait until one of them has ended";
  case kMpsClientTerminated:
    return "the card is served by NVIDIA's multi-process service (MPS), which has ended the work "
           "of "
           "this process, as where another one's kernel failed; try again";
  case kExternalDevice:
    return "the card is gone; nvidia-smi and the kernel's messages may say why";
  case kUnknown:
    return withFiles("the driver gives no reason; the kernel's messages (dmesg) may");
  default:
    return "";
  }
}

std::string_view kernelFault(int code) {
  switch (code) {
  case kIllegalAddress:
    return "it read or wrote outside of its arrays";
  case kLaunchTimeout:
    return "it ran for longer than a card with a display lets a kernel run";
  case kAssert:
    return "a check in it failed";
  case kHardwareStackError:
    return "its stack overflowed";
  case kIllegalInstruction:
    return "it came to an instruction that the card does not have";
  case kMisalignedAddress:
    return "it read or wrote at an address that is not aligned";
  case kInvalidAddressSpace:
    return "it used an address of another kind of memory";
  case kInvalidPc:
    return "it jumped out of its code";
  case kLaunchFailed:
    return "it failed on the card; the kernel's messages (dmesg) may have an Xid that says more";
  case kTensorMemoryLeak:
    return "it did not give back its tensor memory";
  default:
    return "";
  }
}

bool isLasting(int code) {
  switch (code) {
  case kDeinitialized:
  case kDeviceUnavailable:
  case kEccUncorrectable:
  case kNvlinkUncorrectable:
  case kContained:
  case kMpsClientTerminated:
  case kExternalDevice:
  case kUnknown:
    return true;
  default:
    return !kernelFault(code).empty();
  }
}

std::string ptxTooNew(const Driver &driver, std::string_view ptx) {
  // NVIDIA's PTX ISA document, section "Release Notes": the first CUDA of each version of PTX.
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 26> versions{{
      {"6.0", "9.0"},  {"6.1", "9.1"},  {"6.2", "9.2"},  {"6.3", "10.0"}, {"6.4", "10.1"},
      {"6.5", "10.2"}, {"7.0", "11.0"}, {"7.1", "11.1"}, {"7.2", "11.2"}, {"7.3", "11.3"},
      {"7.4", "11.4"}, {"7.5", "11.5"}, {"7.6", "11.6"}, {"7.7", "11.7"}, {"7.8", "11.8"},
      {"8.0", "12.0"}, {"8.1", "12.1"}, {"8.2", "12.2"}, {"8.3", "12.3"}, {"8.4", "12.4"},
      {"8.5", "12.5"}, {"8.6", "12.7"}, {"8.7", "12.8"}, {"8.8", "12.9"}, {"9.0", "13.0"},
      {"9.1", "13.1"},
  }};
  constexpr std::string_view directive = ".version";
  size_t at = ptx.find(directive);
  std::string_view version;
  if (at != std::string_view::npos) {
    at = ptx.find_first_not_of(" \t", at + directive.size());
    if (at != std::string_view::npos)
      version = ptx.substr(at, ptx.find_first_not_of("0123456789.", at) - at);
  }
  std::string_view needed;
  for (const auto &[isa, cuda] : versions)
    if (isa == version)
      needed = cuda;
  std::string have = versionOf(driver);
  if (needed.empty())
    return fmt::format("the NVIDIA driver, for CUDA {}, is too old for this code; update it", have);
  return fmt::format(
      "the NVIDIA driver is too old: it is for CUDA {}, and this code (PTX {}) needs "
      "one for CUDA {} or later",
      have, version, needed);
}

std::string deviceFilesProblem(const std::string &devices, const std::string &processes) {
  auto isThere = [](const std::string &file) { return access(file.c_str(), F_OK) == 0; };
  // Windows' subsystem for Linux reaches the card through a file of its own.
  if (isThere(devices + "/dxg"))
    return "";
  bool hasModule = isThere(processes + "/driver/nvidia/version");
  if (!hasModule && !isThere(devices + "/nvidiactl"))
    return "the kernel has no NVIDIA driver loaded (module nvidia), or this container was started "
           "without the GPU";
  for (const char *name : {"nvidiactl", "nvidia-uvm"}) {
    std::string file = devices + "/" + name;
    if (!isThere(file))
      return fmt::format(
          "there is no {}; as root, nvidia-modprobe -u -c 0 makes it (in a container: "
          "start it with the GPU)",
          file);
    if (access(file.c_str(), R_OK | W_OK) != 0)
      return fmt::format(
          "this user may not open {} ({}); its group may have to be given to the user", file,
          std::strerror(errno));
  }
  for (int i = 0; i < 64; ++i) {
    std::string file = fmt::format("{}/nvidia{}", devices, i);
    if (isThere(file) && access(file.c_str(), R_OK | W_OK) != 0)
      return fmt::format(
          "this user may not open {} ({}); its group may have to be given to the user", file,
          std::strerror(errno));
  }
  return "";
}

} // namespace descent::device::cuda
