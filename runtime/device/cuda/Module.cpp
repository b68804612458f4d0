#include "runtime/device/cuda/Module.h"

#include "runtime/device/cuda/Words.h"

#include <array>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace descent::device::cuda {

/// PTX made into machine code by the driver, in the card's context.
static std::string link(Card &card, std::string_view ptx) {
  const Driver &driver = card.driver();
  constexpr std::string_view doing = "compile kernels";
  std::array<char, 8192> log{};
  std::array<int, 2> options{kErrorLogBuffer, kErrorLogBufferBytes};
  // A number is passed as the pointer itself.
  std::array<void *, 2> values{log.data(), reinterpret_cast<void *>(log.size())};
  CudaLink state = nullptr;
  if (int code = driver.linkCreate(unsigned(options.size()), options.data(), values.data(), &state))
    card.fail(code, doing);
  // The driver may want a zero at the end of the text.
  std::string text(ptx);
  void *image = nullptr;
  size_t bytes = 0;
  int code = driver.linkAddData(state, kInputPtx, text.data(), text.size() + 1, "kernels.ptx", 0,
                                nullptr, nullptr);
  if (code == kSuccess)
    code = driver.linkComplete(state, &image, &bytes);
  // The image is the link's own.
  std::string cubin;
  if (code == kSuccess)
    cubin.assign(static_cast<const char *>(image), bytes);
  driver.linkDestroy(state);
  if (code == kSuccess)
    return cubin;
  if (code == kUnsupportedPtxVersion)
    throw DeviceError(fmt::format("cannot use {}: {} ({})", card.name(), ptxTooNew(driver, text),
                                  namedCode(driver, code)));
  log.back() = 0;
  std::string said = log.data();
  said.erase(said.find_last_not_of(" \n\r\t") + 1);
  card.fail(code, said.empty() ? std::string(doing)
                               : fmt::format("{} (the driver's compiler says: {})", doing, said));
}

/// The driver's own version, finer than that of CUDA: a bug in its compiler may be fixed meanwhile.
static std::string driverBuild(const Driver &driver) {
  std::ifstream file("/proc/driver/nvidia/version", std::ios::binary);
  return versionOf(driver) + std::string(std::istreambuf_iterator<char>(file), {});
}

Module::Module(Card &card, Queue &queue, CodeStore *store, std::string_view ptx)
    : card(card), queue(queue) {
  const Properties &properties = card.facts().properties;
  const Driver &driver = card.driver();
  std::string target = fmt::format("sm_{}{}", properties.major, properties.minor);
  std::string build = store ? driverBuild(driver) : "";
  CodeStore::Parts parts{"cubin", ptx, target, build};
  if (store)
    if (std::optional<std::string> kept = store->find(parts)) {
      int code = driver.moduleLoadData(&module, kept->c_str());
      if (code == kSuccess)
        return;
      // Whole, but not this driver's: it is made anew, unless the card itself is the trouble.
      module = nullptr;
      if (isLasting(code) || code == kOutOfMemory)
        card.fail(code, "load kernels");
    }
  std::string cubin = link(card, ptx);
  if (int code = driver.moduleLoadData(&module, cubin.c_str()))
    card.fail(code, "load kernels");
  if (store)
    store->keep(parts, cubin);
}

Module::~Module() {
  Card::Entered entered(card);
  if (entered)
    card.note(card.driver().moduleUnload(module), "unload kernels");
}

Module::Kernel &Module::find(const std::string &name) {
  auto [it, isNew] = kernels.try_emplace(name);
  if (!isNew)
    return it->second;
  const Driver &driver = card.driver();
  Kernel kernel;
  int code = driver.moduleGetFunction(&kernel.function, module, name.c_str());
  int staticShared = 0, local = 0;
  if (code == kSuccess)
    code = driver.functionGetAttribute(&staticShared, kStaticShared, kernel.function);
  if (code == kSuccess)
    code = driver.functionGetAttribute(&local, kLocal, kernel.function);
  if (code != kSuccess) {
    kernels.erase(it);
    card.fail(code, fmt::format("find the kernel '{}'", name));
  }
  kernel.staticShared = staticShared;
  kernel.local = local;
  kernel.dynamicShared = card.facts().properties.sharedBytes - staticShared;
  if (driver.functionGetParameter) {
    size_t offset = 0, bytes = 0;
    kernel.parameters = 0;
    while (driver.functionGetParameter(kernel.function, static_cast<size_t>(kernel.parameters),
                                       &offset, &bytes) == kSuccess)
      ++kernel.parameters;
  }
  return it->second = kernel;
}

