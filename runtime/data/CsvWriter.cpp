#include "runtime/data/Csv.h"

#include "descent/Error.h"
#include "descent/Format.h"
#include "runtime/core/Numbers.h"

namespace descent {

namespace {

/// A column to be written: every `stride`-th element of an array from `first` on.
struct OutputColumn {
  std::string label;
  const Array *array;
  int64_t first;
  int64_t stride;
};

} // namespace

static std::string quoted(const std::string &label, char separator) {
  if (label.find_first_of("\"\r\n") == std::string::npos &&
      label.find(separator) == std::string::npos)
    return label;
  std::string text = "\"";
  for (char c : label)
    text += c == '"' ? "\"\"" : std::string(1, c);
  return text + "\"";
}

static void appendElement(std::string &text, const OutputColumn &column, int64_t row) {
  visitDType(column.array->dtype(), [&](auto zero) {
    using T = decltype(zero);
    T value = column.array->values<T>()[column.first + row * column.stride];
    if constexpr (std::is_floating_point_v<T>) {
      std::string number = shortestText(value);
      // A column of whole floats must not read back as integers.
      bool isWhole = number.find_first_not_of("-0123456789") == std::string::npos;
      text += number + (isWhole ? ".0" : "");
    } else if constexpr (std::is_same_v<T, bool>) {
      text += value ? "true" : "false";
    } else {
      char buffer[24];
      text.append(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr);
    }
  });
}

std::string csvText(const std::string &path, const std::vector<NamedArray> &arrays,
                    char separator) {
  std::vector<OutputColumn> columns;
  const NamedArray *firstOfAll = nullptr;
  int64_t rows = 0;
  for (const NamedArray &item : arrays) {
    const Array &array = item.array;
    std::string label = item.label.empty() ? item.name : item.label;
    if (array.dtype() == DType::Key)
      throw FileError(path, "'" + label + "' is a key, and keys cannot be saved as csv");
    if (array.rank() > 2)
      throw FileError(path, "'" + label + "' has the type " + array.typeName() +
                                "; csv takes arrays of one or two axes (npy and npz take any)");
    int64_t length = array.rank() == 0 ? 1 : array.shape()[0];
    if (!firstOfAll) {
      firstOfAll = &item;
      rows = length;
    } else if (length != rows) {
      throw FileError(path, "columns of different lengths: '" + firstOfAll->name + "' has " +
                                std::to_string(rows) + " rows, '" + item.name + "' has " +
                                std::to_string(length) + "; npz takes arrays of any shape");
    }
    if (array.rank() < 2) {
      columns.push_back({label.empty() ? "c0" : label, &array, 0, 1});
      continue;
    }
    int64_t width = array.shape()[1];
    for (int64_t i = 0; i < width; ++i)
      columns.push_back(
          {(label.empty() ? "c" : label + "_") + std::to_string(i), &array, i, width});
  }
  std::string text;
  for (size_t i = 0; i < columns.size(); ++i)
    text += (i > 0 ? std::string(1, separator) : "") + quoted(columns[i].label, separator);
  text += "\n";
  for (int64_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i > 0)
        text += separator;
      appendElement(text, columns[i], row);
    }
    text += "\n";
  }
  return text;
}

} // namespace descent
