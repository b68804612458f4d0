#include "FakeState.h"

#include <cstdlib>
#include <cstring>
#include <sstream>

using namespace descent::test;

/// What machine code begins with; behind it is the PTX.
static const std::string kMachineCode = "\x7f"
                                        "ELF ";

struct descent::device::cuda::CudaEventTag {
  std::mutex mutex;
  std::condition_variable changed;
  int pending = 0;
  std::chrono::steady_clock::time_point when;
};
struct descent::device::cuda::CudaLinkTag {
  std::string text;
  char *log = nullptr;
  size_t logBytes = 0;
};

State::State() {
  const char *list = std::getenv("FAKE_CUDA_FAIL");
  std::stringstream words(list ? list : "");
  for (std::string word; std::getline(words, word, ',');)
    if (size_t at = word.find('='); at != std::string::npos)
      failures[word.substr(0, at)] = std::atoi(word.c_str() + at + 1);
  if (const char *mebibytes = std::getenv("FAKE_CUDA_MIB"))
    memoryBytes = size_t(std::atoi(mebibytes)) << 20;
  // The kernel of a program, with so many parameters.
  if (const char *parameters = std::getenv("FAKE_CUDA_KERNEL"))
    kernels["descent_program"] = {[](const FakeLaunch &) {
                                    if (const char *seconds = std::getenv("FAKE_CUDA_NAP"))
                                      std::this_thread::sleep_for(
                                          std::chrono::seconds(std::atoi(seconds)));
                                    return 0;
                                  },
                                  std::atoi(parameters)};
  backing = makeBacking(*this);
}

State &descent::test::state() {
  static State *it = new State;
  return *it;
}

static thread_local std::vector<CudaContext> current;

int descent::test::before(const char *symbol, bool needsContext) {
  State &s = state();
  std::lock_guard lock(s.mutex);
  if (auto found = s.failures.find(symbol); found != s.failures.end())
    return found->second;
  if (!s.initialized)
    return kNotInitialized;
  if (!needsContext)
    return kSuccess;
  if (current.empty()) {
    ++s.strays;
    return 201;
  }
  return s.fault;
}

int descent::test::beforeOn(CudaStream stream, const char *symbol) {
  if (int code = before(symbol))
    return code;
  stream->isBroken |= stream->captured != nullptr;
  return stream->captured ? 900 : kSuccess;
}

/// Waits for all streams, as the driver does before it gives memory back.
static void waitForAll() {
  std::vector<CudaStream> streams;
  {
    std::lock_guard lock(state().mutex);
    streams = state().allStreams;
  }
  for (CudaStream stream : streams)
    stream->wait();
}

bool descent::test::isMemory(uint64_t address, size_t bytes) {
  State &s = state();
  std::lock_guard lock(s.mutex);
  auto after = s.memory.upper_bound(address);
  if (after != s.memory.begin()) {
    auto [start, size] = *std::prev(after);
    if (address + bytes <= start + size)
      return true;
  }
  return s.backing->isVariable(address, bytes);
}

