// Products whose rows are made by the kernel that reads them, against the reference evaluator and
// against the same program with each operation by itself.
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
    switch (random() % 7) {
    case 0:
      name = line("tanh " + x + " : MATRIX");
      break;
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
  int byRows = 0;
  for (unsigned seed = 0; seed < 8; ++seed) {
    std::string results, types, body = randomBody(seed, results, types);
    std::string text = program({1303, 203, 3}, body, results, types);
    SCOPED_TRACE(text);
    byRows += planOf(text).find("rows at a time") != std::string::npos;
    expectAgreement(text, 1e-3, 2e-3);
  }
  EXPECT_GE(byRows, 3);
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
