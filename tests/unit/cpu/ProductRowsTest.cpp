// Products whose rows are made by the kernel that reads them, or by the one that makes their left
// operand, against the reference evaluator and against the same program with each operation by
// itself.
#include "tests/unit/cpu/Harness.h"

#include <cstdlib>
#include <random>

namespace descent::tests {
namespace {

struct Shape {
  int64_t m, n, k;
  std::string element = "f32";
  bool lhsTurned = false, rhsTurned = false;
};

/// A function of %x, %w and a row %b with %z = x w, m x n, and the row repeated as %bb. In `body`,
/// `results` and `types`, MATRIX stands for the type of a matrix of that shape, ROW and COLUMN for
/// those of vectors, ONE for a scalar's.
std::string program(const Shape &s, const std::string &body, const std::string &results,
                    const std::string &types) {
  auto matrix = [&](int64_t a, int64_t b) {
    return "tensor<" + std::to_string(a) + "x" + std::to_string(b) + "x" + s.element + ">";
  };
  auto vector = [&](int64_t a) { return "tensor<" + std::to_string(a) + "x" + s.element + ">"; };
  std::string lhs = s.lhsTurned ? matrix(s.k, s.m) : matrix(s.m, s.k);
  std::string rhs = s.rhsTurned ? matrix(s.n, s.k) : matrix(s.k, s.n);
  std::string all = "func.func @f(%x: " + lhs + ", %w: " + rhs + ", %b: ROW) -> (" + types +
                    ") {\n" + "  %z = descent.dot %x, %w batch [] x [] contract [" +
                    (s.lhsTurned ? "0" : "1") + "] x [" + (s.rhsTurned ? "1" : "0") + "] : " + lhs +
                    ", " + rhs + " to MATRIX\n" +
                    "  %bb = descent.broadcast %b [1] : ROW to MATRIX\n" + body + "  return " +
                    results + " : " + types + "\n}";
  const std::pair<std::string, std::string> names[] = {{"MATRIX", matrix(s.m, s.n)},
                                                       {"ROW", vector(s.n)},
                                                       {"COLUMN", vector(s.m)},
                                                       {"ONE", "tensor<" + s.element + ">"}};
  for (const auto &[name, type] : names)
    for (size_t at; (at = all.find(name)) != std::string::npos;)
      all.replace(at, name.size(), type);
  return all;
}

std::string planOf(const std::string &text) {
  return compiler::show(parse(text), compiler::Stage::Kernel);
}

void expectByRows(const std::string &text, bool isStored, double tolerance = 1e-4) {
  SCOPED_TRACE(text);
  std::string plan = planOf(text);
  EXPECT_NE(plan.find("rows at a time"), std::string::npos) << plan;
  EXPECT_EQ(plan.find("not stored") == std::string::npos, isStored) << plan;
  expectAgreement(text, tolerance, tolerance);
}

const std::string layer = "  %s = descent.add %z, %bb : MATRIX\n  %h = descent.tanh %s : MATRIX\n";

TEST(ProductRows, AllFormsOfOperands) {
  for (bool lhsTurned : {false, true})
    for (bool rhsTurned : {false, true})
      expectByRows(program({2461, 110, 3, "f32", lhsTurned, rhsTurned}, layer, "%h", "MATRIX"),
                   false);
  expectByRows(program({1300, 113, 3, "f64"}, layer, "%h", "MATRIX"), false, 1e-12);
}

TEST(ProductRows, Edges) {
  // Few terms; the longest rows; a last chunk of one row; terms in several blocks.
  expectByRows(program({2400, 110, 2}, layer, "%h", "MATRIX"), false);
  expectByRows(program({241, 1100, 2, "f32", false, true}, layer, "%h", "MATRIX"), false);
  expectByRows(program({225, 1169, 2}, layer, "%h", "MATRIX"), false);
  expectByRows(program({505, 263, 200, "f64"}, layer, "%h", "MATRIX"), false, 1e-10);
}

TEST(ProductRows, ProductsThatSomethingElseNeeds) {
  expectByRows(program({2461, 110, 3}, layer, "%z, %h", "MATRIX, MATRIX"), true);
  // Another product runs after the kernel that makes it.
  expectByRows(program({2461, 110, 3}, layer + R"(
  %v = descent.dot %z, %w batch [] x [] contract [1] x [1] : MATRIX, tensor<3x110xf32> to tensor<2461x3xf32>
)",
                       "%h, %v", "MATRIX, tensor<2461x3xf32>"),
               true, 1e-3);
}

TEST(ProductRows, Reductions) {
  std::string sums = layer + R"(
  %rows = descent.reduce_sum %h [0] : MATRIX to ROW
  %columns = descent.reduce_max %h [1] : MATRIX to COLUMN
  %all = descent.reduce_sum %s [0, 1] : MATRIX to ONE
)";
  expectByRows(program({2461, 110, 3}, sums, "%rows", "ROW"), false, 1e-3);
  expectByRows(program({2461, 110, 3}, sums, "%columns, %all", "COLUMN, ONE"), false, 1e-3);
  std::string softmax = R"(
  %m = descent.reduce_max %z [1] : MATRIX to COLUMN
  %mm = descent.broadcast %m [0] : COLUMN to MATRIX
  %d = descent.sub %z, %mm : MATRIX
  %e = descent.exp %d : MATRIX
  %t = descent.reduce_sum %e [1] : MATRIX to COLUMN
  %tt = descent.broadcast %t [0] : COLUMN to MATRIX
  %p = descent.div %e, %tt : MATRIX
)";
  expectByRows(program({2461, 110, 3}, softmax, "%p", "MATRIX"), false);
}

