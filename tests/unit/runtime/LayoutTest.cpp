// Arrays as text, against what NumPy printed.

#include "descent/Format.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

using namespace descent;

namespace {

struct Case {
  std::string header;
  std::string expected;
};

std::vector<Case> readCases() {
  std::ifstream file(DESCENT_TEST_DATA "/numpy_layout.txt");
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("# "))
      cases.push_back({line.substr(2), ""});
    else if (!cases.empty())
      cases.back().expected += cases.back().expected.empty() ? line : "\n" + line;
  }
  return cases;
}

template <typename T> Array readValues(std::istream &text, const Shape &shape) {
  std::vector<T> values(elementCount(shape));
  std::string word;
  text >> word;
  double factor = 0;
  bool isFormula = word == "times";
  if (isFormula)
    text >> factor;
  for (size_t i = 0; i < values.size(); ++i) {
    if (isFormula)
      values[i] = static_cast<T>(i * factor);
    else if constexpr (std::is_floating_point_v<T>)
      values[i] = static_cast<T>(std::strtod(word.c_str(), nullptr));
    else
      values[i] = static_cast<T>(std::strtoll(word.c_str(), nullptr, 10));
    if (!isFormula)
      text >> word;
  }
  return Array::fromVector(values, shape);
}

Array readArray(const std::string &header) {
  std::istringstream text(header);
  std::string type;
  size_t rank;
  text >> type >> rank;
  Shape shape(rank);
  for (int64_t &extent : shape)
    text >> extent;
  return visitDType(*dtypeFromName(type),
                    [&](auto zero) { return readValues<decltype(zero)>(text, shape); });
}

} // namespace

TEST(Layout, IsNumPys) {
  std::vector<Case> cases = readCases();
  ASSERT_GT(cases.size(), 150u);
  for (const Case &c : cases)
    EXPECT_EQ(toText(readArray(c.header)), c.expected) << c.header;
}

TEST(Layout, KeysShowTheirWords) {
  Array keys = Array::fromVector<uint64_t>({(1797259609ull << 32) | 2579123966ull, 7});
  EXPECT_EQ(toText(keys), "[key(1797259609, 2579123966)                   key(0, 7)]");
  EXPECT_EQ(toText(Array::scalar(uint64_t(7))), "key(0, 7)");
}

TEST(Layout, SummarizesWithoutVisitingTheRest) {
  // 2^40 elements would not fit: the places that are shown must come from the shape alone.
  Array wide = Array::zeros(DType::Bool, {4, 100000});
  EXPECT_EQ(toText(wide), "[[false false false ... false false false]\n"
                          " [false false false ... false false false]\n"
                          " [false false false ... false false false]\n"
                          " [false false false ... false false false]]");
}

TEST(Layout, TakesFormattedElements) {
  Array matrix = Array::fromVector<float>({1.5f, -2, 3.25f, 1e6f}, {2, 2});
  EXPECT_EQ(toText(matrix, ".1f"), "[[1.5 -2.0]\n [3.2 1000000.0]]");
  EXPECT_EQ(toText(Array::zeros(DType::F32, {1001}), ".0f"), "[0 0 0 ... 0 0 0]");
  EXPECT_EQ(toText(Array::zeros(DType::I32, {0}), "d"), "[]");
  // 15 words of 4 and their blanks fill 74 characters; another does not fit into 75.
  EXPECT_EQ(toText(Array::zeros(DType::I32, {16}), "04d"),
            "[0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000\n 0000 0000]");
}
