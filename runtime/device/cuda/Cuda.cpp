#include "runtime/device/cuda/Cuda.h"

#include "runtime/device/cuda/Card.h"
#include "runtime/device/cuda/CublasLt.h"
#include "runtime/device/cuda/Graph.h"
#include "runtime/device/cuda/Module.h"
#include "runtime/device/cuda/Pool.h"
#include "runtime/device/cuda/Staging.h"
#include "runtime/device/cuda/Words.h"

#include <cstring>
#include <fmt/format.h>
#include <map>
#include <optional>

namespace descent::device {

using namespace cuda;

namespace {

class OpenCard final : public CudaDevice, private Pool::Source {
public:
  explicit OpenCard(const CudaOptions &options)
      : options(options), card(startDriver(), options.card) {
    pool.emplace(static_cast<Pool::Source &>(*this), options.reserveBytes);
    Card::Entered entered(card);
    try {
      staging.emplace(card);
      check(card.driver().streamCreate(&queue.stream, kStreamNonBlocking), "make a stream");
      if (options.timesLaunches) {
        check(card.driver().eventCreate(&queue.start, kEventDefault), "make an event");
        check(card.driver().eventCreate(&queue.end, kEventDefault), "make an event");
      }
    } catch (...) {
      destroy();
      throw;
    }
  }

  ~OpenCard() override {
    Card::Entered entered(card);
    destroy();
  }

  const Properties &properties() const override { return card.facts().properties; }
  const std::string &bus() const override { return card.facts().bus; }
  MemoryUse memoryUse() const override { return {pool->usedBytes(), pool->heldBytes()}; }

  int64_t freeBytes() override {
    card.expectUsable();
    Card::Entered entered(card);
    size_t free = 0, total = 0;
    check(card.driver().memGetInfo(&free, &total), "ask how much memory is free");
    return static_cast<int64_t>(free) + pool->heldBytes() - pool->usedBytes();
  }

  Address allocate(int64_t bytes) override {
    card.expectUsable();
    Card::Entered entered(card);
    if (std::optional<Address> address = pool->allocate(bytes))
      return *address;
    int64_t free = freeBytes();
    throw OutOfDeviceMemory(
        fmt::format("{} has no room for {} more: {} of its {} are free, and this program has {}",
                    card.name(), inBytes(bytes), inBytes(free), inBytes(properties().memoryBytes),
                    inBytes(pool->usedBytes())),
        bytes, free);
  }

  void release(Address address) override {
    Card::Entered entered(card);
    if (!pool->release(address))
      throw DeviceError(fmt::format("address {:#x} is not allocated on {}", address, card.name()));
  }

  void copyTo(Address to, const void *from, int64_t bytes) override {
    card.expectUsable();
    Card::Entered entered(card);
    staging->toCard(to, from, bytes);
  }
  void copyFrom(void *to, Address from, int64_t bytes) override {
    card.expectUsable();
    Card::Entered entered(card);
    staging->fromCard(to, from, bytes);
  }
  void copyWithin(Address to, Address from, int64_t bytes) override {
    card.expectUsable();
    Card::Entered entered(card);
    staging->withinCard(to, from, bytes);
  }

  Mailbox allocateMailbox(int64_t bytes) override {
    card.expectUsable();
    Card::Entered entered(card);
    std::string doing = fmt::format("share {} of the machine's memory", inBytes(bytes));
    Mailbox mailbox;
    check(card.driver().memHostAlloc(&mailbox.host, static_cast<size_t>(bytes),
                                     kHostPortable | kHostMapped),
          doing);
    if (int code = card.driver().memHostGetDevicePointer(&mailbox.device, mailbox.host, 0)) {
      card.driver().memFreeHost(mailbox.host);
      card.fail(code, doing);
    }
    std::memset(mailbox.host, 0, static_cast<size_t>(bytes));
    return mailbox;
  }
  void releaseMailbox(const Mailbox &mailbox) override {
    Card::Entered entered(card);
    card.note(card.driver().memFreeHost(mailbox.host), "release shared memory");
  }

