#include "frontend/syntax/Formatter.h"

#include "frontend/syntax/AstPrinter.h"
#include "tests/unit/syntax/Support.h"

#include <gmock/gmock.h>

#include <sstream>

using namespace descent;
using descent::test::Parsed;
using testing::ElementsAre;

namespace {

std::string format(const std::string &text) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  std::optional<std::string> result = formatSource(sources.add("test.gd", text), diagnostics);
  if (result)
    return *result;
  std::ostringstream messages;
  diagnostics.render(messages);
  return messages.str();
}

std::string printed(const std::string &text) {
  Parsed parsed(text);
  EXPECT_EQ(parsed.messages(), "") << text;
  std::ostringstream out;
  printAst(*parsed.ast, parsed.file, out);
  return out.str();
}

/// What holds for every text: the same tree, and nothing to change the second time.
void check(const std::string &text) {
  std::string once = format(text);
  EXPECT_EQ(printed(once), printed(text)) << text;
  EXPECT_EQ(format(once), once);
}

TEST(Formatter, Spaces) {
  EXPECT_EQ(format("let  a=1\nvar b :f32 [ n,3 ]= a"), "let a = 1\nvar b: f32[n, 3] = a\n");
  EXPECT_EQ(format("fn f( a,b:f32=1.0 )->f32=a"), "fn f(a, b: f32 = 1.0) -> f32 = a\n");
  EXPECT_EQ(format("f( a , key = 1 )[ 0 , 1 : n ,:: 2 ] . w"), "f(a, key=1)[0, 1:n, ::2].w\n");
  EXPECT_EQ(format("{ w : 1 ,... r }"), "{w: 1, ...r}\n");
  EXPECT_EQ(format("x->- x\n( x,y )->not x"), "x -> -x\n(x, y) -> not x\n");
  EXPECT_EQ(format("for i in 0 .. n{x+=1}"), "for i in 0..n { x += 1 }\n");
  EXPECT_EQ(format("if a<b{1}else{2}"), "if a < b { 1 } else { 2 }\n");
  EXPECT_EQ(format("train  l( x )with sgd( ),steps = 10"), "train l(x) with sgd(), steps=10\n");
  EXPECT_EQ(format("( a , )\n( )\n[ 1 , ]\n{ }"), "(a,)\n()\n[1]\n{}\n");
  EXPECT_EQ(format("print  a ,b\nprint"), "print a, b\nprint\n");
  EXPECT_EQ(format("use  stats ,nn  as n"), "use stats, nn as n\n");
  EXPECT_EQ(format("x ** 2 ** y\nx **= 2"), "x^2^y\nx ^= 2\n");
  EXPECT_EQ(format("[ f( i )for i in xs ]"), "[f(i) for i in xs]\n");
}

TEST(Formatter, BlocksAreIndentedFromWhatTheyBelongTo) {
  EXPECT_EQ(format("for x in (1,\n2) {\nprint x\n}"), "for x in (1,\n          2) {\n  print x\n}\n");
  EXPECT_EQ(format("while a and\nb {\nx += 1\n}"), "while a and\n  b {\n  x += 1\n}\n");
  for (const char *equals : {" ", " = "})
    EXPECT_EQ(format(std::string("fn f(a,\nb)") + equals + "{\nlet c = a\nc + b\n}"),
              std::string("fn f(a,\n     b)") + equals + "{\n  let c = a\n  c + b\n}\n");
  EXPECT_EQ(format("fn f(a) = ({\na\n})"), "fn f(a) = ({\n  a\n})\n");
  EXPECT_EQ(format("let y = if a and\nb {\n1\n} else if c and\nd {\n2\n} else {\n3\n}"),
            "let y = if a and\n  b {\n  1\n} else if c and\n  d {\n  2\n} else {\n  3\n}\n");
  EXPECT_EQ(format("let y =\nif c {\n1\n} else {\n2\n}"), "let y =\n  if c {\n    1\n  } else {\n    2\n  }\n");
  EXPECT_EQ(format("f(x,\nz -> {\nz\n})"), "f(x,\n  z -> {\n    z\n  })\n");
}

TEST(Formatter, ArithmeticStaysTightWhereItWas) {
  EXPECT_EQ(format("3*x^2 + 4*x-2"), "3*x^2 + 4*x - 2\n");
  EXPECT_EQ(format("a+b*c"), "a+b*c\n");
  EXPECT_EQ(format("a+b * c"), "a + b * c\n");
  EXPECT_EQ(format("(a + b)*c"), "(a + b)*c\n");
  EXPECT_EQ(format("x[i+1]"), "x[i+1]\n");
  EXPECT_EQ(format("a- b"), "a - b\n");
  EXPECT_EQ(format("a==b and c<d"), "a == b and c < d\n");
}

TEST(Formatter, TokensThatWouldRunTogether) {
  EXPECT_EQ(format("3. .. .5"), "3. .. .5\n");
  EXPECT_EQ(format("{... .5}"), "{... .5}\n");
  EXPECT_EQ(format("3 .e5"), "3 .e5\n");
  EXPECT_EQ(format("- -a"), "--a\n");
}

