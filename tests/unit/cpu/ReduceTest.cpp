// Reductions, running reductions, sorting, products.
#include "tests/unit/cpu/Harness.h"

#include <cmath>

namespace descent::tests {
namespace {

std::string shapeText(const std::vector<int64_t> &shape) {
  std::string text;
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text;
}

std::string listText(const std::vector<int64_t> &list) {
  std::string text = "[";
  for (int64_t entry : list)
    text += (text.size() > 1 ? ", " : "") + std::to_string(entry);
  return text + "]";
}

std::string reduction(const std::string &op, const std::vector<int64_t> &shape,
                      const std::vector<int64_t> &dims, const std::string &element) {
  std::vector<int64_t> kept;
  for (size_t i = 0; i < shape.size(); ++i)
    if (std::find(dims.begin(), dims.end(), int64_t(i)) == dims.end())
      kept.push_back(shape[i]);
  std::string from = "tensor<" + shapeText(shape) + element + ">";
  std::string to = "tensor<" + shapeText(kept) + element + ">";
  return "func.func @f(%x: " + from + ") -> " + to + " {\n  %y = descent." + op + " %x " +
         listText(dims) + " : " + from + " to " + to + "\n  return %y : " + to + "\n}";
}

TEST(Reduce, AllDimensions) {
  const std::vector<std::pair<std::vector<int64_t>, std::vector<std::vector<int64_t>>>> cases = {
      {{37}, {{0}, {}}},
      {{0}, {{0}}},
      {{1}, {{0}}},
      {{5, 19}, {{0}, {1}, {0, 1}}},
      {{1, 9}, {{0}, {1}}},
      {{9, 1}, {{0}, {1}}},
      {{0, 4}, {{0}, {1}, {0, 1}}},
      {{3, 4, 5}, {{0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}}},
      {{2, 1, 3, 7}, {{1, 3}, {0, 2}, {2}}}};
  for (const auto &[shape, lists] : cases)
    for (const auto &dims : lists) {
      for (std::string op : {"reduce_sum", "reduce_prod", "reduce_max", "reduce_min"})
        for (std::string element : {"f32", "i64"})
          expectAgreement(reduction(op, shape, dims, element), 1e-5, 1e-5);
      for (std::string op : {"reduce_and", "reduce_or"})
        expectAgreement(reduction(op, shape, dims, "i1"));
    }
  for (std::string op : {"reduce_sum", "reduce_max", "reduce_min"})
    for (std::string element : {"f64", "i32", "ui32"})
      expectAgreement(reduction(op, {100}, {0}, element));
}

TEST(Reduce, NanWins) {
  for (int64_t size : {1, 2, 8, 37, 100})
    for (int64_t at : {int64_t(0), size / 2, size - 1})
      for (std::string op : {"reduce_max", "reduce_min"}) {
        Tensor x = sample("tensor<" + std::to_string(size) + "xf32>", 3);
        x.set(at, NAN);
        auto result = compileFunction(reduction(op, {size}, {0}, "f32"))({x});
        EXPECT_TRUE(std::isnan(result[0].number(0))) << op << " of " << size << " with nan at " << at;
      }
}

TEST(Reduce, SeveralInOneLoop) {
  expectAgreement(R"(func.func @f(%x: tensor<13x6xf32>, %v: tensor<6xf32>, %u: tensor<13xf32>) -> (tensor<f32>, tensor<13xf32>, tensor<6xf32>, tensor<13x6xf32>, tensor<13xf32>) {
    %a = descent.broadcast %v [1] : tensor<6xf32> to tensor<13x6xf32>
    %b = descent.broadcast %u [0] : tensor<13xf32> to tensor<13x6xf32>
    %c = descent.sub %x, %a : tensor<13x6xf32>
    %d = descent.mul %c, %b : tensor<13x6xf32>
    %e = descent.exp %d : tensor<13x6xf32>
    %s = descent.reduce_sum %e [0, 1] : tensor<13x6xf32> to tensor<f32>
    %r = descent.reduce_max %d [1] : tensor<13x6xf32> to tensor<13xf32>
    %t = descent.reduce_sum %d [0] : tensor<13x6xf32> to tensor<6xf32>
    %w = descent.reduce_sum %e [1] : tensor<13x6xf32> to tensor<13xf32>
    return %s, %r, %t, %e, %w : tensor<f32>, tensor<13xf32>, tensor<6xf32>, tensor<13x6xf32>, tensor<13xf32>
  })", 1e-4, 1e-4);
}

TEST(Reduce, ArgMaxArgMin) {
  for (std::string op : {"argmax", "argmin"})
    for (std::string element : {"f32", "i32", "ui32"}) {
      auto text = [&](const std::string &from, int dim, const std::string &to) {
        return "func.func @f(%x: tensor<" + from + element + ">) -> tensor<" + to +
               "i32> {\n %y = descent." + op + " %x " + std::to_string(dim) + " : tensor<" + from +
               element + "> to tensor<" + to + "i32>\n return %y : tensor<" + to + "i32>\n}";
      };
      expectAgreement(text("41x", 0, ""));
      expectAgreement(text("1x", 0, ""));
      expectAgreement(text("5x7x", 0, "7x"));
      expectAgreement(text("5x7x", 1, "5x"));
      expectAgreement(text("3x1x4x", 1, "3x4x"));
      expectAgreement(text("0x4x", 1, "0x"));
    }
  std::string text = "func.func @f(%x: tensor<6xf64>) -> (tensor<i32>, tensor<i32>) {\n"
                     "%a = descent.argmax %x 0 : tensor<6xf64> to tensor<i32>\n"
                     "%b = descent.argmin %x 0 : tensor<6xf64> to tensor<i32>\n"
                     "return %a, %b : tensor<i32>, tensor<i32>\n}";
  auto nans = compileFunction(text)({f64({6}, {3, 5, NAN, 1, NAN, 9})});
  EXPECT_EQ(nans[0].integer(0), 2);
  EXPECT_EQ(nans[1].integer(0), 2);
  auto equal = compileFunction(text)({f64({6}, {3, 5, 1, 5, 1, 2})});
  EXPECT_EQ(equal[0].integer(0), 1);
  EXPECT_EQ(equal[1].integer(0), 2);
}

TEST(Reduce, Cumulative) {
  for (std::string op : {"cumsum", "cumprod", "cummax"})
    for (std::string element : {"f32", "i64"})
      for (std::string reverse : {"", " reverse"})
        for (auto [shape, dims] : std::vector<std::pair<std::string, int>>{
                 {"23x", 1}, {"1x", 1}, {"0x", 1}, {"4x6x", 2}, {"3x2x5x", 3}, {"3x1x", 2}})
          for (int dim = 0; dim < dims; ++dim) {
            std::string type = "tensor<" + shape + element + ">";
            expectAgreement("func.func @f(%x: " + type + ") -> " + type + " {\n %e = descent.neg %x : " +
                                type + "\n %y = descent." + op + " %e " + std::to_string(dim) +
                                reverse + " : " + type + "\n return %y : " + type + "\n}",
                            1e-5, 1e-5);
          }
}

TEST(Reduce, ArgSort) {
  for (std::string element : {"f32", "f64", "i32", "i64", "ui32", "ui64"})
    for (auto [shape, dims] : std::vector<std::pair<std::string, int>>{
             {"50x", 1}, {"1x", 1}, {"0x", 1}, {"4x17x", 2}, {"2x3x4x", 3}})
      for (int dim = 0; dim < dims; ++dim) {
        std::string type = "tensor<" + shape + element + ">", to = "tensor<" + shape + "i32>";
        expectAgreement("func.func @f(%x: " + type + ") -> " + to + " {\n %y = descent.argsort %x " +
                        std::to_string(dim) + " : " + type + " to " + to + "\n return %y : " + to +
                        "\n}");
      }
}

struct DotCase {
  std::vector<int64_t> lhs, rhs, lhsBatch, rhsBatch, lhsContract, rhsContract;
};

TEST(Reduce, Dot) {
  const std::vector<DotCase> cases = {
      {{3, 4}, {4, 5}, {}, {}, {1}, {0}},   {{4, 3}, {4, 5}, {}, {}, {0}, {0}},
      {{3, 4}, {5, 4}, {}, {}, {1}, {1}},   {{4, 3}, {5, 4}, {}, {}, {0}, {1}},
      {{7, 13}, {13, 19}, {}, {}, {1}, {0}}, {{7}, {7}, {}, {}, {0}, {0}},
      {{3, 4}, {4}, {}, {}, {1}, {0}},      {{4}, {4, 3}, {}, {}, {0}, {0}},
      {{4, 3}, {4}, {}, {}, {0}, {0}},      {{2, 3, 4}, {2, 4, 5}, {0}, {0}, {2}, {1}},
      {{3, 2, 4}, {4, 5, 2}, {1}, {2}, {2}, {0}}, {{3}, {4}, {}, {}, {}, {}},
      {{2, 3}, {2, 3}, {0, 1}, {0, 1}, {}, {}}, {{2, 3, 4}, {4, 3, 5}, {}, {}, {1, 2}, {1, 0}},
      {{1, 4}, {4, 5}, {}, {}, {1}, {0}},   {{3, 4}, {4, 1}, {}, {}, {1}, {0}},
      {{3, 1}, {1, 5}, {}, {}, {1}, {0}},   {{3, 0}, {0, 5}, {}, {}, {1}, {0}},
      {{0, 4}, {4, 5}, {}, {}, {1}, {0}},   {{3, 0}, {0}, {}, {}, {1}, {0}},
      {{5, 4, 3}, {5, 4}, {0}, {0}, {1}, {1}}, {{4, 5, 3}, {5, 4}, {1}, {0}, {0}, {1}}};
  for (const DotCase &each : cases)
    for (std::string element : {"f32", "f64", "i32"}) {
      std::vector<int64_t> shape;
      auto listed = [](const std::vector<int64_t> &list, size_t i) {
        return std::find(list.begin(), list.end(), int64_t(i)) != list.end();
      };
      for (int64_t dim : each.lhsBatch)
        shape.push_back(each.lhs[size_t(dim)]);
      for (size_t i = 0; i < each.lhs.size(); ++i)
        if (!listed(each.lhsBatch, i) && !listed(each.lhsContract, i))
          shape.push_back(each.lhs[i]);
      for (size_t i = 0; i < each.rhs.size(); ++i)
        if (!listed(each.rhsBatch, i) && !listed(each.rhsContract, i))
          shape.push_back(each.rhs[i]);
      std::string lhs = "tensor<" + shapeText(each.lhs) + element + ">";
      std::string rhs = "tensor<" + shapeText(each.rhs) + element + ">";
      std::string to = "tensor<" + shapeText(shape) + element + ">";
      expectAgreement("func.func @f(%x: " + lhs + ", %y: " + rhs + ") -> " + to +
                          " {\n %z = descent.dot %x, %y batch " + listText(each.lhsBatch) + " x " +
                          listText(each.rhsBatch) + " contract " + listText(each.lhsContract) +
                          " x " + listText(each.rhsContract) + " : " + lhs + ", " + rhs + " to " +
                          to + "\n return %z : " + to + "\n}",
                      1e-5, 1e-5);
    }
}

TEST(Reduce, DotOfMovedAndComputedOperands) {
  expectAgreement(R"(func.func @f(%x: tensor<6x4xf32>, %y: tensor<5x6xf32>, %v: tensor<6xf32>) -> (tensor<4x5xf32>, tensor<4x5xf32>, tensor<4xf32>, tensor<f32>) {
    %xt = descent.transpose %x [1, 0] : tensor<6x4xf32> to tensor<4x6xf32>
    %yt = descent.transpose %y [1, 0] : tensor<5x6xf32> to tensor<6x5xf32>
    %a = descent.dot %xt, %yt batch [] x [] contract [1] x [0] : tensor<4x6xf32>, tensor<6x5xf32> to tensor<4x5xf32>
    %e = descent.exp %yt : tensor<6x5xf32>
    %b = descent.dot %xt, %e batch [] x [] contract [1] x [0] : tensor<4x6xf32>, tensor<6x5xf32> to tensor<4x5xf32>
    %c = descent.dot %xt, %v batch [] x [] contract [1] x [0] : tensor<4x6xf32>, tensor<6xf32> to tensor<4xf32>
    %w = descent.sin %v : tensor<6xf32>
    %d = descent.dot %w, %v batch [] x [] contract [0] x [0] : tensor<6xf32>, tensor<6xf32> to tensor<f32>
    return %a, %b, %c, %d : tensor<4x5xf32>, tensor<4x5xf32>, tensor<4xf32>, tensor<f32>
  })", 1e-4, 1e-4);
}

} // namespace
} // namespace descent::tests
