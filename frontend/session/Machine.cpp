// What `descent doctor` shows.
#include "compiler/Compiler.h"
#include "descent/Script.h"

#include <fmt/format.h>

#include <thread>
#include <unistd.h>

namespace descent {

std::vector<std::pair<std::string, std::string>> describeMachine() {
  std::vector<std::pair<std::string, std::string>> lines;
  lines.emplace_back("descent", std::string(version()));
  for (auto &line : compiler::describeTarget())
    lines.push_back(std::move(line));
  lines.emplace_back("threads", fmt::format("{} hardware threads", std::thread::hardware_concurrency()));
  double bytes = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  lines.emplace_back("memory", fmt::format("{:.1f} GiB", bytes / (1 << 30)));
  lines.emplace_back("devices", "cpu (GPUs are not supported yet)");
  return lines;
}

} // namespace descent
