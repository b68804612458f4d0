// What `descent doctor` shows.
#include "compiler/Compiler.h"
#include "compiler/cache/CodeCache.h"
#include "descent/Script.h"
#include "runtime/core/Memory.h"
#include "runtime/core/Threads.h"
#include "runtime/device/cuda/Cuda.h"

#include <fmt/format.h>

#include <thread>

namespace descent {

namespace {

std::string describeCache() {
  compiler::CodeCache cache(compiler::CodeCache::defaultFolder());
  std::string problem = cache.problem();
  if (cache.folder().empty())
    return "none: " + problem;
  if (!problem.empty())
    return fmt::format("none: {} ({})", problem, cache.folder());
  auto usage = cache.usage();
  return fmt::format("{}: {} program{}, {:.1f} MiB", cache.folder(), usage.entries,
                     usage.entries == 1 ? "" : "s", static_cast<double>(usage.bytes) / (1 << 20));
}

/// What was found of NVIDIA GPUs, and what is missing.
std::vector<std::pair<std::string, std::string>> describeCards() {
  std::vector<std::pair<std::string, std::string>> lines;
  device::CudaStatus status = device::findCuda();
  if (!status.library.empty())
    lines.emplace_back("CUDA driver",
                       status.version.empty()
                           ? status.library
                           : fmt::format("{}, for CUDA {}", status.library, status.version));
  if (!status.cards.empty())
    lines.emplace_back("CUDA graphs",
                       status.noGraphs.empty()
                           ? "steps with products of cuBLASLt run without the host"
                           : "not used, the host goes on behind each product of cuBLASLt: " +
                                 status.noGraphs);
  for (const device::CudaCard &card : status.cards)
    lines.emplace_back(
        fmt::format("GPU {}", card.number),
        fmt::format("{} at {}: compute capability {}.{}, {} multiprocessors, {:.1f} GiB{}",
                    card.name, card.bus, card.major, card.minor, card.processors,
                    static_cast<double>(card.memoryBytes) / (1 << 30),
                    card.problem.empty() ? "" : "; it cannot be used: " + card.problem));
  if (!status.problem.empty())
    lines.emplace_back("GPU", "none: " + status.problem);
  return lines;
}

} // namespace

size_t clearCache() {
  return compiler::CodeCache(compiler::CodeCache::defaultFolder()).clear();
}

void checkProcessor(const std::string &name, bool here) {
  compiler::checkProcessor(name, here);
}

void checkGpu(int gpu) {
  compiler::checkGpu(gpu / 10, gpu % 10);
}

std::vector<std::pair<std::string, std::string>> describeMachine() {
  std::vector<std::pair<std::string, std::string>> lines;
  lines.emplace_back("descent", std::string(version()));
  for (auto &line : compiler::describeTarget())
    lines.push_back(std::move(line));
  std::string threads = fmt::format("{} ({} hardware threads)", defaultThreads(),
                                    std::thread::hardware_concurrency());
  try {
    checkDefaultThreads();
  } catch (const Error &error) {
    threads += fmt::format("; {}", error.what());
  }
  lines.emplace_back("threads", threads);
  lines.emplace_back("memory",
                     fmt::format("{:.1f} GiB", static_cast<double>(machineMemory()) / (1 << 30)));
  lines.emplace_back("cache", describeCache());
  for (auto &line : describeCards())
    lines.push_back(std::move(line));
  return lines;
}

} // namespace descent
