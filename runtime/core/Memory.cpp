#include "runtime/core/Memory.h"

#include "runtime/core/ControlGroup.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace descent {
namespace {

/// What the innermost control group uses, but for what it has of files, which gives way.
int64_t usedByGroup() {
  auto innermost = [](std::string_view file, std::string_view prefix = "") {
    std::vector<std::string> values = controlGroupLimits(file, prefix);
    return values.empty() ? 0 : memoryOfLimit(values.front());
  };
  return innermost("memory.current") - innermost("memory.stat", "inactive_file ") -
         innermost("memory.stat", "active_file ");
}

/// The least limit of the control groups, less what the innermost uses of it if that is asked for.
int64_t groupMemory(bool available) {
  int64_t least = std::numeric_limits<int64_t>::max();
  for (const std::string &limit : controlGroupLimits("memory.max"))
    if (int64_t bytes = memoryOfLimit(limit); bytes > 0)
      least = std::min(least, bytes);
  if (!available || least == std::numeric_limits<int64_t>::max())
    return least;
  return std::max<int64_t>(0, least - std::max<int64_t>(0, usedByGroup()));
}

/// What `ulimit -v` leaves this process, or grants it if nothing is to be taken off.
int64_t limitOfProcess(bool available) {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
      limit.rlim_cur > static_cast<rlim_t>(std::numeric_limits<int64_t>::max()))
    return std::numeric_limits<int64_t>::max();
  auto bytes = static_cast<int64_t>(limit.rlim_cur);
  int64_t pages = 0;
  if (available && std::ifstream("/proc/self/statm") >> pages)
    bytes -= pages * int64_t{sysconf(_SC_PAGE_SIZE)};
  return std::max<int64_t>(0, bytes);
}

/// A line of /proc/meminfo, in bytes.
std::optional<int64_t> meminfo(std::string_view name) {
  std::ifstream in("/proc/meminfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name)) {
      line.erase(0, std::min(line.find_first_of("0123456789"), line.size()));
      return memoryOfLimit(line) * 1024;
    }
  return std::nullopt;
}

/// A large page, and from where on memory is made of them.
constexpr size_t kLargePage = size_t{2} << 20, kLarge = size_t{4} << 20, kLine = 64;

} // namespace

void *allocate(size_t bytes) {
  size_t alignment = bytes < kLarge ? kLine : kLargePage;
  if (bytes > std::numeric_limits<size_t>::max() - alignment)
    return nullptr;
  size_t rounded = (std::max(bytes, size_t{1}) + alignment - 1) / alignment * alignment;
  void *memory = std::aligned_alloc(alignment, rounded);
#ifdef MADV_HUGEPAGE
  // Whole pages only: no more memory is used than before. What the system says to it does not
  // matter.
  if (memory && alignment == kLargePage)
    madvise(memory, bytes / kLargePage * kLargePage, MADV_HUGEPAGE);
#endif
  return memory;
}

int64_t memoryOfLimit(std::string_view memoryMax) {
  int64_t bytes = 0;
  auto [end, error] = std::from_chars(memoryMax.data(), memoryMax.data() + memoryMax.size(), bytes);
  return error == std::errc() && bytes > 0 ? bytes : 0;
}

int64_t machineMemory() {
  int64_t physical = int64_t{sysconf(_SC_PHYS_PAGES)} * int64_t{sysconf(_SC_PAGE_SIZE)};
  return std::min({physical, groupMemory(false), limitOfProcess(false)});
}

int64_t availableMemory() {
  int64_t available = machineMemory();
  if (std::optional<int64_t> free = meminfo("MemAvailable:"))
    available = std::min(available, *free);
  return std::min({available, groupMemory(true), limitOfProcess(true)});
}

bool hasMemoryFor(int64_t bytes) {
  // Less is not worth looking for.
  constexpr int64_t kMuch = int64_t{64} << 20;
  return bytes < kMuch || (bytes <= limitOfProcess(true) &&
                           bytes <= availableMemory() + meminfo("SwapFree:").value_or(0));
}

std::string inBytes(int64_t bytes) {
  auto value = static_cast<double>(bytes);
  if (bytes >= int64_t{1} << 30)
    return fmt::format("{:.2f} GiB", value / (1 << 30));
  if (bytes >= 1 << 20)
    return fmt::format("{:.1f} MiB", value / (1 << 20));
  return fmt::format("{} bytes", bytes);
}

} // namespace descent