static const std::map<int, std::pair<const char *, const char *>> kTexts{
    {0, {"CUDA_SUCCESS", "no error"}},
    {2, {"CUDA_ERROR_OUT_OF_MEMORY", "out of memory"}},
    {100, {"CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"}},
    {218, {"CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"}},
    {222, {"CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the PTX was compiled with another toolchain"}},
    {500, {"CUDA_ERROR_NOT_FOUND", "named symbol not found"}},
    {700, {"CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"}},
    {719, {"CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"}},
    {801, {"CUDA_ERROR_NOT_SUPPORTED", "operation not supported"}},
    {901, {"CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "an operation failed due to a capture"}},
    {720, {"CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE", "too many blocks in cooperative launch"}},
};

extern "C" __attribute__((visibility("default"))) FakeCuda *descent::test::fakeCuda() {
  return &state();
}

EXPORT cuInit(unsigned) {
  State &s = state();
  std::lock_guard lock(s.mutex);
  if (auto found = s.failures.find("cuInit"); found != s.failures.end())
    return found->second;
  s.initialized = true;
  return kSuccess;
}
EXPORT cuDriverGetVersion(int *version) {
  *version = state().version;
  return kSuccess;
}
EXPORT cuGetErrorName(int code, const char **name) {
  auto found = kTexts.find(code);
  *name = found == kTexts.end() ? nullptr : found->second.first;
  return found == kTexts.end() ? kInvalidValue : kSuccess;
}
EXPORT cuGetErrorString(int code, const char **text) {
  auto found = kTexts.find(code);
  *text = found == kTexts.end() ? nullptr : found->second.second;
  return found == kTexts.end() ? kInvalidValue : kSuccess;
}

EXPORT cuDeviceGetCount(int *count) {
  BEGIN_WITHOUT_CONTEXT(cuDeviceGetCount)
  *count = state().cards;
  return kSuccess;
}
EXPORT cuDeviceGet(int *device, int ordinal) {
  BEGIN_WITHOUT_CONTEXT(cuDeviceGet)
  *device = ordinal;
  return ordinal < state().cards ? kSuccess : kInvalidDevice;
}
EXPORT cuDeviceGetName(char *name, int size, int device) {
  BEGIN_WITHOUT_CONTEXT(cuDeviceGetName)
  snprintf(name, size_t(size), "%s %d", state().name.c_str(), device);
  return kSuccess;
}
EXPORT cuDeviceGetPCIBusId(char *id, int size, int device) {
  BEGIN_WITHOUT_CONTEXT(cuDeviceGetPCIBusId)
  snprintf(id, size_t(size), "0000:%02x:00.0", device + 16);
  return kSuccess;
}
EXPORT cuDeviceTotalMem_v2(size_t *bytes, int) {
  BEGIN_WITHOUT_CONTEXT(cuDeviceTotalMem_v2)
  *bytes = state().memoryBytes;
  return kSuccess;
}
EXPORT cuDeviceGetAttribute(int *value, int attribute, int) {
  BEGIN_WITHOUT_CONTEXT(cuDeviceGetAttribute)
  const std::map<int, int> values{{kMaxThreadsPerBlock, 1024},
                                  {kMaxSharedPerBlock, 48 << 10},
                                  {kMultiprocessorCount, state().processors},
                                  {kCanMapHostMemory, state().mapsHostMemory},
                                  {kThreadsPerMultiprocessor, 2048},
                                  {kCapabilityMajor, state().major},
                                  {kCapabilityMinor, state().minor},
                                  {kCooperativeLaunch, 1},
                                  {kMaxSharedPerBlockOptin, state().mostSharedBytes},
                                  {kMemoryPoolsSupported, state().hasMemoryPools}};
  auto found = values.find(attribute);
  if (found == values.end())
    return kInvalidValue;
  *value = found->second;
  return kSuccess;
}

EXPORT cuDevicePrimaryCtxRetain(CudaContext *context, int) {
  BEGIN_WITHOUT_CONTEXT(cuDevicePrimaryCtxRetain)
  ++state().contexts;
  *context = &state().context;
  return kSuccess;
}
EXPORT cuDevicePrimaryCtxRelease_v2(int) {
  State &s = state();
  // With its last holder a context ends. One that had a fault takes along what could not be given
  // back any more.
  if (--s.contexts == 0 && s.fault.exchange(0) != 0) {
    std::lock_guard lock(s.mutex);
    for (const auto &[address, bytes] : s.memory)
      s.backing->release(address);
    s.memory.clear();
    for (CudaModule module : s.allModules)
      delete module;
    s.allModules.clear();
    s.modules = 0;
  }
  return kSuccess;
}
EXPORT cuCtxPushCurrent_v2(CudaContext context) {
  BEGIN_WITHOUT_CONTEXT(cuCtxPushCurrent_v2)
  current.push_back(context);
  return kSuccess;
}
EXPORT cuCtxPopCurrent_v2(CudaContext *context) {
  *context = current.back();
  current.pop_back();
  return kSuccess;
}

EXPORT cuMemGetInfo_v2(size_t *free, size_t *total) {
  BEGIN(cuMemGetInfo_v2)
  std::lock_guard lock(state().mutex);
  *total = state().memoryBytes;
  *free = *total - state().usedBytes();
  return kSuccess;
}
static int allocate(uint64_t *address, size_t bytes) {
  State &s = state();
  std::lock_guard lock(s.mutex);
  if (bytes == 0)
    return kInvalidValue;
  if (bytes > s.memoryBytes - s.usedBytes())
    return kOutOfMemory;
  *address = s.backing->allocate(bytes);
  if (*address == 0)
    return kOutOfMemory;
  s.memory[*address] = bytes;
  ++s.allocations;
  return kSuccess;
}
static int release(uint64_t address) {
  std::lock_guard lock(state().mutex);
  if (state().memory.erase(address) == 0)
    return kInvalidValue;
  state().backing->release(address);
  return kSuccess;
}
EXPORT cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  BEGIN(cuMemAlloc_v2)
  waitForAll();
  return allocate(address, bytes);
}
EXPORT cuMemFree_v2(uint64_t address) {
  BEGIN(cuMemFree_v2)
  waitForAll();
  return release(address);
}
#ifndef FAKE_WITHOUT_OPTIONAL
EXPORT cuMemAllocAsync(uint64_t *address, size_t bytes, CudaStream stream) {
  BEGIN_ON(stream, cuMemAllocAsync)
  return allocate(address, bytes);
}
EXPORT cuMemFreeAsync(uint64_t address, CudaStream stream) {
  BEGIN_ON(stream, cuMemFreeAsync)
  stream->wait();
  return release(address);
}
#endif
EXPORT cuMemHostAlloc(void **memory, size_t bytes, unsigned) {
  BEGIN(cuMemHostAlloc)
  if (bytes > state().mostPinnedBytes)
    return kOutOfMemory;
  *memory = state().backing->pin(bytes);
  if (!*memory)
    return kOutOfMemory;
  ++state().pinned;
  return kSuccess;
}
EXPORT cuMemFreeHost(void *memory) {
  waitForAll();
  state().backing->unpin(memory);
  --state().pinned;
  return kSuccess;
}
EXPORT cuMemHostRegister_v2(void *memory, size_t bytes, unsigned flags) {
  BEGIN(cuMemHostRegister_v2)
  State &s = state();
  std::lock_guard lock(s.mutex);
  if (flags != (kHostPortable | kHostMapped) || bytes == 0)
    return kInvalidValue;
  if (s.registered.contains(memory))
    return 712; // it is registered already
  uint64_t address = s.backing->share(memory, bytes);
  if (address == 0)
    return kOutOfMemory;
  s.registered[memory] = bytes;
  s.seenAt[memory] = address;
  s.mostRegistered = std::max(s.mostRegistered, s.registered.size());
  return kSuccess;
}
EXPORT cuMemHostUnregister(void *memory) {
  BEGIN(cuMemHostUnregister)
  waitForAll();
  std::lock_guard lock(state().mutex);
  if (state().registered.erase(memory) == 0)
    return 713;
  state().seenAt.erase(memory);
  state().backing->unshare(memory);
  return kSuccess;
}
EXPORT cuMemHostGetDevicePointer_v2(uint64_t *address, void *memory, unsigned) {
  BEGIN(cuMemHostGetDevicePointer_v2)
  std::lock_guard lock(state().mutex);
  auto found = state().seenAt.find(memory);
  *address = found == state().seenAt.end() ? reinterpret_cast<uint64_t>(memory) : found->second;
  return kSuccess;
}
EXPORT cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, CudaStream stream) {
  BEGIN_ON(stream, cuMemcpyHtoDAsync_v2)
  if (!isMemory(to, bytes))
    return kInvalidValue;
  stream->push([=] { std::memcpy(reinterpret_cast<void *>(to), from, bytes); });
  return kSuccess;
}
EXPORT cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, CudaStream stream) {
  BEGIN_ON(stream, cuMemcpyDtoHAsync_v2)
  if (!isMemory(from, bytes))
    return kInvalidValue;
  stream->push([=] { std::memcpy(to, reinterpret_cast<const void *>(from), bytes); });
  return kSuccess;
}
EXPORT cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, CudaStream stream) {
  BEGIN_ON(stream, cuMemcpyDtoDAsync_v2)
  if (!isMemory(to, bytes) || !isMemory(from, bytes))
    return kInvalidValue;
  stream->push([=] {
    std::memcpy(reinterpret_cast<void *>(to), reinterpret_cast<const void *>(from), bytes);
  });
  return kSuccess;
}

