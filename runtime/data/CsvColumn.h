// One column of a text file while it is read.
#pragma once

#include "descent/Data.h"

#include <optional>
#include <string_view>
#include <vector>

namespace descent {

/// A number as it stands in a text: an integer that fits i64, or anything else as f64.
struct ParsedNumber {
  bool isInteger = false;
  int64_t integer = 0;
  double real = 0;
};

/// Reads the number at the beginning of [begin, end). Returns where it ends, or null.
const char *parseNumber(const char *begin, const char *end, ParsedNumber &number);

/// true or false in any case.
std::optional<bool> parseBool(std::string_view text);

/// Whether a field says that there is no value: empty, NA, n/a, NaN, null, none, ?, -.
bool saysMissing(std::string_view text);

/// Collects values; integers turn into floats as soon as one value is not an integer.
class CsvColumn {
public:
  /// A place in the text, counted from 1.
  struct Place {
    int64_t line = 0, column = 0;
  };

  /// Floats are kept as, and finally given as, `floatType`.
  CsvColumn(std::string label, DType floatType)
      : label(std::move(label)), isNarrow(floatType == DType::F32) {}

  void reserve(size_t rows) { integers.reserve(rows); }

  /// Whether the column notes the place where a value is missing, or a text that refuses it.
  bool wantsPlaceOfMissing() const { return kind != Kind::Refused && !firstMissing; }
  bool wantsPlaceOfText() const { return kind == Kind::Unknown; }

  /// Adds a number; false where the column is one of bools. Does nothing in a refused column.
  bool add(const ParsedNumber &number) {
    if (kind == Kind::Integers && number.isInteger &&
        number.integer == static_cast<int32_t>(number.integer)) {
      integers.push_back(static_cast<int32_t>(number.integer));
      return true;
    }
    if (kind == Kind::Floats) {
      double value = number.isInteger ? static_cast<double>(number.integer) : number.real;
      if (isNarrow)
        floats.push_back(static_cast<float>(value));
      else
        doubles.push_back(value);
      return true;
    }
    return addOther(number);
  }

  /// Adds a bool; false where the column is one of numbers.
  bool add(bool value);

  /// Notes that there is no value in this row.
  void addMissing(std::string_view text, Place place);

  /// Refuses the column for a text, if it has had no value yet or is refused already; else false.
  bool addText(std::string_view text, Place place);

  bool isRefused() const { return kind == Kind::Refused; }
  const std::string &name() const { return label; }

  /// The first missing value, where this is not a refused column: its place and its text.
  const std::optional<std::pair<Place, std::string>> &missing() const { return firstMissing; }

  /// Why the column is refused.
  const std::string &reason() const { return refusal; }
  Place place() const { return refusedAt; }

  /// The values as an array of one axis, integers as i32 if all fit. The column has none
  /// afterwards.
  Array finish();

private:
  enum class Kind { Unknown, Integers, LongIntegers, Floats, Bools, Refused };
  bool addOther(const ParsedNumber &number);
  void becomeLong();
  void becomeFloats();

  std::string label;
  bool isNarrow;
  Kind kind = Kind::Unknown;
  std::vector<int32_t> integers;
  std::vector<int64_t> longIntegers; ///< from the first that does not fit i32
  std::vector<float> floats;         ///< where isNarrow
  std::vector<double> doubles;       ///< elsewhere
  std::vector<bool> bools;
  std::optional<std::pair<Place, std::string>> firstMissing;
  std::string refusal;
  Place refusedAt;
};

} // namespace descent
