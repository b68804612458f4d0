#include "runtime/data/Csv.h"

#include "descent/Error.h"
#include "runtime/core/Layout.h"
#include "runtime/data/CsvColumn.h"
#include "runtime/data/Files.h"

#include <cmath>
#include <cstring>
#include <deque>
#include <limits>
#include <optional>

namespace descent {

namespace {

/// One field: its text without blanks around it and without quotes, and where it stands.
struct Field {
  std::string_view text;
  bool isQuoted = false;
  bool endsRecord = false;
  const char *start = nullptr;
  int64_t line = 0;
  const char *lineStart = nullptr;
};

using Record = std::vector<Field>;

/// Walks over the fields of a text. Lines end with LF, CRLF or CR.
class CsvScanner {
public:
  CsvScanner(const std::string &path, std::string_view text, char separator)
      : path(path), p(text.data()), end(text.data() + text.size()), lineStart(p),
        separator(separator) {}

  bool atEnd() const { return p == end; }
  size_t left() const { return static_cast<size_t>(end - p); }
  CsvColumn::Place currentPlace() const { return {line, 1}; }

  /// Takes a line without anything on it but blanks, if that is what comes next.
  bool skipBlankLine() {
    const char *q = skipBlanks(p);
    if (q != end && *q != '\n' && *q != '\r')
      return false;
    // A tab-separated line of tabs has fields.
    if (q == end && p == end)
      return false;
    p = q;
    endLine();
    return true;
  }

  /// Takes a field and what ends it. Where the field is a plain number, `number` has it and the
  /// result is true; else the text is for the caller to make sense of.
  bool next(Field &field, ParsedNumber &number) {
    field.start = p = skipBlanks(p);
    field.line = line;
    field.lineStart = lineStart;
    field.isQuoted = false;
    if (p != end && *p == '"') {
      takeQuoted(field);
      return false;
    }
    // Most fields are numbers, and these are read in one go.
    if (const char *q = parseNumber(p, end, number)) {
      const char *after = skipBlanks(q);
      if (endsField(after)) {
        field.text = {p, static_cast<size_t>(q - p)};
        p = after;
        takeEnd(field);
        return true;
      }
    }
    const char *q = p;
    while (!endsField(q))
      ++q;
    const char *last = q;
    while (last != p && isBlank(last[-1]))
      --last;
    field.text = {p, static_cast<size_t>(last - p)};
    p = q;
    takeEnd(field);
    return false;
  }

  Record nextRecord() {
    Record record;
    ParsedNumber number;
    do {
      record.emplace_back();
      next(record.back(), number);
    } while (!record.back().endsRecord);
    return record;
  }

  /// Forgets the texts of fields taken so far; those that had doubled quotes are kept until then.
  void forgetFields() { unescaped.clear(); }

  CsvColumn::Place placeOf(const Field &field) const {
    std::string_view before(field.lineStart, field.start - field.lineStart);
    return {field.line, static_cast<int64_t>(characterCount(before)) + 1};
  }

  [[noreturn]] void fail(const std::string &message, const Field &field) const {
    auto [line, column] = placeOf(field);
    throw FileError(path, message, line, column);
  }

private:
  bool isBlank(char c) const { return (c == ' ' || c == '\t') && c != separator; }

  const char *skipBlanks(const char *q) const {
    while (q != end && isBlank(*q))
      ++q;
    return q;
  }

  bool endsField(const char *q) const {
    return q == end || *q == separator || *q == '\n' || *q == '\r';
  }

  void endLine() {
    if (p != end && *p == '\r')
      ++p;
    if (p != end && *p == '\n')
      ++p;
    lineStart = p;
    ++line;
  }

  void takeEnd(Field &field) {
    field.endsRecord = p == end || *p != separator;
    if (!field.endsRecord)
      ++p;
    else if (p != end)
      endLine();
  }

  void takeQuoted(Field &field) {
    field.isQuoted = true;
    const char *begin = ++p;
    bool hasEscapes = false;
    for (;; ++p) {
      if (p == end)
        fail("this quote is never closed", field);
      if (*p == '"') {
        if (p + 1 == end || p[1] != '"')
          break;
        hasEscapes = true;
        ++p;
      } else if (*p == '\n' || (*p == '\r' && p + 1 != end && p[1] != '\n')) {
        ++line;
        lineStart = p + 1;
      }
    }
    field.text = {begin, static_cast<size_t>(p - begin)};
    if (hasEscapes)
      field.text = unescape(field.text);
    Field after = field;
    after.start = p = skipBlanks(p + 1);
    after.line = line;
    after.lineStart = lineStart;
    if (!endsField(p))
      fail("text after a closing quote; a quote inside a quoted field is written twice: \"\"",
           after);
    takeEnd(field);
  }