EXPORT cuStreamCreate(CudaStream *stream, unsigned) {
  BEGIN(cuStreamCreate)
  *stream = new CudaStreamTag;
  std::lock_guard lock(state().mutex);
  state().allStreams.push_back(*stream);
  ++state().streams;
  return kSuccess;
}
EXPORT cuStreamDestroy_v2(CudaStream stream) {
  if (stream->captured)
    ++state().misuses;
  {
    std::lock_guard lock(state().mutex);
    std::erase(state().allStreams, stream);
  }
  delete stream;
  --state().streams;
  return kSuccess;
}
EXPORT cuStreamQuery(CudaStream stream) {
  BEGIN_ON(stream, cuStreamQuery)
  return stream->isIdle() ? before("cuStreamQuery") : kNotReady;
}
EXPORT cuStreamSynchronize(CudaStream stream) {
  BEGIN_ON(stream, cuStreamSynchronize)
  stream->wait();
  return before("cuStreamSynchronize");
}
EXPORT cuEventCreate(CudaEvent *event, unsigned) {
  BEGIN(cuEventCreate)
  *event = new CudaEventTag;
  ++state().events;
  return kSuccess;
}
EXPORT cuEventDestroy_v2(CudaEvent event) {
  waitForAll();
  delete event;
  --state().events;
  return kSuccess;
}
EXPORT cuEventRecord(CudaEvent event, CudaStream stream) {
  BEGIN_ON(stream, cuEventRecord) {
    std::lock_guard lock(event->mutex);
    ++event->pending;
  }
  stream->push([event] {
    std::lock_guard lock(event->mutex);
    --event->pending;
    event->when = std::chrono::steady_clock::now();
    event->changed.notify_all();
  });
  return kSuccess;
}
EXPORT cuEventSynchronize(CudaEvent event) {
  BEGIN(cuEventSynchronize)
  std::unique_lock lock(event->mutex);
  event->changed.wait(lock, [event] { return event->pending == 0; });
  return before("cuEventSynchronize");
}
EXPORT cuEventElapsedTime(float *milliseconds, CudaEvent start, CudaEvent end) {
  BEGIN(cuEventElapsedTime)
  *milliseconds = std::chrono::duration<float, std::milli>(end->when - start->when).count();
  return kSuccess;
}