TEST(ProductRows, TwoProducts) {
  std::string both = R"(
  %y = descent.mul %x, %x : tensor<2461x5xf32>
  %v = descent.dot %y, %w batch [] x [] contract [1] x [0] : tensor<2461x5xf32>, tensor<5x110xf32> to MATRIX
  %h = descent.sub %z, %v : MATRIX
)";
  std::string text = program({2461, 110, 5}, both, "%h", "MATRIX");
  expectByRows(text, false);
  std::string plan = planOf(text);
  EXPECT_NE(plan.find("rows at a time"), plan.rfind("rows at a time")) << plan;
}

TEST(ProductRows, NotWhereRowsAreReadElsewhere) {
  std::string turned =
      "  %t = descent.reverse %z [0] : MATRIX\n  %h = descent.add %t, %z : MATRIX\n";
  std::string text = program({2461, 110, 3}, turned, "%h", "MATRIX");
  EXPECT_EQ(planOf(text).find("rows at a time"), std::string::npos);
  EXPECT_NE(planOf(text).find("made as a whole: who reads it does so at other rows"),
            std::string::npos);
  expectAgreement(text, 1e-4, 1e-4);
}

/// A function of %x, m x k, a row %b and a matrix %w with %c = (x - b) * x, and what `body` makes
/// of these. LEFT stands for the type of x, RIGHT for that of w, MATRIX for that of the product.
std::string prologue(const Shape &s, const std::string &body, const std::string &results,
                     const std::string &types) {
  auto matrix = [&](int64_t a, int64_t b) {
    return "tensor<" + std::to_string(a) + "x" + std::to_string(b) + "x" + s.element + ">";
  };
  auto vector = [&](int64_t a) { return "tensor<" + std::to_string(a) + "x" + s.element + ">"; };
  std::string all = "func.func @f(%x: LEFT, %w: RIGHT, %b: TERMS) -> (" + types + R"() {
  %bb = descent.broadcast %b [1] : TERMS to LEFT
  %d = descent.sub %x, %bb : LEFT
  %c = descent.mul %d, %x : LEFT
)" + body + "  return " +
                    results + " : " + types + "\n}";
  const std::pair<std::string, std::string> names[] = {
      {"LEFT", matrix(s.m, s.k)},   {"RIGHT", s.rhsTurned ? matrix(s.n, s.k) : matrix(s.k, s.n)},
      {"MATRIX", matrix(s.m, s.n)}, {"TERMS", vector(s.k)},
      {"COLUMN", vector(s.m)},      {"CONTRACT", s.rhsTurned ? "[1] x [1]" : "[1] x [0]"}};
  for (const auto &[name, type] : names)
    for (size_t at; (at = all.find(name)) != std::string::npos;)
      all.replace(at, name.size(), type);
  return all;
}

