// Products of matrices as kernels for a GPU, run by the emulator, against sums in f64 written out
// here.
#include "compiler/gpu/DotTiling.h"
#include "tests/unit/gpu/Emulated.h"

#include <regex>
#include <set>

namespace descent {
namespace {

/// The product of `batch` matrices [rows, terms] and [terms, columns], and what the sums of the
/// products' magnitudes are.
struct Reference {
  std::vector<double> product, magnitude;

  Reference(const std::vector<double> &x, const std::vector<double> &y, size_t batch, size_t rows,
            size_t columns, size_t terms)
      : product(batch * rows * columns, 0), magnitude(product) {
    for (size_t n = 0; n < batch; ++n)
      for (size_t i = 0; i < rows; ++i)
        for (size_t j = 0; j < columns; ++j)
          for (size_t k = 0; k < terms; ++k) {
            double term = x[(n * rows + i) * terms + k] * y[(n * terms + k) * columns + j];
            product[(n * rows + i) * columns + j] += term;
            magnitude[(n * rows + i) * columns + j] += std::abs(term);
          }
  }

  /// Each sum is as near as `relative` of the sum of its terms' magnitudes.
  void expect(const std::vector<double> &values, double relative) const {
    ASSERT_EQ(values.size(), product.size());
    for (size_t i = 0; i < values.size(); ++i)
      ASSERT_NEAR(values[i], product[i], relative * magnitude[i]) << i;
  }
};

struct Case {
  size_t batch, rows, columns, terms;
  int threads;
  std::string_view alsoIn; ///< precisions besides f32