  std::string_view unescape(std::string_view text) {
    std::string &plain = unescaped.emplace_back();
    for (size_t i = 0; i < text.size(); ++i) {
      plain += text[i];
      if (text[i] == '"')
        ++i;
    }
    return plain;
  }

  const std::string &path;
  const char *p;
  const char *end;
  const char *lineStart;
  char separator;
  int64_t line = 1;
  std::deque<std::string> unescaped;
};

enum class FieldKind { Value, Missing, Text };

} // namespace

static FieldKind kindOf(const Field &field) {
  ParsedNumber number;
  const char *begin = field.text.data(), *end = begin + field.text.size();
  if (saysMissing(field.text))
    return FieldKind::Missing;
  if (parseNumber(begin, end, number) == end || parseBool(field.text))
    return FieldKind::Value;
  return FieldKind::Text;
}

/// Whether the first record names the columns: by having no values, or by having text where the
/// next one has a value. Numbers in quotes are names if those below are not in quotes.
static bool isHeader(const Record &first, const Record &second) {
  bool hasValues = false, textAboveValue = false;
  for (size_t i = 0; i < first.size(); ++i) {
    const Field *below = i < second.size() ? &second[i] : nullptr;
    FieldKind kind = kindOf(first[i]);
    if (kind == FieldKind::Value && first[i].isQuoted && below && !below->isQuoted)
      kind = FieldKind::Text;
    hasValues |= kind == FieldKind::Value;
    textAboveValue |= kind == FieldKind::Text && below && kindOf(*below) == FieldKind::Value;
  }
  return !hasValues || textAboveValue;
}

static std::string fieldCount(size_t count) {
  return std::to_string(count) + (count == 1 ? " field" : " fields");
}

namespace {

/// Reads one table.
class CsvReader {
public:
  CsvReader(const std::string &path, std::string_view text, char separator, DType floatType)
      : path(path), floatType(floatType), scanner(path, text, separator),
        largest(floatType == DType::F32 ? std::numeric_limits<float>::max()
                                        : std::numeric_limits<double>::max()) {}

  Table read() {
    while (scanner.skipBlankLine()) {
    }
    if (scanner.atEnd())
      throw FileError(path, "the file is empty");
    readHeader();
    while (!scanner.atEnd()) {
      CsvColumn::Place place = scanner.currentPlace();
      if (!scanner.skipBlankLine())
        readRow();
      else if (columns.size() == 1 && !blankLine)
        blankLine = place;
    }
    return finish();
  }

private:
  void readHeader() {
    CsvScanner ahead = scanner;
    Record first = ahead.nextRecord();
    while (ahead.skipBlankLine()) {
    }
    size_t left = ahead.left();
    Record second = ahead.atEnd() ? Record() : ahead.nextRecord();
    hasHeader = isHeader(first, second);
    if (hasHeader && second.empty())
      throw FileError(path, "there are no data below the header", first[0].line);
    // A guess that saves the growing. A field has at least two bytes, so that no more than four
    // times the file's size is reserved, and what is never touched costs nothing.
    size_t size = std::max(left - ahead.left(), 2 * first.size());
    size_t rows = left / size + left / size / 8 + 1;
    for (size_t i = 0; i < first.size(); ++i) {
      bool isNamed = hasHeader && !first[i].text.empty();
      columns.emplace_back(isNamed ? std::string(first[i].text) : "c" + std::to_string(i));
      columns.back().reserve(rows);
    }
    firstLine = first[0].line;
    if (hasHeader)
      scanner.nextRecord();
  }

  void readRow() {
    scanner.forgetFields();
    // Of a single column a blank line is a row without a value, unless only blank lines follow.
    if (blankLine) {
      columns[0].addMissing("", *blankLine);
      blankLine.reset();
    }
    Field field;
    ParsedNumber number;
    size_t count = 0;
    do {
      bool isNumber = scanner.next(field, number);
      if (count == columns.size())
        failTooMany(field);
      if (isNumber)
        addNumber(columns[count], number, field);
      else
        addText(columns[count], field);
      ++count;
    } while (!field.endsRecord);
    if (count < columns.size())
      scanner.fail("this line has " + fieldCount(count) + expectedCount(), field);
  }