const std::string times =
    "  %z = descent.dot %c, %w batch [] x [] contract CONTRACT : LEFT, RIGHT to MATRIX\n";

void expectAfterRows(const std::string &text, bool isStored, double tolerance = 1e-4) {
  SCOPED_TRACE(text);
  std::string plan = planOf(text);
  EXPECT_NE(plan.find("rows at a time, of those of"), std::string::npos) << plan;
  EXPECT_EQ(plan.find("in rows of a chunk, not stored") == std::string::npos, isStored) << plan;
  expectAgreement(text, tolerance, tolerance);
}

TEST(ProductRows, RowsOfLeftOperands) {
  for (bool rhsTurned : {false, true})
    for (int64_t n : {2, 37})
      expectAfterRows(prologue({2461, n, 110, "f32", false, rhsTurned}, times, "%z", "MATRIX"),
                      false, 1e-3);
  expectAfterRows(prologue({1300, 5, 113, "f64"}, times, "%z", "MATRIX"), false, 1e-11);
  // The longest rows; a last chunk of one row; several blocks of terms; few terms.
  expectAfterRows(prologue({225, 3, 1169}, times, "%z", "MATRIX"), false, 1e-2);
  expectAfterRows(prologue({505, 11, 301, "f64"}, times, "%z", "MATRIX"), false, 1e-10);
  expectAfterRows(prologue({16385, 3, 17}, times, "%z", "MATRIX"), false, 1e-3);
  // One column, and none.
  expectAgreement(prologue({2461, 1, 110}, times, "%z", "MATRIX"), 1e-3, 1e-3);
  expectAgreement(prologue({2461, 0, 110}, times, "%z", "MATRIX"));
}

TEST(ProductRows, LeftOperandsThatSomethingElseNeeds) {
  // A result; another product that needs columns; two products of the same rows.
  expectAfterRows(prologue({2461, 7, 110}, times, "%z, %c", "MATRIX, LEFT"), true, 1e-3);
  expectAfterRows(prologue({2461, 3, 110}, times + R"(
  %g = descent.dot %c, %z batch [] x [] contract [0] x [0] : LEFT, MATRIX to tensor<110x3xf32>
)",
                           "%g", "tensor<110x3xf32>"),
                  true, 0.5);
  std::string two = prologue({2461, 7, 110}, times + R"(
  %v = descent.tanh %w : RIGHT
  %y = descent.dot %c, %v batch [] x [] contract CONTRACT : LEFT, RIGHT to MATRIX
)",
                             "%z, %y", "MATRIX, MATRIX");
  expectAfterRows(two, false, 1e-3);
  std::string plan = planOf(two);
  EXPECT_NE(plan.find("rows at a time, of"), plan.rfind("rows at a time, of")) << plan;
}

TEST(ProductRows, LeftOperandsOfTrees) {
  // Normalised rows, and the sum of them over the rows; short rows run across lanes.
  for (auto [m, k] : {std::pair<int64_t, int64_t>{2461, 110}, {16385, 20}}) {
    std::string body = R"(
  %m = descent.reduce_max %c [1] : LEFT to COLUMN
  %mm = descent.broadcast %m [0] : COLUMN to LEFT
  %e = descent.sub %c, %mm : LEFT
  %p = descent.exp %e : LEFT
  %z = descent.dot %p, %w batch [] x [] contract [1] x [0] : LEFT, RIGHT to MATRIX
  %s = descent.reduce_sum %p [0] : LEFT to TERMS
)";
    std::string text = prologue({m, 7, k}, body, "%z, %s", "MATRIX, TERMS");
    expectAfterRows(text, false, 1e-3);
    EXPECT_EQ(planOf(text).find(" across") != std::string::npos, k == 20) << planOf(text);
    expectAfterRows(prologue({m, 7, k}, body, "%z, %p", "MATRIX, LEFT"), true, 1e-3);
  }
  // Rows of a product before, rows of a product after.
  std::string both = R"(
  %y = descent.dot %x, %w batch [] x [] contract [1] x [1] : LEFT, RIGHT to MATRIX
  %h = descent.tanh %y : MATRIX
  %z = descent.dot %h, %w batch [] x [] contract [1] x [0] : MATRIX, RIGHT to LEFT
)";
  std::string text = prologue({2461, 110, 5, "f32", false, true}, both, "%z", "LEFT");
  expectAfterRows(text, false, 1e-3);
  EXPECT_NE(planOf(text).find("160 rows at a time, not stored"), std::string::npos);
}