  bool isIn(std::string_view precision) const {
    return alsoIn.find(precision) != std::string_view::npos;
  }
};

/// In tiles of all forms that small blocks have; direct; in parts; sizes that fit and that do not.
const Case cases[] = {
    {1, 2, 3, 1, 64, ""},
    {1, 7, 5, 3, 64, ""},
    {1, 33, 70, 45, 64, "f64 tf32 bf16"},
    {1, 64, 48, 32, 64, "tf32"},
    {1, 130, 262, 40, 64, "tf32 bf16"},
    {2, 300, 301, 9, 64, "tf32"},
    {1, 20, 24, 1000, 64, "f64 tf32"},
    {40, 65, 66, 17, 64, ""},
    {1, 500, 10, 36, 64, "bf16"},
    {1, 9, 900, 20, 64, ""},
    {3, 160, 200, 24, 128, "tf32"},
};

std::string shown(const Case &each) {
  return std::to_string(each.batch) + " x " + std::to_string(each.rows) + ", " +
         std::to_string(each.columns) + ", " + std::to_string(each.terms);
}

std::string made(const std::string &name, const std::string &function, const char *factor,
                 const std::vector<size_t> &shape) {
  size_t count = 1;
  std::string dims;
  for (size_t size : shape) {
    count *= size;
    dims += (dims.empty() ? "" : ", ") + std::to_string(size);
  }
  return "let " + name + " = reshape(" + function + "(" + factor + " * arange(" +
         std::to_string(count) + ".0)), (" + dims + "))\n";
}

std::vector<double> transposed(const std::vector<double> &x, size_t rows, size_t columns) {
  std::vector<double> result(x.size());
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < columns; ++j)
      result[j * rows + i] = x[i * columns + j];
  return result;
}

/// Operands with neighbouring terms and with neighbouring rows or columns in memory.
void tryProducts(const Case &each, const std::string &precision, double relative, int major = 8) {
  auto [batch, rows, columns, terms, threads, also] = each;
  std::string text = "precision " + precision + "\n" +
                     made("x", "cos", "0.7", {batch, rows, terms}) +
                     made("y", "sin", "0.3", {batch, terms, columns}) + "let plain = x @ y\n";
  if (batch == 1)
    text += made("xt", "cos", "0.4", {terms, rows}) + made("yt", "sin", "0.9", {columns, terms}) +
            "let left = xt.T @ y[0]\nlet right = x[0] @ yt.T\nlet both = xt.T @ yt.T\n";
  Program program(text);
  ASSERT_TRUE(program.program) << program.problems;
  Values values = emulated(program, {threads, 2, 3, true, major});
  const std::vector<double> &x = values.at("x"), &y = values.at("y");
  auto expect = [&](const char *name, const std::vector<double> &lhs,
                    const std::vector<double> &rhs) {
    SCOPED_TRACE(name);
    Reference(lhs, rhs, batch, rows, columns, terms).expect(values.at(name), relative);
  };
  expect("plain", x, y);
  if (batch != 1)
    return;
  std::vector<double> xt = transposed(values.at("xt"), terms, rows);
  std::vector<double> yt = transposed(values.at("yt"), columns, terms);
  expect("left", xt, y);
  expect("right", x, yt);
  expect("both", xt, yt);
}

TEST(Products, AreSumsOfProducts) {
  for (const Case &each : cases) {
    SCOPED_TRACE(shown(each));
    tryProducts(each, "f32", 1e-6);
    if (!each.isIn("f64"))
      continue;
    // By tensor cores of either size, and without.
    tryProducts(each, "f64", 1e-14);
    tryProducts(each, "f64", 1e-14, 9);
    tryProducts(each, "f64", 1e-14, 7);
  }
}

// With 11 bits of the operands a product is off by 2^-11 of itself, with 8 bits by 2^-8; and not by
// as little as it would be without rounding.
TEST(Products, OfTensorCoresAreAsExactAsAskedFor) {
  for (const Case &each : cases) {
    SCOPED_TRACE(shown(each));
    if (each.isIn("tf32"))
      tryProducts(each, "tf32", std::ldexp(1.0, -10));
    if (each.isIn("bf16"))
      tryProducts(each, "bf16", std::ldexp(1.0, -7));
  }
}

double worst(const std::vector<double> &values, const Reference &reference) {
  double error = 0;
  for (size_t i = 0; i < values.size(); ++i)
    error = std::max(error, std::abs(values[i] - reference.product[i]) / reference.magnitude[i]);
  return error;
}

TEST(Products, OfTensorCoresRoundTheirOperands) {
  std::string text = made("x", "cos", "0.7", {64, 48}) + made("y", "sin", "0.3", {48, 64}) +
                     "let z = x @ y\nlet w = x @ y[:, 0]\n";
  std::map<std::string, double> errors;
  for (const char *precision : {"f32", "tf32", "bf16"}) {
    Program program("precision " + std::string(precision) + "\n" + text);
    ASSERT_TRUE(program.program) << program.problems;
    Values values = emulated(program, {64, 2, 1}), exact = program.run(true);
    Reference reference(values.at("x"), values.at("y"), 1, 64, 64, 48);
    errors[precision] = worst(values.at("z"), reference);
    // The processor, and products of a matrix and a vector, do not round.
    EXPECT_LT(worst(exact.at("z"), reference), 1e-6);
    expectNear({{"w", exact.at("w")}}, {{"w", values.at("w")}}, 1e-5);
  }
  EXPECT_LT(errors["f32"], 1e-6);
  EXPECT_GT(errors["tf32"], 1e-5);
  EXPECT_LT(errors["tf32"], 5e-4);
  EXPECT_GT(errors["bf16"], 1e-4);
  EXPECT_LT(errors["bf16"], 4e-3);
}

// The derivatives' products are rounded as well, of whatever order.
TEST(Products, OfTensorCoresAreDifferentiated) {
  std::string text = made("x", "cos", "0.75", {48, 32}) + made("w", "sin", "0.375", {32, 40}) +
                     "fn loss(w) = mean(tanh(x @ w)^2)\n"
                     "let g = grad(loss)(w)\n"
                     "fn size(w) = sum(grad(loss)(w)^2)\n"
                     "let h = grad(size)(w)\n";
  Program full("precision f64\n" + text);
  ASSERT_TRUE(full.program) << full.problems;
  Values expected = full.run(true);
  auto worstOf = [&](const char *precision, const char *name) {
    Program program("precision " + std::string(precision) + "\n" + text);
    EXPECT_TRUE(program.program) << program.problems;
    Values values = emulated(program, {64, 2, 1});
    double error = 0, largest = 0;
    for (size_t i = 0; i < values.at(name).size(); ++i) {
      error = std::max(error, std::abs(values.at(name)[i] - expected.at(name)[i]));
      largest = std::max(largest, std::abs(expected.at(name)[i]));
    }
    return error / largest;
  };
  for (const char *name : {"g", "h"}) {
    EXPECT_LT(worstOf("f32", name), 2e-6) << name;
    EXPECT_GT(worstOf("tf32", name), 1e-5) << name;
    EXPECT_LT(worstOf("tf32", name), 3e-3) << name;
    EXPECT_LT(worstOf("bf16", name), 4e-2) << name;
  }
}

// Results depend on shapes alone, also where terms are cut into parts.
TEST(Products, HaveTheSameBitsWithAnyNumberOfBlocks) {
  for (const char *precision : {"f32", "bf16"}) {
    Program program("precision " + std::string(precision) + "\n" +
                    made("x", "cos", "0.7", {20, 1000}) + made("y", "sin", "0.3", {1000, 24}) +
                    "var z = x @ y\nfor i in 0..3 { z = x @ (y + y @ (0.01 * z.T @ z)) }\n"
                    "let last = z\n");
    ASSERT_TRUE(program.program) << program.problems;
    Values expected = emulated(program, {64, 1, 1});
    expectBits(expected, emulated(program, {64, 5, 2}));
  }
}

// What is made of a product's elements alone is made with it, also where others read the product,
// or where the results take the place of the operands.
TEST(Products, AreGoneOnWith) {
  for (const char *precision : {"f64", "tf32"}) {
    std::string text = "precision " + std::string(precision) + "\n" +
                       made("x", "cos", "0.75", {65, 40}) + made("w", "sin", "0.375", {40, 66}) +
                       made("u", "cos", "0.25", {66, 66}) + made("c", "cos", "0.5", {66}) +
                       made("long", "cos", "0.75", {20, 1000}) +
                       made("many", "sin", "0.25", {3, 33, 40}) +
                       "let a = relu(x @ w + c)\n"
                       "let z = x @ w\nlet b = (0.5 * z, z + c, sum(z, axis=0))\n"
                       "let d = (long @ long.T) * 2 - 1\n"
                       "let e = 3 - many @ w * 0.5\n"
                       "let small = x[:5, :3] @ w[:3, :4] + 1\n"
                       "let turned = (x @ w).T + 1\n"
                       "var v = u\nfor i in 0..3 { v = relu(0.01 * (v @ u) + c) }\nlet last = v\n"
                       "var t = cos(arange(400.0))\n"
                       "for i in 0..3 { let q = long @ long.T + reshape(t, (20, 20))\n"
                       "t = 0.001 * reshape(q[::-1], 400) }\nlet end = t\n"
                       "fn loss(w) = mean(relu(x @ w + c)^2)\nlet g = grad(loss)(w)\n";
    Program program(text);
    ASSERT_TRUE(program.program) << program.problems;
    double tolerance = precision == std::string("f64") ? 1e-12 : 2e-2;
    expectNear(program.run(true), emulated(program, {64, 3, 1}), tolerance);
  }
}

std::string ptxOf(const std::string &text, int major = 8) {
  Program program(text);
  EXPECT_TRUE(program.program) << program.problems;
  compiler::DeviceTarget target;
  target.major = major;
  return compiler::compileForDevice(emit(*program.program, program.sources), {}, target).image.code;
}

TEST(Products, OfF64AreOfTheSizeThatTheCardHas) {
  std::string text = "precision f64\n" + made("x", "cos", "0.75", {256, 256}) + "let z = x @ x\n";
  for (auto [major, shape] : {std::pair(8, "m8n8k4"), {9, "m16n8k8"}})
    EXPECT_NE(ptxOf(text, major)
                  .find("mma.sync.aligned." + std::string(shape) + ".row.col.f64.f64.f64.f64"),
              std::string::npos)
        << major;
}

size_t waitsOf(const std::string &text) {
  std::string ptx = ptxOf(text);
  size_t count = 0;
  for (size_t at = 0; (at = ptx.find("call.uni descent_grid_barrier", at)) != ptx.npos; ++at)
    ++count;
  return count;
}

TEST(Products, AreNotWaitedForBetween) {
  std::string text = made("x", "cos", "0.75", {256, 256}) + "let z = x @ x\n";
  size_t with = waitsOf(text + "let a = relu(z + z[0])\nlet b = a @ x\n"),
         without = waitsOf(text + "let a = relu(z)\nlet b = a @ x\n");
  EXPECT_EQ(without + 1, with);
}

// Long tiles need more than square ones, and a program has at most 48 KiB without asking for more.
TEST(Products, FitIntoSharedMemory) {
  struct Long {
    const char *precision;
    size_t columns;
    int major = 8;
  };
  for (auto [precision, columns, major] :
       {Long{"f64", 16}, {"f64", 7}, {"f64", 16, 9}, {"f64", 7, 9}, {"tf32", 64}, {"f32", 16}}) {
    std::string ptx =
        ptxOf("precision " + std::string(precision) + "\n" + made("x", "cos", "0.75", {20000, 64}) +
                  made("y", "sin", "0.375", {64, columns}) + "let z = x @ y\n",
              major);
    std::smatch size;
    ASSERT_TRUE(std::regex_search(ptx, size, std::regex("\\.shared[^\n]*\\[(\\d+)\\]")));
    EXPECT_LE(std::stoi(size[1]), 48 << 10) << precision << " " << columns;
    EXPECT_GE(std::stoi(size[1]), 8 << 10);
  }
}

// What tests of results need not notice.
TEST(Products, AreTriedInAllForms) {
  std::set<std::pair<int64_t, int64_t>> forms[2];
  bool direct = false, inParts = false;
  for (const Case &each : cases)
    for (gpu::DotUnit unit : {gpu::DotUnit::Plain, gpu::DotUnit::Tf32}) {
      if (unit == gpu::DotUnit::Tf32 && !each.isIn("tf32"))
        continue;
      kernel::DotShape shape;
      shape.batch = int64_t(each.batch);
      shape.m = int64_t(each.rows);
      shape.n = int64_t(each.columns);
      shape.k = int64_t(each.terms);
      gpu::DotTiling tiling = gpu::tilingOf(shape, unit, 4, each.threads);
      direct |= tiling.isDirect;
      inParts |= tiling.parts > 1;
      if (!tiling.isDirect)
        forms[unit == gpu::DotUnit::Tf32].insert({tiling.ownRows, tiling.ownColumns});
    }
  EXPECT_TRUE(direct && inParts);
  EXPECT_GE(forms[0].size(), 4u);
  EXPECT_GE(forms[1].size(), 3u);
}

} // namespace
} // namespace descent
