// The fields of a text of columns, one after the other.
#pragma once

#include "runtime/data/CsvColumn.h"

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace descent {

/// One field: its text without blanks around it and without quotes, and where it stands.
struct CsvField {
  std::string_view text;
  bool isQuoted = false;
  bool endsRecord = false;
  CsvColumn::Place place;
};

using CsvRecord = std::vector<CsvField>;

/// A place's column, counted in characters from 1.
int64_t columnOf(const CsvColumn::Place &place);

/// Walks over the fields of a text. Lines end with LF, CRLF or CR. Throws FileError for what no
/// field can be: quotes that do not end, text after a closing quote.
class CsvScanner {
public:
  /// `path` is for messages, and must live as long as this; so must the text.
  CsvScanner(const std::string &path, std::string_view text, char separator)
      : path(path), p(text.data()), end(text.data() + text.size()), lineStart(p),
        separator(separator) {}

  bool atEnd() const { return p == end; }
  /// The bytes not yet taken.
  size_t left() const { return static_cast<size_t>(end - p); }
  CsvColumn::Place place() const { return {line, lineStart, p}; }

  /// Takes a line without anything on it but blanks, if that is what comes next.
  bool skipBlankLine();

  /// Takes a field and what ends it. Where the field is a plain number, `number` has it and the
  /// result is true; else the text is for the caller to make sense of.
  bool next(CsvField &field, ParsedNumber &number);

  /// Takes a whole record; not for more than 100,000 columns.
  CsvRecord nextRecord();

  /// Forgets the texts of fields taken so far; those that had doubled quotes are kept until then.
  void forgetFields() { unescaped.clear(); }

  [[noreturn]] void fail(const std::string &message, const CsvColumn::Place &place) const;

private:
  bool isBlank(char c) const { return (c == ' ' || c == '\t') && c != separator; }
  bool endsField(const char *q) const {
    return q == end || *q == separator || *q == '\n' || *q == '\r';
  }
  const char *skipBlanks(const char *q) const;
  void endLine();
  void takeEnd(CsvField &field);
  void takeQuoted(CsvField &field);
  std::string_view unescape(std::string_view text);

  const std::string &path;
  const char *p;
  const char *end;
  const char *lineStart;
  char separator;
  int64_t line = 1;
  std::deque<std::string> unescaped;
};

} // namespace descent