/// An array that is read across its rows is read in squares, here as well.
TEST(ProductRows, LeftOperandsInSquares) {
  for (const char *result : {"%z", "%z, %c"}) {
    std::string text = R"(func.func @f(%x: tensor<331x1001xf32>, %w: tensor<331x3xf32>)
    -> (tensor<1001x3xf32>TYPES) {
  %t = descent.transpose %x [1, 0] : tensor<331x1001xf32> to tensor<1001x331xf32>
  %c = descent.mul %t, %t : tensor<1001x331xf32>
  %z = descent.dot %c, %w batch [] x [] contract [1] x [0] : tensor<1001x331xf32>, tensor<331x3xf32> to tensor<1001x3xf32>
  return RESULTS : tensor<1001x3xf32>TYPES
})";
    bool isStored = std::string(result) != "%z";
    for (auto [name, by] : {std::pair<std::string, std::string>{"RESULTS", result},
                            {"TYPES", isStored ? ", tensor<1001x331xf32>" : ""},
                            {"TYPES", isStored ? ", tensor<1001x331xf32>" : ""}})
      text.replace(text.find(name), name.size(), by);
    EXPECT_NE(planOf(text).find("in squares of 64"), std::string::npos) << planOf(text);
    expectAfterRows(text, isStored, 1e-3);
  }
}

TEST(ProductRows, WholeLeftOperandsWhereTheRightOneComesLater) {
  // The right operand is of the same kernel; it needs what the kernel makes.
  for (const char *right :
       {"reduce_sum %c [0] : LEFT to TERMS", "reduce_max %c [0] : LEFT to TERMS"}) {
    std::string text = prologue({2461, 10, 110}, std::string("  %s = descent.") + right + R"(
  %ss = descent.broadcast %s [0] : TERMS to RIGHT
  %v = descent.add %ss, %w : RIGHT
  %z = descent.dot %c, %v batch [] x [] contract CONTRACT : LEFT, RIGHT to MATRIX
)",
                                "%z", "MATRIX");
    EXPECT_EQ(planOf(text).find("of those of"), std::string::npos) << planOf(text);
    expectAgreement(text, 2e-2, 2e-2);
  }
  std::string same = prologue({500, 500, 600}, R"(
  %z = descent.dot %c, %c batch [] x [] contract [1] x [1] : LEFT, LEFT to MATRIX
)",
                              "%z", "MATRIX");
  EXPECT_EQ(planOf(same).find("of those of"), std::string::npos) << planOf(same);
}

/// softmax(q k^T) v for `heads` (0: q, k and v are matrices).
std::string attention(int64_t heads, int64_t rows, int64_t others, int64_t width,
                      const std::string &element) {
  auto type = [&](std::initializer_list<int64_t> sizes) {
    std::string text = "tensor<" + (heads ? std::to_string(heads) + "x" : "");
    for (int64_t size : sizes)
      text += std::to_string(size) + "x";
    return text + element + ">";
  };
  std::string dim = heads ? "2" : "1", first = heads ? "1" : "0", batch = heads ? "[0]" : "[]",
              kept = heads ? "[0, 1]" : "[0]";
  std::string text = "func.func @f(%q: QUERY, %k: KEY, %v: KEY) -> QUERY {\n"
                     "  %s = descent.dot %q, %k batch BATCH x BATCH contract [DIM] x [DIM] : "
                     "QUERY, KEY to SCORES\n"
                     "  %m = descent.reduce_max %s [DIM] : SCORES to ROWS\n"
                     "  %mm = descent.broadcast %m KEPT : ROWS to SCORES\n"
                     "  %d = descent.sub %s, %mm : SCORES\n"
                     "  %e = descent.exp %d : SCORES\n"
                     "  %t = descent.reduce_sum %e [DIM] : SCORES to ROWS\n"
                     "  %tt = descent.broadcast %t KEPT : ROWS to SCORES\n"
                     "  %p = descent.div %e, %tt : SCORES\n"
                     "  %o = descent.dot %p, %v batch BATCH x BATCH contract [DIM] x [FIRST] : "
                     "SCORES, KEY to QUERY\n"
                     "  return %o : QUERY\n}";
  const std::pair<std::string, std::string> names[] = {{"QUERY", type({rows, width})},
                                                       {"KEY", type({others, width})},
                                                       {"SCORES", type({rows, others})},
                                                       {"ROWS", type({rows})},
                                                       {"BATCH", batch},
                                                       {"KEPT", kept},
                                                       {"DIM", dim},
                                                       {"FIRST", first}};
  for (const auto &[name, with] : names)
    for (size_t at; (at = text.find(name)) != std::string::npos;)
      text.replace(at, name.size(), with);
  return text;
}

