// A run's results as JSON.
#include "runtime/data/Results.h"

#include "descent/Script.h"

namespace descent {
namespace {

std::vector<std::string> pathOf(const std::string &name, const std::string &path) {
  std::vector<std::string> result{"values", name};
  for (size_t begin = 0; !path.empty() && begin <= path.size();) {
    size_t dot = std::min(path.find('.', begin), path.size());
    result.push_back(path.substr(begin, dot - begin));
    begin = dot + 1;
  }
  return result;
}

std::string_view statusName(RunStatus status) {
  switch (status) {
  case RunStatus::Done:
    return "done";
  case RunStatus::Failed:
    return "failed";
  case RunStatus::Interrupted:
    return "interrupted";
  }
  return "";
}

} // namespace

void writeResults(const std::string &path, const RunResult &result, const Timing &timing) {
  Results results;
  for (const NamedValue &value : result.values)
    for (size_t i = 0; i < value.arrays.size(); ++i)
      results.set(pathOf(value.name, value.paths[i]), value.arrays[i]);
  results.set({"run", "status"}, statusName(result.status));
  if (!result.message.empty())
    results.set({"run", "message"}, result.message);
  const std::pair<const char *, double> parts[] = {
      {"parse", timing.parse},   {"data", timing.data}, {"analyze", timing.analyze},
      {"cache", timing.cache},   {"emit", timing.emit}, {"derivative", timing.derivative},
      {"kernel", timing.kernel}, {"llvm", timing.llvm}, {"link", timing.link},
      {"open", timing.open},     {"load", timing.load}, {"transfer", timing.transfer},
      {"run", timing.run},       {"on_device", timing.onDevice}};
  for (const auto &[name, seconds] : parts)
    results.set({"seconds", name}, Array::scalar(seconds));
  results.write(path);
}

} // namespace descent
