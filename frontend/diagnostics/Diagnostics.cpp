#include "frontend/diagnostics/Diagnostics.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace descent {

DiagnosticBuilder &DiagnosticBuilder::point(SourceRange range) {
  if (diagnostic)
    diagnostic->caret = range;
  return *this;
}

DiagnosticBuilder &DiagnosticBuilder::also(SourceRange range) {
  if (diagnostic && range.isValid())
    diagnostic->marks.push_back(range);
  return *this;
}

DiagnosticBuilder &DiagnosticBuilder::note(SourceRange range, std::string_view text) {
  if (diagnostic)
    diagnostic->notes.push_back({range, std::string(text)});
  return *this;
}

DiagnosticBuilder &DiagnosticBuilder::note(std::string_view text) {
  return note(SourceRange(), text);
}

DiagnosticBuilder &DiagnosticBuilder::suggest(SourceRange range,
                                              const std::optional<std::string> &name) {
  return name ? note(range, "did you mean `" + *name + "`?") : *this;
}

/// Puts the arguments in place of `{0}` … `{9}`.
static std::string fill(std::string_view format, std::span<const MessageArgument> args) {
  std::string text;
  for (size_t i = 0; i < format.size(); ++i) {
    bool isPlace = format[i] == '{' && i + 2 < format.size() && format[i + 1] >= '0' &&
                   format[i + 1] <= '9' && format[i + 2] == '}';
    if (!isPlace) {
      text += format[i];
      continue;
    }
    size_t which = static_cast<size_t>(format[i + 1] - '0');
    assert(which < args.size() && "the message has more places than it was given arguments");
    if (which < args.size())
      text += args[which].str();
    i += 2;
  }
  return text;
}

void Diagnostics::muteLinesInError() {
  for (const Diagnostic &diagnostic : kept)
    if (diagnostic.severity == Severity::Error && diagnostic.range.isValid())
      mutedLines.insert(lineOf(diagnostic.range));
}

std::pair<FileId, uint32_t> Diagnostics::lineOf(SourceRange range) const {
  return {range.file, sources.file(range.file).lineOf(range.begin)};
}

bool Diagnostics::isMuted(SourceRange range) const {
  return !mutedLines.empty() && mutedLines.contains(lineOf(range));
}

DiagnosticBuilder Diagnostics::report(SourceRange range, Msg message,
                                      std::span<const MessageArgument> args) {
  const MessageInfo &info = messageInfo(message);
  if (info.severity == Severity::Error && hasTooMany()) {
    ++errors;
    return DiagnosticBuilder(nullptr);
  }
  if (range.isValid() && isMuted(range))
    return DiagnosticBuilder(nullptr);
  std::string text = fill(info.text, args);
  // A message without a place is told from others by its text alone.
  Key key{message, range.file, range.begin, range.end};
  bool isNew = range.isValid() ? seen.insert(key).second
                               : std::none_of(kept.begin(), kept.end(), [&](const Diagnostic &d) {
                                   return d.message == message && d.text == text;
                                 });
  if (!isNew)
    return DiagnosticBuilder(nullptr);
  size_t &count = info.severity == Severity::Error ? errors : warnings;
  if (++count > kMaxErrors)
    return DiagnosticBuilder(nullptr);
  kept.push_back({message, info.severity, range, range, {}, std::move(text), {}});
  return DiagnosticBuilder(&kept.back());
}

void Diagnostics::render(std::ostream &out, Colour colour) const {
  std::vector<const Diagnostic *> order;
  for (const Diagnostic &diagnostic : kept)
    order.push_back(&diagnostic);
  // Kept in the order of their reports, so the addresses decide between those of one place.
  auto place = [](const Diagnostic *d) { return std::tuple(d->range.file, d->range.begin, d); };
  std::sort(order.begin(), order.end(),
            [&](const Diagnostic *a, const Diagnostic *b) { return place(a) < place(b); });
  for (const Diagnostic *diagnostic : order)
    renderDiagnostic(*diagnostic, sources, out, colour);
  if (errors > kMaxErrors)
    out << "and at least " << errors - kMaxErrors << " more\n";
}

bool Diagnostics::relocate(size_t index, SourceRange range) {
  Diagnostic &diagnostic = kept[index];
  if (!seen.insert({diagnostic.message, range.file, range.begin, range.end}).second) {
    --(diagnostic.severity == Severity::Error ? errors : warnings);
    kept.erase(kept.begin() + static_cast<ptrdiff_t>(index));
    return false;
  }
  diagnostic.range = diagnostic.caret = range;
  diagnostic.marks.clear();
  diagnostic.notes.clear();
  return true;
}

Diagnostics::Mark Diagnostics::mark() const {
  Mark mark;
  mark.kept = kept.size();
  mark.errors = errors;
  mark.warnings = warnings;
  mark.seen = seen;
  return mark;
}

void Diagnostics::restore(const Mark &mark) {
  kept.resize(mark.kept);
  errors = mark.errors;
  warnings = mark.warnings;
  seen = mark.seen;
}

void Diagnostics::clear() {
  kept.clear();
  seen.clear();
  mutedLines.clear();
  errors = warnings = 0;
}

Colour colourFor(int fileDescriptor) {
  const char *terminal = std::getenv("TERM");
  const char *refused = std::getenv("NO_COLOR");
  bool canColour = isatty(fileDescriptor) && terminal && std::strcmp(terminal, "dumb") != 0;
  return canColour && !(refused && *refused) ? Colour::Always : Colour::Never;
}

namespace {

char lowered(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Edit distance in half steps (a difference of case alone costs one, anything else two).
size_t halfSteps(std::string_view a, std::string_view b) {
  std::vector<size_t> twoBack, before(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    before[j] = 2 * j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = 2 * i;
    for (size_t j = 1; j <= b.size(); ++j) {
      char x = a[i - 1], y = b[j - 1];
      size_t replace = x == y ? 0 : lowered(x) == lowered(y) ? 1 : 2;
      row[j] = std::min({before[j] + 2, row[j - 1] + 2, before[j - 1] + replace});
      if (i > 1 && j > 1 && x == b[j - 2] && a[i - 2] == y)
        row[j] = std::min(row[j], twoBack[j - 2] + 2);
    }
    twoBack = before;
    before = row;
  }
  return before[b.size()];
}

template <typename String>
std::optional<std::string> closest(std::string_view name, std::span<const String> candidates) {
  // One slip in three characters; a name of one or two characters may only differ by case, or be
  // another of the same length no better than any: then there is nothing to suggest.
  size_t best = name.size() < 3 ? 1 : 2 * ((name.size() + 1) / 3);
  std::optional<std::string> found;
  if (name.size() > 64)
    return found;
  for (const String &candidate : candidates) {
    std::string_view other = candidate;
    if (other == name || other.size() > name.size() + best || name.size() > other.size() + best)
      continue;
    size_t distance = halfSteps(name, other);
    if (found ? distance < best : distance <= best) {
      best = distance;
      found = std::string(other);
    }
  }
  return found;
}

} // namespace

std::optional<std::string> closestName(std::string_view name,
                                       std::span<const std::string_view> candidates) {
  return closest(name, candidates);
}

std::optional<std::string> closestName(std::string_view name,
                                       std::span<const std::string> candidates) {
  return closest(name, candidates);
}

} // namespace descent
