#include "descent/Format.h"

#include "descent/Error.h"
#include "runtime/core/Layout.h"
#include "runtime/core/Numbers.h"

#include <fmt/format.h>

#include <cctype>

namespace descent {

namespace {

/// A parsed specification. `fill` is one character of UTF-8.
struct Spec {
  std::string fill = " ";
  char align = 0;
  char sign = '-';
  bool alternate = false;
  bool zeros = false;
  bool thousands = false;
  int width = 0;
  int precision = -1;
  char type = 0;
};

/// Reads a specification from left to right; the first complaint wins.
class SpecParser {
public:
  explicit SpecParser(std::string_view text) : rest(text) {}

  std::optional<std::string> parse(Spec &spec) {
    parseAlign(spec);
    if (!rest.empty() && std::string_view("+- ").find(rest[0]) != std::string_view::npos)
      spec.sign = take();
    spec.alternate = accept('#');
    spec.zeros = accept('0');
    if (!parseNumber(spec.width, maxWidth))
      return fmt::format("a width of more than {} is not supported", maxWidth);
    spec.thousands = accept(',');
    if (accept('.')) {
      if (rest.empty() || !isDigit(rest[0]))
        return "digits must follow the '.' of a format, as in '.3f'";
      if (!parseNumber(spec.precision, maxPrecision))
        return fmt::format("a precision of more than {} is not supported", maxPrecision);
    }
    if (!rest.empty())
      spec.type = take();
    if (!rest.empty() || (spec.type && knownTypes.find(spec.type) == std::string_view::npos)) {
      std::string_view from(rest.data() - (spec.type ? 1 : 0), rest.size() + (spec.type ? 1 : 0));
      return fmt::format("'{}' is not a format; formats look like '.3f', '8.2e', '+d', '>10'",
                         from);
    }
    return std::nullopt;
  }

private:
  static constexpr int maxWidth = 10000;
  static constexpr int maxPrecision = 1000;
  static constexpr std::string_view knownTypes = "eEfFgG%dboxX";

  static bool isDigit(char c) { return c >= '0' && c <= '9'; }
  static bool isAlign(char c) { return c == '<' || c == '>' || c == '^'; }

  void parseAlign(Spec &spec) {
    size_t fillSize = 1;
    while (fillSize < rest.size() && (rest[fillSize] & 0xC0) == 0x80)
      ++fillSize;
    if (rest.size() > fillSize && isAlign(rest[fillSize])) {
      spec.fill = rest.substr(0, fillSize);
      spec.align = rest[fillSize];
      rest.remove_prefix(fillSize + 1);
    } else if (!rest.empty() && isAlign(rest[0])) {
      spec.align = take();
    }
  }

  char take() {
    char c = rest[0];
    rest.remove_prefix(1);
    return c;
  }

  bool accept(char c) {
    if (rest.empty() || rest[0] != c)
      return false;
    rest.remove_prefix(1);
    return true;
  }

  /// Digits, if there are any; false where the number is above `limit`.
  bool parseNumber(int &value, int limit) {
    if (rest.empty() || !isDigit(rest[0]))
      return true;
    value = 0;
    while (!rest.empty() && isDigit(rest[0])) {
      value = value * 10 + (take() - '0');
      if (value > limit)
        return false;
    }
    return true;
  }

