#include "frontend/diagnostics/Diagnostics.h"
#include "frontend/diagnostics/Utf8.h"

#include <algorithm>

namespace descent {

namespace {

constexpr int kTabStop = 4;
// A longer line is shown in part: this many bytes before the carets and in all.
constexpr uint32_t kBytesBefore = 80;
constexpr uint32_t kBytesShown = 160;

struct Palette {
  std::string_view bold, red, yellow, cyan, reset;
};
constexpr Palette kPlain = {};
constexpr Palette kColoured = {"\x1b[1m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;36m", "\x1b[0m"};

bool continuesCodePoint(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// A source line as it is printed, and the line of marks under it.
class Excerpt {
public:
  Excerpt(const SourceFile &file, uint32_t line, SourceRange caret) {
    std::string_view whole = file.lineText(line);
    begin = file.lineBegin(line);
    end = begin + static_cast<uint32_t>(whole.size());
    if (whole.size() > kBytesShown)
      choosePart(file.text(), caret);
    text = file.text().substr(begin, end - begin);
  }

  /// Draws `mark` under the part of the range that is shown; under one cell if the range is empty.
  void draw(SourceRange range, char mark) {
    if (range.end < begin || range.begin > end)
      return;
    size_t from = cellOf(range.begin);
    size_t to = std::max(cellOf(range.end), from + 1);
    if (marks.size() < to)
      marks.resize(to, ' ');
    std::fill(marks.begin() + static_cast<ptrdiff_t>(from),
              marks.begin() + static_cast<ptrdiff_t>(to), mark);
  }

  /// The line with tabs as spaces, and a replacement for what would upset a terminal.
  std::string shown() const {
    std::string line = cutBefore ? "…" : "";
    size_t cell = line.empty() ? 0 : 1;
    for (std::string_view rest = text; !rest.empty();) {
      CodePoint c = decodeUtf8(rest);
      size_t width = widthAt(c, cell);
      if (c.value == '\t')
        line.append(width, ' ');
      else
        appendUtf8(line, isPrintable(c) ? c.value : 0xFFFD);
      cell += width;
      rest.remove_prefix(c.length);
    }
    return cutAfter ? line + "…" : line;
  }

  const std::string &underline() const { return marks; }

private:
  void choosePart(std::string_view source, SourceRange caret) {
    uint32_t lineBegin = begin, lineEnd = end;
    uint32_t middle = std::clamp(caret.begin, begin, end);
    begin = middle - std::min(kBytesBefore, middle - lineBegin);
    end = begin + std::min(kBytesShown, lineEnd - begin);
    while (begin > lineBegin && continuesCodePoint(source[begin]) &&
           middle - begin < kBytesBefore + 4)
      --begin;
    while (end < lineEnd && continuesCodePoint(source[end]) && end < begin + kBytesShown + 8)
      ++end;
    cutBefore = begin > lineBegin;
    cutAfter = end < lineEnd;
  }

  static bool isPrintable(CodePoint c) {
    bool isControl = c.value < 0x20 || (c.value >= 0x7F && c.value < 0xA0);
    bool turnsText =
        (c.value >= 0x202A && c.value <= 0x202E) || (c.value >= 0x2066 && c.value <= 0x2069);
    return c.valid && !isControl && !turnsText;
  }

  static size_t widthAt(CodePoint c, size_t cell) {
    if (c.value == '\t')
      return kTabStop - cell % kTabStop;
    return isPrintable(c) ? static_cast<size_t>(displayWidth(c.value)) : 1;
  }

  /// The cell at which the byte is printed; bytes not shown count as the nearest that is.
  size_t cellOf(uint32_t offset) const {
    size_t cell = cutBefore ? 1 : 0;
    uint32_t at = begin;
    for (std::string_view rest = text; !rest.empty() && at < offset;) {
      CodePoint c = decodeUtf8(rest);
      cell += widthAt(c, cell);
      at += c.length;
      rest.remove_prefix(c.length);
    }
    return cell;
  }

  uint32_t begin, end;
  bool cutBefore = false, cutAfter = false;
  std::string_view text;
  std::string marks;
};

void writePlace(std::ostream &out, SourceRange range, const SourceManager &sources,
                const Palette &palette) {
  if (range.isValid())
    out << palette.bold << sources.describe(range) << ": " << palette.reset;
}

void writeExcerpt(std::ostream &out, const Diagnostic &diagnostic, const SourceFile &file,
                  std::string_view caretColour, std::string_view reset) {
  uint32_t line = file.lineOf(diagnostic.caret.begin);
  Excerpt excerpt(file, line, diagnostic.caret);
  for (SourceRange mark : diagnostic.marks)
    if (mark.file == file.id())
      excerpt.draw(mark, '~');
  excerpt.draw(diagnostic.caret, '^');
  std::string number = std::to_string(line);
  out << ' ' << number << " | " << excerpt.shown() << '\n'
      << std::string(number.size() + 2, ' ') << "| " << caretColour << excerpt.underline() << reset
      << '\n';
}

} // namespace

void renderDiagnostic(const Diagnostic &diagnostic, const SourceManager &sources, std::ostream &out,
                      Colour colour) {
  const Palette &palette = colour == Colour::Always ? kColoured : kPlain;
  bool isError = diagnostic.severity == Severity::Error;
  std::string_view accent = isError ? palette.red : palette.yellow;
  SourceRange caret = diagnostic.caret;
  SourceRange place = diagnostic.range;
  bool hasSource = caret.isValid();
  // The line shown is the one that the location names.
  if (hasSource && place.isValid()) {
    const SourceFile &file = sources.file(caret.file);
    if (place.file != caret.file || file.lineOf(place.begin) != file.lineOf(caret.begin))
      place = caret;
  }
  writePlace(out, place, sources, palette);
  out << accent << (isError ? "error: " : "warning: ") << palette.reset << palette.bold
      << diagnostic.text << palette.reset << "  [" << messageInfo(diagnostic.message).id << "]\n";
  if (hasSource)
    writeExcerpt(out, diagnostic, sources.file(caret.file), accent, palette.reset);
  for (const DiagnosticNote &note : diagnostic.notes) {
    writePlace(out, note.range, sources, palette);
    out << palette.cyan << "note: " << palette.reset << note.text << '\n';
  }
}

} // namespace descent
