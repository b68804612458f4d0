// What the runtime throws.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace descent {

/// The root of everything that the runtime throws. `what()` is a sentence for the user.
class Error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// An array was asked for as something that it is not: another element type, another shape.
class TypeError : public Error {
public:
  using Error::Error;
};

/// A file cannot be read or written, or what is in it makes no sense.
///
/// `what()` is "path:line:column: message", without the parts that are not known.
class FileError : public Error {
public:
  /// `line` and `column` count from 1; 0 means unknown. The column counts characters.
  FileError(std::string path, std::string message, int64_t line = 0, int64_t column = 0);

  const std::string &path() const { return filePath; }
  const std::string &message() const { return text; }
  int64_t line() const { return lineNumber; }
  int64_t column() const { return columnNumber; }

private:
  std::string filePath;
  std::string text;
  int64_t lineNumber;
  int64_t columnNumber;
};

} // namespace descent