TEST(Formatter, Lines) {
  EXPECT_EQ(format("a\n\n\n\nb\n\n"), "a\n\nb\n");
  EXPECT_EQ(format("\n\n# first\n\n\na"), "# first\n\na\n");
  EXPECT_EQ(format(""), "");
  EXPECT_EQ(format("\n \n"), "");
  EXPECT_EQ(format("a\r\nb\r\n"), "a\nb\n");
}

TEST(Formatter, Blocks) {
  EXPECT_EQ(format("fn f(x)\n{\n\nlet a=x\n\n\na\n\n}"), "fn f(x) {\n  let a = x\n\n  a\n}\n");
  EXPECT_EQ(format("if a {\n1\n}\nelse if b {\n2 } else { 3 }"),
            "if a {\n  1\n} else if b {\n  2\n} else { 3 }\n");
  EXPECT_EQ(format("while a {}\ntest \"b\" {\n}"), "while a {}\ntest \"b\" {\n}\n");
}

TEST(Formatter, BrokenLists) {
  EXPECT_EQ(format("let a = f(\nb, c,\n   d,\n)"), "let a = f(\n  b, c,\n  d,\n)\n");
  EXPECT_EQ(format("let a = [[1, 2],\n [3, 4]]"), "let a = [[1, 2],\n         [3, 4]]\n");
  EXPECT_EQ(format("let f = minimize(v -> {\nlet a = v\na\n}, x,\nmethod=\"gd\")"),
            "let f = minimize(v -> {\n  let a = v\n  a\n}, x,\n                 method=\"gd\")\n");
  EXPECT_EQ(format("let r = {\n w: 1,\n b: 2\n}"), "let r = {\n  w: 1,\n  b: 2\n}\n");
}

TEST(Formatter, BrokenExpressions) {
  EXPECT_EQ(format("let a = b +\nc\n* d"), "let a = b +\n  c\n  * d\n");
  EXPECT_EQ(format("let a = x\n.T\n.shape"), "let a = x\n  .T\n  .shape\n");
  EXPECT_EQ(format("fn f() {\nlet a =\nb\n}"), "fn f() {\n  let a =\n    b\n}\n");
  EXPECT_EQ(format("train l with sgd,\nsteps=10,\nlog=1"),
            "train l with sgd,\n  steps=10,\n  log=1\n");
}

TEST(Formatter, CommentsStayWhereTheyAre) {
  EXPECT_EQ(format("# one\nlet a = 1#two\n   # three\n\n# four\n"),
            "# one\nlet a = 1  #two\n# three\n\n# four\n");
  EXPECT_EQ(format("fn f() { # one\n# two\na # three\n# four\n}"),
            "fn f() {  # one\n  # two\n  a  # three\n  # four\n}\n");
  EXPECT_EQ(format("let a = f( # one\nb, # two\n# three\nc # four\n)"),
            "let a = f(  # one\n  b,        # two\n  # three\n  c  # four\n)\n");
  EXPECT_EQ(format("if a { b } # one\n# two\nelse { c }"),
            "if a { b }  # one\n  # two\nelse { c }\n");
  EXPECT_EQ(format("let a = b + # one\nc"), "let a = b +  # one\n  c\n");
}

TEST(Formatter, CommentsOfNeighbouringLinesBeginInOneColumn) {
  EXPECT_EQ(format("a # one\nlong_name # two\n\nb # three\n"),
            "a          # one\nlong_name  # two\n\nb  # three\n");
  EXPECT_EQ(format("日本 # one\nθ # two\n"), "日本  # one\nθ     # two\n");
}

TEST(Formatter, StringsAreLeftAlone) {
  EXPECT_EQ(format("print \"a  {x+1 :.3f}\\n {{ {f( \"b\" )}\""),
            "print \"a  {x+1 :.3f}\\n {{ {f( \"b\" )}\"\n");
}

TEST(Formatter, ATextWithErrorsIsNotFormatted) {
  EXPECT_EQ(format("let a = "), "test.gd:1:8: error: expected an expression, found the end of the "
                                "file  [expected-expression]\n"
                                " 1 | let a = \n"
                                "   |        ^\n");
}

TEST(Formatter, ScriptsOfTheRepositoryKeepTheirTree) {
  size_t count = 0;
  for (const char *folder : {DESCENT_EXAMPLES, DESCENT_LIBRARY, DESCENT_CORPUS})
    for (const std::string &script : test::scriptsIn(folder)) {
      check(script);
      ++count;
    }
  EXPECT_GE(count, 4u);
}

TEST(Formatter, MendedExamplesKeepTheirTree) {
  for (const MessageInfo &info : allMessages())
    check(std::string(info.mended));
}

// The snippets of the language's page are in the corpus; they are in the layout already, but for
// the columns of their comments.
TEST(Formatter, TheLanguagePageIsInTheLayout) {
  const char *page = R"(# line.gd: fit a straight line
data points = "points.csv"

param w = 0.0
param b = 0.0

fn predict(x) = w * x + b
fn loss(x, y) = mean((predict(x) - y)^2)

let fit = train loss(points.x, points.y) with sgd(rate=0.1), steps=1000, log=100

print "y = {w:.3f} x + {b:.3f}   loss {fit.loss[-1]:.2e}"
plot(fit.loss, xlabel="step", ylabel="loss", to="loss.svg")
)";
  EXPECT_EQ(format(page), page);
}

} // namespace