  std::string expectedCount() const {
    return std::string(hasHeader ? ", the header" : ", the first line") + " (line " +
           std::to_string(firstLine) + ") has " + std::to_string(columns.size());
  }

  [[noreturn]] void failTooMany(const Field &extra) {
    size_t count = columns.size() + 1;
    ParsedNumber ignored;
    for (Field field = extra; !field.endsRecord; ++count)
      scanner.next(field, ignored);
    bool isTrailing = count == columns.size() + 1 && extra.text.empty();
    scanner.fail("this line has " + fieldCount(count) + expectedCount() +
                     (isTrailing ? "; is the separator at its end one too many?" : ""),
                 extra);
  }

  void addNumber(CsvColumn &column, const ParsedNumber &number, const Field &field) {
    if (!number.isInteger && !(std::abs(number.real) <= largest) && !column.isRefused()) {
      if (std::isnan(number.real)) {
        column.addMissing(field.text, scanner.placeOf(field));
        return;
      }
      bool isDigits = field.text.find_first_of("0123456789") != std::string_view::npos;
      if (isDigits && std::isinf(number.real))
        scanner.fail(quotedForMessage(field.text) + " is too large for f64", field);
      if (isDigits && std::isinf(static_cast<float>(number.real)) && floatType == DType::F32)
        scanner.fail(quotedForMessage(field.text) +
                         " is too large for f32; begin the script with 'precision f64'",
                     field);
    }
    if (!column.add(number))
      scanner.fail(quotedForMessage(field.text) + " is a number, and column " +
                       quotedForMessage(column.name()) + " has true and false above it",
                   field);
  }

  void addText(CsvColumn &column, const Field &field) {
    std::string_view text = field.text;
    ParsedNumber number;
    if (column.isRefused())
      return;
    if (saysMissing(text)) {
      column.addMissing(text, scanner.placeOf(field));
    } else if (parseNumber(text.data(), text.data() + text.size(), number) ==
               text.data() + text.size()) {
      addNumber(column, number, field);
    } else if (auto value = parseBool(text)) {
      if (!column.add(*value))
        scanner.fail(quotedForMessage(text) + " is not a number, in column " +
                         quotedForMessage(column.name()),
                     field);
    } else if (!column.addText(text, scanner.placeOf(field))) {
      scanner.fail(quotedForMessage(text) + " is not a number, in column " +
                       quotedForMessage(column.name()) + hintFor(text),
                   field);
    }
  }

  /// What is usual where a number was meant.
  std::string hintFor(std::string_view text) const {
    if (text.find_first_not_of("0123456789+-,.eE ") != std::string_view::npos)
      return "";
    return text.find(',') != std::string_view::npos ? "; write the decimal point as '.'" : "";
  }

  Table finish() const {
    const CsvColumn *incomplete = nullptr;
    for (const CsvColumn &column : columns)
      if (column.missing() &&
          (!incomplete || column.missing()->first.line < incomplete->missing()->first.line))
        incomplete = &column;
    if (incomplete) {
      const auto &[place, text] = *incomplete->missing();
      throw FileError(path,
                      "a value is missing in column " + quotedForMessage(incomplete->name()) +
                          (text.empty() ? "" : " (" + quotedForMessage(text) + ")") +
                          "; fill it in or remove the line",
                      place.line, place.column);
    }
    Table table;
    table.path = path;
    for (const CsvColumn &column : columns) {
      if (column.isRefused())
        table.refused.push_back(
            {"", column.name(), column.reason(), column.place().line, column.place().column});
      else
        table.arrays.push_back({"", column.finish(floatType), column.name()});
    }
    return table;
  }

  const std::string &path;
  DType floatType;
  CsvScanner scanner;
  double largest;
  std::vector<CsvColumn> columns;
  bool hasHeader = false;
  int64_t firstLine = 0;
  std::optional<CsvColumn::Place> blankLine;
};

} // namespace

Table parseCsv(const std::string &path, std::string_view text, char separator, DType floatType) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    throw FileError(path, "this is UTF-16 text; save the file as UTF-8");
  if (std::memchr(text.data(), 0, std::min<size_t>(text.size(), 4096)))
    throw FileError(path, "this is binary data, not text; is the file's extension right?");
  if (text.starts_with("\xEF\xBB\xBF"))
    text.remove_prefix(3);
  return CsvReader(path, text, separator, floatType).read();
}

} // namespace descent