EXPORT cuLinkCreate_v2(unsigned count, int *options, void **values, CudaLink *link) {
  BEGIN(cuLinkCreate_v2)
  *link = new CudaLinkTag;
  ++state().links;
  for (unsigned i = 0; i < count; ++i) {
    if (options[i] == kErrorLogBuffer)
      (*link)->log = static_cast<char *>(values[i]);
    if (options[i] == kErrorLogBufferBytes)
      (*link)->logBytes = reinterpret_cast<size_t>(values[i]);
  }
  return kSuccess;
}
EXPORT cuLinkAddData_v2(CudaLink link, int, void *data, size_t, const char *, unsigned, int *,
                        void **) {
  BEGIN(cuLinkAddData_v2)
  std::string text = static_cast<const char *>(data);
  double version = 0;
  if (size_t at = text.find(".version"); at != std::string::npos)
    version = std::atof(text.c_str() + at + 8);
  // Of CUDA 12.0 on, PTX has the number of CUDA less 4.
  if (version > state().version / 1000 - 4)
    return kUnsupportedPtxVersion;
  if (std::string complaint = state().backing->complaintAbout(text); !complaint.empty()) {
    snprintf(link->log, link->logBytes, "%s", complaint.c_str());
    return kInvalidPtx;
  }
  link->text = kMachineCode + text;
  return kSuccess;
}
EXPORT cuLinkComplete(CudaLink link, void **cubin, size_t *bytes) {
  BEGIN(cuLinkComplete)
  ++state().compilations;
  *cubin = link->text.data();
  *bytes = link->text.size();
  return kSuccess;
}
EXPORT cuLinkDestroy(CudaLink link) {
  delete link;
  --state().links;
  return kSuccess;
}
EXPORT cuModuleLoadData(CudaModule *module, const void *image) {
  BEGIN(cuModuleLoadData)
  std::string text = static_cast<const char *>(image);
  // The driver takes PTX as well.
  bool isMachineCode = text.starts_with(kMachineCode);
  if (!isMachineCode && !text.starts_with(".version "))
    return kInvalidImage;
  auto kernels = state().backing->load(isMachineCode ? text.substr(kMachineCode.size()) : text);
  *module = new CudaModuleTag{text, std::move(kernels)};
  state().allModules.push_back(*module);
  ++state().modules;
  ++state().loads;
  return kSuccess;
}
EXPORT cuModuleUnload(CudaModule module) {
  BEGIN(cuModuleUnload)
  std::erase(state().allModules, module);
  delete module;
  --state().modules;
  return kSuccess;
}
EXPORT cuModuleGetFunction(CudaFunction *function, CudaModule module, const char *name) {
  BEGIN(cuModuleGetFunction)
  State &s = state();
  auto found = s.kernels.find(name);
  const FakeKernel *kernel = found != s.kernels.end() ? &found->second : nullptr;
  if (module->kernels)
    kernel = module->kernels->find(name);
  if (!kernel)
    kernel = selectIn(module->text, name);
  if (!kernel || module->text.find(std::string(".entry ") + name) == std::string::npos)
    return kNotFound;
  s.functions.push_back(std::make_unique<CudaFunctionTag>(
      CudaFunctionTag{kernel, (48 << 10) - kernel->staticShared}));
  *function = s.functions.back().get();
  return kSuccess;
}

