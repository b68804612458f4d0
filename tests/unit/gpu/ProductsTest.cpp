// Products of matrices as kernels for a GPU, run by the emulator, against sums in f64 written out
// here.
#include "compiler/gpu/DotTiling.h"
#include "tests/unit/gpu/Emulated.h"

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
};

/// In tiles of all forms that blocks of 64 threads have; direct; sizes that fit and that do not.
const Case cases[] = {
    {1, 2, 3, 1, 64},      {1, 7, 5, 3, 64},     {1, 33, 70, 45, 64},    {1, 64, 48, 32, 64},
    {1, 130, 262, 40, 64}, {2, 300, 301, 9, 64}, {1, 20, 24, 1000, 64},  {40, 65, 66, 17, 64},
    {1, 500, 10, 36, 64},  {1, 9, 900, 20, 64},  {3, 160, 200, 24, 128},
};

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
void tryProducts(const Case &each, const std::string &precision, double relative) {
  auto [batch, rows, columns, terms, threads] = each;
  std::string text = "precision " + precision + "\n" +
                     made("x", "cos", "0.7", {batch, rows, terms}) +
                     made("y", "sin", "0.3", {batch, terms, columns}) + "let plain = x @ y\n";
  if (batch == 1)
    text += made("xt", "cos", "0.4", {terms, rows}) + made("yt", "sin", "0.9", {columns, terms}) +
            "let left = xt.T @ y[0]\nlet right = x[0] @ yt.T\nlet both = xt.T @ yt.T\n";
  Program program(text);
  ASSERT_TRUE(program.program) << program.problems;
  Values values = emulated(program, {threads, 2, 3});
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
    SCOPED_TRACE(testing::Message()
                 << each.batch << " x " << each.rows << ", " << each.columns << ", " << each.terms);
    tryProducts(each, "f32", 1e-6);
    tryProducts(each, "f64", 1e-14);
  }
}

} // namespace
} // namespace descent
