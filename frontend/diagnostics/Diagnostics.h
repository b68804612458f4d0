#pragma once

#include "frontend/diagnostics/Messages.h"
#include "frontend/diagnostics/Source.h"

#include <concepts>
#include <optional>
#include <ostream>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace descent {

/// A sentence beside an error that points at another place (or none: an invalid range).
struct DiagnosticNote {
  SourceRange range;
  std::string text;
};

/// One error or warning as it will be shown.
struct Diagnostic {
  Msg message;
  Severity severity;
  /// The place it is reported at: its file:line:column is where this begins.
  SourceRange range;
  /// Where the `^` go; the same as `range` unless `point` was called.
  SourceRange caret;
  /// Ranges underlined with `~` where they lie on the line of the carets.
  std::vector<SourceRange> marks;
  std::string text;
  std::vector<DiagnosticNote> notes;
};

/// An argument of a message, turned to text at once.
class MessageArgument {
public:
  MessageArgument(std::string_view value) : text(value) {}
  MessageArgument(const std::string &value) : text(value) {}
  MessageArgument(const char *value) : text(value) {}
  template <std::integral T> MessageArgument(T value) : text(std::to_string(value)) {}

  const std::string &str() const { return text; }

private:
  std::string text;
};

class Diagnostics;

/// What `Diagnostics::error` returns: adds to the diagnostic just made. All of it does nothing
/// when that diagnostic was dropped (a repetition, or one too many).
class DiagnosticBuilder {
public:
  /// Puts the `^` under `range` rather than under the whole of the reported range (which then
  /// gets no underline of its own): the operator of an expression, say. Where `range` lies on
  /// another line than the reported range begins on, the report moves to it.
  DiagnosticBuilder &point(SourceRange range);
  /// Underlines a second place on the same line with `~`.
  DiagnosticBuilder &also(SourceRange range);
  /// Adds a note that points at `range`. Notes appear in the order in which they were added.
  DiagnosticBuilder &note(SourceRange range, std::string_view text);
  /// Adds a note without a place of its own.
  DiagnosticBuilder &note(std::string_view text);
  /// Adds "did you mean `name`?" where there is a name.
  DiagnosticBuilder &suggest(SourceRange range, const std::optional<std::string> &name);

  /// For who decides not to report after all: adds to nothing.
  static DiagnosticBuilder none() { return DiagnosticBuilder(nullptr); }

private:
  friend class Diagnostics;
  explicit DiagnosticBuilder(Diagnostic *diagnostic) : diagnostic(diagnostic) {}
  Diagnostic *diagnostic;
};

enum class Colour { Never, Always };

/// Collects the diagnostics of one compilation and shows them.
///
/// **No cascades.** An error is reported once, where its cause is. Whoever reports one and must go
/// on returns an *error value* (`ast::ErrorExpr`, an error type, a null value: each stage has one)
/// and whoever receives an error value passes it on without a word. A second report of the same
/// message at the same range is dropped.
class Diagnostics {
public:
  /// Errors kept; any further ones are only counted.
  static constexpr size_t kMaxErrors = 100;

  explicit Diagnostics(const SourceManager &sources) : sources(sources) {}
  Diagnostics(const Diagnostics &) = delete;
  Diagnostics &operator=(const Diagnostics &) = delete;

  /// Reports a message of the table (its severity is the table's). The arguments fill `{0}`,
  /// `{1}` … of its text; strings and integers. `range` may be invalid for what has no place. The
  /// builder is good until the next report.
  template <typename... Args>
  DiagnosticBuilder error(SourceRange range, Msg message, Args &&...args) {
    if constexpr (sizeof...(Args) == 0) {
      return report(range, message, {});
    } else {
      const MessageArgument list[] = {MessageArgument(args)...};
      return report(range, message, list);
    }
  }
  /// The same; for readers of calls whose message is a warning in the table.
  template <typename... Args>
  DiagnosticBuilder warning(SourceRange range, Msg message, Args &&...args) {
    return error(range, message, std::forward<Args>(args)...);
  }
  DiagnosticBuilder report(SourceRange range, Msg message, std::span<const MessageArgument> args);

  /// Drops what is reported from now on at lines that have an error already. For the parser, when it is
  /// done: what later stages find wrong on a line that could not be read follows from that.
  void muteLinesInError();

  bool hasErrors() const { return errors > 0; }
  /// Different errors reported so far, and all those beyond kMaxErrors.
  size_t errorCount() const { return errors; }
  /// More errors than are kept: there is no use in looking for more.
  bool hasTooMany() const { return errors > kMaxErrors; }
  size_t warningCount() const { return warnings; }
  /// Those kept, in the order of their reports.
  const std::vector<Diagnostic> &all() const { return kept; }

  /// Shows all of them, in the order of their places in the source (those of one place in the
  /// order of their reports).
  void render(std::ostream &out, Colour colour = Colour::Never) const;

  const SourceManager &sourceManager() const { return sources; }

  /// Adds to a diagnostic of `all()`.
  DiagnosticBuilder amend(size_t index) { return DiagnosticBuilder(&kept[index]); }

  /// Moves a diagnostic of `all()` to another place and takes away its notes and marks; false where
  /// the same message was already reported there (then it is dropped).
  bool relocate(size_t index, SourceRange range);

  /// How far the reports have come, for one who may have to try something anew.
  class Mark;
  Mark mark() const;
  /// Forgets every report since the mark.
  void restore(const Mark &mark);

  /// Forgets everything; for an interactive session, between two entries.
  void clear();

private:
  std::pair<FileId, uint32_t> lineOf(SourceRange range) const;
  bool isMuted(SourceRange range) const;

  using Key = std::tuple<Msg, FileId, uint32_t, uint32_t>;

  const SourceManager &sources;
  std::vector<Diagnostic> kept;
  std::set<Key> seen;
  std::set<std::pair<FileId, uint32_t>> mutedLines;
  size_t errors = 0;
  size_t warnings = 0;
};

class Diagnostics::Mark {
  friend class Diagnostics;
  size_t kept = 0, errors = 0, warnings = 0;
  std::set<Key> seen;
};

/// Shows one diagnostic: the line `file:line:column: error: text  [id]`, the source line, the
/// carets, the notes.
void renderDiagnostic(const Diagnostic &diagnostic, const SourceManager &sources, std::ostream &out,
                      Colour colour = Colour::Never);

/// Whether messages written to the file descriptor should be coloured: it is a terminal that can,
/// and NO_COLOR is not set.
Colour colourFor(int fileDescriptor);

/// The candidate that someone who wrote `name` most likely meant: the one with the least edit
/// distance (insert, delete, replace, swap neighbours; a difference of case counts half), if that
/// is at most about a third of the name's length. The first of several equally near ones.
std::optional<std::string> closestName(std::string_view name,
                                       std::span<const std::string_view> candidates);
std::optional<std::string> closestName(std::string_view name,
                                       std::span<const std::string> candidates);

} // namespace descent