EXPORT cuFuncGetAttribute(int *value, int attribute, CudaFunction function) {
  BEGIN(cuFuncGetAttribute)
  if (attribute != kStaticShared && attribute != kLocal)
    return kInvalidValue;
  *value = attribute == kLocal ? function->kernel->local : function->kernel->staticShared;
  return kSuccess;
}
EXPORT cuFuncSetAttribute(CudaFunction function, int attribute, int value) {
  BEGIN(cuFuncSetAttribute)
  if (attribute != kMaxDynamicShared ||
      value > state().mostSharedBytes - function->kernel->staticShared)
    return kInvalidValue;
  function->dynamicShared = value;
  return kSuccess;
}
#ifdef FAKE_WITHOUT_OPTIONAL
const FakeKernel *descent::test::selectIn(const std::string &, const char *) {
  return nullptr;
}
#else
EXPORT cuFuncGetParamInfo(CudaFunction function, size_t index, size_t *offset, size_t *bytes) {
  BEGIN(cuFuncGetParamInfo)
  if (index >= size_t(function->kernel->parameters))
    return kInvalidValue;
  *offset = index * 8;
  *bytes = 8;
  return kSuccess;
}
#endif
static int blocksOfProcessor(const FakeKernel &kernel, int threads, int64_t sharedBytes) {
  return kernel.resident ? kernel.resident(threads, sharedBytes) : state().blocksPerProcessor;
}
int descent::test::residentBlocks(const FakeKernel &kernel, int threads, int64_t sharedBytes) {
  return state().processors * blocksOfProcessor(kernel, threads, sharedBytes);
}
EXPORT cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, CudaFunction function, int threads,
                                                   size_t sharedBytes) {
  BEGIN(cuOccupancyMaxActiveBlocksPerMultiprocessor)
  if (threads > 1024 || int64_t(sharedBytes) > function->dynamicShared)
    return kInvalidValue;
  *blocks = blocksOfProcessor(*function->kernel, threads, int64_t(sharedBytes));
  return kSuccess;
}

bool descent::test::isLaunch(CudaFunction function, const FakeLaunch &how) {
  return how.threads <= function->kernel->mostThreads && how.threads >= 1 && how.blocks >= 1 &&
         how.sharedBytes <= function->dynamicShared;
}
void descent::test::runKernel(const FakeKernel &kernel, FakeLaunch how,
                              const std::vector<uint64_t> &arguments) {
  if (state().fault != 0)
    return;
  how.arguments = arguments.data();
  if (int code = kernel.run(how))
    state().fault = code;
}

static int launch(CudaFunction function, FakeLaunch how, CudaStream stream, void **parameters) {
  if (!isLaunch(function, how))
    return kInvalidValue;
  State &s = state();
  s.largestShared = int(how.sharedBytes);
  ++s.launches;
  std::vector<uint64_t> arguments;
  for (int i = 0; i < function->kernel->parameters; ++i)
    arguments.push_back(*static_cast<uint64_t *>(parameters[i]));
  stream->push([=, kernel = function->kernel] { runKernel(*kernel, how, arguments); });
  return kSuccess;
}
void descent::test::pushTo(CudaStream stream, std::function<void()> task) {
  stream->push(std::move(task));
}
bool descent::test::isCaptured(CudaStream stream) {
  return stream->captured != nullptr;
}

EXPORT cuLaunchKernel(CudaFunction function, unsigned x, unsigned, unsigned, unsigned threads,
                      unsigned, unsigned, unsigned shared, CudaStream stream, void **parameters,
                      void **) {
  BEGIN(cuLaunchKernel)
  return launch(function, {int(x), int(threads), shared, false, nullptr}, stream, parameters);
}
EXPORT cuLaunchCooperativeKernel(CudaFunction function, unsigned x, unsigned, unsigned,
                                 unsigned threads, unsigned, unsigned, unsigned shared,
                                 CudaStream stream, void **parameters) {
  BEGIN(cuLaunchCooperativeKernel)
  if (int(x) > residentBlocks(*function->kernel, int(threads), shared))
    return kCooperativeLaunchTooLarge;
  return launch(function, {int(x), int(threads), shared, true, nullptr}, stream, parameters);
}