/// Scores are made, used and forgotten in one kernel, with the same bits for any number of threads.
void expectOneKernel(int64_t heads, int64_t rows, int64_t others, int64_t width,
                     const std::string &element) {
  std::string text = attention(heads, rows, others, width, element);
  SCOPED_TRACE(text);
  std::string plan = planOf(text);
  size_t kernel = plan.find("kernel");
  EXPECT_NE(kernel, std::string::npos);
  EXPECT_EQ(plan.find("kernel", kernel + 1), std::string::npos) << plan;
  EXPECT_EQ(plan.find("\n  %"), std::string::npos) << plan;
  EXPECT_NE(plan.find("not stored"), plan.rfind("not stored")) << plan;
  double tolerance = element == "f32" ? 1e-4 : 1e-12;
  expectAgreement(text, tolerance, tolerance);
  auto type = [&](int64_t count) {
    return "tensor<" + (heads ? std::to_string(heads) + "x" : "") + std::to_string(count) + "x" +
           std::to_string(width) + "x" + element + ">";
  };
  std::vector<Tensor> operands = {sample(type(rows), 1), sample(type(others), 2),
                                  sample(type(others), 3)};
  Compiled compiled = compileFunction(text);
  std::vector<Tensor> one;
  for (int threads : {1, 2, 7}) {
    setenv("DESCENT_THREADS", std::to_string(threads).c_str(), 1);
    std::vector<Tensor> results = compiled(operands);
    unsetenv("DESCENT_THREADS");
    if (one.empty())
      one = results;
    EXPECT_EQ(results[0].elements, one[0].elements) << threads << " threads";
  }
}

TEST(ProductRows, Attention) {
  expectOneKernel(0, 130, 131, 19, "f32");
  expectOneKernel(0, 300, 257, 33, "f64");
  // Long rows, of which a chunk has few; a last chunk of one row.
  expectOneKernel(0, 65, 4000, 3, "f32");
}

TEST(ProductRows, AttentionOfManyHeads) {
  expectOneKernel(9, 50, 43, 19, "f32");
  expectOneKernel(8, 33, 70, 5, "f64");
  // Several heads in a chunk, terms in several blocks.
  expectOneKernel(17, 3, 600, 7, "f32");
}

TEST(ProductRows, Batches) {
  // The columns of the left operand; right operands turned, and one for all.
  for (const char *results : {"%g, %r", "%g, %r, %h"}) {
    bool isStored = std::string(results) != "%g, %r";
    std::string stored = isStored ? ", tensor<11x45x43xf32>" : "";
    std::string text = "func.func @f(%x: tensor<11x45x19xf32>, %w: tensor<11x43x19xf32>, "
                       "%u: tensor<43x5xf32>) -> "
                       "(tensor<11x43x19xf32>, tensor<11x45x5xf32>" +
                       stored + R"() {
  %z = descent.dot %x, %w batch [0] x [0] contract [2] x [2] : tensor<11x45x19xf32>, tensor<11x43x19xf32> to tensor<11x45x43xf32>
  %h = descent.tanh %z : tensor<11x45x43xf32>
  %g = descent.dot %h, %x batch [0] x [0] contract [1] x [1] : tensor<11x45x43xf32>, tensor<11x45x19xf32> to tensor<11x43x19xf32>
  %uu = descent.broadcast %u [1, 2] : tensor<43x5xf32> to tensor<11x43x5xf32>
  %r = descent.dot %h, %uu batch [0] x [0] contract [2] x [1] : tensor<11x45x43xf32>, tensor<11x43x5xf32> to tensor<11x45x5xf32>
  return )" + std::string(results) +
                       " : tensor<11x43x19xf32>, tensor<11x45x5xf32>" + stored + "\n}";
    SCOPED_TRACE(text);
    std::string plan = planOf(text);
    size_t after = plan.find("of the batch at a time, of those of");
    EXPECT_NE(after, std::string::npos) << plan;
    EXPECT_NE(after, plan.rfind("of the batch at a time, of those of")) << plan;
    EXPECT_EQ(plan.find("in rows of a chunk, not stored") == std::string::npos, isStored) << plan;
    expectAgreement(text, 1e-4, 1e-4);
  }
  // Two dimensions of the batch: a chunk has all of the second.
  std::string nested =
      R"(func.func @f(%x: tensor<9x2x30x6xf32>, %w: tensor<9x2x6x41xf32>) -> tensor<9x2x30x41xf32> {
  %z = descent.dot %x, %w batch [0, 1] x [0, 1] contract [3] x [2] : tensor<9x2x30x6xf32>, tensor<9x2x6x41xf32> to tensor<9x2x30x41xf32>
  %h = descent.tanh %z : tensor<9x2x30x41xf32>
  return %h : tensor<9x2x30x41xf32>
})";
  EXPECT_NE(planOf(nested).find("of the batch at a time, not stored"), std::string::npos);
  expectAgreement(nested, 1e-4, 1e-4);
}

