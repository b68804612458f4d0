#include "frontend/syntax/Lexer.h"
#include "tests/unit/syntax/Support.h"

#include <gmock/gmock.h>

using namespace descent;
using descent::test::Parsed;
using descent::test::tree;
using testing::ElementsAre;

namespace {

struct Lexed {
  explicit Lexed(std::string text)
      : diagnostics(sources), file(sources.add("test.gd", std::move(text))),
        lexed(lex(file, diagnostics)) {}

  /// The texts of the tokens, with a `/` before each but the first that begins a statement; `<>`
  /// for made ones.
  std::string tokens() const {
    std::string result;
    for (const Token &token : lexed.tokens) {
      if (token.kind == TokenKind::EndOfFile)
        break;
      if (!result.empty())
        result += token.startsLine ? " /" : " ";
      result += token.isMade ? "<>" : file.text().substr(token.begin, token.end - token.begin);
    }
    return result;
  }

  SourceManager sources;
  Diagnostics diagnostics;
  const SourceFile &file;
  LexedFile lexed;
};

std::string tokens(const std::string &text) {
  Lexed lexed(text);
  EXPECT_FALSE(lexed.diagnostics.hasErrors()) << text;
  return lexed.tokens();
}

TEST(Lexer, TakesTheLongestSign) {
  EXPECT_EQ(tokens("a**b//c->d...e..f"), "a ** b // c -> d ... e .. f");
  EXPECT_EQ(tokens("a<=b==c!=d>=e<f>g"), "a <= b == c != d >= e < f > g");
  EXPECT_EQ(tokens("a+=1 b-=1 c*=1 d/=1 e//=1 f%=1 g@=1 h^=1 i**=1"),
            "a += 1 b -= 1 c *= 1 d /= 1 e //= 1 f %= 1 g @= 1 h ^= 1 i **= 1");
}

TEST(Lexer, NumbersAndDots) {
  EXPECT_EQ(tokens("0..300"), "0 .. 300");
  EXPECT_EQ(tokens("1.5 .5 3. 1e-3 2.5E+10 1_000 1_0.0_1"), "1.5 .5 3. 1e-3 2.5E+10 1_000 1_0.0_1");
  EXPECT_EQ(tokens("3.T"), "3 . T");
  EXPECT_EQ(tokens("3.e5 3.e"), "3.e5 3 . e");
  EXPECT_EQ(tokens("x[1.:.5]"), "x [ 1. : .5 ]");
  EXPECT_EQ(tokens("1.5..2.5"), "1.5 .. 2.5");
}

TEST(Lexer, NamesOfAnyScript) {
  EXPECT_EQ(tokens("θ0 σ_1 x₀ переменная 数 é e\u0301 _"), "θ0 σ_1 x₀ переменная 数 é e\u0301 _");
}

TEST(Lexer, ALineBreakEndsAStatement) {
  EXPECT_EQ(tokens("a\nb"), "a /b");
  EXPECT_EQ(tokens("a\r\nb\rc"), "a /b /c");
  EXPECT_EQ(tokens("a # note\n\n # more\nb"), "a /b");
  EXPECT_EQ(tokens("{\na\nb\n}"), "{ /a /b /}");
}

TEST(Lexer, NotInParenthesesAndBrackets) {
  EXPECT_EQ(tokens("f(\na\n)\nb"), "f ( a ) /b");
  EXPECT_EQ(tokens("[\na,\n- b\n]"), "[ a , - b ]");
  // The innermost bracket decides.
  EXPECT_EQ(tokens("f({\na\nb\n})"), "f ( { /a /b /} )");
  EXPECT_EQ(tokens("{ f(\na\n)\n}"), "{ f ( a ) /}");
}

TEST(Lexer, NotAfterAnOperatorACommaOrAnArrow) {
  for (const char *op : {"+",  "-", "*",  "/", "//", "%",   "@",  "^",  "**", "==",
                         "!=", "<", "<=", ">", ">=", "and", "or", "..", ",",  "->"})
    EXPECT_EQ(tokens(std::string("a ") + op + "\nb"), std::string("a ") + op + " b");
  EXPECT_EQ(tokens("a + # note\n\n b"), "a + b");
}

TEST(Lexer, NotBeforeADotOrAnOperatorThatBeginsNoStatement) {
  for (const char *op : {"+", "*", "/", "//", "%", "@", "^", "**", "==", "!=", "<", "<=", ">",
                         ">=", "and", "or", "..", "->", "."})
    EXPECT_EQ(tokens(std::string("a\n  ") + op + " b"), std::string("a ") + op + " b");
  // These can begin a statement.
  EXPECT_EQ(tokens("a\n- b\nnot c\n(d)\n[e]\n.5"), "a /- b /not c /( d ) /[ e ] /.5");
}

TEST(Lexer, Strings) {
  EXPECT_EQ(tokens("\"a {x:.3f} b\""), "\" a  { x .3f }  b \"");
  EXPECT_EQ(tokens("\"\""), "\" \"");
  EXPECT_EQ(tokens("\"{{x}} \\{y\\} \\\"\""), "\" {{x}} \\{y\\} \\\" \"");
  EXPECT_EQ(tokens("\"{r[{a: 1}.a:2]:d}\""), "\" { r [ { a : 1 } . a : 2 ] d } \"");
  EXPECT_EQ(tokens("\"{f(\"in {x}\")}\""), "\" { f ( \" in  { x } \" ) } \"");
  EXPECT_EQ(tokens("\"\\u{3b8}\" + 1"), "\" \\u{3b8} \" + 1");
  EXPECT_EQ(tokens("\"# no comment\" # a comment"), "\" # no comment \"");
}

TEST(Lexer, Comments) {
  Lexed lexed("# one  \nlet a = 1 # two\n  # three");
  ASSERT_EQ(lexed.lexed.comments.size(), 3u);
  EXPECT_EQ(lexed.sources.text(lexed.lexed.comments[0].range), "# one");
  EXPECT_TRUE(lexed.lexed.comments[0].ownLine);
  EXPECT_FALSE(lexed.lexed.comments[1].ownLine);
  EXPECT_TRUE(lexed.lexed.comments[2].ownLine);
}

TEST(Lexer, BracketsAreAlwaysBalanced) {
  EXPECT_EQ(Lexed("f(a").tokens(), "f ( a <>");
  Lexed unmatched("f a)");
  EXPECT_EQ(unmatched.tokens(), "f a )");
  EXPECT_EQ(unmatched.lexed.tokens[2].kind, TokenKind::Unknown);
  EXPECT_EQ(Lexed("{ f(a }").tokens(), "{ f ( a <> }");
  EXPECT_EQ(Lexed("([a)]").tokens(), "( [ a ) ]");
  EXPECT_EQ(Lexed("\"a {x").tokens(), "\" a  { x <> <>");
  EXPECT_EQ(Lexed("\"a {x\" + 1").tokens(), "\" a  { x <> \" + 1");
  EXPECT_EQ(Lexed("f(a\nlet b = 1").tokens(), "f ( a <> /let b = 1");
}

TEST(Lexer, PartnersOfBrackets) {
  Lexed lexed("f([a], \"{b}\")");
  const TokenList &list = lexed.lexed.tokens;
  for (size_t i = 0; i < list.size(); ++i)
    if (list[i].partner != 0)
      EXPECT_EQ(list[list[i].partner].partner, i);
  EXPECT_EQ(list[1].partner, list.size() - 2);
}

TEST(Lexer, OddTexts) {
  EXPECT_EQ(tree(""), "");
  EXPECT_EQ(tree("\n\n"), "");
  EXPECT_EQ(tree("# only a comment"), "");
  EXPECT_EQ(tree("\xEF\xBB\xBFlet a = 1"), "let a = 1");
  EXPECT_EQ(tree("let a = 1\r\nlet b = 2\r\n"), "let a = 1 | let b = 2");
  EXPECT_EQ(tree("let a = 1\rlet b = 2"), "let a = 1 | let b = 2");
  EXPECT_EQ(tree("\f\v\tlet a = 1"), "let a = 1");
}

TEST(Lexer, ForeignSpellingsAreReadOn) {
  EXPECT_THAT(Parsed("print a && b || !c").ids(),
              ElementsAre("1:9 other-spelling", "1:14 other-spelling", "1:17 other-spelling"));
  EXPECT_THAT(Parsed("let a = 1; let b = 2;").ids(),
              ElementsAre("1:10 other-spelling", "1:21 other-spelling"));
  EXPECT_THAT(Parsed("let a = b − c × d").ids(),
              ElementsAre("1:11 other-spelling", "1:15 other-spelling"));
  EXPECT_THAT(Parsed("let a = x²").ids(), ElementsAre("1:10 other-spelling"));
  EXPECT_THAT(Parsed("let a = 'text' + 1").ids(), ElementsAre("1:9 other-spelling"));
  EXPECT_THAT(Parsed("let a = “text”").ids(), ElementsAre("1:9 other-spelling"));
  EXPECT_THAT(Parsed("let f = x => x").ids(), ElementsAre("1:11 other-spelling"));
  EXPECT_THAT(Parsed("let a\u00A0= 1").ids(), ElementsAre("1:6 other-spelling"));
}

TEST(Lexer, BadNumbers) {
  EXPECT_THAT(Parsed("let a = 2x + 0x1F + 1e + 1_ + 1__0 + 1_.5").ids(),
              ElementsAre("1:9 bad-number", "1:14 bad-number", "1:21 bad-number", "1:26 bad-number",
                          "1:31 bad-number", "1:38 bad-number"));
}

TEST(Lexer, BytesThatAreNoText) {
  EXPECT_THAT(Parsed("let a = \xff\xfe + \xff").ids(), ElementsAre("1:9 invalid-utf8"));
  EXPECT_THAT(Parsed(std::string("let a = 1\0\nlet = 3", 19)).ids(), ElementsAre("1:10 not-text"));
  EXPECT_THAT(Parsed("let a = \x01\x02 $$$").ids(),
              ElementsAre("1:9 unexpected-character", "1:12 unexpected-character"));
}

} // namespace
