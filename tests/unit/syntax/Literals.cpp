#include "frontend/syntax/Literals.h"
#include "tests/unit/syntax/Support.h"

#include <gmock/gmock.h>

#include <limits>

using namespace descent;
using descent::test::Parsed;
using descent::test::tree;
using testing::ElementsAre;

namespace {

TEST(Literals, Integers) {
  EXPECT_EQ(parseInteger("0"), 0u);
  EXPECT_EQ(parseInteger("1_000_000"), 1000000u);
  EXPECT_EQ(parseInteger("007"), 7u);
  EXPECT_EQ(parseInteger("18446744073709551615"), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(parseInteger("18446744073709551616"), std::nullopt);
}

TEST(Literals, Floats) {
  EXPECT_EQ(parseFloat("1.5"), 1.5);
  EXPECT_EQ(parseFloat(".5"), 0.5);
  EXPECT_EQ(parseFloat("3."), 3.0);
  EXPECT_EQ(parseFloat("1_0.2_5e1_0"), 10.25e10);
  EXPECT_EQ(parseFloat("0.1"), 0x1.999999999999ap-4);
  // The largest, the least normal and the least of all.
  EXPECT_EQ(parseFloat("1.7976931348623157e308"), 0x1.fffffffffffffp1023);
  EXPECT_EQ(parseFloat("2.2250738585072014e-308"), 0x1p-1022);
  EXPECT_EQ(parseFloat("4.9e-324"), 0x1p-1074);
}

TEST(Literals, BeyondTheRange) {
  for (const char *large :
       {"1e309", "1.8e308", "1e99999999999999999999", "0.01e400", "100000000000e300"})
    EXPECT_EQ(parseFloat(large), std::nullopt) << large;
  for (const char *small :
       {"1e-400", "1e-99999999999999999999", "0e999999999", "100e-400", "0.0e99999999999999999999"})
    EXPECT_EQ(parseFloat(small), 0.0) << small;
}

TEST(Literals, InTheText) {
  EXPECT_EQ(tree("1_000 + 1e3"), "(1000 + 1000f)");
  EXPECT_THAT(Parsed("let a = 99999999999999999999 + 1e999").ids(),
              ElementsAre("1:9 literal-range", "1:32 literal-range"));
  EXPECT_EQ(tree("-9223372036854775808"), "(-9223372036854775808)");
}

} // namespace