TEST(ProductRows, FewRowsAndLongOnes) {
  expectByRows(program({64, 257, 3}, layer, "%h", "MATRIX"), false);
  expectByRows(program({97, 4091, 2, "f32", true, true}, layer, "%h", "MATRIX"), false);
  expectByRows(program({66, 2040, 2, "f64"}, layer, "%h", "MATRIX"), false, 1e-12);
  // Fewer, longer, smaller.
  for (Shape shape : {Shape{63, 300, 3}, {64, 4097, 3}, {127, 128, 3}}) {
    std::string text = program(shape, layer, "%h", "MATRIX");
    EXPECT_EQ(planOf(text).find("rows at a time"), std::string::npos);
    expectAgreement(text, 1e-4, 1e-4);
  }
}

/// The bits of a product do not depend on where its left operand is.
TEST(ProductRows, SameBitsOfProductsOfRows) {
  for (const char *element : {"f32", "f64"}) {
    Shape shape{1461, 19, 333, element};
    std::string text = prologue(shape, times + "  %s = descent.reduce_sum %c [0] : LEFT to TERMS\n",
                                "%z, %s", "MATRIX, TERMS");
    EXPECT_NE(planOf(text).find("of those of"), std::string::npos);
    EXPECT_NE(llvmOf(text).find("@descent_parallel"), std::string::npos);
    auto type = [&](const std::string &sizes) { return "tensor<" + sizes + "x" + element + ">"; };
    std::vector<Tensor> operands = {sample(type("1461x333"), 1), sample(type("333x19"), 2),
                                    sample(type("333"), 3)};
    Compiled first = compileFunction(text), second = compileFunction(text, /*fuse=*/false);
    std::vector<Tensor> whole = second(operands), one;
    for (int threads : {1, 2, 7}) {
      setenv("DESCENT_THREADS", std::to_string(threads).c_str(), 1);
      std::vector<Tensor> results = first(operands);
      unsetenv("DESCENT_THREADS");
      if (one.empty())
        one = results;
      EXPECT_EQ(results[0].elements, whole[0].elements);
      EXPECT_EQ(results[1].elements, one[1].elements);
    }
  }
}

