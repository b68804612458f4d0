// Several errors in one run, and none that follows from another.

#include "tests/unit/syntax/Support.h"

#include <gmock/gmock.h>

using namespace descent;
using descent::test::Parsed;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

std::vector<std::string> ids(const std::string &text) {
  return Parsed(text).ids();
}

TEST(Recovery, EachStatementHasItsOwnErrors) {
  EXPECT_THAT(ids("let a = \nlet b = 1 +\nlet c = 2\nfor i of 3 { x }\nprint d e\n"),
              ElementsAre("1:8 expected-expression", "2:12 expected-expression",
                          "4:7 expected-token", "5:9 expected-end-of-line"));
}

TEST(Recovery, InBlocks) {
  EXPECT_THAT(ids("fn f(x) = {\n"
                  "  let a = )\n"
                  "  let b = [1 2]\n"
                  "  if x { 1 + } else { y = = 2 }\n"
                  "  a\n"
                  "}\n"
                  "let c = *\n"),
              ElementsAre("2:11 unmatched-bracket", "3:14 expected-token",
                          "4:14 expected-expression", "4:27 assignment-in-expression",
                          "7:9 expected-expression"));
}

TEST(Recovery, ElementsOfAListFailByThemselves) {
  EXPECT_THAT(
      ids("f(1 +, a b, c, *)"),
      ElementsAre("1:6 expected-expression", "1:10 expected-token", "1:16 expected-expression"));
  EXPECT_THAT(ids("let r = {a: , 3: 4, b: 5}"),
              ElementsAre("1:13 expected-expression", "1:15 expected-name"));
  EXPECT_THAT(ids("fn f(a, 1, b: , c = ) = a"),
              ElementsAre("1:9 expected-name", "1:15 expected-type", "1:21 expected-expression"));
  EXPECT_THAT(ids("let x = y[1:*, a b]"),
              ElementsAre("1:13 expected-expression", "1:18 expected-token"));
}

TEST(Recovery, WhatCanBeReadIsInTheTree) {
  EXPECT_EQ(test::compact(Parsed("let a = f(1 +, b)").ast->items[0]), "let a = f((1 + ERROR), b)");
  Parsed parsed("let a = 1\nlet b 2\nlet c = 3");
  ASSERT_EQ(parsed.ast->items.size(), 3u);
  EXPECT_EQ(test::compact(parsed.ast->items[0]), "let a = 1");
  // The name is known, so that its uses are no further errors.
  EXPECT_EQ(ast::as<ast::ErrorStmt>(parsed.ast->items[1])->name.text, "b");
  EXPECT_EQ(test::compact(parsed.ast->items[2]), "let c = 3");
  Parsed function("fn f(a, 1) = a");
  EXPECT_EQ(ast::as<ast::ErrorStmt>(function.ast->items[0])->name.text, "f");
}

TEST(Recovery, UnclosedBracketsEndBeforeTheNextStatement) {
  EXPECT_THAT(ids("let a = f(1, [2, 3]\nlet b = 2\nlet c = g(4"),
              ElementsAre("1:10 unclosed-bracket", "3:10 unclosed-bracket"));
  EXPECT_THAT(ids("print f((a)\nprint b c\n"),
              ElementsAre("1:8 unclosed-bracket", "2:9 expected-end-of-line"));
  EXPECT_THAT(ids("let a = (1 + \nlet b = 2"), ElementsAre("1:9 unclosed-bracket"));
  EXPECT_THAT(ids("fn f(x) {\n  g(x\n}\nlet a = 1 2"),
              ElementsAre("2:4 unclosed-bracket", "4:11 expected-end-of-line"));
  EXPECT_THAT(ids("param w = f(1\ndata d = \"a\"\nlet x = *"),
              ElementsAre("1:12 unclosed-bracket", "3:9 expected-expression"));
}

TEST(Recovery, UnclosedBracesEndBeforeTheNextItem) {
  EXPECT_THAT(ids("fn f(x) = {\n  let a = x\n  a\n\nparam w = 1.0\nlet b = 1 2"),
              ElementsAre("1:11 unclosed-bracket", "6:11 expected-end-of-line"));
  EXPECT_THAT(ids("fn f(x) = {\n  for i in x {\n  a\n}\n"), ElementsAre("1:11 unclosed-bracket"));
}

