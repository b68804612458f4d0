#include "runtime/data/Csv.h"

#include "descent/Error.h"
#include "runtime/data/CsvScanner.h"
#include "runtime/data/Files.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

namespace descent {

namespace {

enum class FieldKind { Value, Missing, Text };

} // namespace

static FieldKind kindOf(const CsvField &field) {
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
static bool isHeader(const CsvRecord &first, const CsvRecord &second) {
  bool hasValues = false, textAboveValue = false;
  for (size_t i = 0; i < first.size(); ++i) {
    const CsvField *below = i < second.size() ? &second[i] : nullptr;
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
  CsvReader(const std::string &path, TextInput &input, const char *begin, char separator,
            DType floatType)
      : path(path), input(input), floatType(floatType), scanner(path, input, begin, separator),
        largest(floatType == DType::F32 ? std::numeric_limits<float>::max()
                                        : std::numeric_limits<double>::max()) {}

  Table read() {
    do
      scanner.prepare();
    while (scanner.skipBlankLine());
    if (scanner.atEnd())
      throw FileError(path, "the file is empty");
    readHeader();
    for (scanner.prepare(); !scanner.atEnd(); scanner.prepare()) {
      int64_t line = scanner.place().line;
      if (!scanner.skipBlankLine())
        readRow();
      else if (columns.size() == 1 && !blankLine)
        blankLine = {line, 1};
    }
    return finish();
  }

private:
  void readHeader() {
    scanner.prepareTwo();
    CsvScanner ahead = scanner;
    CsvRecord first = ahead.nextRecord();
    while (ahead.skipBlankLine()) {
    }
    size_t left = ahead.left(), line = ahead.bytesPerLine();
    CsvRecord second = ahead.atEnd() ? CsvRecord() : ahead.nextRecord();
    hasHeader = isHeader(first, second);
    if (hasHeader && second.empty())
      throw FileError(path, "there are no data below the header", first[0].place.line);
    // A guess that saves the growing, which would take twice the memory. A field has at least two
    // bytes, so that no more than four times the file's size is reserved, and what is never touched
    // costs nothing.
    size_t rows = (left + input.ahead()) / std::max({line, 2 * first.size(), size_t{1}});
    rows += rows / 64 + 1;
    for (size_t i = 0; i < first.size(); ++i) {
      bool isNamed = hasHeader && !first[i].text.empty();
      columns.emplace_back(isNamed ? std::string(first[i].text) : "c" + std::to_string(i),
                           floatType);
      columns.back().reserve(rows);
    }
    firstLine = first[0].place.line;
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
    CsvField field;
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
      scanner.fail("this line has " + fieldCount(count) + expectedCount(), field.place);
  }

  std::string expectedCount() const {
    return std::string(hasHeader ? ", the header" : ", the first line") + " (line " +
           std::to_string(firstLine) + ") has " + std::to_string(columns.size());
  }

  [[noreturn]] void failTooMany(const CsvField &extra) {
    size_t count = columns.size() + 1;
    ParsedNumber ignored;
    for (CsvField field = extra; !field.endsRecord; ++count)
      scanner.next(field, ignored);
    bool isTrailing = count == columns.size() + 1 && extra.text.empty();
    scanner.fail("this line has " + fieldCount(count) + expectedCount() +
                     (isTrailing ? "; is the separator at its end one too many?" : ""),
                 extra.place);
  }

  void addNumber(CsvColumn &column, const ParsedNumber &number, const CsvField &field) {
    if (!number.isInteger && !(std::abs(number.real) <= largest) && !column.isRefused()) {
      if (std::isnan(number.real)) {
        addMissing(column, field);
        return;
      }
      bool isDigits = field.text.find_first_of("0123456789") != std::string_view::npos;
      if (isDigits && std::isinf(number.real))
        scanner.fail(quotedForMessage(field.text) + " is too large for f64", field.place);
      if (isDigits && std::isinf(static_cast<float>(number.real)) && floatType == DType::F32)
        scanner.fail(quotedForMessage(field.text) +
                         " is too large for f32; begin the script with 'precision f64'",
                     field.place);
    }
    if (!column.add(number))
      scanner.fail(quotedForMessage(field.text) + " is a number, and column " +
                       quotedForMessage(column.name()) + " has true and false above it",
                   field.place);
  }

  void addText(CsvColumn &column, const CsvField &field) {
    std::string_view text = field.text;
    ParsedNumber number;
    if (column.isRefused())
      return;
    if (saysMissing(text)) {
      addMissing(column, field);
    } else if (parseNumber(text.data(), text.data() + text.size(), number) ==
               text.data() + text.size()) {
      addNumber(column, number, field);
    } else if (auto value = parseBool(text)) {
      if (!column.add(*value))
        scanner.fail(quotedForMessage(text) + " is not a number, in column " +
                         quotedForMessage(column.name()),
                     field.place);
    } else if (column.wantsPlaceOfText()) {
      column.addText(text, noted(field.place));
    } else {
      scanner.fail(quotedForMessage(text) + " is not a number, in column " +
                       quotedForMessage(column.name()) + hintFor(text),
                   field.place);
    }
  }

  /// What is usual where a number was meant.
  std::string hintFor(std::string_view text) const {
    if (text.find_first_not_of("0123456789+-,.eE ") != std::string_view::npos)
      return "";
    return text.find(',') != std::string_view::npos ? "; write the decimal point as '.'" : "";
  }

  void addMissing(CsvColumn &column, const CsvField &field) {
    if (column.wantsPlaceOfMissing())
      column.addMissing(field.text, noted(field.place));
  }

  /// A place to be kept. Of many in one line, from left to right, each counts on from the last.
  CsvColumn::Place noted(const CsvPlace &place) {
    CsvPlace from = place;
    if (lastNoted.line == place.line && lastOffset <= place.start - place.lineStart)
      from.lineStart += lastOffset;
    else
      lastNoted = {place.line, 1};
    lastOffset = place.start - place.lineStart;
    lastNoted.column += columnOf(from) - 1;
    return lastNoted;
  }

  Table finish() {
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
    for (CsvColumn &column : columns) {
      if (column.isRefused())
        table.refused.push_back(
            {"", column.name(), column.reason(), column.place().line, column.place().column});
      else
        table.arrays.push_back({"", column.finish(), column.name()});
    }
    return table;
  }

  const std::string &path;
  TextInput &input;
  DType floatType;
  CsvScanner scanner;
  double largest;
  std::vector<CsvColumn> columns;
  bool hasHeader = false;
  int64_t firstLine = 0;
  std::optional<CsvColumn::Place> blankLine;
  CsvColumn::Place lastNoted;
  ptrdiff_t lastOffset = 0;
};

} // namespace

Table readCsv(const std::string &path, TextInput &input, char separator, DType floatType) {
  std::string_view start(input.begin(), static_cast<size_t>(input.end() - input.begin()));
  if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF"))
    throw FileError(path, "this is UTF-16 text; save the file as UTF-8");
  if (std::memchr(start.data(), 0, std::min<size_t>(start.size(), 4096)))
    throw FileError(path, "this is binary data, not text; is the file's extension right?");
  const char *begin = input.begin() + (start.starts_with("\xEF\xBB\xBF") ? 3 : 0);
  return CsvReader(path, input, begin, separator, floatType).read();
}

} // namespace descent
