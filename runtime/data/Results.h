// The results of a run as JSON, for `--json`.
#pragma once

#include "descent/Array.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace descent {

/// Values by section and name, written as one JSON object of objects:
///
///     {"values": {"w": 0.5, "net": {"b": [1, 2]}}, "train": {"loss": [...], "reason": "…"}}
///
/// A scalar is a number, true or false; an array is nested lists, row by row. Numbers are written
/// so that they read back as the same value of the same type. JSON has no other numbers: NaN and
/// the infinities are the strings "nan", "inf", "-inf" (as Python's float() takes them). A key is
/// the list of its two words.
class Results {
public:
  Results();
  ~Results();

  /// Puts a value at a path of names: {"values", "net", "b"}. A later value replaces an earlier one
  /// of the same path. Throws Error where the path leads through a value.
  void set(const std::vector<std::string> &path, const Array &value);
  void set(const std::vector<std::string> &path, std::string_view text);

  /// The JSON text, in the order in which values were set first, ending in a line end.
  std::string text() const;

  /// Writes the text to a file, all or nothing. Throws FileError.
  void write(const std::string &file) const;

private:
  /// What was put where; numbers become text only when that is written.
  struct Document;
  std::unique_ptr<Document> document;
};

} // namespace descent
