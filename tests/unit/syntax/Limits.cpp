// Any text is read, or refused in a sentence, in time and without running out of stack.

#include "frontend/syntax/Lexer.h"
#include "tests/unit/syntax/Support.h"

#include <gmock/gmock.h>

#include <chrono>

using namespace descent;
using descent::test::Parsed;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;

namespace {

std::string repeated(std::string_view piece, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i)
    text += piece;
  return text;
}

TEST(Limits, NestingThatIsAllowed) {
  for (auto [open, inner, close] :
       {std::tuple("(", "1", ")"), std::tuple("[", "1", "]"), std::tuple("f(", "1", ")"),
        std::tuple("{a: ", "1", "}"), std::tuple("{ ", "1", " }"), std::tuple("x[", "1", "]"),
        std::tuple("if x { ", "1", " } else { 2 }"), std::tuple("x -> (", "1", ")")}) {
    std::string text = repeated(open, kMaxOpenBrackets) + inner + repeated(close, kMaxOpenBrackets);
    EXPECT_EQ(Parsed(text).messages(), "") << open;
  }
}

TEST(Limits, NestingThatIsNot) {
  for (const char *open : {"(", "[", "{", "f(", "{a: ", "x[", "if x { ", "let a = (", "\"{",
                           "fn f() = { ", "for i in x { ", "(x: f32[", "let (", "[(\n"})
    EXPECT_THAT(Parsed(repeated(open, 1000000 / 2)).ids(),
                ElementsAre(EndsWith("nesting-too-deep")))
        << open;
  std::string balanced = "let a = " + repeated("(", 1000000) + "1" + repeated(")", 1000000);
  EXPECT_THAT(Parsed(balanced).ids(), ElementsAre("1:265 nesting-too-deep"));
}

TEST(Limits, LongChainsAreRefused) {
  for (const char *link : {"-", "not ", "x -> ", "a ^ ", "a + ", "a.", "if x {} else ", "a and "})
    EXPECT_THAT(Parsed(repeated(link, 100000) + "a").ids(),
                ElementsAre(EndsWith("nesting-too-deep")))
        << link;
  for (const char *link : {"(1)", "[0]", ".T", " + 1"})
    EXPECT_THAT(Parsed("a" + repeated(link, 100000)).ids(),
                ElementsAre(EndsWith("nesting-too-deep")))
        << link;
}

TEST(Limits, ChainsOfAThousandAreRead) {
  EXPECT_EQ(Parsed("a" + repeated(" + a", 990)).messages(), "");
  EXPECT_EQ(Parsed(repeated("-", 990) + "a").messages(), "");
  EXPECT_EQ(Parsed("a" + repeated("(1)", 990)).messages(), "");
}

TEST(Limits, TheTreeIsNeverTooHigh) {
  // Brackets within chains within brackets: what counts is the sum.
  std::string text = "a";
  for (int i = 0; i < 8; ++i)
    text = "(" + text + ")" + repeated(" + a", 200);
  EXPECT_THAT(Parsed(text).ids(), ElementsAre(EndsWith("nesting-too-deep")));
}

TEST(Limits, LongListsAreNoNesting) {
  EXPECT_EQ(Parsed("[" + repeated("1, ", 100000) + "]").messages(), "");
  EXPECT_EQ(Parsed(repeated("a = 1\n", 100000)).messages(), "");
}

// Quadratic behaviour would take minutes here; the bound is generous for slow machines and
// sanitizers.
TEST(Limits, TimeIsLinear) {
  constexpr size_t size = size_t{1} << 20;
  for (const char *piece : {"(",           ")",      "{",           "}",      "-",
                            "a+",          "a,",     "\"",          "\"{",    "#",
                            "\n",          "\xff",   "−",           "$ ",     "train (a) + ",
                            "train (a), ", "x = ",   "a\n",         "a <",    ";",
                            "[)",          "([)]",   "9",           "1_",     "print ",
                            "{a:",         "a\n- b", "let a = (\n", "x]",     "'",
                            "“",           "\\",     "\"{x:",       "f(a=",   ".T",
                            " \t",         "\r",     "θ",           "e\u0301"}) {
    auto begin = std::chrono::steady_clock::now();
    Parsed parsed(repeated(piece, size / std::string_view(piece).size()));
    parsed.messages();
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(seconds.count(), 10) << piece;
  }
}

} // namespace
