#include "frontend/syntax/FormatSpec.h"
#include "tests/unit/syntax/Support.h"

#include <gmock/gmock.h>

using namespace descent;
using descent::test::Parsed;
using descent::test::tree;
using testing::ElementsAre;

namespace {

TEST(Strings, Escapes) {
  EXPECT_EQ(tree(R"("a\n\t\r\"\\\{\}b")"), "\"a\n\t\r\"\\{}b\"");
  EXPECT_EQ(tree(R"("\u{3b8}\u{1F600}")"), "\"θ😀\"");
  EXPECT_EQ(tree("\"{{a}}\""), "\"{a}\"");
  EXPECT_THAT(Parsed(R"("\q \x41 \u{} \u{110000} \u{d800} \u12")").ids(),
              ElementsAre("1:2 bad-escape", "1:5 bad-escape", "1:10 bad-escape", "1:15 bad-escape",
                          "1:26 bad-escape", "1:35 bad-escape"));
}

TEST(Strings, Interpolation) {
  EXPECT_EQ(tree("\"y = {w:.3f} x + {b}\""), "\"y = <w:.3f> x + <b>\"");
  EXPECT_EQ(tree("\"{a + b * c}\""), "\"<(a + (b * c))>\"");
  EXPECT_EQ(tree("\"{x[1:3]:8.2e}\""), "\"<x[1:3]:8.2e>\"");
  EXPECT_EQ(tree("\"{{{a}}}\""), "\"{<a>}\"");
  EXPECT_EQ(tree("\"{f(\"b {c}\")}\""), "\"<f(\"b <c>\")>\"");
  EXPECT_EQ(tree("\"{ {a: 1}.a }\""), "\"<[record a:1].a>\"");
  EXPECT_EQ(tree("\"{if a { 1 } else { 2 }}\""), "\"<[if a {1} else {2}]>\"");
  EXPECT_EQ(tree("\"{x -> x}\""), "\"<[fn (x) x]>\"");
}

TEST(Strings, ErrorsWithin) {
  EXPECT_THAT(Parsed("print \"{} {a b} {c:q} {1 +}\", \"{)}\"").ids(),
              ElementsAre("1:9 expected-expression", "1:14 expected-token", "1:20 bad-format",
                          "1:27 expected-expression", "1:33 unmatched-bracket"));
  EXPECT_THAT(Parsed("print \"a {b\"\nprint \"c").ids(),
              ElementsAre("1:10 unclosed-interpolation", "2:7 unterminated-string"));
  EXPECT_THAT(Parsed("print \"a {b:.3f\"\nlet c = 1").ids(),
              ElementsAre("1:10 unclosed-interpolation"));
  EXPECT_THAT(Parsed("print \"a {f(b} c\"").ids(), ElementsAre("1:12 unclosed-bracket"));
  EXPECT_THAT(Parsed("print \"a {f(b\nlet c = 2").ids(),
              ElementsAre("1:10 unclosed-interpolation"));
  EXPECT_THAT(Parsed("print \"a } b\"").ids(), ElementsAre("1:10 string-brace"));
}

TEST(FormatSpec, Parts) {
  FormatSpec spec = parseFormatSpec("*^+#012,.34e").value();
  EXPECT_EQ(spec.fill, "*");
  EXPECT_EQ(spec.align, '^');
  EXPECT_EQ(spec.sign, '+');
  EXPECT_TRUE(spec.alternate);
  EXPECT_TRUE(spec.zeroPadded);
  EXPECT_TRUE(spec.separated);
  EXPECT_EQ(spec.width, 12);
  EXPECT_EQ(spec.precision, 34);
  EXPECT_EQ(spec.type, 'e');
}

TEST(FormatSpec, Defaults) {
  FormatSpec spec = parseFormatSpec("d").value();
  EXPECT_EQ(spec.align, 0);
  EXPECT_EQ(spec.width, -1);
  EXPECT_EQ(spec.precision, -1);
  EXPECT_FALSE(spec.separated);
  EXPECT_EQ(parseFormatSpec("θ<5").value().fill, "θ");
  EXPECT_EQ(parseFormatSpec(">>5").value().fill, ">");
  EXPECT_EQ(parseFormatSpec("0").value().width, -1);
  EXPECT_EQ(parseFormatSpec("05").value().width, 5);
}

TEST(FormatSpec, Refused) {
  for (const char *bad :
       {"", "q", "3f2", ".f", ".", "f3", "1001", "99999999999d", "d ", "{w}", "s", "<<<", "3.x", ",,", ",3"})
    EXPECT_FALSE(parseFormatSpec(bad).has_value()) << bad;
}

} // namespace