  std::string_view rest;
};

} // namespace

static bool isFloatType(char type) {
  return type && std::string_view("eEfFgG%").find(type) != std::string_view::npos;
}

static bool isIntegerType(char type) {
  return type && std::string_view("dboxX").find(type) != std::string_view::npos;
}

/// Whether the elements are written as numbers: all but keys, and bools as words.
static bool writesNumber(const Spec &spec, DType dtype) {
  return dtype != DType::Key && (dtype != DType::Bool || spec.type);
}

/// The second half of the check: a specification that is well formed may not suit the type.
static std::optional<std::string> checkSuits(const Spec &spec, DType dtype) {
  if (dtype == DType::Key && spec.type)
    return fmt::format("a key has no format '{}'; only a width and an alignment", spec.type);
  if (isFloat(dtype) && isIntegerType(spec.type))
    return fmt::format("the format '{}' is for integers, and this is {}; write '.0f' or convert it "
                       "with i32(…)",
                       spec.type, nameOf(dtype));
  if (dtype == DType::Bool && isFloatType(spec.type))
    return fmt::format("the format '{}' is for numbers, and this is bool; 'd' writes 1 or 0",
                       spec.type);
  if (!writesNumber(spec, dtype)) {
    if (spec.sign != '-' || spec.alternate || spec.zeros || spec.thousands || spec.precision >= 0)
      return fmt::format("only a width and an alignment suit a {}", nameOf(dtype));
    return std::nullopt;
  }
  if (spec.precision >= 0 && !isFloat(dtype) && !isFloatType(spec.type))
    return "an integer takes no precision; write '.2f' to show it with decimals";
  if (spec.thousands &&
      (spec.type == 'x' || spec.type == 'X' || spec.type == 'o' || spec.type == 'b'))
    return fmt::format("',' does not go with the format '{}'", spec.type);
  return std::nullopt;
}

static std::optional<std::string> parseChecked(std::string_view text, DType dtype, Spec &spec) {
  if (auto complaint = SpecParser(text).parse(spec))
    return complaint;
  return checkSuits(spec, dtype);
}

std::optional<std::string> checkFormat(std::string_view spec, DType dtype) {
  Spec parsed;
  return parseChecked(spec, dtype, parsed);
}

static std::string upperCase(std::string text) {
  for (char &c : text)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// The digits of a number that is not negative, without sign and width.
template <typename T> static std::string magnitudeText(T value, const Spec &spec) {
  if constexpr (std::is_floating_point_v<T>) {
    bool percent = spec.type == '%';
    if (!std::isfinite(value)) {
      std::string word = shortestText(value) + (percent ? "%" : "");
      return spec.type == 'E' || spec.type == 'F' || spec.type == 'G' ? upperCase(word) : word;
    }
    if (!spec.type && spec.precision < 0)
      return shortestText(value);
    char type = percent ? 'f' : spec.type ? spec.type : 'g';
    int precision = spec.precision < 0 ? 6 : spec.precision;
    // In double also for f32, so that a percentage is rounded once.
    double number = static_cast<double>(value) * (percent ? 100 : 1);
    // With #, g keeps its zeros: it is f or e with as many digits as g counts.
    if (spec.alternate && (type == 'g' || type == 'G')) {
      int digits = std::max(precision, 1);
      int exponent = Decimal::fromScientific(fmt::format("{:.{}e}", number, digits - 1)).exponent;
      bool isFixed = exponent >= -4 && exponent < digits;
      precision = isFixed ? digits - 1 - exponent : digits - 1;
      type = isFixed ? 'f' : type == 'g' ? 'e' : 'E';
    }
    std::string form = fmt::format("{{:{}.{}{}}}", spec.alternate ? "#" : "", precision, type);
    return fmt::format(fmt::runtime(form), number) + (percent ? "%" : "");
  } else {
    char type = spec.type ? spec.type : 'd';
    std::string form = fmt::format("{{:{}{}}}", spec.alternate && type != 'd' ? "#" : "", type);
    return fmt::format(fmt::runtime(form), value);
  }
}

static void separateThousands(std::string &digits) {
  size_t end = 0;
  while (end < digits.size() && std::isdigit(static_cast<unsigned char>(digits[end])))
    ++end;
  for (size_t i = end; i > 3; i -= 3)
    digits.insert(i - 3, ",");
}

/// Puts sign, digits and filling together.
static std::string assemble(bool negative, std::string digits, bool finite, const Spec &spec) {
  std::string sign = negative ? "-" : spec.sign == '-' ? "" : std::string(1, spec.sign);
  if (spec.thousands && finite)
    separateThousands(digits);
  size_t length = sign.size() + characterCount(digits), width = spec.width;
  if (length >= width)
    return sign + digits;
  size_t missing = width - length;
  // An alignment overrides the 0, which fills between sign and digits.
  if (spec.zeros && !spec.align && finite) {
    bool prefixed = spec.alternate && (spec.type == 'x' || spec.type == 'X' || spec.type == 'b');
    size_t prefix = prefixed ? 2 : 0;
    return sign + digits.substr(0, prefix) + std::string(missing, '0') + digits.substr(prefix);
  }
  size_t left = spec.align == '<' ? 0 : spec.align == '^' ? missing / 2 : missing;
  std::string text;
  for (size_t i = 0; i < left; ++i)
    text += spec.fill;
  text += sign + digits;
  for (size_t i = left; i < missing; ++i)
    text += spec.fill;
  return text;
}

template <typename T> static std::string formatElement(T value, DType dtype, const Spec &spec) {
  if (!writesNumber(spec, dtype)) {
    // Words stand at the left unless told otherwise, as strings do in Python and C++.
    Spec aligned = spec;
    if (!aligned.align)
      aligned.align = '<';
    return assemble(false, toText(Array::scalar(value)), false, aligned);
  }
  if constexpr (std::is_floating_point_v<T>) {
    // -nan is not a sign that anybody wants to see.
    bool negative = std::signbit(value) && !std::isnan(value);
    return assemble(negative, magnitudeText(std::abs(value), spec), std::isfinite(value), spec);
  } else if (isFloatType(spec.type)) {
    return formatElement(static_cast<double>(value), DType::F64, spec);
  } else {
    bool negative = value < T(0);
    uint64_t size = negative ? -static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    return assemble(negative, magnitudeText(size, spec), true, spec);
  }
}

std::string toText(const Array &value) {
  if (value.rank() == 0) {
    if (value.dtype() == DType::F64)
      return shortestText(value.item<double>());
    if (value.dtype() == DType::F32)
      return shortestText(value.item<float>());
    std::string word = alignedWords(value, {0})[0];
    return word.substr(word.find_first_not_of(' '));
  }
  return layoutWords(value.shape(), alignedWords(value, shownElements(value.shape())));
}

std::string toText(const Array &value, std::string_view text) {
  if (text.empty())
    return toText(value);
  Spec spec;
  if (auto complaint = parseChecked(text, value.dtype(), spec))
    throw Error(*complaint);
  return visitDType(value.dtype(), [&](auto zero) {
    auto values = value.values<decltype(zero)>();
    if (value.rank() == 0)
      return formatElement(values[0], value.dtype(), spec);
    std::vector<std::string> words;
    for (int64_t place : shownElements(value.shape()))
      words.push_back(formatElement(values[place], value.dtype(), spec));
    return layoutWords(value.shape(), words);
  });
}

} // namespace descent
