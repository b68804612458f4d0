// Whole files into memory and back.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace descent {

/// The bytes of a file.
struct FileBytes {
  std::unique_ptr<char[]> memory;
  size_t size = 0;

  std::string_view view() const { return {memory.get(), size}; }
};

/// Reads a file from its beginning, a part at a time. Throws FileError.
class FileReader {
public:
  explicit FileReader(const std::string &path);
  ~FileReader();
  FileReader(const FileReader &) = delete;
  FileReader &operator=(const FileReader &) = delete;

  /// The next bytes; fewer than `count` only where the file ends.
  size_t read(char *to, size_t count);
  /// Of a regular file its bytes in all, as far as is known; else 0.
  size_t size() const;

private:
  std::string path;
  int file;
};

/// Reads all of a file, also of a pipe. Throws FileError.
FileBytes readFile(const std::string &path);

/// Writes the pieces one after the other to a temporary file in the same folder, which then takes
/// the place of `path`: a reader sees the old file or the new one, never half of one. What is not a
/// regular file, such as a pipe, is written to directly. Throws FileError.
void writeFile(const std::string &path, const std::vector<std::string_view> &pieces);

/// The extension without its dot, in lower case: "csv".
std::string extensionOf(const std::string &path);

/// Text from a file as it can stand in a message: at most some forty characters, none that a
/// terminal would act upon.
std::string quotedForMessage(std::string_view text);

} // namespace descent
