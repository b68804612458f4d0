#include "frontend/session/Rates.h"

#include "frontend/session/Device.h"
#include "runtime/core/Memory.h"
#include "runtime/core/Threads.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace descent {

namespace {

/// The best of several calls, of which the first is not counted: what the machine can do.
template <typename Fn> double leastSeconds(Fn &&fn) {
  using Clock = std::chrono::steady_clock;
  fn();
  double least = 1e300, all = 0;
  for (int i = 0; i < 20 && (i < 3 || all < 0.1); ++i) {
    auto begin = Clock::now();
    fn();
    double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    least = std::min(least, seconds);
    all += seconds;
  }
  return least;
}

} // namespace

double copyRateOfProcessor(int threads) {
  // More than a process gets of most caches; new memory takes longer than the copies.
  int64_t bytes = std::min<int64_t>(int64_t{64} << 20, availableMemory() / 8);
  using Buffer = std::unique_ptr<void, void (*)(void *)>;
  Buffer from(allocate(static_cast<size_t>(bytes)), std::free);
  Buffer to(allocate(static_cast<size_t>(bytes)), std::free);
  if (!from || !to)
    throw Error("there is not enough memory to measure how fast it is");
  std::memset(from.get(), 1, static_cast<size_t>(bytes));
  ThreadPool &pool = ThreadPool::shared();
  if (threads <= 0)
    threads = defaultThreads();
  pool.growTo(threads);
  struct Ends {
    char *to, *from;
  } ends{static_cast<char *>(to.get()), static_cast<char *>(from.get())};
  double seconds = leastSeconds([&] {
    pool.parallelFor(
        bytes, int64_t{8} << 20,
        [](void *context, int64_t begin, int64_t end) {
          auto *ends = static_cast<Ends *>(context);
          std::memcpy(ends->to + begin, ends->from + begin, static_cast<size_t>(end - begin));
        },
        &ends, threads);
  });
  return 2 * static_cast<double>(bytes) / seconds;
}

double copyRateOf(device::Device &device, int64_t bytes) {
  bytes = std::min(bytes, device.freeBytes() / 4);
  class Block {
  public:
    Block(device::Device &device, int64_t bytes)
        : device(device), address(device.allocate(bytes)) {}
    ~Block() { device.release(address); }
    Block(const Block &) = delete;
    Block &operator=(const Block &) = delete;
    device::Device &device;
    device::Address address;
  };
  Block from(device, bytes), to(device, bytes);
  // What it takes to ask for a copy is in both, and drops out.
  double all = leastSeconds([&] { device.copyWithin(to.address, from.address, bytes); });
  double half = leastSeconds([&] { device.copyWithin(to.address, from.address, bytes / 2); });
  double of = static_cast<double>(bytes - bytes / 2);
  return 2 * of / std::max(all - half, all / 100);
}

double DeviceSession::copyRate() {
  return copyRateOf(*opened, isEmulator ? int64_t{4} << 20 : int64_t{512} << 20);
}

std::optional<double> DeviceSession::joules() {
  return sensors ? sensors->joules() : std::nullopt;
}

} // namespace descent
