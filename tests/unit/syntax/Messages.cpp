// The examples of the table of messages: what is wrong has its message and no other, what is
// mended has none.

#include "tests/unit/syntax/Support.h"

#include <gmock/gmock.h>

#include <set>

using namespace descent;
using descent::test::Parsed;
using testing::ElementsAre;

namespace {

/// The messages of the lexer and the parser come first in the table.
constexpr size_t kSyntaxMessages = static_cast<size_t>(Msg::StrayMinus) + 1;

std::string_view program(std::string_view text) {
  return text.starts_with('\n') ? text.substr(1) : text;
}

std::vector<std::string> idsOnly(const Parsed &parsed) {
  std::vector<std::string> ids;
  for (const Diagnostic &diagnostic : parsed.diagnostics.all())
    ids.emplace_back(messageInfo(diagnostic.message).id);
  return ids;
}

TEST(SyntaxMessages, ExamplesHaveTheirMessage) {
  for (const MessageInfo &info : allMessages().first(kSyntaxMessages)) {
    if (info.bad.empty())
      continue;
    Parsed bad{std::string(program(info.bad))};
    EXPECT_THAT(idsOnly(bad), ElementsAre(std::string(info.id))) << bad.messages();
    Parsed mended{std::string(program(info.mended))};
    EXPECT_EQ(mended.messages(), "") << info.id;
  }
}

TEST(SyntaxMessages, OnlyTheseHaveNoExample) {
  std::set<std::string_view> without;
  for (const MessageInfo &info : allMessages().first(kSyntaxMessages))
    if (info.bad.empty())
      without.insert(info.id);
  // They are provoked in the tests of sources, of the lexer and of the limits.
  EXPECT_EQ(without, (std::set<std::string_view>{"file-unreadable", "not-text", "invalid-utf8",
                                                 "nesting-too-deep"}));
}

TEST(SyntaxMessages, TheOthersExamplesAreWellFormed) {
  for (const MessageInfo &info : allMessages().subspan(kSyntaxMessages))
    for (std::string_view text : {info.bad, info.mended})
      EXPECT_EQ(Parsed(std::string(program(text))).messages(), "") << info.id;
}

TEST(SyntaxMessages, AsTheyAreShown) {
  EXPECT_EQ(Parsed("let a = 1.0 +\n").messages(),
            "test.gd:1:14: error: expected an expression, found the end of the file  "
            "[expected-expression]\n"
            " 1 | let a = 1.0 +\n"
            "   |              ^\n");
  EXPECT_EQ(Parsed("let a = 1.0 +\nlet b = 2\n").messages(),
            "test.gd:1:14: error: expected an expression, found the end of the line  "
            "[expected-expression]\n"
            " 1 | let a = 1.0 +\n"
            "   |              ^\n");
  EXPECT_EQ(Parsed("print 0 < a < 2").messages(),
            "test.gd:1:13: error: `<` and `<` cannot be chained  [chained-operators]\n"
            " 1 | print 0 < a < 2\n"
            "   |         ~   ^\n");
  EXPECT_EQ(Parsed("let a = sum([1, 2)]").messages(),
            "test.gd:1:18: error: expected `]`, found `)`  [mismatched-bracket]\n"
            " 1 | let a = sum([1, 2)]\n"
            "   |                  ^\n"
            "test.gd:1:13: note: to close this\n");
  EXPECT_EQ(Parsed("let a = " + std::string(50, 'b') + " " + std::string(50, 'c')).messages(),
            "test.gd:1:60: error: expected the end of the line, found a name  "
            "[expected-end-of-line]\n"
            " 1 | let a = " +
                std::string(50, 'b') + " " + std::string(50, 'c') + "\n   | " +
                std::string(59, ' ') + std::string(50, '^') + "\n");
}

} // namespace