  std::optional<Address> share(const void *memory, int64_t bytes) override {
    card.expectUsable();
    if (!card.facts().mapsHostMemory)
      return std::nullopt;
    Card::Entered entered(card);
    void *its = const_cast<void *>(memory); // nobody writes to it
    int code =
        card.driver().memHostRegister(its, static_cast<size_t>(bytes), kHostPortable | kHostMapped);
    Address address = 0;
    if (code == kSuccess) {
      code = card.driver().memHostGetDevicePointer(&address, its, 0);
      if (code != kSuccess)
        card.driver().memHostUnregister(its);
    }
    if (code == kSuccess)
      return address;
    if (isLasting(code))
      card.fail(code, fmt::format("share {} of the machine's memory", inBytes(bytes)));
    return shareCopy(memory, bytes, code);
  }
  void unshare(const void *memory) override {
    Card::Entered entered(card);
    if (auto copy = sharedCopies.find(memory); copy != sharedCopies.end()) {
      card.note(card.driver().memFreeHost(copy->second), "release shared memory");
      sharedCopies.erase(copy);
      return;
    }
    card.note(card.driver().memHostUnregister(const_cast<void *>(memory)), "stop sharing memory");
  }

  bool multiplies() override {
    if (!hasLookedForLibrary) {
      hasLookedForLibrary = true;
      library = CublasLt::find();
    }
    return library != nullptr;
  }
  bool multiplies(const Product &product) override {
    card.expectUsable();
    if (!multiplies())
      return false;
    Card::Entered entered(card);
    return library->has(product);
  }
  void multiply(const Product &product, const ProductArrays &arrays) override {
    card.expectUsable();
    if (!multiplies())
      return CudaDevice::multiply(product, arrays);
    if (!workspace)
      workspace = allocate(CublasLt::kWorkspaceBytes);
    Card::Entered entered(card);
    library->multiply(product, arrays, *workspace, queue.stream);
    queue.hasTime = false;
    card.launched("a product of cuBLASLt");
  }

  std::unique_ptr<Repetition> repeat(Program &program, const std::string &kernel, const Launch &how,
                                     std::span<const uint64_t> arguments,
                                     std::span<const ProductCall> products, Address next) override {
    card.expectUsable();
    // Both are there, as the products were made before.
    if (!library || !workspace)
      return nullptr;
    Card::Entered entered(card);
    if (!graphs)
      graphs.emplace(card);
    CudaFunction function = static_cast<Module &>(program).prepare(kernel, how, arguments);
    return graphs->make(
        queue, {kernel, function, how, arguments}, products.size(),
        [&](size_t i, CudaStream stream) {
          library->multiply(products[i].product, products[i].arrays, *workspace, stream);
        },
        next);
  }

  std::unique_ptr<Program> load(std::string_view code) override {
    card.expectUsable();
    Card::Entered entered(card);
    return std::make_unique<Module>(card, queue, options.store, code);
  }

  bool isIdle() override {
    card.expectUsable();
    Card::Entered entered(card);
    int code = card.driver().streamQuery(queue.stream);
    if (code == kNotReady)
      return false;
    check(code, "see whether the kernels have ended");
    card.idle();
    return true;
  }
  void wait() override {
    card.expectUsable();
    Card::Entered entered(card);
    check(card.driver().streamSynchronize(queue.stream), "wait for the kernels");
    card.idle();
  }

  std::optional<double> lastLaunchSeconds() override {
    card.expectUsable();
    if (!queue.hasTime)
      return std::nullopt;
    Card::Entered entered(card);
    check(card.driver().eventSynchronize(queue.end), "wait for the last kernel");
    float milliseconds = 0;
    check(card.driver().eventElapsedTime(&milliseconds, queue.start, queue.end),
          "ask how long the last kernel ran");
    return double{milliseconds} / 1000;
  }

private:
  /// There may be a limit to how much of its memory a process can lock, which is none to what the
  /// driver locks. `refused`: the code that says so.
  Address shareCopy(const void *memory, int64_t bytes, int refused) {
    const Driver &driver = card.driver();
    std::string first = fmt::format("{} of the machine's memory cannot be shared with {} ({})",
                                    inBytes(bytes), card.name(), namedCode(driver, refused));
    if (int64_t available = availableMemory(); bytes > available)
      throw OutOfDeviceMemory(fmt::format("{}, and there is no memory for a copy that could be: {} "
                                          "are available",
                                          first, inBytes(available)),
                              bytes, available);
    void *copy = nullptr;
    Address address = 0;
    int code = driver.memHostAlloc(&copy, static_cast<size_t>(bytes), kHostPortable | kHostMapped);
    if (code == kSuccess) {
      code = driver.memHostGetDevicePointer(&address, copy, 0);
      if (code != kSuccess)
        driver.memFreeHost(copy);
    }
    if (isLasting(code))
      card.fail(code, fmt::format("share {} of the machine's memory", inBytes(bytes)));
    if (code != kSuccess)
      throw OutOfDeviceMemory(
          fmt::format("{}, nor can a copy of it ({}); `ulimit -l`, or the container that it runs "
                      "in, may limit how much memory can be locked",
                      first, namedCode(driver, code)),
          bytes, 0);
    std::memcpy(copy, memory, static_cast<size_t>(bytes));
    sharedCopies[memory] = copy;
    return address;
  }

