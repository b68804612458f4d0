#include "runtime/core/Processors.h"

#include "runtime/core/ControlGroup.h"
#include "runtime/core/Environment.h"
#include "runtime/core/Threads.h"

#include "descent/Error.h"

#include <algorithm>
#include <charconv>
#include <sched.h>
#include <string>
#include <thread>

namespace descent {
namespace {

int byAffinity() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    return std::max(1, CPU_COUNT(&set));
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

/// The smallest quota of the process's control group and those around it; 0 for none.
int byQuota() {
  int least = 0;
  for (const std::string &limit : controlGroupLimits("cpu.max")) {
    int granted = processorsOfQuota(limit);
    if (granted > 0 && (least == 0 || granted < least))
      least = granted;
  }
  return least;
}

} // namespace

int processorsOfQuota(std::string_view cpuMax) {
  int64_t quota = 0, period = 0;
  const char *end = cpuMax.data() + cpuMax.size();
  auto first = std::from_chars(cpuMax.data(), end, quota);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ' ')
    return 0;
  auto second = std::from_chars(first.ptr + 1, end, period);
  if (second.ec != std::errc() || quota <= 0 || period <= 0)
    return 0;
  return static_cast<int>(std::min<int64_t>((quota + period - 1) / period, 1 << 20));
}

int processors() {
  static const int quota = byQuota();
  return quota > 0 ? std::min(quota, byAffinity()) : byAffinity();
}

static std::optional<int64_t> wishedThreads() {
  return numberFromEnvironment("DESCENT_THREADS", 1, kMostThreads);
}

int defaultThreads() {
  int most = std::min(processors(), kMostThreads);
  try {
    return static_cast<int>(wishedThreads().value_or(most));
  } catch (const Error &) {
    return most;
  }
}

void checkDefaultThreads() {
  wishedThreads();
}

} // namespace descent
