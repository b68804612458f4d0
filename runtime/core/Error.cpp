#include "descent/Error.h"

namespace descent {

static std::string located(const std::string &path, const std::string &message, int64_t line,
                           int64_t column) {
  std::string text = path;
  if (line > 0)
    text += ":" + std::to_string(line);
  if (line > 0 && column > 0)
    text += ":" + std::to_string(column);
  return text + ": " + message;
}

FileError::FileError(std::string path, std::string message, int64_t line, int64_t column)
    : Error(located(path, message, line, column)), filePath(std::move(path)),
      text(std::move(message)), lineNumber(line), columnNumber(column) {}

} // namespace descent
