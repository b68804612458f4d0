// The memory of the emulated device: one range of addresses of this process, what is allocated in
// it, and a shadow that remembers who touched each word.
#pragma once

#include "runtime/device/Device.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace descent::emulator {

/// Who touched a word last, when, and how. Times count what orders threads.
struct Touch {
  uint32_t time = 0;
  uint32_t thread : 22 = 0;
  /// Which of the four bytes.
  uint32_t bytes : 4 = 0;
  /// Of the last write: which bytes were ever written.
  uint32_t written : 4 = 0;
  uint32_t atomic : 1 = 0;
  /// Of the last read: other threads have read, too, not ordered with this one.
  uint32_t several : 1 = 0;
  /// Access::id
  uint32_t access = 0;
};

/// The shadow of four bytes.
struct Word {
  Touch write, read;
};

/// At most so many threads in a launch: what Touch::thread can tell apart.
constexpr int64_t mostThreads = int64_t(1) << 22;

/// Zero pages that cost nothing until they are touched.
class Reservation {
public:
  explicit Reservation(size_t bytes);
  ~Reservation();
  Reservation(const Reservation &) = delete;
  Reservation &operator=(const Reservation &) = delete;
  uint64_t begin() const { return base; }
  uint64_t size() const { return bytes; }
  /// As new.
  void clear(uint64_t from, uint64_t length);

private:
  uint64_t base = 0, bytes;
};

enum class RegionKind : uint8_t { Global, Table, Mailbox, Shared };

struct Region {
  uint64_t begin = 0, bytes = 0;
  RegionKind kind = RegionKind::Global;
};

class Memory {
public:
  explicit Memory(int64_t limit, bool remembersCopies);

  /// Throws OutOfDeviceMemory. Memory is aligned to 256 bytes and holds no zeros.
  uint64_t allocate(int64_t bytes, RegionKind kind);
  /// A copy of memory that kernels only read and that the device has not: it takes no room there.
  /// Nothing where this process has none for it.
  std::optional<uint64_t> share(const void *memory, int64_t bytes);
  /// Throws DeviceError where nothing was allocated at the address.
  void release(uint64_t address);
  int64_t freeBytes();

  bool holds(uint64_t address) const { return address - arena.begin() < arena.size(); }
  /// The live region that an address lies in.
  std::optional<Region> find(uint64_t address);
  /// What a wrong address is near to: "4 bytes behind the end of memory of 400 bytes".
  std::string describe(uint64_t address);
  /// Changes with each allocation and release.
  const std::atomic<uint32_t> &generation() const { return changes; }

  Word *shadow(uint64_t address) const {
    return reinterpret_cast<Word *>(words.begin()) + ((address - arena.begin()) >> 2);
  }
  uint64_t addressOf(const Word *word) const {
    return arena.begin() +
           static_cast<uint64_t>(word - reinterpret_cast<const Word *>(words.begin())) * 4;
  }
  /// The host has written there.
  void markWritten(uint64_t address, uint64_t bytes);
  /// Forgets who touched what: time begins anew.
  void forget();

  /// Throws DeviceError unless the range lies in live memory.
  void expectRange(const char *doing, uint64_t address, int64_t bytes);

private:
  uint64_t place(uint64_t bytes);

  const int64_t limit;
  const bool remembersCopies;
  Reservation arena, words;
  std::mutex mutex;
  std::atomic<uint32_t> changes = 1;
  int64_t used = 0;
  uint64_t next = 0; ///< offset behind what was allocated last
  std::map<uint64_t, Region> live;
  std::vector<Region> released; ///< the last ones
};

} // namespace descent::emulator
