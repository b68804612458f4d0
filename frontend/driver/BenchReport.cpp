// The results of `descent bench` as a table, as JSON and as a picture.
#include "frontend/driver/Bench.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace descent::driver {
namespace {

std::string withSpread(const std::vector<double> &values) {
  return fmt::format("{} ±{:.0f} %", inSeconds(medianOf(values)), 100 * spreadOf(values));
}

/// Columns as wide as what is in them, two spaces apart.
std::string aligned(const std::vector<std::vector<std::string>> &lines) {
  // As wide as a terminal shows it: µ and ± have two bytes each.
  auto width = [](const std::string &text) {
    return std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; });
  };
  std::vector<std::ptrdiff_t> widths;
  for (const auto &line : lines)
    for (size_t i = 0; i < line.size(); ++i) {
      widths.resize(std::max(widths.size(), i + 1));
      widths[i] = std::max<std::ptrdiff_t>(widths[i], width(line[i]));
    }
  std::string text;
  for (const auto &line : lines) {
    std::string row;
    for (size_t i = 0; i < line.size(); ++i)
      row += line[i] + std::string(static_cast<size_t>(widths[i] - width(line[i])) + 2, ' ');
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

/// The first device that was measured, with which others are compared.
size_t firstMeasured(const BenchSettings &settings) {
  size_t i = 0;
  while (i + 1 < settings.devices.size() && !settings.devices[i].problem.empty())
    ++i;
  return i;
}

bool isMeasured(const BenchSettings &settings, size_t i) {
  return settings.devices[i].problem.empty();
}

/// The bytes that are moved a second.
std::optional<double> rateOf(const BenchTimes &times) {
  if (!times.amount || times.amount->bytes == 0)
    return std::nullopt;
  return times.amount->bytes / medianOf(times.compared());
}

std::string memoryCell(const BenchDevice &device, const BenchTimes &times) {
  std::optional<double> rate = rateOf(times);
  if (!rate)
    return "";
  std::string text = fmt::format("{} GB/s", threeDigits(*rate / 1e9));
  if (device.copyRate)
    text += fmt::format(", {:.2f} of copies", *rate / *device.copyRate);
  return text;
}

std::string agreement(const BenchTimes &times) {
  if (!times.difference)
    return "";
  if (*times.difference == 0)
    return "equal";
  return fmt::format("within {:.1e} ({})", *times.difference, times.differs);
}

std::string oneTable(const BenchSettings &settings, const BenchRow &row) {
  std::vector<std::vector<std::string>> lines;
  auto add = [&](const std::string &what, auto cell) {
    std::vector<std::string> line{what};
    bool isEmpty = true;
    for (size_t i = 0; i < settings.devices.size(); ++i)
      if (isMeasured(settings, i)) {
        line.push_back(what.empty() || row.times[i].isThere()
                           ? cell(settings.devices[i], row.times[i])
                           : std::string(what == "run" ? "failed" : ""));
        isEmpty &= line.back().empty();
      }
    if (!isEmpty)
      lines.push_back(std::move(line));
  };
  using D = const BenchDevice &;
  using T = const BenchTimes &;
  auto unlessZero = [](double seconds) { return seconds > 0 ? inSeconds(seconds) : std::string(); };
  const BenchTimes &first = row.times[firstMeasured(settings)];
  add("", [](D device, T) { return device.asked; });
  add("device", [](D device, T) { return device.name; });
  add("compile", [](D, T times) { return inSeconds(times.compile); });
  add("  code on disk", [&](D, T times) { return unlessZero(times.compileCached.value_or(0)); });
  add("open the device", [&](D, T times) { return unlessZero(times.open); });
  add("load the code", [&](D, T times) { return unlessZero(times.load); });
  add("transfer of the data", [&](D, T times) { return unlessZero(times.transfer); });
  add("first run", [](D, T times) { return inSeconds(times.first); });
  add("run", [](D, T times) { return withSpread(times.runs); });
  add("step", [](D, T times) {
    return times.trains() ? fmt::format("{}, {} a run", withSpread(times.steps), times.stepsOfRun)
                          : std::string();
  });
  add("speed-up", [&](D, T times) {
    return &times == &first ? "1" : first.isThere() ? threeDigits(speedUp(first, times)) : "";
  });
  add("memory", [](D device, T times) { return memoryCell(device, times); });
  add("products", [](D, T times) {
    return times.amount && times.amount->productOperations > 0
               ? fmt::format("{} GFLOP/s", threeDigits(times.amount->productOperations / 1e9 /
                                                       medianOf(times.compared())))
               : std::string();
  });
  add("energy of a run",
      [](D, T times) { return times.joules ? threeDigits(*times.joules) + " J" : std::string(); });
  add("values", [](D, T times) { return agreement(times); });
  return aligned(lines);
}

/// The sizes as numbers, and the advantage of a device over the first by size.
std::pair<std::vector<double>, std::vector<double>>
advantagesOf(const BenchSettings &settings, const std::vector<BenchRow> &rows, size_t device) {
  std::vector<double> sizes, advantages;
  for (const BenchRow &row : rows) {
    if (!row.times[firstMeasured(settings)].isThere() || !row.times[device].isThere())
      continue;
    sizes.push_back(std::stod(row.size));
    advantages.push_back(speedUp(row.times[firstMeasured(settings)], row.times[device]));
  }
  return {sizes, advantages};
}

std::string describe(const BenchSettings &settings, const Crossover &crossover, size_t device) {
  const std::string &other = settings.devices[device].asked;
  const std::string &first = settings.devices[firstMeasured(settings)].asked;
  switch (crossover.kind) {
  case Crossover::Kind::Always:
    return fmt::format("{} is faster than {} at all of these sizes.", other, first);
  case Crossover::Kind::Never:
    return fmt::format("{} is faster than {} at none of these sizes.", other, first);
  case Crossover::Kind::At:
    return fmt::format("{} is faster than {} from about {} = {:.2g} on.", other, first,
                       settings.sweep, crossover.size);
  case Crossover::Kind::Mixed:
    return fmt::format("{} is faster than {} at some of these sizes, but not at the largest.",
                       other, first);
  }
  return "";
}

bool trains(const std::vector<BenchRow> &rows, size_t device) {
  return std::ranges::any_of(rows, [&](const BenchRow &row) { return row.times[device].trains(); });
}

/// Why a row lacks figures: the first line of each message.
std::string failuresOf(const BenchSettings &settings, const BenchRow &row) {
  std::string text;
  const std::string *before = nullptr;
  for (size_t i = 0; i < settings.devices.size(); ++i) {
    const std::string &failed = row.times[i].failed;
    if (!isMeasured(settings, i) || failed.empty() || (before && *before == failed))
      continue;
    text += (text.empty() ? "" : "; ") + failed.substr(0, failed.find('\n'));
    before = &failed;
  }
  return text;
}

std::string sweepTable(const BenchSettings &settings, const std::vector<BenchRow> &rows) {
  size_t first = firstMeasured(settings);
  std::vector<std::vector<std::string>> lines{{settings.sweep}};
  for (size_t i = 0; i < settings.devices.size(); ++i)
    if (isMeasured(settings, i)) {
      lines[0].push_back(settings.devices[i].asked + (trains(rows, i) ? ", a step" : ", a run"));
      lines[0].push_back("memory");
      if (i != first)
        lines[0].insert(lines[0].end(), {"speed-up", "compile", "transfer", "first run", "values"});
    }
  for (const BenchRow &row : rows) {
    std::vector<std::string> &line = lines.emplace_back();
    line.push_back(row.size);
    for (size_t i = 0; i < settings.devices.size(); ++i) {
      if (!isMeasured(settings, i))
        continue;
      const BenchTimes &times = row.times[i];
      if (!times.isThere()) {
        line.push_back("failed");
        line.resize(line.size() + (i == first ? 1 : 6));
        continue;
      }
      line.push_back(withSpread(times.compared()));
      line.push_back(memoryCell(settings.devices[i], times));
      if (i != first)
        line.insert(
            line.end(),
            {row.times[first].isThere() ? threeDigits(speedUp(row.times[first], times)) : "",
             inSeconds(times.compile), inSeconds(times.transfer), inSeconds(times.first),
             agreement(times)});
    }
    if (std::string failures = failuresOf(settings, row); !failures.empty())
      line.push_back(failures);
  }
  if (std::ranges::any_of(lines, [&](const auto &line) { return line.size() > lines[0].size(); }))
    lines[0].push_back("error");
  std::string text = aligned(lines);
  for (size_t i = 0; i < settings.devices.size() && !rows.empty(); ++i)
    if (i != first && isMeasured(settings, i)) {
      auto [sizes, advantages] = advantagesOf(settings, rows, i);
      if (!sizes.empty())
        text += describe(settings, crossoverOf(sizes, advantages), i) + "\n";
    }
  return text;
}

} // namespace

