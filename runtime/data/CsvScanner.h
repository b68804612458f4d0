// The fields of a text of columns, one after the other.
#pragma once

#include "runtime/data/CsvColumn.h"
#include "runtime/data/TextInput.h"

#include <algorithm>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace descent {

/// A place in the part of the text that is in memory. Its column is counted only when a message
/// needs it.
struct CsvPlace {
  int64_t line = 0;
  const char *lineStart = nullptr;
  const char *start = nullptr;
};

/// One field: its text without blanks around it and without quotes, and where it stands.
struct CsvField {
  std::string_view text;
  bool isQuoted = false;
  bool endsRecord = false;
  CsvPlace place;
};

using CsvRecord = std::vector<CsvField>;

/// A place's column, counted in characters from 1.
int64_t columnOf(const CsvPlace &place);

/// Walks over the fields of a text. Lines end with LF, CRLF or CR. Throws FileError for what no
/// field can be: quotes that do not end, text after a closing quote.
///
/// Whoever takes a record or a blank line has prepared it, so that it is in memory as a whole.
class CsvScanner {
public:
  /// `path` is for messages, and must live as long as this; so must the text, of which `begin` is
  /// the start.
  CsvScanner(const std::string &path, TextInput &input, const char *begin, char separator)
      : path(&path), input(&input), p(begin), end(input.end()), lineStart(p), separator(separator) {
  }

  /// Reads on until the next record is in memory. What was taken before is forgotten.
  void prepare() {
    while (!input->isComplete() && !hasRecord())
      extend();
  }
  /// The same for the record after the next, which is not taken.
  void prepareTwo();

  /// Whether no more text comes. (To be asked when the next record is prepared.)
  bool atEnd() const { return p == end; }
  /// The bytes of this part of the text that are not yet taken.
  size_t left() const { return static_cast<size_t>(end - p); }
  /// Of the lines that are in memory, on average; 0 where none ends there.
  size_t bytesPerLine() const {
    auto lines = static_cast<size_t>(std::count(p, end, '\n'));
    return lines > 0 ? left() / lines : 0;
  }
  CsvPlace place() const { return {line, lineStart, p}; }

  /// Takes a line without anything on it but blanks, if that is what comes next.
  bool skipBlankLine();

  /// Takes a field and what ends it. Where the field is a plain number, `number` has it and the
  /// result is true; else the text is for the caller to make sense of.
  bool next(CsvField &field, ParsedNumber &number);

  /// Takes a whole record; not for more than 100,000 columns.
  CsvRecord nextRecord();

  /// Forgets the texts of fields taken so far; those that had doubled quotes are kept until then.
  void forgetFields() { unescaped.clear(); }

  [[noreturn]] void fail(const std::string &message, const CsvPlace &place) const;

private:
  bool isBlank(char c) const { return (c == ' ' || c == '\t') && c != separator; }
  bool endsField(const char *q) const {
    return q == end || *q == separator || *q == '\n' || *q == '\r';
  }
  const char *skipBlanks(const char *q) const;
  /// Whether all of the next record is in this part of the text.
  bool hasRecord() const;
  /// Walks over a record without looking at its fields; false where this part of the text ends
  /// first.
  bool skipRecord();
  bool hasTwoRecords() const;
  void extend();
  void endLine();
  void takeEnd(CsvField &field);
  void takeQuoted(CsvField &field);
  std::string_view unescape(std::string_view text);

  const std::string *path;
  TextInput *input;
  const char *p;
  const char *end;
  const char *lineStart;
  char separator;
  int64_t line = 1;
  std::deque<std::string> unescaped;
};

} // namespace descent