  void check(int code, std::string_view doing) {
    if (code != kSuccess)
      card.fail(code, doing);
  }

  /// In the card's context. Nothing is to be done about what fails here.
  void destroy() {
    const Driver &driver = card.driver();
    // Memory goes back when the kernels that use it have ended.
    if (queue.stream)
      driver.streamSynchronize(queue.stream);
    library.reset();
    graphs.reset();
    pool.reset();
    staging.reset();
    if (queue.start)
      driver.eventDestroy(queue.start);
    if (queue.end)
      driver.eventDestroy(queue.end);
    if (queue.stream)
      driver.streamDestroy(queue.stream);
  }

  std::optional<Address> obtain(int64_t bytes) override {
    const Driver &driver = card.driver();
    Address address = 0;
    int code;
    // Among the copies, which wait for no kernel: one that runs may need this memory to go on.
    if (card.facts().allocatesInStreams) {
      code = driver.memAllocAsync(&address, static_cast<size_t>(bytes), staging->queue());
      if (code == kSuccess)
        code = driver.streamSynchronize(staging->queue());
    } else {
      code = driver.memAlloc(&address, static_cast<size_t>(bytes));
    }
    if (code == kOutOfMemory)
      return std::nullopt;
    check(code, fmt::format("allocate {}", inBytes(bytes)));
    return address;
  }
  void giveBack(Address piece) noexcept override {
    const Driver &driver = card.driver();
    int code;
    if (card.facts().allocatesInStreams) {
      code = driver.memFreeAsync(piece, staging->queue());
      // Then it is the card's again.
      if (code == kSuccess)
        code = driver.streamSynchronize(staging->queue());
    } else {
      code = driver.memFree(piece);
    }
    card.note(code, "release memory");
  }
  bool mayGiveBack() noexcept override {
    return card.driver().streamQuery(queue.stream) == kSuccess;
  }

  CudaOptions options;
  Card card;
  Queue queue;
  std::optional<Pool> pool;
  std::optional<Staging> staging;
  std::map<const void *, void *> sharedCopies;
  std::unique_ptr<CublasLt> library;
  bool hasLookedForLibrary = false;
  std::optional<Address> workspace; ///< of the library
  std::optional<GraphMaker> graphs;
};

} // namespace

std::unique_ptr<CudaDevice> openCuda(const CudaOptions &options) {
  return std::make_unique<OpenCard>(options);
}

CudaStatus findCuda() {
  CudaStatus status;
  try {
    std::shared_ptr<const Driver> driver = findDriver();
    status.library = driver->library;
    status.version = versionOf(*driver);
    status.noGraphs = whyNoGraphs(*driver);
    startDriver();
    int count = countCards(*driver);
    for (int i = 0; i < count; ++i) {
      CardFacts facts = factsOf(*driver, i);
      const Properties &properties = facts.properties;
      status.cards.push_back({i, properties.name, facts.bus, properties.major, properties.minor,
                              properties.processors, properties.memoryBytes, unsuited(properties)});
    }
  } catch (const DeviceError &error) {
    status.problem = error.what();
    return status;
  }
  for (const CudaCard &card : status.cards)
    if (card.problem.empty())
      return status;
  const CudaCard &first = status.cards.front();
  status.problem = fmt::format("GPU {} ({}): {}", first.number, first.name, first.problem);
  return status;
}

std::string whyNoCuda(int card) {
  CudaStatus status = findCuda();
  if (card >= 0 && static_cast<size_t>(card) < status.cards.size()) {
    const CudaCard &found = status.cards[static_cast<size_t>(card)];
    return found.problem.empty() ? ""
                                 : fmt::format("GPU {} ({}): {}", card, found.name, found.problem);
  }
  if (!status.problem.empty())
    return status.problem;
  return noSuchCard(card, static_cast<int>(status.cards.size()));
}

} // namespace descent::device
