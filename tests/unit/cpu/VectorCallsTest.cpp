// Functions that a program uses many times are called instead of inlined: the same bits come out.
#include "tests/unit/cpu/Harness.h"

#include <cstring>
#include <limits>

namespace descent::tests {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr int uses = 12;

struct Case {
  const char *operation; ///< "sin %a" or "atan2 %a, %x"
  const char *element;
};

std::string vectorType(size_t size, const Case &of) {
  return "tensor<" + std::to_string(size) + "x" + of.element + ">";
}

/// The function of x + 0.25 k, for k from `first` to `last`: one result for each.
std::string program(const Case &of, size_t size, int first, int last) {
  std::string type = vectorType(size, of), body, names, types;
  for (int k = first; k <= last; ++k) {
    std::string n = std::to_string(k), a = "%a" + n;
    std::string call = of.operation;
    call.replace(call.find("%a"), 2, a);
    body += "  %c" + n + " = descent.constant dense<" + std::to_string(0.25 * k) + "> : " + type +
            "\n  " + a + " = descent.add %x, %c" + n + " : " + type + "\n  %y" + n + " = descent." +
            call + " : " + type + "\n";
    names += (k > first ? ", %y" : "%y") + n;
    types += (k > first ? ", " : "") + type;
  }
  return "func.func @f(%x: " + type + ") -> (" + types + ") {\n" + body + "  return " + names +
         " : " + types + "\n}";
}

class VectorCalls : public testing::TestWithParam<Case> {};

TEST_P(VectorCalls, GiveTheBitsOfInlinedFunctions) {
  std::vector<double> numbers = {0, -0.0, inf, -inf, nan, 1, -1, 1e-30, 1e30, -3e7, 0.5, 88, -104};
  while (numbers.size() < 37)
    numbers.push_back(0.37 * double(numbers.size()) - 6.1);
  for (size_t size : {size_t(1), numbers.size()}) {
    std::vector<double> some(numbers.begin(), numbers.begin() + long(size));
    Tensor x = std::string(GetParam().element) == "f64" ? f64({int64_t(size)}, some)
                                                        : f32({int64_t(size)}, some);
    auto together = compileFunction(program(GetParam(), size, 0, uses - 1))({x});
    for (int k : {0, 5, uses - 1}) {
      auto alone = compileFunction(program(GetParam(), size, k, k))({x});
      for (size_t i = 0; i < size; ++i) {
        double a = alone[0].floats()[i], b = together[size_t(k)].floats()[i];
        bool same = std::memcmp(&a, &b, sizeof a) == 0 || (std::isnan(a) && std::isnan(b));
        EXPECT_TRUE(same) << "of " << some[i] << " + " << 0.25 * k << ": " << a << " and " << b;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, VectorCalls,
                         testing::Values(Case{"sin %a", "f32"}, Case{"sin %a", "f64"},
                                         Case{"tanh %a", "f32"}, Case{"log %a", "f64"},
                                         Case{"erf %a", "f32"}, Case{"atan2 %a, %x", "f64"}));

TEST(VectorCallsCode, ManyUsesAreCallsOfOneFunction) {
  std::string many = llvmOf(program({"sin %a", "f32"}, 64, 0, uses - 1));
  std::string few = llvmOf(program({"sin %a", "f32"}, 64, 0, 1));
  EXPECT_NE(many.find("@descent_sin_f32.x"), std::string::npos);
  EXPECT_EQ(few.find("@descent_sin_f32"), std::string::npos) << "inlined, and no copy is left";
  size_t calls = 0;
  for (size_t at = 0; (at = many.find("call <", at)) != std::string::npos; ++at)
    calls += many.compare(many.find('@', at), 18, "@descent_sin_f32.x") == 0;
  EXPECT_GE(calls, size_t(uses));
  // Its lanes are computed together: the sign of a sine is changed for a vector at once.
  size_t begin = many.find("define internal <"), end = many.find("\n}", begin);
  ASSERT_NE(begin, std::string::npos);
  std::string body = many.substr(begin, end - begin);
  EXPECT_NE(body.find("fmul <"), std::string::npos);
  EXPECT_EQ(body.find("alloca"), std::string::npos);
}

} // namespace
} // namespace descent::tests
