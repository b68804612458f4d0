// Random scripts as kernels for a GPU, run by the emulator: they give what the processor gives,
// with blocks of different sizes and different numbers of them, and nobody touches what others have
// not finished with.
//
// DESCENT_RANDOM_SCRIPTS=N tries N scripts, DESCENT_RANDOM_SEED=S begins at seed S.
#include "tests/unit/gpu/Emulated.h"
#include "tests/unit/emit/RandomScript.h"

#include <cstdlib>

namespace descent {
namespace {

uint64_t setting(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(Emulated, RandomScripts) {
  uint64_t first = setting("DESCENT_RANDOM_SEED", 1), count = setting("DESCENT_RANDOM_SCRIPTS", 10);
  for (uint64_t seed = first; seed < first + count; ++seed) {
    fuzz::RandomScript script = fuzz::randomScript(seed);
    std::string text = script.value + script.derivatives;
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + text);
    Program program(text);
    ASSERT_TRUE(program.program) << program.problems;
    GridShape shape;
    shape.threads = seed % 2 ? 64 : 128;
    shape.blocks = 1 + int(seed % 3);
    shape.seed = seed;
    try {
      expectNear(program.run(true), emulated(program, shape), 1e-9);
    } catch (const Error &error) {
      ADD_FAILURE() << error.what();
    }
    if (testing::Test::HasFailure())
      break;
  }
}

// Results depend neither on how many blocks there are nor on the order in which threads run.
TEST(Emulated, SameBitsWithAnyNumberOfBlocks) {
  Program program("precision f32\n"
                  "let x = sin(1.3 * arange(3000.0))\n"
                  "let a = reshape(cos(0.7 * arange(2400.0)), (60, 40))\n"
                  "let s = sum(x)\n"
                  "let m = (max(x), argmax(x), mean(x * x))\n"
                  "let rows = sum(a, axis=1)\n"
                  "let columns = sum(a, axis=0)\n"
                  "let soft = softmax(a, axis=1)\n"
                  "let c = a @ a.T\n"
                  "fn loss(w) = mean((a @ w - rows)^2)\n"
                  "let g = grad(loss)(ones([40]))\n");
  ASSERT_TRUE(program.program) << program.problems;
  Values expected = emulated(program, {64, 1, 1});
  expectNear(program.run(true), expected, 1e-5);
  for (int blocks : {2, 3, 5})
    expectBits(expected, emulated(program, {64, blocks, uint64_t(blocks)}));
}

// Large arrays are read and written several elements at a time, and what is left over by itself.
TEST(Emulated, SeveralElementsAtATime) {
  for (const char *type : {"f32", "f64"}) {
    Program program("precision " + std::string(type) +
                    "\nlet n = 70003\n"
                    "var x = (arange(n) % 97) / 97\n"
                    "let y = (arange(n) % 89) / 89\n"
                    "for i in 0..2 { x = 2 * y - x }\n"
                    "let some = (x[0], x[1], x[n - 3], x[n - 2], x[n - 1], x[65536], x[40001])\n"
                    "let s = sum(x * y)\n"
                    "let m = (max(x), argmin(y + x))\n"
                    "let a = reshape(x[:70000], (1000, 70))\n"
                    "let rows = sum(a * 2, axis=1)\n"
                    "let columns = sum(a * 2, axis=0)\n"
                    "let b = reshape(x[:69000], (50, 1380))\n"
                    "let norms = sum(b * b, axis=1)\n"
                    "let turned = sum(b.T, axis=1)\n");
    ASSERT_TRUE(program.program) << program.problems;
    Values expected = emulated(program, {64, 1, 1});
    expectNear(program.run(true), expected, type[1] == '3' ? 1e-4 : 1e-12);
    expectBits(expected, emulated(program, {64, 3, 7}));
  }
}

// Loops over points: sums, sums of each iteration, numbers that are the same for all points, tapes.
TEST(Emulated, EachThreadHasItsPoints) {
  for (const char *type : {"f32", "f64"})
    for (int count : {17, 33, 100, 3000}) {
      SCOPED_TRACE(type + std::string(" ") + std::to_string(count));
      Program program("precision " + std::string(type) + "\nlet n = " + std::to_string(count) +
                      "\nlet t = linspace(0.0, 2.0, n)\n"
                      "let z = sin(3 * t)\n"
                      "fn model(w) {\n"
                      "  var y = 0 * t\n"
                      "  for i in 0..len(w) { y = tanh(y * t + w[i]) }\n"
                      "  y\n"
                      "}\n"
                      "fn loss(w) = mean((model(w) - z)^2)\n"
                      "let w = 0.1 * cos(arange(20.0))\n"
                      "let values = (model(w), loss(w), grad(loss)(w))\n"
                      "fn times(c) {\n"
                      "  var a = c\n"
                      "  var k = 0 * c\n"
                      "  for i in 0..30 {\n"
                      "    k = k + where(abs(a) < 2, 1, 0)\n"
                      "    a = where(abs(a) < 2, a * a + c, a)\n"
                      "  }\n"
                      "  k\n"
                      "}\n"
                      "let counts = (times(t - 1.5), sum(times(t)), max(times(t)))\n");
      ASSERT_TRUE(program.program) << program.problems;
      Values expected = emulated(program, {64, 1, 1});
      expectNear(program.run(true), expected, type[1] == '3' ? 1e-4 : 1e-12);
      expectBits(expected, emulated(program, {64, 4, 3}));
    }
}

// What an update starts from may have been written just before, and be overwritten next: the
// derivative of a column that is written in place takes its cotangent out of an array of which it
// needs a column afterwards.
TEST(Emulated, WhatUpdatesStartFromIsWaitedFor) {
  Program program("precision f64\n"
                  "let x = cos(1.3 * reshape(arange(381.0), (127, 3)))\n"
                  "let y = sin(0.7 * arange(127.0))\n"
                  "fn f(p) = {\n"
                  "  var a = 1.0 * p\n"
                  "  for i in 0..5 { a[:, i % 3] = 0.5 * a[:, (i + 1) % 3] + tanh(y) }\n"
                  "  sum(sin(a + 0.3))\n"
                  "}\n"
                  "let t = cos(3.0 * x)\n"
                  "let g = grad(f)(x)\n"
                  "let along = sum(g * t)\n");
  ASSERT_TRUE(program.program) << program.problems;
  Values expected = program.run(true);
  for (int threads : {64, 128})
    expectNear(expected, emulated(program, {threads, 3, 1}), 1e-12);
}

// What orders the threads of different blocks are the fences and atomics of the barrier that is in
// the code.
// Arrays of predicates that change places in each iteration are parked where the next one puts what
// it takes from the tape.
TEST(Emulated, WhatIsParkedIsWaitedFor) {
  Program program("let x = sin(arange(8192.0))\n"
                  "fn g(p) = {\n"
                  "  let rows = reshape(p, (1, 8192))\n"
                  "  var a = rows^3\n"
                  "  var b = rows^3\n"
                  "  for i in 0..4 {\n"
                  "    let before = a\n"
                  "    a = sin(b)\n"
                  "    b = before\n"
                  "  }\n"
                  "  atan2(sum(softplus(b[[0]]) / (2.0 + cos(rows))), 1.5)\n"
                  "}\n"
                  "let derivative = grad(g)(x)\n");
  ASSERT_TRUE(program.program) << program.problems;
  try {
    compiler::DeviceCode code = deviceCode(program, 64);
    Values alone = emulated(program, code, {64, 1, 1});
    expectNear(program.run(true), alone, 1e-5);
    expectBits(alone, emulated(program, code, {64, 3, 2}));
  } catch (const Error &error) {
    ADD_FAILURE() << error.what();
  }
}

TEST(Emulated, TheGridBarrierOrdersBlocks) {
  Program program("precision f64\n"
                  "let x = sin(1.3 * arange(3000.0))\n"
                  "let s = sum(x)\n"
                  "let y = x[::-1] + s\n"
                  "let m = max(y * x)\n"
                  "var z = x\n"
                  "for i in 0..3 { z = 0.5 * (z + z[::-1]) + m }\n"
                  "let total = sum(z)\n");
  ASSERT_TRUE(program.program) << program.problems;
  expectNear(program.run(true), emulated(program, {64, 3, 5, false}), 1e-9);
}

} // namespace
} // namespace descent
