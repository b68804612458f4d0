#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace descent {

/// Names one text held by a SourceManager.
using FileId = uint32_t;

/// A run of bytes `[begin, end)` of one source file. An empty range is a point between two bytes.
struct SourceRange {
  static constexpr FileId kNoFile = ~0u;

  FileId file = kNoFile;
  uint32_t begin = 0;
  uint32_t end = 0;

  /// False for the default range: something that no source text stands for.
  bool isValid() const { return file != kNoFile; }
  bool isEmpty() const { return begin == end; }

  bool operator==(const SourceRange &) const = default;

  /// True where `other` lies in this range.
  bool contains(const SourceRange &other) const {
    return file == other.file && begin <= other.begin && other.end <= end;
  }
};

/// The least range that covers both; they are of one file. An invalid one counts for nothing.
SourceRange join(SourceRange a, SourceRange b);

/// A place for people: both count from 1; the column counts Unicode code points (a byte that is
/// not UTF-8, and a tab, is one).
struct LineColumn {
  uint32_t line = 1;
  uint32_t column = 1;

  bool operator==(const LineColumn &) const = default;
};

/// One text: its name as messages show it, its bytes, and where its lines begin.
///
/// Lines end with `\n`, `\r\n` or a lone `\r`. A byte order mark at the start is not part of the
/// text (it is dropped). The text is never changed, so views of it stay good as long as the file.
class SourceFile {
public:
  SourceFile(FileId id, std::string path, std::string text);

  FileId id() const { return fileId; }
  const std::string &path() const { return filePath; }
  std::string_view text() const { return contents; }

  /// At least 1, also for an empty text.
  uint32_t lineCount() const { return static_cast<uint32_t>(lineStarts.size()); }
  /// The number of the line that holds byte `offset` (offsets past the end: the last line).
  uint32_t lineOf(uint32_t offset) const;
  /// The bytes of line `line` (from 1), without its line ending.
  std::string_view lineText(uint32_t line) const;
  /// Where line `line` (from 1) begins, in bytes.
  uint32_t lineBegin(uint32_t line) const { return lineStarts[line - 1]; }
  LineColumn lineColumn(uint32_t offset) const;
  /// The byte at a line and column as `lineColumn` counts them; columns past the end of the line
  /// give the line's end.
  uint32_t offsetOf(LineColumn place) const;

private:
  FileId fileId;
  std::string filePath;
  std::string contents;
  std::vector<uint32_t> lineStarts;
};

/// Owns the texts of one compilation: the script, what it imports, and the library's own modules.
class SourceManager {
public:
  /// A longer text is refused. Programs are far shorter; what is longer is data in the wrong place.
  static constexpr size_t kMaxFileBytes = size_t{4} << 20;

  /// Takes a text that is already in memory. `path` is only a name here. The caller has seen to
  /// it that the text is not longer than kMaxFileBytes.
  const SourceFile &add(std::string path, std::string text);

  /// Reads a file. Null where it cannot be read or is too long (then it is not read at all);
  /// `reason` is then a clause such as "no such file".
  const SourceFile *load(const std::string &path, std::string &reason);

  const SourceFile &file(FileId id) const { return *files[id]; }
  size_t fileCount() const { return files.size(); }
  /// The file of that name, or null.
  const SourceFile *find(std::string_view path) const;

  /// The bytes of a range (empty for an invalid one).
  std::string_view text(SourceRange range) const;
  /// Where a valid range begins.
  LineColumn begin(SourceRange range) const { return file(range.file).lineColumn(range.begin); }
  /// "path:line:column", or "" for an invalid range.
  std::string describe(SourceRange range) const;

private:
  std::vector<std::unique_ptr<SourceFile>> files;
};

} // namespace descent
