// Nests that share loops, as teams of threads run them.
#include "tests/unit/gpu/Emulated.h"

#include <gtest/gtest.h>

namespace descent {
namespace {

void check(const std::string &text) {
  SCOPED_TRACE(text);
  Program program("precision f64\n" + text);
  ASSERT_TRUE(program.program) << program.problems;
  try {
    compiler::DeviceCode code = deviceCode(program, 64);
    Values alone = emulated(program, code, {64, 1, 1});
    expectNear(program.run(true), alone, 1e-12);
    expectBits(alone, emulated(program, code, {64, 4, 7}));
  } catch (const Error &error) {
    ADD_FAILURE() << error.what();
  }
}

// Sums over one of two shared loops each: a team then has what the other one makes as well.
TEST(Trees, SumsOverDifferentSharedLoops) {
  check("fn f(x) = {\n"
        "  let p = softmax(x, axis=2)\n"
        "  (sum(p, axis=0), sum(p, axis=1))\n"
        "}\n"
        "let y = f(reshape(sin(arange(6000.0)), (6, 8, 125)))\n"
        "let z = f(reshape(sin(arange(2400.0)), (5, 4, 120)))\n");
}

// A number of an iteration goes into memory, and one goes on to later nests only: for teams of a
// thread, a warp and a block.
TEST(Trees, NumbersThatAreKeptAndNumbersThatAreStored) {
  std::string text =
      "fn f(a) = {\n"
      "  let m = max(a, axis=1, keepdims=true)\n"
      "  let s = sum(exp(a - m), axis=1, keepdims=true)\n"
      "  let kept = 1.0 / s\n"
      "  let stored = m + log(s)\n"
      "  (stored, sum(a * kept, axis=1), sum(a * kept + stored, axis=0), sum(stored))\n"
      "}\n"
      "fn total(a) = { let r = f(a)\n"
      "  sum(r[0]) + sum(r[1]^2) + sum(r[2]) + r[3] }\n";
  for (const char *shape : {"50, 6", "20, 100", "3, 1500"}) {
    std::string name(shape, 2);
    if (name.back() == ',')
      name.pop_back();
    text += "let a" + name + " = reshape(sin(1.0 * arange(prod([" + shape + "]))), (" + shape +
            "))\n"
            "let y" +
            name + " = f(a" + name +
            ")\n"
            "let g" +
            name + " = grad(total)(a" + name + ")\n";
  }
  check(text);
}

// A product of few elements with many terms.
TEST(Trees, FewElementsOfAProduct) {
  check("let x = reshape(sin(arange(3000.0)), (1000, 3))\n"
        "let w = x.T @ x\n"
        "let q = reshape(cos(arange(80.0)), (20, 4))\n"
        "let r = (q.T @ q + w[0, 1]) @ ones([4, 2])\n");
}

// Bools of neighbouring threads share a word of shared memory.
TEST(Trees, BoolsOfEachThread) {
  check("let a = normal(key(1), [33, 70])\n"
        "let middle = median(a, axis=0)\n"
        "let first = top_k(a, 3)\n");
}

} // namespace
} // namespace descent
