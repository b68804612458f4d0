// Products of matrices against sums in long double, over sizes around those of tiles, vectors and
// blocks.
#include "tests/unit/cpu/Harness.h"

#include <cmath>
#include <random>

namespace descent::tests {
namespace {

struct Size {
  int64_t m, n, k;
};

std::string tensorText(std::initializer_list<int64_t> dims, const std::string &element) {
  std::string text = "tensor<";
  for (int64_t dim : dims)
    text += std::to_string(dim) + "x";
  return text + element + ">";
}

struct Form {
  bool lhsTurned, rhsTurned;
};

/// A function with one product for each size; all in one module, so that they share code.
std::string productsText(const std::vector<Size> &sizes, Form form, const std::string &element) {
  std::string parameters, results, types, body;
  for (size_t i = 0; i < sizes.size(); ++i) {
    auto [m, n, k] = sizes[i];
    std::string lhs = form.lhsTurned ? tensorText({k, m}, element) : tensorText({m, k}, element);
    std::string rhs = form.rhsTurned ? tensorText({n, k}, element) : tensorText({k, n}, element);
    std::string to = tensorText({m, n}, element), number = std::to_string(i);
    std::string comma = i ? ", " : "";
    parameters += comma + "%x" + number + ": " + lhs + ", %y" + number + ": " + rhs;
    results += comma + "%z" + number;
    types += comma + to;
    body += "  %z" + number + " = descent.dot %x" + number + ", %y" + number +
            " batch [] x [] contract [" + (form.lhsTurned ? "0" : "1") + "] x [" +
            (form.rhsTurned ? "1" : "0") + "] : " + lhs + ", " + rhs + " to " + to + "\n";
  }
  return "func.func @f(" + parameters + ") -> (" + types + ") {\n" + body + "  return " + results +
         " : " + types + "\n}";
}

void expectProducts(const std::vector<Size> &sizes, const std::string &element) {
  double unit = element == "f32" ? 6e-8 : 1.2e-16;
  for (Form form : {Form{false, false}, {true, false}, {false, true}, {true, true}}) {
    std::vector<Tensor> arguments;
    for (size_t i = 0; i < sizes.size(); ++i) {
      auto [m, n, k] = sizes[i];
      arguments.push_back(sample(
          form.lhsTurned ? tensorText({k, m}, element) : tensorText({m, k}, element), unsigned(i)));
      arguments.push_back(
          sample(form.rhsTurned ? tensorText({n, k}, element) : tensorText({k, n}, element),
                 unsigned(i) + 100));
    }
    std::vector<Tensor> results = compileFunction(productsText(sizes, form, element))(arguments);
    for (size_t i = 0; i < sizes.size(); ++i) {
      auto [m, n, k] = sizes[i];
      const Tensor &x = arguments[2 * i], &y = arguments[2 * i + 1];
      int64_t wrong = 0;
      for (int64_t r = 0; r < m; ++r)
        for (int64_t c = 0; c < n; ++c) {
          long double sum = 0, size = 0;
          for (int64_t t = 0; t < k; ++t) {
            long double term = (long double)x.number(form.lhsTurned ? t * m + r : r * k + t) *
                               y.number(form.rhsTurned ? c * k + t : t * n + c);
            sum += term;
            size += std::abs(term);
          }
          double error = double(std::abs(sum - (long double)results[i].number(r * n + c)));
          // The bound for any order of the sum.
          wrong += !(error <= double(k + 1) * unit * double(size));
        }
      EXPECT_EQ(wrong, 0) << element << " " << m << "x" << n << "x" << k
                          << (form.lhsTurned ? " T" : " N") << (form.rhsTurned ? "T" : "N");
    }
  }
}

TEST(Product, SizesAroundVectorsAndTiles) {
  for (std::string element : {"f32", "f64"}) {
    std::mt19937 random(7);
    const int64_t edges[] = {2,  3,  4,  5,  7,  8,  9,  13, 14, 15, 16,
                             17, 23, 24, 25, 31, 32, 33, 48, 49, 65};
    auto edge = [&] { return edges[random() % std::size(edges)]; };
    std::vector<Size> sizes;
    for (int i = 0; i < 24; ++i)
      sizes.push_back({edge(), edge(), edge()});
    sizes.push_back({2, 65, 1});
    sizes.push_back({129, 2, 3});
    expectProducts(sizes, element);
  }
}

TEST(Product, SumsInSeveralBlocks) {
  expectProducts({{5, 20, 384}, {5, 20, 385}, {17, 33, 769}, {3, 2, 1200}}, "f32");
  expectProducts({{5, 20, 192}, {5, 20, 193}, {17, 33, 385}, {3, 2, 1200}}, "f64");
}

TEST(Product, RightOperandsInSeveralBlocks) {
  expectProducts({{6, 2300, 400}, {70, 1025, 130}}, "f32");
  expectProducts({{6, 1100, 400}, {70, 515, 130}}, "f64");
}

TEST(Product, LeftOperandsFarApart) {
  expectProducts({{64, 100, 512}, {33, 200, 1024}, {70, 96, 2048}}, "f32");
}

TEST(Product, Batches) {
  for (std::string element : {"f32", "f64"}) {
    auto agree = [&](std::string lhs, std::string rhs, std::string to, std::string dims) {
      lhs = "tensor<" + lhs + element + ">";
      rhs = "tensor<" + rhs + element + ">";
      to = "tensor<" + to + element + ">";
      expectAgreement("func.func @f(%x: " + lhs + ", %y: " + rhs + ") -> " + to +
                          " {\n %z = descent.dot %x, %y " + dims + " : " + lhs + ", " + rhs +
                          " to " + to + "\n return %z : " + to + "\n}",
                      1e-4, 1e-4);
    };
    agree("3x9x20x", "3x20x17x", "3x9x17x", "batch [0] x [0] contract [2] x [1]");
    agree("9x3x20x", "17x20x3x", "3x9x17x", "batch [1] x [2] contract [2] x [1]");
    // Several free and contracted dimensions, in memory in another order.
    agree("4x5x3x7x", "3x6x5x2x", "4x7x6x2x", "batch [] x [] contract [1, 2] x [2, 0]");
    agree("5x4x3x7x", "5x3x6x2x", "4x7x6x2x", "batch [] x [] contract [0, 2] x [0, 1]");
    agree("2x4x3x8x6x", "2x6x3x4x9x", "2x4x8x9x", "batch [0, 1] x [0, 3] contract [2, 4] x [2, 1]");
  }
}

TEST(Product, OperandsThatAreMovedMemory) {
  expectAgreement(
      R"(func.func @f(%x: tensor<20x30xf32>, %y: tensor<30x18xf32>, %h: tensor<6x4x5xf32>, %v: tensor<10xf32>) -> (tensor<10x9xf32>, tensor<20x18xf32>, tensor<24x24xf32>, tensor<7x18xf32>, tensor<20x18xf32>, tensor<20x10xf32>) {
    %xs = descent.slice %x [1, 2] to [20, 30] by [2, 3] : tensor<20x30xf32> to tensor<10x10xf32>
    %ys = descent.slice %y [3, 1] to [22, 18] by [2, 2] : tensor<30x18xf32> to tensor<10x9xf32>
    %a = descent.dot %xs, %ys batch [] x [] contract [1] x [0] : tensor<10x10xf32>, tensor<10x9xf32> to tensor<10x9xf32>
    %xr = descent.reverse %x [0, 1] : tensor<20x30xf32>
    %b = descent.dot %xr, %y batch [] x [] contract [1] x [0] : tensor<20x30xf32>, tensor<30x18xf32> to tensor<20x18xf32>
    %ht = descent.transpose %h [1, 0, 2] : tensor<6x4x5xf32> to tensor<4x6x5xf32>
    %hr = descent.reshape %ht : tensor<4x6x5xf32> to tensor<24x5xf32>
    %c = descent.dot %hr, %hr batch [] x [] contract [1] x [1] : tensor<24x5xf32>, tensor<24x5xf32> to tensor<24x24xf32>
    %xf = descent.slice %x [0, 0] to [20, 30] by [3, 1] : tensor<20x30xf32> to tensor<7x30xf32>
    %yr = descent.reverse %y [1] : tensor<30x18xf32>
    %d = descent.dot %xf, %yr batch [] x [] contract [1] x [0] : tensor<7x30xf32>, tensor<30x18xf32> to tensor<7x18xf32>
    %xe = descent.exp %x : tensor<20x30xf32>
    %e = descent.dot %xe, %y batch [] x [] contract [1] x [0] : tensor<20x30xf32>, tensor<30x18xf32> to tensor<20x18xf32>
    %vb = descent.broadcast %v [1] : tensor<10xf32> to tensor<30x10xf32>
    %g = descent.dot %x, %vb batch [] x [] contract [1] x [0] : tensor<20x30xf32>, tensor<30x10xf32> to tensor<20x10xf32>
    return %a, %b, %c, %d, %e, %g : tensor<10x9xf32>, tensor<20x18xf32>, tensor<24x24xf32>, tensor<7x18xf32>, tensor<20x18xf32>, tensor<20x10xf32>
  })",
      1e-4, 1e-3);
}

/// Code for a product is there once for all products of a module that have their tiles in common.
TEST(Product, SharesCode) {
  std::string one = llvmOf(productsText({{64, 64, 64}}, {}, "f32"));
  std::string four =
      llvmOf(productsText({{64, 64, 64}, {64, 64, 64}, {64, 64, 64}, {64, 64, 64}}, {}, "f32"));
  auto count = [](const std::string &text) {
    size_t number = 0;
    for (size_t at = 0; (at = text.find("define internal", at)) != std::string::npos; ++at)
      ++number;
    return number;
  };
  EXPECT_GE(count(one), 1u);
  EXPECT_EQ(count(one), count(four));
}

} // namespace
} // namespace descent::tests
