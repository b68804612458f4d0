#include "runtime/train/Progress.h"

#include "runtime/core/Layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

namespace descent {

static void writeToStandardError(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

static double steadySeconds() {
  std::chrono::duration<double> time = std::chrono::steady_clock::now().time_since_epoch();
  return time.count();
}

/// "950", "12.3k", "4.5M": three digits are enough for a rate.
static std::string rateText(double perSecond) {
  static constexpr const char *units[] = {"", "k", "M", "G"};
  size_t unit = 0;
  while (perSecond >= 999.5 && unit + 1 < std::size(units)) {
    perSecond /= 1000;
    ++unit;
  }
  int decimals = perSecond >= 99.95 || (unit == 0 && perSecond >= 9.95) ? 0 : 1;
  return fmt::format("{:.{}f}{} steps/s", perSecond, decimals, units[unit]);
}

/// "0:07", "1:02:03".
static std::string durationText(double seconds) {
  auto whole = static_cast<int64_t>(std::min(std::ceil(seconds), 1e9));
  if (whole >= 3600)
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

static std::string fieldsText(const std::vector<Progress::Field> &fields) {
  std::string text;
  for (const auto &[name, value] : fields)
    text += fmt::format("  {} {:.6g}", name, value);
  return text;
}

/// The first `count` characters of UTF-8 text.
static std::string_view firstCharacters(std::string_view text, size_t count) {
  size_t end = 0;
  while (end < text.size() && (count > 0 || (text[end] & 0xC0) == 0x80)) {
    if ((text[end] & 0xC0) != 0x80)
      --count;
    ++end;
  }
  return text.substr(0, end);
}

Progress::Progress(Options given) : options(std::move(given)) {
  if (!options.write)
    options.write = writeToStandardError;
  if (!options.now)
    options.now = steadySeconds;
  start = options.now();
}

bool Progress::isDue() const {
  if (options.style == Style::Bar)
    return !lastDrawn || options.now() - *lastDrawn >= options.interval;
  return options.style == Style::Lines;
}

void Progress::report(int64_t step, const std::vector<Field> &fields) {
  if (options.style == Style::Bar && isDue())
    draw(step, fields, "");
  else if (options.style == Style::Lines)
    writeLine(step, fields);
}

void Progress::finish(int64_t step, const std::vector<Field> &fields, std::string_view reason) {
  if (options.style == Style::Quiet)
    return;
  if (options.style == Style::Bar)
    draw(step, fields, "\n");
  else if (lastLine != step)
    writeLine(step, fields);
  isOnScreen = false;
  if (!reason.empty())
    options.write(fmt::format("stopped after {} step{} ({:.3g} s): {}\n", step,
                              step == 1 ? "" : "s", options.now() - start, reason));
}

void Progress::clear() {
  if (isOnScreen)
    options.write("\r\x1b[K");
  isOnScreen = false;
  lastDrawn.reset();
}

void Progress::writeLine(int64_t step, const std::vector<Field> &fields) {
  double seconds = options.now() - start;
  std::string text = fmt::format("step {}", step) + fieldsText(fields);
  if (seconds > 0 && step > 0)
    text += "  " + rateText(step / seconds);
  options.write(text + "\n");
  lastLine = step;
}

void Progress::draw(int64_t step, const std::vector<Field> &fields, std::string_view ending) {
  double now = options.now(), seconds = now - start;
  std::string after;
  if (options.steps > 0)
    after = fmt::format("  {}/{}", step, options.steps) + fieldsText(fields);
  else
    after = fmt::format("  step {}", step) + fieldsText(fields);
  if (seconds > 0 && step > 0) {
    after += "  " + rateText(step / seconds);
    if (step < options.steps)
      after += "  " + durationText((options.steps - step) * (seconds / step)) + " left";
  }

  // The last column stays free: a terminal may break the line after it. The bar gives way first,
  // then the title, then the rest.
  size_t room = static_cast<size_t>(std::max(options.width - 1, 1));
  std::string text(firstCharacters(options.title, room));
  size_t used = characterCount(text) + characterCount(after);
  constexpr size_t shortestBar = 5, longestBar = 40, frame = 4;
  if (options.steps > 0 && used + frame + shortestBar <= room) {
    size_t length = std::min(room - used - frame, longestBar);
    double part = std::clamp(static_cast<double>(step) / options.steps, 0.0, 1.0);
    size_t full = static_cast<size_t>(part * static_cast<double>(length));
    text += "  [" + std::string(full, '#') + std::string(length - full, '.') + "]";
  } else if (used > room) {
    text.clear();
    after.erase(0, 2);
  }
  text += after;
  options.write("\r" + std::string(firstCharacters(text, room)) + "\x1b[K" + std::string(ending));
  lastDrawn = now;
  isOnScreen = true;
}

Progress::Style progressStyle(bool quiet) {
  if (quiet)
    return Progress::Style::Quiet;
  const char *terminal = std::getenv("TERM");
  bool isPlain = !terminal || std::string_view(terminal) == "dumb";
  return isatty(STDERR_FILENO) && !isPlain ? Progress::Style::Bar : Progress::Style::Lines;
}

int terminalWidth() {
  winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return 80;
}

int64_t defaultReportInterval(int64_t steps) {
  return std::max<int64_t>(1, steps / 10);
}

} // namespace descent
