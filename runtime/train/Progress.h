// What a user sees of a training loop while it runs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace descent {

/// Reports on standard error: on a terminal one line with a bar that is redrawn in place, elsewhere
/// a plain line for each report.
///
///     train loss(x, y)  [#########.........]  500/1000  loss 0.4332  12.3k steps/s  0:04 left
///     step 500  loss 0.4332  12.3k steps/s
class Progress {
public:
  enum class Style { Bar, Lines, Quiet };

  /// A quantity that is reported beside the step: {"loss", 0.4332}.
  using Field = std::pair<std::string_view, double>;

  struct Options {
    Style style = Style::Lines;
    /// What the bar line begins with: "train loss(x, y)".
    std::string title;
    /// Steps that are planned; 0 where nobody knows. Then there are neither bar nor time left.
    int64_t steps = 0;
    /// The columns of the terminal.
    int width = 80;
    /// At most one drawing of the bar in so many seconds.
    double interval = 0.1;
    /// Where text goes; standard error if empty.
    std::function<void(std::string_view)> write;
    /// The time in seconds from any beginning; the system's steady clock if empty.
    std::function<double()> now;
  };

  explicit Progress(Options options);

  /// Whether a report now would be shown: to spare the caller making one.
  bool isDue() const;

  /// So many steps are done, and this is how it stands. Lines are always written, a bar is redrawn
  /// if the last drawing is long enough ago.
  void report(int64_t step, const std::vector<Field> &fields);

  /// The last report, and why the loop ended ("the planned steps are done"); always written, but
  /// for Quiet. The bar's line then stays where it is.
  void finish(int64_t step, const std::vector<Field> &fields, std::string_view reason);

  /// Takes the bar off the screen, so that something else can be written; the next report draws it
  /// again.
  void clear();

private:
  void writeLine(int64_t step, const std::vector<Field> &fields);
  void draw(int64_t step, const std::vector<Field> &fields, std::string_view ending);

  Options options;
  double start;
  std::optional<double> lastDrawn;
  bool isOnScreen = false;
  int64_t lastLine = -1; ///< the step of the last plain line, so that no step is written twice
};

/// How a run should report: Quiet where that is asked for, else by what standard error is.
Progress::Style progressStyle(bool quiet);

/// The columns of the terminal on standard error; 80 where there is none.
int terminalWidth();

/// The steps between two reports where the script does not say: a tenth of the run.
int64_t defaultReportInterval(int64_t steps);

} // namespace descent
