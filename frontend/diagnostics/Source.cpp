#include "frontend/diagnostics/Source.h"

#include "frontend/diagnostics/Utf8.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace descent {

SourceRange join(SourceRange a, SourceRange b) {
  if (!a.isValid())
    return b;
  if (!b.isValid())
    return a;
  return {a.file, std::min(a.begin, b.begin), std::max(a.end, b.end)};
}

SourceFile::SourceFile(FileId id, std::string path, std::string text)
    : fileId(id), filePath(std::move(path)), contents(std::move(text)) {
  if (contents.starts_with("\xEF\xBB\xBF"))
    contents.erase(0, 3);
  lineStarts.push_back(0);
  for (size_t i = 0; i < contents.size(); ++i) {
    bool endsLine = contents[i] == '\n' ||
                    (contents[i] == '\r' && (i + 1 == contents.size() || contents[i + 1] != '\n'));
    if (endsLine)
      lineStarts.push_back(static_cast<uint32_t>(i + 1));
  }
}

uint32_t SourceFile::lineOf(uint32_t offset) const {
  auto next = std::upper_bound(lineStarts.begin(), lineStarts.end(), offset);
  return static_cast<uint32_t>(next - lineStarts.begin());
}

std::string_view SourceFile::lineText(uint32_t line) const {
  size_t begin = lineStarts[line - 1];
  size_t end = line < lineStarts.size() ? lineStarts[line] : contents.size();
  std::string_view text = std::string_view(contents).substr(begin, end - begin);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

LineColumn SourceFile::lineColumn(uint32_t offset) const {
  offset = std::min<uint32_t>(offset, static_cast<uint32_t>(contents.size()));
  uint32_t line = lineOf(offset);
  std::string_view before(contents.data() + lineBegin(line), offset - lineBegin(line));
  uint32_t column = 1;
  while (!before.empty()) {
    before.remove_prefix(decodeUtf8(before).length);
    ++column;
  }
  return {line, column};
}

uint32_t SourceFile::offsetOf(LineColumn place) const {
  if (place.line < 1)
    return 0;
  if (place.line > lineCount())
    return static_cast<uint32_t>(contents.size());
  std::string_view rest = lineText(place.line);
  uint32_t offset = lineBegin(place.line);
  for (uint32_t column = 1; column < place.column && !rest.empty(); ++column) {
    uint32_t length = decodeUtf8(rest).length;
    rest.remove_prefix(length);
    offset += length;
  }
  return offset;
}

const SourceFile &SourceManager::add(std::string path, std::string text) {
  FileId id = static_cast<FileId>(files.size());
  files.push_back(std::make_unique<SourceFile>(id, std::move(path), std::move(text)));
  return *files.back();
}

const SourceFile *SourceManager::load(const std::string &path, std::string &reason) {
  std::error_code failure;
  if (std::filesystem::is_directory(path, failure)) {
    reason = "it is a directory";
    return nullptr;
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    reason = errno == ENOENT ? "no such file" : std::strerror(errno);
    return nullptr;
  }
  // In pieces: a pipe has no size to ask for, and a huge file is given up after its first 4 MiB.
  std::string text;
  char piece[1 << 16];
  while (text.size() <= kMaxFileBytes && in.read(piece, sizeof piece).gcount() > 0)
    text.append(piece, static_cast<size_t>(in.gcount()));
  if (in.bad()) {
    reason = "it cannot be read";
    return nullptr;
  }
  if (text.size() > kMaxFileBytes) {
    reason = "it is longer than 4 MiB; keep numbers in a data file and read them with `data`";
    return nullptr;
  }
  return &add(path, std::move(text));
}

const SourceFile *SourceManager::find(std::string_view path) const {
  for (const auto &file : files)
    if (file->path() == path)
      return file.get();
  return nullptr;
}

std::string_view SourceManager::text(SourceRange range) const {
  if (!range.isValid())
    return {};
  return file(range.file).text().substr(range.begin, range.end - range.begin);
}

std::string SourceManager::describe(SourceRange range) const {
  if (!range.isValid())
    return {};
  LineColumn place = begin(range);
  return file(range.file).path() + ":" + std::to_string(place.line) + ":" +
         std::to_string(place.column);
}

} // namespace descent
