#include "frontend/diagnostics/Diagnostics.h"

#include <gtest/gtest.h>

#include <sstream>

using namespace descent;

namespace {

TEST(Diagnostics, CountsErrorsAndWarnings) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  FileId file = sources.add("a.gd", "a b c").id();
  EXPECT_FALSE(diagnostics.hasErrors());
  diagnostics.warning({file, 0, 1}, Msg::StrayMinus);
  EXPECT_FALSE(diagnostics.hasErrors());
  diagnostics.error({file, 2, 3}, Msg::UndefinedName, "b");
  EXPECT_TRUE(diagnostics.hasErrors());
  EXPECT_EQ(diagnostics.errorCount(), 1u);
  EXPECT_EQ(diagnostics.warningCount(), 1u);
  diagnostics.clear();
  EXPECT_FALSE(diagnostics.hasErrors());
  EXPECT_TRUE(diagnostics.all().empty());
}

TEST(Diagnostics, TheSameAtTheSameRangeIsReportedOnce) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  FileId file = sources.add("a.gd", "a b c").id();
  diagnostics.error({file, 0, 1}, Msg::UndefinedName, "a").note({file, 0, 1}, "first");
  // A function that is specialised twice reports its error twice.
  diagnostics.error({file, 0, 1}, Msg::UndefinedName, "a").note({file, 0, 1}, "second");
  diagnostics.error({file, 0, 2}, Msg::UndefinedName, "a");
  diagnostics.error({file, 0, 1}, Msg::NotCallable, "f32");
  EXPECT_EQ(diagnostics.errorCount(), 3u);
  ASSERT_EQ(diagnostics.all()[0].notes.size(), 1u);
  EXPECT_EQ(diagnostics.all()[0].notes[0].text, "first");
}

TEST(Diagnostics, WithoutAPlaceTheTextTellsThemApart) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  diagnostics.error({}, Msg::FileUnreadable, "a.gd", "no such file");
  diagnostics.error({}, Msg::FileUnreadable, "b.gd", "no such file");
  diagnostics.error({}, Msg::FileUnreadable, "a.gd", "no such file");
  EXPECT_EQ(diagnostics.errorCount(), 2u);
}

TEST(Diagnostics, KeepsAHundred) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  FileId file = sources.add("a.gd", std::string(300, 'x')).id();
  for (uint32_t i = 0; i < 250; ++i)
    diagnostics.error({file, i, i + 1}, Msg::UndefinedName, "x").note({file, i, i + 1}, "here");
  EXPECT_EQ(diagnostics.errorCount(), 250u);
  EXPECT_EQ(diagnostics.all().size(), 100u);
  std::ostringstream out;
  diagnostics.render(out);
  EXPECT_TRUE(out.str().ends_with("and at least 150 more\n"));
}

TEST(Diagnostics, ArgumentsAreTextOrIntegers) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  FileId file = sources.add("a.gd", "a").id();
  diagnostics.error({file, 0, 1}, Msg::IndexRange, -4, uint64_t{18446744073709551615u});
  EXPECT_EQ(diagnostics.all()[0].text,
            "index -4 is outside of an axis of size 18446744073709551615");
  // Braces in an argument are not places.
  diagnostics.error({file, 0, 1}, Msg::UnexpectedCharacter, std::string("{0}"));
  EXPECT_EQ(diagnostics.all()[1].text, "`{0}` is not used here");
}

std::string nearest(std::string_view name, std::vector<std::string> candidates) {
  return closestName(name, candidates).value_or("(none)");
}

TEST(ClosestName, FindsSlips) {
  EXPECT_EQ(nearest("raduis", {"area", "radius", "radii"}), "radius");
  EXPECT_EQ(nearest("axes", {"keepdims", "axis"}), "axis");
  EXPECT_EQ(nearest("pritn", {"print"}), "print");
  EXPECT_EQ(nearest("True", {"where", "true"}), "true");
  EXPECT_EQ(nearest("X", {"y", "x"}), "x");
  EXPECT_EQ(nearest("weihgts", {"weight", "weights"}), "weights");
}

TEST(ClosestName, DoesNotGuess) {
  EXPECT_EQ(nearest("x", {"y", "z", "xs"}), "(none)");
  EXPECT_EQ(nearest("foo", {"bar", "sum"}), "(none)");
  EXPECT_EQ(nearest("learning_rate", {"momentum", "rate"}), "(none)");
  EXPECT_EQ(nearest("x", {}), "(none)");
  // The name itself is no suggestion.
  EXPECT_EQ(nearest("mean", {"mean"}), "(none)");
  EXPECT_EQ(nearest(std::string(100000, 'x'), {std::string(100001, 'x')}), "(none)");
}

TEST(ClosestName, TheFirstOfEquallyNearOnes) {
  EXPECT_EQ(nearest("color", {"colon", "colour"}), "colon");
}

} // namespace
