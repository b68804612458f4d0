#include "runtime/core/Layout.h"

#include <algorithm>

namespace descent {

// NumPy's defaults, which nothing here changes.
static constexpr int64_t summaryThreshold = 1000;
static constexpr int64_t edgeItems = 3;
static constexpr size_t lineWidth = 75;

static bool isSummarized(const Shape &shape) {
  return elementCount(shape) > summaryThreshold;
}

static bool isCut(bool summarized, int64_t extent) {
  return summarized && extent > 2 * edgeItems;
}

size_t characterCount(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

std::vector<int64_t> shownElements(const Shape &shape) {
  std::vector<int64_t> places{0};
  bool summarized = isSummarized(shape);
  for (int64_t extent : shape) {
    std::vector<int64_t> next;
    for (int64_t place : places)
      for (int64_t i = 0; i < extent; ++i) {
        if (isCut(summarized, extent) && i == edgeItems)
          i = extent - edgeItems;
        next.push_back(place * extent + i);
      }
    places = std::move(next);
  }
  return places;
}

namespace {

/// One array being laid out. Axis k is indented by k + 1 blanks, one for each open bracket, and its
/// lines are k + 1 characters shorter than the page, one for each bracket yet to be closed.
class Layout {
public:
  Layout(const Shape &shape, const std::vector<std::string> &words)
      : shape(shape), summarized(isSummarized(shape)), word(words.begin()) {}

  std::string axis(size_t k) { return k + 1 == shape.size() ? row(k) : stack(k); }

private:
  /// The last axis: words, as many to a line as fit.
  std::string row(size_t k) {
    std::string indent(k + 1, ' '), done, line = indent;
    size_t width = lineWidth - std::min(lineWidth, k + 1);
    auto append = [&](const std::string &item) {
      // A word that is too long for a line of its own is not helped by a line break.
      if (characterCount(line) + characterCount(item) > width && line.size() > indent.size()) {
        line.erase(line.find_last_not_of(' ') + 1);
        done += line + "\n";
        line = indent;
      }
      line += item;
    };
    int64_t extent = shape[k];
    for (int64_t i = 0; i < extent; ++i) {
      if (isCut(summarized, extent) && i == edgeItems) {
        append("...");
        line += ' ';
        i = extent - edgeItems;
      }
      append(*word++);
      if (i + 1 < extent)
        line += ' ';
    }
    return "[" + (done + line).substr(indent.size()) + "]";
  }

  /// An outer axis: one block below the other, blank lines between blocks of several axes.
  std::string stack(size_t k) {
    std::string indent(k + 1, ' '), text = "[";
    std::string separator = std::string(shape.size() - k - 1, '\n') + indent;
    int64_t extent = shape[k];
    for (int64_t i = 0; i < extent; ++i) {
      if (isCut(summarized, extent) && i == edgeItems) {
        text += "..." + separator;
        i = extent - edgeItems;
      }
      text += axis(k + 1);
      if (i + 1 < extent)
        text += separator;
    }
    return text + "]";
  }

  const Shape &shape;
  bool summarized;
  std::vector<std::string>::const_iterator word;
};

} // namespace

std::string layoutWords(const Shape &shape, const std::vector<std::string> &words) {
  if (elementCount(shape) == 0)
    return "[]";
  return Layout(shape, words).axis(0);
}

} // namespace descent