void Module::allowShared(const std::string &name, Kernel &kernel, int64_t sharedBytes) {
  if (sharedBytes <= kernel.dynamicShared)
    return;
  int64_t most = card.facts().properties.mostSharedBytes - kernel.staticShared;
  if (sharedBytes > most)
    throw DeviceError(fmt::format("cannot start the kernel '{}' on {}: it asks for {} bytes of "
                                  "shared memory for each block, and {} can be had",
                                  name, card.name(), sharedBytes, most));
  if (int code = card.driver().functionSetAttribute(kernel.function, kMaxDynamicShared,
                                                    static_cast<int>(sharedBytes)))
    card.fail(code,
              fmt::format("give the kernel '{}' {} bytes of shared memory", name, sharedBytes));
  kernel.dynamicShared = sharedBytes;
}

int Module::blocksAtOnce(const std::string &name, Kernel &kernel, int threads,
                         int64_t sharedBytes) {
  int blocks = 0;
  if (int code = card.driver().occupancy(&blocks, kernel.function, threads,
                                         static_cast<size_t>(sharedBytes)))
    card.fail(code, fmt::format("ask how many blocks of the kernel '{}' run at a time", name));
  return blocks * card.facts().properties.processors;
}

int Module::residentBlocks(const std::string &name, int threads, int64_t sharedBytes) {
  card.expectUsable();
  Card::Entered entered(card);
  Kernel &kernel = find(name);
  allowShared(name, kernel, sharedBytes);
  return blocksAtOnce(name, kernel, threads, sharedBytes);
}

/// The driver has room for all threads that the card can run, whichever run.
int64_t Module::localBytes(const std::string &name) {
  card.expectUsable();
  Card::Entered entered(card);
  return find(name).local * card.facts().threads;
}

CudaFunction Module::prepare(const std::string &name, const Launch &how,
                             std::span<const uint64_t> arguments) {
  Kernel &kernel = find(name);
  if (kernel.parameters >= 0 && kernel.parameters != static_cast<int>(arguments.size()))
    throw DeviceError(
        fmt::format("cannot start the kernel '{}' on {}: it has {} parameters, and {} "
                    "arguments were given",
                    name, card.name(), kernel.parameters, arguments.size()));
  allowShared(name, kernel, how.sharedBytes);
  return kernel.function;
}

void Module::launch(const std::string &name, const Launch &how,
                    std::span<const uint64_t> arguments) {
  card.expectUsable();
  Card::Entered entered(card);
  const Driver &driver = card.driver();
  CudaFunction function = prepare(name, how, arguments);
  // The driver copies the arguments before it returns; it does not write to them.
  parameters.clear();
  for (const uint64_t &argument : arguments)
    parameters.push_back(const_cast<uint64_t *>(&argument));
  auto doing = [&] {
    return fmt::format("start the kernel '{}' ({} blocks of {} threads, {} bytes of shared memory)",
                       name, how.blocks, how.threads, how.sharedBytes);
  };
  if (queue.start)
    if (int code = driver.eventRecord(queue.start, queue.stream))
      card.fail(code, doing());
  auto blocks = static_cast<unsigned>(how.blocks), threads = static_cast<unsigned>(how.threads),
       shared = static_cast<unsigned>(how.sharedBytes);
  int code = how.cooperative
                 ? driver.launchCooperativeKernel(function, blocks, 1, 1, threads, 1, 1, shared,
                                                  queue.stream, parameters.data())
                 : driver.launchKernel(function, blocks, 1, 1, threads, 1, 1, shared, queue.stream,
                                       parameters.data(), nullptr);
  if (code == kCooperativeLaunchTooLarge)
    throw DeviceError(fmt::format(
        "cannot start the kernel '{}' on {}: its {} blocks of {} threads have to run at the same "
        "time, and {} can ({})",
        name, card.name(), how.blocks, how.threads,
        blocksAtOnce(name, find(name), how.threads, how.sharedBytes), namedCode(driver, code)));
  if (code != kSuccess)
    card.fail(code, doing());
  card.launched(name);
  if (queue.end) {
    if (int recorded = driver.eventRecord(queue.end, queue.stream))
      card.fail(recorded, doing());
    queue.hasTime = true;
  }
}

} // namespace descent::device::cuda
