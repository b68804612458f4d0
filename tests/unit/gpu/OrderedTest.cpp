// Operations in which order matters, as all threads of a GPU run them: what the processor gives,
// and the same bits however many blocks there are. Blocks of 64 threads are enough for rows that
// one block cannot hold.
#include "tests/unit/gpu/Emulated.h"

#include <gtest/gtest.h>

namespace descent {
namespace {

/// Numbers in no order, which f32 holds exactly; others, with many equal ones, nans, infinities and
/// both zeros; updates.
const char *const functions = R"(
fn wave(n) = ((arange(n) * 7919) % 1013) / 512.0 - 1.0
fn ties(n) = {
  let x = (arange(n) * 7919) % 15 - 7.0
  let y = where(x == 5.0, inf, where(x == -3.0, -x * 0.0, x))
  where(x == 2.0, nan, where(x == -5.0, -inf, y))
}
fn places(n, below) = (arange(n) * 7919) % below
fn plus(x, i, v) = {
  var y = x
  y[i] += v
  y
}
fn put(x, i, v) = {
  var y = x
  y[i] = v
  y
}
)";

/// `tolerance`: what another order of the same sums may cost; 0: these are the processor's bits.
void check(const char *precision, const std::string &text, double tolerance) {
  SCOPED_TRACE(precision + text);
  Program program(std::string("precision ") + precision + functions + text);
  ASSERT_TRUE(program.program) << program.problems;
  try {
    compiler::DeviceCode code = deviceCode(program, 64);
    Values alone = emulated(program, code, {64, 1, 1});
    if (tolerance)
      expectNear(program.run(true), alone, tolerance);
    else
      expectBits(program.run(true), alone);
    expectBits(alone, emulated(program, code, {64, 5, 5}));
  } catch (const Error &error) {
    ADD_FAILURE() << error.what();
  }
}

/// The lines for each size, in place of `#`.
std::string forSizes(std::initializer_list<int> sizes, const std::string &lines) {
  std::string text;
  for (int size : sizes) {
    std::string each = lines;
    for (size_t at; (at = each.find('#')) != std::string::npos;)
      each.replace(at, 1, std::to_string(size));
    text += each;
  }
  return text;
}

TEST(Ordered, SortsRowsOfAllLengths) {
  std::string lines = "let a# = argsort(ties(#))\n"
                      "let s# = sort(wave(#), descending=true)\n";
  check("f32", forSizes({0, 1, 31, 64, 257, 3001}, lines), 0);
  check("f64", forSizes({33, 600}, lines), 0);
}

TEST(Ordered, SortsIntegers) {
  check("f32",
        forSizes({33, 600}, "let i# = argsort(places(#, 1000) - 500)\n"
                            "let l# = argsort(i64(places(#, 1000) - 500) * 10000000000)\n"
                            "let u# = argsort(bits(key(#), [#]) // 1000000)\n"),
        0);
}

TEST(Ordered, SortsManyRowsAlongAnyAxis) {
  std::string text = "let middle = argsort(reshape(ties(960), (4, 30, 8)), axis=1)\n"
                     "let none = argsort(zeros([0, 3]), axis=1)\n";
  for (std::string shape : {"300, 3", "20, 45", "1, 900"}) {
    std::string name = shape.substr(0, shape.find(','));
    text += "let rows" + name + " = argsort(reshape(ties(900), (" + shape + ")), axis=1)\n";
    text += "let columns" + name + " = argsort(reshape(ties(900), (" + shape + ")), axis=0)\n";
  }
  check("f32", text, 0);
}

TEST(Ordered, AddsUpRowsOfAllLengths) {
  std::string lines = "let s# = cumsum(wave(#))\n"
                      "let p# = cumprod(1.0 + 0.1 * wave(#))\n"
                      "let m# = cummax(wave(#) * wave(#))\n"
                      "let b# = cumsum(wave(#)[::-1])[::-1]\n";
  check("f32", forSizes({1, 31, 257, 3001}, lines), 1e-4);
  check("f64", forSizes({65}, lines), 1e-13);
}

// f32 is added up and multiplied in f64: what comes out is as good as rounded once.
TEST(Ordered, RunningResultsOfF32AreRoundedOnce) {
  std::string text = std::string(functions) +
                     "let s = cumsum(wave(3001))\n"
                     "let p = cumprod(1.0 + 0.125 * wave(700))\n"
                     "let u = plus(ones([3]), places(3001, 3), wave(3001))\n"
                     "let q = plus(ones([2000]), 0 * arange(900), wave(900))\n";
  Program exact("precision f64" + text), program("precision f32" + text);
  ASSERT_TRUE(program.program) << program.problems;
  expectNear(exact.run(true), emulated(program, {64, 3, 1}), 6.1e-8);
}

TEST(Ordered, AddsUpIntegersAndFindsNans) {
  check("f64",
        "let none = cumsum(zeros([0, 3]), axis=0)\n" +
            forSizes({33, 2500}, "let s# = cumsum(places(#, 1000) - 500)\n"
                                 "let p# = cumprod(1 + places(#, 3))\n"
                                 "let m# = cummax(places(#, 1000))\n"
                                 "let n# = cummax(ties(#))\n"
                                 "let t# = cumsum(ties(#))\n"),
        0);
}

TEST(Ordered, AddsUpManyRowsAlongAnyAxis) {
  std::string text = "let middle = cumprod(1.0 + 0.1 * reshape(wave(3000), (5, 75, 8)), axis=1)\n";
  for (std::string shape : {"1000, 3", "3, 1000", "60, 50"}) {
    std::string name = shape.substr(0, shape.find(','));
    text += "let a" + name + " = reshape(wave(3000), (" + shape + "))\n";
    text += "let rows" + name + " = cumsum(a" + name + ", axis=1)\n";
    text += "let columns" + name + " = cumsum(a" + name + ", axis=0)\n";
    text += "let back" + name + " = cummax(a" + name + "[::-1], axis=0)[::-1]\n";
  }
  check("f32", text, 1e-4);
}

// With other steps on the same rows: one tree of nests.
TEST(Ordered, AddsUpRowsAmongOtherSteps) {
  std::string text = "fn f(a) = {\n"
                     "  let p = softmax(a, axis=1)\n"
                     "  let c = cumsum(p, axis=1)\n"
                     "  sum(c * a, axis=1) / max(c, axis=1)\n"
                     "}\n"
                     "fn total(a) = sum(f(a))\n";
  for (std::string shape : {"40, 12", "6, 80", "2, 1500"}) {
    std::string name = shape.substr(0, shape.find(','));
    text += "let a" + name + " = reshape(wave(prod([" + shape + "])), (" + shape + "))\n";
    text += "let y" + name + " = f(a" + name + ")\n";
    text += "let g" + name + " = grad(total)(a" + name + ")\n";
  }
  check("f64", text, 1e-12);
}

TEST(Ordered, FindsExtremaAlongAnyAxis) {
  std::string text = "let middle = argmax(reshape(ties(900), (5, 60, 3)), axis=1)\n"
                     "let wholes = argmin(reshape(places(900, 31), (300, 3)), axis=0)\n"
                     "let all = argmin(ties(900))\n";
  for (std::string shape : {"900, 1", "3, 300", "30, 30"}) {
    std::string name = shape.substr(0, shape.find(','));
    text += "let a" + name + " = reshape(ties(900), (" + shape + "))\n";
    text += "let most" + name + " = argmax(a" + name + ", axis=0)\n";
    text += "let least" + name + " = argmin(a" + name + ", axis=0)\n";
    text += "let rows" + name + " = argmax(a" + name + ", axis=1)\n";
  }
  check("f32", text, 0);
}

// Few places and many, rows beside them, one place for all: every way of adding.
TEST(Ordered, AddsUpdatesThatMeet) {
  std::string lines =
      "let few# = segment_sum(wave(#), places(#, 11), 11)\n"
      "let many# = plus(ones([2000]), places(#, 1999), wave(#))\n"
      "let uneven# = plus(ones([2000]), minimum(places(#, 1999), 900), wave(#))\n"
      "let rows# = plus(ones([90, 5]), places(#, 83), reshape(wave(5 * #), (#, 5)))\n";
  check("f32", forSizes({1, 3001}, lines), 3e-6);
  check("f64", forSizes({257}, lines), 1e-13);
  check("f32",
        "let one = plus(ones([1]), 0 * arange(3000), wave(3000))\n"
        "let last = plus(ones([4000]), 3999 + 0 * arange(2000), wave(2000))\n"
        "let wide = plus(ones([7, 2500]), places(40, 7), reshape(wave(100000), (40, 2500)))\n"
        "let wholes = plus(zeros([300], i32), places(1000, 83), arange(1000))\n"
        "let none = plus(ones([5]), places(0, 5), wave(0))\n"
        "let batches = vmap(plus)(ones([3, 50]), reshape(places(900, 41), (3, 300)),\n"
        "  reshape(wave(900), (3, 300)))\n"
        "let apart = vmap(plus)(ones([3, 500]), reshape(places(900, 411), (3, 300)),\n"
        "  reshape(wave(900), (3, 300)))\n",
        3e-6);
}

TEST(Ordered, TheLastOfTheUpdatesThatMeetStays) {
  check("f32",
        "let batches = vmap(put)(ones([3, 50]), reshape(places(900, 41), (3, 300)),\n"
        "  reshape(wave(900), (3, 300)))\n" +
            forSizes(
                {1, 17, 3001},
                "let few# = put(zeros([11]), places(#, 7), wave(#))\n"
                "let many# = put(zeros([4000]), places(#, 1999), wave(#))\n"
                "let rows# = put(zeros([90, 5]), places(#, 83), reshape(wave(5 * #), (#, 5)))\n"),
        0);
}

// Each time around the same memory is written anew.
TEST(Ordered, InLoops) {
  check("f64",
        "fn steps(x) = {\n"
        "  var y = x\n"
        "  for i in 0..4 {\n"
        "    let order = argsort(3.0 * y - y * y)\n"
        "    y = 0.01 * cumsum(y[order])\n"
        "    y = y + plus(zeros([900]), (order * 3) % 301, y) + put(y, order % 31, 2.0 * y)\n"
        "    y = y + 0.001 * argmax(reshape(y, (30, 30)), axis=0)[0] + max(cumsum(y[:8]))\n"
        "  }\n"
        "  y\n"
        "}\n"
        "let y = steps(wave(900))\n",
        1e-10);
}

// What orders the threads of different blocks, as large as on a card, are the fences and atomics
// that are in the code.
TEST(Ordered, TheGridBarrierOrdersBlocks) {
  Program program(std::string("precision f64") + functions +
                  "let x = wave(1500)\n"
                  "let order = argsort(x)\n"
                  "let c = cumsum(x)\n"
                  "let y = put(c, order % 700, x)\n");
  ASSERT_TRUE(program.program) << program.problems;
  expectNear(program.run(true), emulated(program, {256, 3, 5, false}), 1e-12);
}

} // namespace
} // namespace descent
