// Every node knows exactly where it stands.

#include "frontend/syntax/AstPrinter.h"
#include "tests/unit/syntax/Support.h"

#include <gtest/gtest.h>

#include <sstream>

using namespace descent;
using namespace descent::ast;
using descent::test::Parsed;

namespace {

class Ranges : public testing::Test {
protected:
  std::string textOf(SourceRange range) const { return std::string(parsed->sources.text(range)); }

  /// The only statement of a text, which is parsed.
  template <typename T> const T *only(const std::string &text) {
    parsed = std::make_unique<Parsed>(text);
    EXPECT_EQ(parsed->messages(), "");
    EXPECT_EQ(parsed->ast->items.size(), 1u);
    return as<T>(parsed->ast->items[0]);
  }
  template <typename T> const T *onlyExpr(const std::string &text) {
    return as<T>(only<ExprStmt>(text)->expr);
  }

  std::unique_ptr<Parsed> parsed;
};

TEST_F(Ranges, OfAnOperation) {
  const BinaryExpr *sum = onlyExpr<BinaryExpr>("  (a + b) * -c  # note");
  EXPECT_EQ(textOf(sum->range), "(a + b) * -c");
  EXPECT_EQ(textOf(sum->opRange), "*");
  EXPECT_EQ(textOf(sum->left->range), "a + b");
  EXPECT_EQ(textOf(sum->left->extent), "(a + b)");
  EXPECT_TRUE(sum->left->parenthesized);
  EXPECT_EQ(textOf(as<UnaryExpr>(sum->right)->opRange), "-");
  EXPECT_EQ(textOf(as<UnaryExpr>(sum->right)->operand->range), "c");
}

TEST_F(Ranges, OfACall) {
  const CallExpr *call = onlyExpr<CallExpr>("(f)(a, key = 1 + 2)");
  EXPECT_EQ(textOf(call->range), "(f)(a, key = 1 + 2)");
  EXPECT_EQ(textOf(call->argumentsRange), "(a, key = 1 + 2)");
  EXPECT_EQ(textOf(call->args[1].range), "key = 1 + 2");
  EXPECT_EQ(textOf(call->args[1].name.range), "key");
  EXPECT_EQ(textOf(call->args[1].value->range), "1 + 2");
}

TEST_F(Ranges, OfAnIndex) {
  const IndexExpr *index = onlyExpr<IndexExpr>("x.w[i, 1 : n, ..., newaxis]");
  EXPECT_EQ(textOf(index->base->range), "x.w");
  EXPECT_EQ(textOf(index->bracketsRange), "[i, 1 : n, ..., newaxis]");
  EXPECT_EQ(textOf(index->items[1].range), "1 : n");
  EXPECT_EQ(textOf(index->items[2].range), "...");
  EXPECT_EQ(textOf(index->items[3].range), "newaxis");
  EXPECT_EQ(textOf(as<FieldExpr>(index->base)->field.range), "w");
}

TEST_F(Ranges, OfAFunction) {
  const FunctionStmt *function =
      only<FunctionStmt>("export fn f(a: f32[n, 3], b: i32 = 1) -> (f32,) = {\n  a\n}");
  EXPECT_EQ(textOf(function->range).substr(0, 9), "export fn");
  EXPECT_TRUE(textOf(function->range).ends_with("}"));
  EXPECT_EQ(textOf(function->name.range), "f");
  EXPECT_EQ(textOf(function->params[0].range), "a: f32[n, 3]");
  EXPECT_EQ(textOf(function->params[0].type->range), "f32[n, 3]");
  EXPECT_EQ(textOf(as<NamedType>(function->params[0].type)->dims[1].range), "3");
  EXPECT_EQ(textOf(function->params[1].range), "b: i32 = 1");
  EXPECT_EQ(textOf(function->resultType->range), "(f32,)");
  EXPECT_EQ(textOf(function->body->range), "{\n  a\n}");
}

TEST_F(Ranges, OfAString) {
  const StringExpr *string = onlyExpr<StringExpr>("\"a {b + 1:.3f} \\n\"");
  EXPECT_EQ(textOf(string->range), "\"a {b + 1:.3f} \\n\"");
  EXPECT_EQ(textOf(string->parts[0].range), "a ");
  EXPECT_EQ(textOf(string->parts[1].range), "{b + 1:.3f}");
  EXPECT_EQ(textOf(string->parts[1].value->range), "b + 1");
  EXPECT_EQ(textOf(string->parts[1].format.range), ".3f");
}

TEST_F(Ranges, OfPatternsRecordsAndAssignments) {
  const BindingStmt *binding = only<BindingStmt>("let (a, {b: c}): T = {...r, b: 2}");
  EXPECT_EQ(textOf(binding->pattern->range), "(a, {b: c})");
  EXPECT_EQ(textOf(binding->type->range), "T");
  const RecordExpr *record = as<RecordExpr>(binding->value);
  EXPECT_EQ(textOf(record->entries[0].range), "...r");
  EXPECT_EQ(textOf(record->entries[1].name.range), "b");
  const AssignStmt *assign = only<AssignStmt>("y[i] **= 2");
  EXPECT_EQ(textOf(assign->opRange), "**=");
  EXPECT_EQ(assign->variable()->name, "y");
}

TEST_F(Ranges, OfLoopsAndTraining) {
  const ForStmt *loop = only<ForStmt>("for a, b in zip(c, d) { a }");
  EXPECT_EQ(textOf(loop->pattern->range), "a, b");
  EXPECT_EQ(textOf(loop->body->range), "{ a }");
  const TrainExpr *train = onlyExpr<TrainExpr>("train l(x) with sgd(), steps=10");
  EXPECT_EQ(textOf(train->keywordRange), "train");
  EXPECT_EQ(textOf(train->loss->range), "l(x)");
  EXPECT_EQ(textOf(train->optimizer->range), "sgd()");
  EXPECT_EQ(textOf(train->options[0].range), "steps=10");
}

TEST(AstPrinter, ShowsTheTree) {
  Parsed parsed(
      "let (a, b): (f32, f32[n]) = f(x, key=1)[1:, ...]\nfor i in 0..3 { print \"{i:d}\" }");
  std::ostringstream out;
  printAst(*parsed.ast, parsed.file, out);
  EXPECT_EQ(out.str(), R"(let
  tuple-pattern
    bind a
    bind b
  tuple-type
    type f32
    type f32[n]
  index
    call
      name f
      name x
      argument key
        integer 1
    slice
      start
        integer 1
    ellipsis
for
  bind i
  range
    integer 0
    integer 3
  block
    print
      string
        interpolation d
          name i
)");
}

TEST(AstPrinter, ShowsRanges) {
  Parsed parsed("x = θ +\n  1");
  std::ostringstream out;
  printAst(*parsed.ast, parsed.file, out, AstRanges::Show);
  EXPECT_EQ(out.str(), R"(assign =  @1:1-2:4
  name x  @1:1-1:2
  binary +  @1:5-2:4
    name θ  @1:5-1:6
    integer 1  @2:3-2:4
)");
}

} // namespace