TEST(Recovery, WrongBrackets) {
  EXPECT_THAT(ids("let a = (1]\nlet b = *"),
              ElementsAre("1:11 mismatched-bracket", "2:9 expected-expression"));
  EXPECT_THAT(ids("let a = f([1, 2)]"), ElementsAre("1:16 mismatched-bracket"));
  EXPECT_THAT(ids("let a = f([1, 2)\nlet b = *"),
              ElementsAre("1:11 unclosed-bracket", "2:9 expected-expression"));
  EXPECT_THAT(ids("let a = f({b: 1)\nlet b = *"),
              ElementsAre("1:11 unclosed-bracket", "2:9 expected-expression"));
  EXPECT_THAT(ids("let a = 1))\n}\nlet b = *"),
              ElementsAre("1:10 unmatched-bracket", "1:11 unmatched-bracket",
                          "2:1 unmatched-bracket", "3:9 expected-expression"));
  EXPECT_THAT(ids("fn f(x) {\n  g(x))\n  h(x)\n}\nlet b = *"),
              ElementsAre("2:7 unmatched-bracket", "5:9 expected-expression"));
}

TEST(Recovery, NothingFollowsFromWhatTheLexerReported) {
  EXPECT_THAT(ids("let a = $"), ElementsAre("1:9 unexpected-character"));
  EXPECT_THAT(ids("let a = b $ c"), ElementsAre("1:11 unexpected-character"));
  EXPECT_THAT(ids("let a = 'b'"), ElementsAre("1:9 other-spelling"));
  EXPECT_THAT(ids("let a = \"b\nlet c = \"d\""), ElementsAre("1:9 unterminated-string"));
  EXPECT_THAT(ids("let a = 2x"), ElementsAre("1:9 bad-number"));
}

TEST(Recovery, BrokenHeadersDoNotSpillIntoTheirBlocks) {
  EXPECT_THAT(ids("for in xs {\n  let a = 1\n}\nlet b = *"),
              ElementsAre("1:5 keyword-as-name", "4:9 expected-expression"));
  EXPECT_THAT(ids("if a b {\n  1\n} else {\n  2\n}\nlet b = *"),
              ElementsAre("1:6 expected-token", "6:9 expected-expression"));
  EXPECT_THAT(ids("while {\n"), ElementsAre("1:7 unclosed-bracket"));
  EXPECT_THAT(
      ids("fn (x) = x\nfn f = 1\nfn g(x) x\n"),
      ElementsAre("1:4 expected-name", "2:6 assignment-in-expression", "3:9 expected-token"));
}

TEST(Recovery, OtherLanguages) {
  EXPECT_THAT(ids("def f(x):"), ElementsAre("1:1 foreign-word"));
  EXPECT_THAT(ids("const a = 1"), ElementsAre("1:1 foreign-word"));
  EXPECT_THAT(ids("let f = lambda x: x"), ElementsAre("1:9 foreign-word"));
  EXPECT_THAT(ids("fn f(x) {\n  return x\n}"), ElementsAre("2:3 foreign-word"));
  EXPECT_THAT(ids("fn f(x) {\n  return (x)\n}"), ElementsAre("2:3 foreign-word"));
  EXPECT_THAT(ids("if a {\n  1\n} elif b {\n  2\n}"), ElementsAre("3:3 foreign-word"));
  EXPECT_THAT(ids("from nn import mlp"), ElementsAre("1:1 foreign-word"));
  // They may be names.
  EXPECT_THAT(ids("let const = 1\nlet def = const"), IsEmpty());
}

TEST(Recovery, AHundredErrorsAreEnough) {
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += "let = 1\n";
  Parsed parsed(text);
  EXPECT_EQ(parsed.diagnostics.all().size(), Diagnostics::kMaxErrors);
  EXPECT_LT(parsed.diagnostics.errorCount(), 110u);
}

} // namespace
