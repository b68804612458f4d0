#include "runtime/core/ControlGroup.h"

#include <fstream>

namespace descent {
namespace {

std::string lineOf(const std::string &file, std::string_view prefix) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(prefix))
      return line.substr(prefix.size());
  return "";
}

} // namespace

std::vector<std::string> controlGroupLimits(std::string_view file, std::string_view prefix) {
  std::vector<std::string> limits;
  std::string group = lineOf("/proc/self/cgroup", "0::");
  while (!group.empty()) {
    if (group.back() == '/')
      group.pop_back();
    std::string limit = lineOf("/sys/fs/cgroup" + group + "/" + std::string(file), prefix);
    if (!limit.empty())
      limits.push_back(std::move(limit));
    group.erase(group.empty() ? 0 : group.rfind('/') + 1);
  }
  return limits;
}

} // namespace descent
