// The words of arrays: which digits NumPy shows of each element, and how wide it makes them.

#include "runtime/core/Layout.h"
#include "runtime/core/Numbers.h"

#include <algorithm>
#include <cfloat>

namespace descent {

// At most this many digits after the point.
static constexpr int maxPlaces = 8;

static std::string padLeft(std::string text, size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

namespace {

/// The common form of the floats of one array.
template <typename T> class FloatForm {
public:
  explicit FloatForm(const std::vector<T> &values) {
    chooseNotation(values);
    size_t nonFinite = 0;
    for (T value : values) {
      if (std::isfinite(value)) {
        Parts parts = split(value);
        integerWidth = std::max(integerWidth, parts.integer.size());
        fractionWidth = std::max(fractionWidth, parts.fraction.size());
        exponentWidth = std::max(exponentWidth, parts.exponent.size());
      } else {
        nonFinite = std::max<size_t>(nonFinite, value < 0 ? 4 : 3);
      }
    }
    size_t right = 1 + fractionWidth + exponentWidth;
    if (nonFinite > integerWidth + right)
      integerWidth = nonFinite - right;
  }

  std::string word(T value) const {
    size_t width = integerWidth + 1 + fractionWidth + exponentWidth;
    if (!std::isfinite(value))
      return padLeft(shortestText(value), width);
    Parts parts = scientific ? splitRounded(value, fractionWidth) : split(value);
    std::string text = padLeft(parts.integer, integerWidth) + "." + parts.fraction;
    // In exponent form all numbers have the same digits; else blanks keep the points aligned.
    if (!scientific)
      return text + std::string(width - text.size(), ' ');
    // The exponent is "e+05": zeros go between its sign and its digits.
    parts.exponent.insert(2, exponentWidth - parts.exponent.size(), '0');
    return text + parts.exponent;
  }

private:
  struct Parts {
    std::string integer;
    std::string fraction;
    std::string exponent;
  };

  /// Exponents are used where the numbers are large, small or far apart; compared in T.
  void chooseNotation(const std::vector<T> &values) {
    T smallest = 0, largest = 0;
    for (T value : values) {
      T size = std::abs(value);
      if (!std::isfinite(value) || size == 0)
        continue;
      largest = std::max(largest, size);
      smallest = smallest == 0 ? size : std::min(smallest, size);
    }
    if (largest == 0)
      return;
    // Beyond the digits that the type is sure of, or 10^8.
    constexpr T cutoff = sizeof(T) == sizeof(float) ? T(1e6) : T(1e8);
    scientific = largest >= cutoff || smallest < T(0.0001) || largest / smallest > T(1000);
  }

  /// The fewest digits that tell the value apart, but no more than maxPlaces after the point.
  Parts split(T value) const {
    Decimal number = shortestDecimal(value);
    int places = static_cast<int>(number.digits.size()) - 1 - (scientific ? 0 : number.exponent);
    if (scientific && places > maxPlaces) {
      number = roundedDecimal(value, maxPlaces);
      number.trimZeros();
    }
    if (scientific)
      return splitText(scientificText(number));
    if (places <= maxPlaces)
      return splitText(positionalText(number));
    char buffer[64]; // below 10^8, so at most 17 characters
    auto end =
        std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::fixed, maxPlaces);
    std::string text(buffer, end.ptr);
    text.erase(text.find_last_not_of('0') + 1);
    return splitText(text);
  }

  /// In exponent form, with so many digits after the point. Where the shortest form has fewer,
  /// NumPy does not fill up with zeros but goes on with the digits of the binary value.
  static Parts splitRounded(T value, size_t places) {
    return splitText(scientificText(roundedDecimal(value, static_cast<int>(places))));
  }

  static Parts splitText(const std::string &text) {
    Parts parts;
    size_t mark = std::min(text.find('e'), text.size());
    parts.exponent = text.substr(mark);
    size_t point = std::min(text.find('.'), mark);
    parts.integer = text.substr(0, point);
    if (point < mark)
      parts.fraction = text.substr(point + 1, mark - point - 1);
    return parts;
  }

  bool scientific = false;
  size_t integerWidth = 0;
  size_t fractionWidth = 0;
  size_t exponentWidth = 0;
};

} // namespace

static std::string wordOf(bool value) {
  return value ? "true" : "false";
}
static std::string wordOf(uint64_t key) {
  return "key(" + std::to_string(key >> 32) + ", " + std::to_string(key & 0xFFFFFFFF) + ")";
}
template <typename T> static std::string wordOf(T value) {
  return std::to_string(value);
}

std::vector<std::string> alignedWords(const Array &array, const std::vector<int64_t> &shown) {
  return visitDType(array.dtype(), [&](auto zero) {
    using T = decltype(zero);
    std::vector<std::string> words;
    auto values = array.values<T>();
    if constexpr (std::is_floating_point_v<T>) {
      std::vector<T> picked;
      for (int64_t place : shown)
        picked.push_back(values[place]);
      FloatForm<T> form(picked);
      for (T value : picked)
        words.push_back(form.word(value));
    } else {
      // A bool is always as wide as "false", as in NumPy.
      size_t width = std::is_same_v<T, bool> ? 5 : 0;
      for (int64_t place : shown) {
        words.push_back(wordOf(values[place]));
        width = std::max(width, words.back().size());
      }
      for (std::string &word : words)
        word = padLeft(std::move(word), width);
    }
    return words;
  });
}

} // namespace descent
