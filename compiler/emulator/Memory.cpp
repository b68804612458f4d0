#include "compiler/emulator/Memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

namespace descent::emulator {

namespace {

/// Between two allocations, so that what is behind one belongs to nobody.
constexpr uint64_t gap = 256;
/// What is before the first allocation is in the arena, too.
constexpr uint64_t start = 4096;
constexpr size_t rememberedReleases = 256;

uint64_t rounded(uint64_t bytes, uint64_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

} // namespace

Reservation::Reservation(size_t size) : bytes(rounded(size, 4096)) {
  void *mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED)
    throw device::DeviceError("the emulator cannot reserve " + std::to_string(bytes >> 20) +
                              " MiB of address space");
  base = reinterpret_cast<uint64_t>(mapped);
}

Reservation::~Reservation() {
  munmap(reinterpret_cast<void *>(base), bytes);
}

void Reservation::clear(uint64_t from, uint64_t length) {
  uint64_t begin = rounded(from, 4096), end = (from + length) & ~uint64_t(4095);
  if (end <= begin) {
    std::memset(reinterpret_cast<void *>(from), 0, length);
    return;
  }
  std::memset(reinterpret_cast<void *>(from), 0, begin - from);
  std::memset(reinterpret_cast<void *>(end), 0, from + length - end);
  madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
}

// Room for the gaps, for holes between allocations, and as much again for what is shared.
Memory::Memory(int64_t limit, bool remembersCopies)
    : limit(limit), remembersCopies(remembersCopies),
      arena(static_cast<size_t>(2 * limit + limit / 4 + (80 << 20))),
      words(arena.size() / 4 * sizeof(Word)) {}

uint64_t Memory::place(uint64_t bytes) {
  auto fits = [&](uint64_t from, uint64_t to) -> std::optional<uint64_t> {
    uint64_t begin = rounded(from, gap);
    if (begin + bytes + gap <= to)
      return begin;
    return std::nullopt;
  };
  // Behind what was allocated last, so that released memory is not used again at once.
  uint64_t from = std::max(next, start), base = arena.begin();
  for (auto it = live.lower_bound(base + from);; ++it) {
    uint64_t to = it == live.end() ? arena.size() : it->first - base;
    if (auto found = fits(from, to))
      return *found;
    if (it == live.end())
      break;
    from = it->first - base + it->second.bytes + gap;
  }
  from = start;
  for (const auto &[begin, region] : live) {
    if (auto found = fits(from, begin - base))
      return *found;
    from = begin - base + region.bytes + gap;
  }
  if (auto found = fits(from, arena.size()))
    return *found;
  return arena.size();
}

uint64_t Memory::allocate(int64_t bytes, RegionKind kind) {
  if (bytes < 0)
    throw device::DeviceError("memory of a negative size was asked for");
  std::lock_guard lock(mutex);
  auto outOfMemory = [&] {
    throw device::OutOfDeviceMemory("the emulated device has no room for " + std::to_string(bytes) +
                                        " bytes: " + std::to_string(limit - used) + " of " +
                                        std::to_string(limit) + " are free",
                                    bytes, limit - used);
  };
  if (bytes > limit - used)
    outOfMemory();
  uint64_t offset = place(static_cast<uint64_t>(bytes));
  if (offset == arena.size())
    outOfMemory();
  uint64_t address = arena.begin() + offset;
  next = offset + static_cast<uint64_t>(bytes) + gap;
  used += bytes;
  live[address] = {address, static_cast<uint64_t>(bytes), kind};
  // Not numbers, as floats; far outside, as indices.
  std::memset(reinterpret_cast<void *>(address), 0xff, static_cast<size_t>(bytes));
  changes.fetch_add(1, std::memory_order_release);
  return address;
}

std::optional<uint64_t> Memory::share(const void *memory, int64_t bytes) {
  std::lock_guard lock(mutex);
  uint64_t offset = place(static_cast<uint64_t>(bytes));
  if (offset == arena.size())
    return std::nullopt;
  uint64_t address = arena.begin() + offset;
  next = offset + static_cast<uint64_t>(bytes) + gap;
  live[address] = {address, static_cast<uint64_t>(bytes), RegionKind::Shared};
  std::memcpy(reinterpret_cast<void *>(address), memory, static_cast<size_t>(bytes));
  changes.fetch_add(1, std::memory_order_release);
  return address;
}

void Memory::release(uint64_t address) {
  std::lock_guard lock(mutex);
  auto it = live.find(address);
  if (it == live.end())
    throw device::DeviceError("memory is released that was not allocated, or was released before");
  Region region = it->second;
  live.erase(it);
  if (region.kind != RegionKind::Shared)
    used -= static_cast<int64_t>(region.bytes);
  if (released.size() == rememberedReleases)
    released.erase(released.begin());
  released.push_back(region);
  // A running kernel may still be at it: it reads zeros, and is told.
  changes.fetch_add(1, std::memory_order_release);
  arena.clear(region.begin, region.bytes);
  uint64_t first = reinterpret_cast<uint64_t>(shadow(region.begin));
  words.clear(first, (region.bytes + 3) / 4 * sizeof(Word));
}

int64_t Memory::freeBytes() {
  std::lock_guard lock(mutex);
  return limit - used;
}

std::optional<Region> Memory::find(uint64_t address) {
  std::lock_guard lock(mutex);
  auto it = live.upper_bound(address);
  if (it == live.begin())
    return std::nullopt;
  const Region &region = std::prev(it)->second;
  if (address - region.begin >= region.bytes)
    return std::nullopt;
  return region;
}

std::string Memory::describe(uint64_t address) {
  std::lock_guard lock(mutex);
  for (auto region = released.rbegin(); region != released.rend(); ++region) {
    auto it = live.upper_bound(address);
    bool taken = it != live.begin() && std::prev(it)->second.begin >= region->begin;
    if (address - region->begin < region->bytes && !taken)
      return "in memory of " + std::to_string(region->bytes) + " bytes that was released";
  }
  auto above = live.upper_bound(address);
  const Region *before = above == live.begin() ? nullptr : &std::prev(above)->second;
  const Region *behind = above == live.end() ? nullptr : &above->second;
  uint64_t past = before ? address - before->begin - before->bytes : UINT64_MAX;
  uint64_t ahead = behind ? behind->begin - address : UINT64_MAX;
  if (before && past <= ahead && past < (uint64_t(1) << 20))
    return past == 0 ? "at the end of memory of " + std::to_string(before->bytes) + " bytes"
                     : std::to_string(past) + " bytes behind the end of memory of " +
                           std::to_string(before->bytes) + " bytes";
  if (behind && ahead < (uint64_t(1) << 20))
    return std::to_string(ahead) + " bytes before memory of " + std::to_string(behind->bytes) +
           " bytes";
  return "where nothing is allocated";
}

void Memory::markWritten(uint64_t address, uint64_t bytes) {
  if (!remembersCopies)
    return;
  for (uint64_t at = address; at < address + bytes; ++at)
    shadow(at)->write.written |= 1u << (at & 3);
}

void Memory::forget() {
  std::lock_guard lock(mutex);
  for (const auto &[begin, region] : live)
    for (Word *word = shadow(begin), *end = word + (region.bytes + 3) / 4; word != end; ++word) {
      uint32_t written = word->write.written;
      *word = {};
      word->write.written = written;
    }
}

void Memory::expectRange(const char *doing, uint64_t address, int64_t bytes) {
  if (bytes == 0)
    return;
  auto region = find(address);
  if (bytes < 0 || !region ||
      static_cast<uint64_t>(bytes) > region->bytes - (address - region->begin))
    throw device::DeviceError(std::string(doing) + " of " + std::to_string(bytes) +
                              " bytes is not within memory of the device: " +
                              describe(region ? region->begin + region->bytes : address));
}

} // namespace descent::emulator
