#include "runtime/data/CsvColumn.h"

#include "runtime/data/Files.h"

#include <algorithm>
#include <charconv>
#include <fast_float/fast_float.h>

namespace descent {

const char *parseNumber(const char *begin, const char *end, ParsedNumber &number) {
  const char *p = begin;
  bool negative = false;
  if (p != end && (*p == '-' || *p == '+')) {
    negative = *p == '-';
    ++p;
    if (p != end && (*p == '-' || *p == '+'))
      return nullptr;
  }
  const char *digits = p;
  int64_t value = 0;
  // 18 digits always fit.
  while (p != end && *p >= '0' && *p <= '9' && p - digits < 18)
    value = value * 10 + (*p++ - '0');
  bool maybeInteger = p != digits;
  if (maybeInteger && p != end && *p >= '0' && *p <= '9') {
    const char *start = negative ? begin : digits;
    auto result = std::from_chars(start, end, value);
    maybeInteger = result.ec == std::errc();
    p = result.ptr;
  } else if (negative) {
    value = -value;
  }
  if (maybeInteger && (p == end || (*p != '.' && *p != 'e' && *p != 'E'))) {
    number = {true, value, 0};
    return p;
  }
  // fast_float knows no leading '+'.
  const char *start = negative ? begin : digits;
  auto result = fast_float::from_chars(start, end, number.real);
  if (result.ptr == start || result.ec == std::errc::invalid_argument)
    return nullptr;
  number.isInteger = false;
  return result.ptr;
}

static bool equalsIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size())
    return false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != lower[i])
      return false;
  }
  return true;
}

std::optional<bool> parseBool(std::string_view text) {
  if (equalsIgnoringCase(text, "true"))
    return true;
  if (equalsIgnoringCase(text, "false"))
    return false;
  return std::nullopt;
}

bool saysMissing(std::string_view text) {
  for (std::string_view word : {"", "na", "n/a", "nan", "-nan", "null", "none", "?", "-"})
    if (equalsIgnoringCase(text, word))
      return true;
  return false;
}

/// Gives up the memory, which assigning an empty list would not.
template <typename T> static void release(std::vector<T> &values) {
  std::vector<T>().swap(values);
}

void CsvColumn::becomeLong() {
  longIntegers.reserve(integers.capacity());
  longIntegers.assign(integers.begin(), integers.end());
  release(integers);
  kind = Kind::LongIntegers;
}

void CsvColumn::becomeFloats() {
  auto take = [&](auto &values) {
    using Float = std::decay_t<decltype(values[0])>;
    values.reserve(std::max(integers.capacity(), longIntegers.capacity()));
    for (int32_t value : integers)
      values.push_back(static_cast<Float>(static_cast<double>(value)));
    for (int64_t value : longIntegers)
      values.push_back(static_cast<Float>(static_cast<double>(value)));
  };
  if (isNarrow)
    take(floats);
  else
    take(doubles);
  release(integers);
  release(longIntegers);
  kind = Kind::Floats;
}

bool CsvColumn::addOther(const ParsedNumber &number) {
  switch (kind) {
  case Kind::Unknown:
    if (number.isInteger)
      kind = Kind::Integers;
    else
      becomeFloats();
    return add(number);
  case Kind::Integers:
    if (number.isInteger)
      becomeLong();
    else
      becomeFloats();
    return add(number);
  case Kind::LongIntegers:
    if (!number.isInteger) {
      becomeFloats();
      return add(number);
    }
    longIntegers.push_back(number.integer);
    return true;
  case Kind::Bools:
    return false;
  default:
    return true;
  }
}

bool CsvColumn::add(bool value) {
  if (kind == Kind::Integers || kind == Kind::LongIntegers || kind == Kind::Floats)
    return false;
  if (kind == Kind::Unknown)
    kind = Kind::Bools;
  if (kind == Kind::Bools)
    bools.push_back(value);
  return true;
}

void CsvColumn::addMissing(std::string_view text, Place place) {
  if (kind != Kind::Refused && !firstMissing)
    firstMissing.emplace(place, text);
}

bool CsvColumn::addText(std::string_view text, Place place) {
  if (kind == Kind::Unknown) {
    kind = Kind::Refused;
    firstMissing.reset();
    // A file with semicolons looks like one column of text.
    bool isSemicolons = label.find(';') != std::string::npos && text.find(';') != text.npos;
    refusal = quotedForMessage(text) + " is not a number; " +
              (isSemicolons ? "the separator must be ',', not ';'"
                            : "columns of text are not supported yet");
    refusedAt = place;
  }
  return kind == Kind::Refused;
}

/// The elements. The vector gives up its memory.
template <typename T> static Array arrayOf(std::vector<T> &from) {
  Array array = Array::uninitialized(dtypeOf<T>, {static_cast<int64_t>(from.size())});
  std::copy(from.begin(), from.end(), array.mutableValues<T>().begin());
  release(from);
  return array;
}

Array CsvColumn::finish() {
  switch (kind) {
  case Kind::Bools:
    return Array::fromVector(bools);
  case Kind::Floats:
    return isNarrow ? arrayOf(floats) : arrayOf(doubles);
  case Kind::LongIntegers:
    return arrayOf(longIntegers);
  default:
    return arrayOf(integers);
  }
}

} // namespace descent
