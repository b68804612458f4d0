// Data, modules, settings, exported functions, and programs that would be too large.
#include "tests/unit/sema/Subject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace descent::sema {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Data, BecomeInputs) {
  Subject subject("data d = \"d.csv\"\nprint d.x, d.z, d[\"y\"], d[[\"x\", \"y\"]]");
  EXPECT_EQ(subject.shown, "");
  EXPECT_EQ(subject.problem, "");
  EXPECT_THAT(subject.printed(), ElementsAre("f32[10]", "i32[10]", "f32[10]", "f32[10, 2]"));
  ASSERT_EQ(subject.program->inputs.size(), 4u);
  EXPECT_EQ(subject.program->inputs[0].name, "d.x");
  EXPECT_THAT(Subject("precision f64\ndata d = \"d.csv\"\nprint d.x").printed(), ElementsAre("f64[10]"));
  EXPECT_THAT(Subject("data a = \"a.npy\"\nprint a").printed(), ElementsAre("f32[10]"));
}

TEST(Data, ColumnsSideBySideAreOneInput) {
  Subject subject("data d = \"d.csv\"\nfn f() = sum(d[[\"z\", \"x\"]])\nfor i in 0..3 { print i + f() }\n"
                  "print d[[\"z\", \"x\"]], [f() for i in 0..2]");
  EXPECT_EQ(subject.shown, "");
  EXPECT_EQ(subject.problem, "");
  ASSERT_EQ(subject.program->inputs.size(), 1u);
  EXPECT_EQ(subject.count("input"), 1u);
  const Array &matrix = subject.program->inputs[0].data;
  EXPECT_EQ(matrix.typeName(), "f32[10, 2]");
  Array z = Subject("data d = \"d.csv\"\nprint d.z").program->inputs[0].data.converted(DType::F32);
  Array x = Subject("data d = \"d.csv\"\nprint d.x").program->inputs[0].data;
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(matrix.values<float>()[2 * i], z.values<float>()[i]);
    EXPECT_EQ(matrix.values<float>()[2 * i + 1], x.values<float>()[i]);
  }
  EXPECT_THAT(Subject("data d = \"d.csv\"\nexport fn f() -> f32 = sum(d[[\"x\", \"y\"]])").shown,
              HasSubstr("uses values computed by the script"));
}

TEST(Data, ThatNothingUsesAreLeftOut) {
  Subject subject("data d = \"d.csv\"\nprint sum(d.z)\nlet unused = 2.0 * len(d.x)");
  ASSERT_EQ(subject.program->inputs.size(), 1u);
  EXPECT_EQ(subject.program->inputs[0].name, "d.z");
  EXPECT_EQ(subject.count("input"), 1u);
}

TEST(Data, CanBeReplaced) {
  AnalyzeOptions options;
  options.data = {{"d", "other.csv"}};
  Subject subject("data d = \"d.csv\"\nprint d.x", options);
  EXPECT_THAT(subject.data.loaded, ElementsAre("other.csv"));
  options.data = {{"point", "other.csv"}};
  EXPECT_THAT(Subject("data points = \"d.csv\"", options).shown,
              HasSubstr("did you mean `points`?"));
}

TEST(Data, SayWhyAColumnCannotBeUsed) {
  EXPECT_THAT(Subject("data d = \"d.csv\"\nprint d.name").shown, HasSubstr("`Ann` is not a number"));
  EXPECT_THAT(Subject("data d = \"missing.csv\"\nprint d.x").shown, HasSubstr("no such file"));
}

TEST(Setting, ReplacesALiteral) {
  AnalyzeOptions options;
  options.settings = {{"n", "7"}, {"rate", "0.5"}, {"name", "b"}, {"fast", "true"}};
  Subject subject("let n = 3\nlet rate = 1\nlet name = \"a\"\nlet fast = false\n"
                  "print zeros([n]), rate, \"{name}\", fast",
                  options);
  EXPECT_EQ(subject.shown, "");
  EXPECT_THAT(subject.printed(), ElementsAre("f32[7]", "f32", "bool"));
}

TEST(Setting, MustFitTheScript) {
  auto shown = [](const char *name, const char *value) {
    AnalyzeOptions options;
    options.settings = {{name, value}};
    return Subject("let n = 3\nlet m = n + 1\nlet b = true\nvar v = 1", options).shown;
  };
  EXPECT_THAT(shown("n", "many"), HasSubstr("is not a number"));
  EXPECT_THAT(shown("b", "1"), HasSubstr("neither true nor false"));
  EXPECT_THAT(shown("m", "1"), HasSubstr("computed from other values"));
  EXPECT_THAT(shown("v", "1"), HasSubstr("no top-level `let`"));
  EXPECT_THAT(shown("n", "99999999999"), HasSubstr("does not fit in i32"));
}

