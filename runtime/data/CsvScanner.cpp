#include "runtime/data/CsvScanner.h"

#include "descent/Error.h"
#include "runtime/core/Layout.h"

#include <cstring>

namespace descent {

int64_t columnOf(const CsvPlace &place) {
  std::string_view before(place.lineStart, place.start - place.lineStart);
  return static_cast<int64_t>(characterCount(before)) + 1;
}

void CsvScanner::prepareTwo() {
  while (!input->isComplete() && !hasTwoRecords())
    extend();
}

void CsvScanner::extend() {
  // A record begins where a line does.
  input->extend(p);
  p = lineStart = input->begin();
  end = input->end();
}

bool CsvScanner::hasRecord() const {
  // Most lines have no quotes: up to the next line feed there is a record, or more where a CR ends
  // lines.
  auto *lineEnd = static_cast<const char *>(std::memchr(p, '\n', left()));
  if (!lineEnd)
    return false;
  return !std::memchr(p, '"', static_cast<size_t>(lineEnd - p)) || CsvScanner(*this).skipRecord();
}

bool CsvScanner::hasTwoRecords() const {
  CsvScanner ahead = *this;
  for (int records = 0; records < 2;) {
    CsvScanner probe = ahead;
    if (!probe.skipRecord())
      return false;
    if (records == 0 || !ahead.skipBlankLine()) {
      ahead = probe;
      ++records;
    }
  }
  return true;
}

bool CsvScanner::skipRecord() {
  for (;; ++p) {
    p = skipBlanks(p);
    if (p != end && *p == '"')
      for (++p;; ++p) {
        p = static_cast<const char *>(p == end ? nullptr : std::memchr(p, '"', left()));
        if (!p || p + 1 == end)
          return false;
        if (*++p != '"')
          break;
      }
    while (!endsField(p))
      ++p;
    // Of CR and LF, the second may be yet to come.
    if (p == end || (*p == '\r' && p + 1 == end))
      return false;
    if (*p != separator) {
      endLine();
      return true;
    }
  }
}

bool CsvScanner::skipBlankLine() {
  const char *q = skipBlanks(p);
  if (p == end || (q != end && *q != '\n' && *q != '\r'))
    return false;
  p = q;
  endLine();
  return true;
}

bool CsvScanner::next(CsvField &field, ParsedNumber &number) {
  p = skipBlanks(p);
  field.place = place();
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

CsvRecord CsvScanner::nextRecord() {
  constexpr size_t maxColumns = 100000;
  CsvRecord record;
  ParsedNumber number;
  do {
    // Data without line ends would otherwise fill the memory with columns.
    if (record.size() == maxColumns)
      fail("more than " + std::to_string(maxColumns) + " columns are not supported",
           record.back().place);
    record.emplace_back();
    next(record.back(), number);
  } while (!record.back().endsRecord);
  return record;
}

void CsvScanner::fail(const std::string &message, const CsvPlace &place) const {
  throw FileError(*path, message, place.line, columnOf(place));
}

const char *CsvScanner::skipBlanks(const char *q) const {
  while (q != end && isBlank(*q))
    ++q;
  return q;
}

void CsvScanner::endLine() {
  if (p != end && *p == '\r')
    ++p;
  if (p != end && *p == '\n')
    ++p;
  lineStart = p;
  ++line;
}

void CsvScanner::takeEnd(CsvField &field) {
  field.endsRecord = p == end || *p != separator;
  if (!field.endsRecord)
    ++p;
  else if (p != end)
    endLine();
}

void CsvScanner::takeQuoted(CsvField &field) {
  field.isQuoted = true;
  const char *begin = ++p;
  bool hasEscapes = false;
  for (;; ++p) {
    if (p == end)
      fail("this quote is never closed", field.place);
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
  p = skipBlanks(p + 1);
  if (!endsField(p))
    fail("text after a closing quote; a quote inside a quoted field is written twice: \"\"",
         place());
  takeEnd(field);
}

std::string_view CsvScanner::unescape(std::string_view text) {
  std::string &plain = unescaped.emplace_back();
  for (size_t i = 0; i < text.size(); ++i) {
    plain += text[i];
    if (text[i] == '"')
      ++i;
  }
  return plain;
}

} // namespace descent
