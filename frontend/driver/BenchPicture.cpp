// The results of `descent bench` as a picture.
#include "frontend/diagnostics/Utf8.h"
#include "frontend/driver/Bench.h"
#include "frontend/driver/selftest/Process.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

namespace descent::driver {
namespace {

/// In gnuplot's single quotes a quote is doubled; nothing else has a meaning. An SVG file is UTF-8,
/// and has no control characters: both may be in the name of a file.
std::string inQuotes(std::string_view text) {
  std::string result = "'";
  while (!text.empty()) {
    CodePoint point = decodeUtf8(text);
    text.remove_prefix(point.length);
    bool isShown = point.value >= ' ' && point.value != 0x7f && (point.value | 1) != 0xffff;
    appendUtf8(result, isShown ? point.value : 0xfffd);
    if (point.value == '\'')
      result += '\'';
  }
  return result + "'";
}

/// What gnuplot is to do. Nothing where no time was measured at a size that can be drawn.
std::string plotScript(const BenchSettings &settings, const std::vector<BenchRow> &rows) {
  bool trains = std::ranges::any_of(rows, [](const BenchRow &row) {
    return std::ranges::any_of(row.times, &BenchTimes::trains);
  });
  std::string script = fmt::format(
      R"(set encoding utf8
set terminal svg size 640,400 font "sans-serif,13" background "#ffffff" noenhanced
set logscale xy
set border 3 lc "#888888"
set tics nomirror textcolor "#444444"
set grid lc "#e8e8e8"
set format y "%g"
set key top left
set title {}
set xlabel {}
set ylabel "seconds of a {}"
$times << EOD
)",
      inQuotes(settings.script.path), inQuotes(settings.sweep), trains ? "step" : "run");
  std::vector<char> isDrawn(settings.devices.size());
  for (const BenchRow &row : rows) {
    if (std::stod(row.size) <= 0)
      continue;
    script += row.size;
    for (size_t i = 0; i < row.times.size(); ++i) {
      const BenchTimes &times = row.times[i];
      script += fmt::format(" {:.6g}", times.isThere() ? medianOf(times.compared()) : NAN);
      isDrawn[i] |= times.isThere();
    }
    script += "\n";
  }
  script += "EOD\nplot ";
  static const char *const colours[] = {"#4878cf", "#d1495b", "#6acc65", "#956cb4"};
  const char *separator = "";
  for (size_t i = 0; i < settings.devices.size(); ++i)
    if (isDrawn[i]) {
      const BenchDevice &device = settings.devices[i];
      script +=
          fmt::format("{}$times using 1:{} with linespoints lw 2 pt 7 ps 0.5 lc '{}' title {}",
                      separator, i + 2, colours[i % 4], inQuotes(device.asked + ": " + device.name));
      separator = ", ";
    }
  return *separator ? script + "\n" : std::string();
}

} // namespace

std::string benchPicture(const BenchSettings &settings, const std::vector<BenchRow> &rows,
                         const std::string &folder) {
  std::string script = plotScript(settings, rows);
  if (script.empty())
    throw Error("no picture was drawn, as nothing was measured at a size above 0");
  std::string file = folder + "/plot.gp";
  std::ofstream out(file);
  out << script;
  out.close();
  if (!out)
    throw Error(file + " could not be written");
  // Also after Ctrl-C: what was measured until then is shown.
  ProcessResult run = runProcess({"/bin/sh", "-c", "exec gnuplot plot.gp"}, folder, {},
                                 std::chrono::seconds(60), /*endsOnInterrupt=*/false);
  if (run.exitCode == 127)
    throw Error("no picture was drawn, as there is no gnuplot (Debian's package gnuplot-nox)");
  if (run.exitCode != 0 || run.out.empty())
    throw Error(fmt::format("gnuplot drew no picture: {}{}", run.ending, run.err));
  return run.out;
}

} // namespace descent::driver