std::string benchTable(const BenchSettings &settings, const std::vector<BenchRow> &rows) {
  std::string text = fmt::format("{}: median of {} round{} of at least {} s, ± half their range\n",
                                 settings.script.path, settings.rounds,
                                 settings.rounds == 1 ? "" : "s", settings.seconds);
  for (const BenchDevice &device : settings.devices)
    if (device.copyRate)
      text += fmt::format("{} ({}): copies move {} GB/s, read and written\n", device.asked,
                          device.name, threeDigits(*device.copyRate / 1e9));
  text += "\n";
  if (settings.sweep.empty())
    text += rows.empty() ? "" : oneTable(settings, rows.front());
  else
    text += sweepTable(settings, rows);
  if (std::ranges::any_of(settings.devices, [](const BenchDevice &device) {
        return device.kind == DeviceKind::Emulator;
      }))
    text += "\nThe emulator's times mean nothing: it runs a GPU's code on the processor and checks "
            "every access.\n";
  return text;
}

std::string benchJson(const BenchSettings &settings, const std::vector<BenchRow> &rows) {
  using Json = nlohmann::ordered_json;
  auto optional = [](const auto &value) { return value ? Json(*value) : Json(); };
  Json report;
  report["script"] = settings.script.path;
  report["rounds"] = settings.rounds;
  report["seconds"] = settings.seconds;
  report["sweep"] = settings.sweep.empty() ? Json() : Json(settings.sweep);
  report["devices"] = Json::array();
  for (const BenchDevice &device : settings.devices)
    report["devices"].push_back({{"asked", device.asked},
                                 {"name", device.name},
                                 {"problem", device.problem},
                                 {"copy_rate", optional(device.copyRate)}});
  size_t first = firstMeasured(settings);
  report["rows"] = Json::array();
  for (const BenchRow &row : rows) {
    Json entry;
    if (!settings.sweep.empty())
      entry["size"] = std::stod(row.size);
    for (size_t i = 0; i < settings.devices.size(); ++i) {
      if (!isMeasured(settings, i))
        continue;
      const BenchTimes &times = row.times[i];
      if (!times.isThere()) {
        entry[settings.devices[i].asked] = {{"failed", times.failed}};
        continue;
      }
      Json cell{{"compile", times.compile},    {"compile_cached", optional(times.compileCached)},
                {"open", times.open},          {"load", times.load},
                {"transfer", times.transfer},  {"first", times.first},
                {"run", medianOf(times.runs)}, {"runs", times.runs}};
      cell["step"] = times.trains() ? Json(medianOf(times.steps)) : Json();
      cell["steps"] = times.steps;
      cell["steps_of_run"] = times.stepsOfRun;
      cell["spread"] = spreadOf(times.compared());
      cell["speed_up"] =
          row.times[first].isThere() ? Json(speedUp(row.times[first], times)) : Json();
      cell["bytes"] = times.amount ? Json(times.amount->bytes) : Json();
      cell["product_operations"] = times.amount ? Json(times.amount->productOperations) : Json();
      std::optional<double> rate = rateOf(times), copies = settings.devices[i].copyRate;
      cell["of_copies"] = rate && copies ? Json(*rate / *copies) : Json();
      cell["joules"] = optional(times.joules);
      // JSON has no infinity.
      cell["difference"] = !times.difference               ? Json()
                           : std::isinf(*times.difference) ? Json("inf")
                                                           : Json(*times.difference);
      entry[settings.devices[i].asked] = std::move(cell);
    }
    report["rows"].push_back(std::move(entry));
  }
  if (!settings.sweep.empty() && !rows.empty())
    for (size_t i = 0; i < settings.devices.size(); ++i)
      if (i != first && isMeasured(settings, i)) {
        auto [sizes, advantages] = advantagesOf(settings, rows, i);
        if (sizes.empty())
          continue;
        Crossover found = crossoverOf(sizes, advantages);
        static const char *const names[] = {"always", "never", "at", "mixed"};
        Json &entry = report["crossovers"][settings.devices[i].asked];
        entry["kind"] = names[static_cast<int>(found.kind)];
        if (found.kind == Crossover::Kind::At)
          entry["size"] = found.size;
      }
  // Messages quote scripts, which may be no text.
  return report.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace descent::driver
