#include "frontend/driver/selftest/Expectation.h"

#include "descent/Error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>

namespace descent::driver {
namespace {

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
bool isLetter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_';
}

std::vector<std::string> linesOf(std::istream &in) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

/// How many characters from the beginning are a number; 0: there is none.
size_t numberAt(std::string_view text) {
  size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  auto digits = [&] {
    size_t from = at;
    while (at < text.size() && isDigit(text[at]))
      ++at;
    return at - from;
  };
  size_t whole = digits(), fraction = 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    fraction = digits();
  }
  if (whole + fraction == 0)
    return 0;
  size_t mantissa = at;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+'))
      ++at;
    if (digits() == 0)
      at = mantissa;
  }
  return at;
}

/// Numbers, names and all other characters that are not blank.
std::vector<std::string_view> wordsOf(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    size_t length = numberAt(line);
    if (length == 0) {
      length = 1;
      if (isLetter(line[0]))
        while (length < line.size() && (isLetter(line[length]) || isDigit(line[length])))
          ++length;
      else if (std::isspace(static_cast<unsigned char>(line[0]))) {
        line.remove_prefix(1);
        continue;
      }
    }
    words.push_back(line.substr(0, length));
    line.remove_prefix(length);
  }
  return words;
}

bool isInteger(std::string_view word) {
  return std::ranges::all_of(word.substr(word.starts_with('-') || word.starts_with('+')), isDigit);
}

std::optional<double> numberOf(std::string_view word) {
  if (numberAt(word) != word.size())
    return std::nullopt;
  double number = 0;
  word.remove_prefix(word.starts_with('+'));
  auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (problem != std::errc() || end != word.data() + word.size())
    return std::nullopt;
  return number;
}

bool agree(std::string_view actual, std::string_view expected) {
  if (actual == expected)
    return true;
  std::optional<double> a = numberOf(actual), e = numberOf(expected);
  if (!a || !e)
    return false;
  if (isInteger(actual) && isInteger(expected))
    return *a == *e && std::abs(*a) < 0x1p53;
  return std::abs(*a - *e) <= std::max(1e-7, 2e-5 * std::max(std::abs(*a), std::abs(*e)));
}

} // namespace

Expectation Expectation::read(const std::string &path) {
  std::ifstream in(path);
  if (!in)
    throw Error(path + " cannot be read");
  Expectation result;
  for (const std::string &line : linesOf(in)) {
    if (line.starts_with("exit ") && line.size() > 5 && line.size() <= 8 &&
        isInteger(line.substr(5)))
      result.exitCode = std::stoi(line.substr(5));
    else if (line.starts_with("error: "))
      result.error = line.substr(7);
    else
      result.lines.push_back(line);
  }
  return result;
}

std::optional<std::string> difference(const std::string &output,
                                      const std::vector<std::string> &expected) {
  std::istringstream in(output);
  std::vector<std::string> lines = linesOf(in);
  for (size_t i = 0; i < std::max(lines.size(), expected.size()); ++i) {
    std::string line = i < lines.size() ? lines[i] : "(nothing)";
    std::string wanted = i < expected.size() ? expected[i] : "(nothing)";
    std::vector<std::string_view> words = wordsOf(line), wantedWords = wordsOf(wanted);
    if (!std::ranges::equal(words, wantedWords, agree))
      return fmt::format("line {} is\n  {}\nand should be\n  {}\n", i + 1, line, wanted);
  }
  return std::nullopt;
}

} // namespace descent::driver