/// Operations on matrices of one shape, some of which need other rows, or all of them.
std::string randomBody(unsigned seed, std::string &results, std::string &types) {
  std::mt19937 random(seed);
  std::vector<std::string> matrices = {"%z", "%bb"};
  std::string body;
  int made = 0;
  auto any = [&] { return matrices[random() % matrices.size()]; };
  auto line = [&](const std::string &text) {
    std::string name = "%v" + std::to_string(made++);
    body += "  " + name + " = descent." + text + "\n";
    return name;
  };
  for (int i = 0; i < 7; ++i) {
    std::string x = any(), name;
    switch (random() % 9) {
    case 0:
      name = line("tanh " + x + " : MATRIX");
      break;
    case 7:
    case 8: {
      std::string y = line("dot " + x + ", %w batch [] x [] contract [1] x [1] : MATRIX, " +
                           "tensor<3x203xf32> to tensor<1303x3xf32>");
      std::string most = line("reduce_max " + y + " [1] : tensor<1303x3xf32> to COLUMN");
      std::string least = line("tanh " + most + " : COLUMN");
      name = line("broadcast " + least + " [0] : COLUMN to MATRIX");
      break;
    }
    case 1:
      name = line("add " + x + ", " + any() + " : MATRIX");
      break;
    case 2: {
      std::string y = line("tanh " + any() + " : MATRIX");
      name = line("mul " + x + ", " + y + " : MATRIX");
      break;
    }
    case 3: {
      std::string most = line("reduce_max " + x + " [1] : MATRIX to COLUMN");
      name = line("broadcast " + most + " [0] : COLUMN to MATRIX");
      break;
    }
    case 4: {
      std::string most = line("reduce_max " + x + " [0] : MATRIX to ROW");
      name = line("broadcast " + most + " [1] : ROW to MATRIX");
      break;
    }
    case 5:
      name = line("reverse " + x + (random() % 2 ? " [0]" : " [1]") + " : MATRIX");
      break;
    default: {
      std::string left = line("tanh %x : tensor<1303x3xf32>");
      name = line("dot " + left + ", %w batch [] x [] contract [1] x [0] : tensor<1303x3xf32>, " +
                  "tensor<3x203xf32> to MATRIX");
    }
    }
    matrices.push_back(name);
  }
  results = matrices.back() + ", " + any();
  types = "MATRIX, MATRIX";
  if (random() % 2) {
    std::string left = line("tanh " + any() + " : MATRIX");
    results += ", " + line("dot " + left + ", %w batch [] x [] contract [1] x [1] : MATRIX, " +
                           "tensor<3x203xf32> to tensor<1303x3xf32>");
    types += ", tensor<1303x3xf32>";
    if (random() % 2) {
      results += ", " + left;
      types += ", MATRIX";
    }
  }
  if (random() % 2) {
    results += ", " + line("reduce_sum " + any() + " [1] : MATRIX to COLUMN");
    types += ", COLUMN";
  }
  if (random() % 2) {
    results += ", " + line("reduce_sum " + any() + " [0] : MATRIX to ROW");
    types += ", ROW";
  }
  return body;
}

TEST(ProductRows, RandomPrograms) {
  int byRows = 0, afterRows = 0;
  for (unsigned seed = 0; seed < 10; ++seed) {
    std::string results, types, body = randomBody(seed, results, types);
    std::string text = program({1303, 203, 3}, body, results, types);
    SCOPED_TRACE(text);
    std::string plan = planOf(text);
    byRows += plan.find("rows at a time,") != std::string::npos ||
              plan.find("rows at a time\n") != std::string::npos;
    afterRows += plan.find("rows at a time, of those of") != std::string::npos;
    expectAgreement(text, 1e-3, 2e-3);
  }
  EXPECT_GE(byRows, 3);
  EXPECT_GE(afterRows, 2);
}

TEST(ProductRows, SameBitsForAnyNumberOfThreads) {
  std::string text =
      program({2461, 110, 33}, layer + "  %rows = descent.reduce_sum %h [0] : MATRIX to ROW\n",
              "%h, %rows", "MATRIX, ROW");
  EXPECT_NE(planOf(text).find("rows at a time"), std::string::npos);
  EXPECT_NE(llvmOf(text).find("@descent_parallel"), std::string::npos);
  Compiled compiled = compileFunction(text);
  std::vector<Tensor> operands = {sample("tensor<2461x33xf32>", 1), sample("tensor<33x110xf32>", 2),
                                  sample("tensor<110xf32>", 3)};
  std::vector<std::vector<Tensor>> results;
  for (int threads : {1, 2, 7}) {
    setenv("DESCENT_THREADS", std::to_string(threads).c_str(), 1);
    results.push_back(compiled(operands));
    unsetenv("DESCENT_THREADS");
  }
  for (const auto &other : results)
    for (size_t i = 0; i < other.size(); ++i)
      EXPECT_EQ(other[i].elements, results.front()[i].elements);
}

} // namespace
} // namespace descent::tests