TEST(Module, OfTheLibraryIsReadByUse) {
  Subject subject("use stats as s, nn\nprint s.mean_squared_error([1.0], [2.0]), nn.identity(1)");
  EXPECT_EQ(subject.shown, "");
  EXPECT_THAT(Subject("use stat").shown, HasSubstr("did you mean `stats`?"));
}

class Import : public testing::Test {
protected:
  void SetUp() override {
    folder = std::filesystem::temp_directory_path() /
             ("descent-import-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::string write(const std::string &name, const std::string &text) {
    std::string path = (folder / name).string();
    std::ofstream(path) << text;
    return path;
  }
  std::filesystem::path folder;
};

TEST_F(Import, ReadsAnotherFile) {
  std::string path = write("util.gd", "precision f64\nlet scale = 2\nparam p = 1.0\nfn f(x) = scale * x * 0.5\n"
                                      "fn made() = zeros([2])");
  Subject subject("import \"" + path + "\" as u\nprint u.f(3), u.scale, u.made(), u.p\n"
                  "train u.p^2 with sgd(), steps=2");
  EXPECT_EQ(subject.shown, "");
  EXPECT_EQ(subject.problem, "");
  EXPECT_THAT(subject.printed(), ElementsAre("f64", "i32", "f64[2]", "f64"));
}

TEST_F(Import, FindsCircles) {
  std::string path = write("a.gd", "import \"b.gd\" as b\n");
  write("b.gd", "import \"a.gd\" as a\n");
  EXPECT_THAT(Subject("import \"" + path + "\" as a").shown, HasSubstr("import-cycle"));
}

TEST(Export, IsAFunctionOfItsOwn) {
  Subject subject("let k = 2\nexport fn f(x: f32[3], p: {a: f64, b: (i32, bool)}) -> f32[3] = k * x");
  EXPECT_EQ(subject.shown, "");
  EXPECT_EQ(subject.problem, "");
  ASSERT_EQ(subject.program->exports.size(), 1u);
  EXPECT_EQ(subject.program->exports[0].body.args.size(), 4u);
  EXPECT_THAT(subject.program->exports[0].parameterNames, ElementsAre("x", "p"));
  EXPECT_THAT(Subject("let k = sum(ones([2]))\nexport fn f(x: f32) = k * x").shown,
              HasSubstr("not supported yet"));
}

TEST(Limits, OfCallsAndSize) {
  // Without a limit each would take years.
  auto expectRefused = [](const std::string &script, const std::string &id) {
    Subject subject(script);
    EXPECT_THAT(subject.shown, HasSubstr("[" + id + "]"));
    EXPECT_EQ(subject.diagnostics.errorCount(), 1u) << subject.shown;
  };
  expectRefused("fn f(x) = f(x)\nprint f(1)", "recursion");
  expectRefused("fn f(x) = f(x) + f(x)\nprint f(1)", "recursion");
  expectRefused("let f = x -> x\nfn g(h, x) = g(y -> h(h(y)), x)\nprint g(f, 1)", "recursion");
  // Each function calls the one before it eight times.
  std::string chain = "fn f0(x) = x * x\n";
  for (int i = 1; i < 12; ++i) {
    std::string before = "f" + std::to_string(i - 1) + "(x)";
    chain += "fn f" + std::to_string(i) + "(x) = " + before;
    for (int k = 0; k < 7; ++k)
      chain += " + " + before;
    chain += "\n";
  }
  expectRefused(chain + "print f11(sum(ones([2])))", "program-too-large");
  // Values that double in size.
  std::string doubled = "let t0 = (1, 2)\n";
  for (int i = 1; i < 60; ++i)
    doubled += "let t" + std::to_string(i) + " = (t" + std::to_string(i - 1) + ", t" +
               std::to_string(i - 1) + ")\n";
  expectRefused(doubled, "program-too-large");
  expectRefused("print zeros([1000000, 1000000, 1000000, 1000000])", "array-too-large");
}

TEST(Limits, OfNestedLoops) {
  std::string script = "var s = 0\n";
  for (int i = 0; i < 40; ++i)
    script += "for i" + std::to_string(i) + " in 0..2 {\n";
  script += "s += 0.5\n";
  for (int i = 0; i < 40; ++i)
    script += "}\n";
  Subject subject(script);
  EXPECT_EQ(subject.problem, "");
}

} // namespace
} // namespace descent::sema
