#include "frontend/diagnostics/Diagnostics.h"

#include <gtest/gtest.h>

#include <sstream>

using namespace descent;

namespace {

class Renderer : public testing::Test {
protected:
  Renderer() : diagnostics(sources) {}

  const SourceFile &source(std::string text) { return sources.add("line.gd", std::move(text)); }

  /// The range of the `which`th (from 0) occurrence of a text in a file.
  static SourceRange range(const SourceFile &file, std::string_view text, int which = 0) {
    size_t at = file.text().find(text);
    for (; which > 0; --which)
      at = file.text().find(text, at + 1);
    return {file.id(), static_cast<uint32_t>(at), static_cast<uint32_t>(at + text.size())};
  }

  std::string rendered(Colour colour = Colour::Never) const {
    std::ostringstream out;
    diagnostics.render(out, colour);
    return out.str();
  }

  SourceManager sources;
  Diagnostics diagnostics;
};

// The error that the language's page shows, byte for byte.
TEST_F(Renderer, TheErrorOfTheLanguagePage) {
  const SourceFile &file = source("\n\n\n\n\n\n\n\n"
                                  "fn loss(x, y) = mean((predict(x) - y)^2)\n\n"
                                  "let fit = train loss(points.x, other.y) with sgd()\n");
  diagnostics.error(range(file, "predict(x) - y"), Msg::ShapeMismatch, "f32[100]", "f32[90]")
      .point(range(file, "-"))
      .also(range(file, "predict(x)"))
      .also(range(file, "y", 1))
      .note(range(file, "points.x"),
            "in this call, x is points.x: f32[100], a column of points.csv")
      .note(range(file, "other.y"), "y is other.y: f32[90], a column of other.csv");
  EXPECT_EQ(rendered(),
            "line.gd:9:23: error: these shapes do not broadcast: f32[100] and f32[90]  "
            "[shape-mismatch]\n"
            " 9 | fn loss(x, y) = mean((predict(x) - y)^2)\n"
            "   |                       ~~~~~~~~~~ ^ ~\n"
            "line.gd:11:22: note: in this call, x is points.x: f32[100], a column of points.csv\n"
            "line.gd:11:32: note: y is other.y: f32[90], a column of other.csv\n");
}

TEST_F(Renderer, UnderlinesTheRange) {
  const SourceFile &file = source("print raduis");
  diagnostics.error(range(file, "raduis"), Msg::UndefinedName, "raduis")
      .suggest(range(file, "raduis"), "radius");
  EXPECT_EQ(rendered(), "line.gd:1:7: error: there is no `raduis` here  [undefined-name]\n"
                        " 1 | print raduis\n"
                        "   |       ^^^^^^\n"
                        "line.gd:1:7: note: did you mean `radius`?\n");
}

TEST_F(Renderer, WideGutter) {
  const SourceFile &file = source(std::string(99, '\n') + "x");
  diagnostics.error(range(file, "x"), Msg::UndefinedName, "x");
  EXPECT_EQ(rendered(), "line.gd:100:1: error: there is no `x` here  [undefined-name]\n"
                        " 100 | x\n"
                        "     | ^\n");
}

TEST_F(Renderer, TabsBecomeSpaces) {
  const SourceFile &file = source("\tx\ty + z");
  diagnostics.error(range(file, "y"), Msg::UndefinedName, "y").also(range(file, "z"));
  EXPECT_EQ(rendered(), "line.gd:1:4: error: there is no `y` here  [undefined-name]\n"
                        " 1 |     x   y + z\n"
                        "   |         ^   ~\n");
}

TEST_F(Renderer, WideAndCombiningCharacters) {
  const SourceFile &file = source("\"日本e\u0301\" + θ");
  diagnostics.error(range(file, "θ"), Msg::UndefinedName, "θ").also(range(file, "+"));
  EXPECT_EQ(rendered(), "line.gd:1:10: error: there is no `θ` here  [undefined-name]\n"
                        " 1 | \"日本e\u0301\" + θ\n"
                        "   |         ~ ^\n");
}

TEST_F(Renderer, BytesThatWouldUpsetATerminal) {
  const SourceFile &file = source("a\x1b[31m\xff\x07 b");
  diagnostics.error(range(file, "b"), Msg::UndefinedName, "b");
  EXPECT_EQ(rendered(), "line.gd:1:10: error: there is no `b` here  [undefined-name]\n"
                        " 1 | a\uFFFD[31m\uFFFD\uFFFD b\n"
                        "   |          ^\n");
}

TEST_F(Renderer, ARangeOfSeveralLinesStopsAtTheFirst) {
  const SourceFile &file = source("let a = f(1,\n  2)\n");
  diagnostics.error(range(file, "f(1,\n  2)"), Msg::NotCallable, "f32");
  EXPECT_EQ(rendered(), "line.gd:1:9: error: this is f32, not a function  [not-callable]\n"
                        " 1 | let a = f(1,\n"
                        "   |         ^^^^\n");
}

TEST_F(Renderer, MovesToThePointOnAnotherLine) {
  const SourceFile &file = source("let a = (f(1)\n  + g(2))\n");
  diagnostics.error(range(file, "f(1)\n  + g(2)"), Msg::ShapeMismatch, "f32[1]", "f32[2]")
      .point(range(file, "+"))
      .also(range(file, "f(1)"))
      .also(range(file, "g(2)"));
  EXPECT_EQ(rendered(), "line.gd:2:3: error: these shapes do not broadcast: f32[1] and f32[2]  "
                        "[shape-mismatch]\n"
                        " 2 |   + g(2))\n"
                        "   |   ^ ~~~~\n");
}

TEST_F(Renderer, AnEmptyRangeAtTheEnd) {
  const SourceFile &file = source("let a =");
  diagnostics.error({file.id(), 7, 7}, Msg::ExpectedExpression, "the end of the file");
  EXPECT_EQ(rendered(), "line.gd:1:8: error: expected an expression, found the end of the file  "
                        "[expected-expression]\n"
                        " 1 | let a =\n"
                        "   |        ^\n");
}

TEST_F(Renderer, AnEmptyFile) {
  const SourceFile &file = source("");
  diagnostics.error({file.id(), 0, 0}, Msg::NotText);
  EXPECT_EQ(rendered(), "line.gd:1:1: error: this is not a text file in UTF-8  [not-text]\n"
                        " 1 | \n"
                        "   | ^\n");
}

TEST_F(Renderer, WithoutAPlace) {
  diagnostics.error(SourceRange(), Msg::FileUnreadable, "a.gd", "no such file")
      .note("run `descent doctor` to see more");
  EXPECT_EQ(rendered(), "error: cannot read `a.gd`: no such file  [file-unreadable]\n"
                        "note: run `descent doctor` to see more\n");
}

TEST_F(Renderer, OnlyAPartOfALongLine) {
  const SourceFile &file = source(std::string(1000, 'a') + " bad " + std::string(1000, 'c'));
  diagnostics.error(range(file, "bad"), Msg::UndefinedName, "bad");
  std::string expected = "line.gd:1:1002: error: there is no `bad` here  [undefined-name]\n"
                         " 1 | …" +
                         std::string(79, 'a') + " bad " + std::string(76, 'c') +
                         "…\n"
                         "   | " +
                         std::string(81, ' ') + "^^^\n";
  EXPECT_EQ(rendered(), expected);
}

TEST_F(Renderer, ALongLineIsCutBetweenCharacters) {
  std::string thetas;
  for (int i = 0; i < 500; ++i)
    thetas += "θ";
  const SourceFile &file = source("x" + thetas + " bad " + thetas);
  diagnostics.error(range(file, "bad"), Msg::UndefinedName, "bad");
  EXPECT_EQ(rendered().find("\uFFFD"), std::string::npos);
}

TEST_F(Renderer, InTheOrderOfTheSource) {
  const SourceFile &file = source("a\nb\nc\n");
  diagnostics.error(range(file, "c"), Msg::UndefinedName, "c");
  diagnostics.error(range(file, "a"), Msg::UndefinedName, "a");
  diagnostics.error(range(file, "a"), Msg::NotCallable, "f32");
  EXPECT_EQ(rendered(), "line.gd:1:1: error: there is no `a` here  [undefined-name]\n"
                        " 1 | a\n"
                        "   | ^\n"
                        "line.gd:1:1: error: this is f32, not a function  [not-callable]\n"
                        " 1 | a\n"
                        "   | ^\n"
                        "line.gd:3:1: error: there is no `c` here  [undefined-name]\n"
                        " 3 | c\n"
                        "   | ^\n");
}

TEST_F(Renderer, WarningsSaySo) {
  const SourceFile &file = source("- 1");
  diagnostics.warning(range(file, "-"), Msg::StrayMinus);
  EXPECT_TRUE(rendered().starts_with("line.gd:1:1: warning: this line is a statement"));
}

TEST_F(Renderer, Colours) {
  const SourceFile &file = source("x");
  diagnostics.error(range(file, "x"), Msg::UndefinedName, "x").note(range(file, "x"), "here");
  EXPECT_EQ(
      rendered(Colour::Always),
      "\x1b[1mline.gd:1:1: \x1b[0m\x1b[1;31merror: \x1b[0m\x1b[1mthere is no `x` here\x1b[0m  "
      "[undefined-name]\n"
      " 1 | x\n"
      "   | \x1b[1;31m^\x1b[0m\n"
      "\x1b[1mline.gd:1:1: \x1b[0m\x1b[1;36mnote: \x1b[0mhere\n");
}

} // namespace
