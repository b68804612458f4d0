// Rows of data outside of the device, fetched a step early by blocks of their own: the results are
// those of the program that waits for them, to the bit.
#include "tests/unit/emit/RandomData.h"
#include "tests/unit/gpu/Emulated.h"

namespace descent {
namespace {

/// How many fetches the text of a script's code has; that it gives the same as without them, in
/// launches of several shapes and orders of threads.
static int check(const std::string &text, std::vector<bool> far, int64_t libraryWork = 0) {
  fuzz::RandomData numbers;
  Program program(text, &numbers);
  EXPECT_TRUE(program.program) << program.problems;
  if (!program.program)
    return -1;

  compiler::DeviceTarget target;
  target.threads = 64;
  target.libraryWork = libraryWork;
  Values expected = emulated(program, deviceCode(program, target), {64, 3, 1, false});
  target.far = far;
  compiler::DeviceCode early = deviceCode(program, target);
  for (auto [blocks, seed] : {std::pair(2, 1), {3, 2}, {5, 3}})
    expectBits(expected, emulated(program, early, {64, blocks, uint64_t(seed), false}));
  target.asBitcode = false;
  target.threads = 256;
  std::string ir =
      compiler::show(emit(*program.program, program.sources), compiler::Stage::GpuLlvm, {}, target);
  int count = 0;
  for (size_t at = 0; (at = ir.find("\nbring", at)) != ir.npos; ++at)
    ++count;
  return count;
}

const std::string kData = "data dx = \"f32 130 7\"\ndata dt = \"f32 130\"\n";

std::string training(const std::string &how) {
  return "fn loss(x, t) = mean((tanh(x @ w) - t)^2)\n"
         "param w = 0.1 * ones([7])\n"
         "train loss(dx, dt) with adam(rate=0.05), batch=20, " +
         how + "\nlet last = w\n";
}

TEST(Fetch, OfMinibatches) {
  for (const char *how : {"epochs=2, key=key(3)", "steps=9, key=key(3), sampling=\"bootstrap\"",
                          "steps=9, sampling=\"sequential\""}) {
    SCOPED_TRACE(how);
    EXPECT_EQ(check(kData + training(how), {true, true}), 2);
  }
  EXPECT_EQ(check(kData + training("steps=2, key=key(3)"), {true, false}), 1);
  EXPECT_EQ(check(kData + training("steps=2, key=key(3)"), {false, false}), 0);
  EXPECT_EQ(check(kData + training("steps=0, key=key(3)"), {true, true}), 0);
}

// Whole words and single elements; more rows than threads; all that a row may be.
TEST(Fetch, OfRowsOfAllKinds) {
  struct Case {
    const char *type;
    const char *shape;
    int rows;
  };
  for (const Case &each : {Case{"f32", "90 8", 5},
                           {"f64", "90 6", 21},
                           {"i32", "90 3", 7},
                           {"f32", "400", 300},
                           {"f64", "70 1", 30},
                           {"f32", "40 3 4", 11},
                           {"i32", "90 2 2", 70}}) {
    SCOPED_TRACE(std::string(each.type) + " " + each.shape);
    std::string text = "data dx = \"" + std::string(each.type) + " " + each.shape +
                       "\"\nvar all = 0.0\n"
                       "for i in 0..4 {\n"
                       "  let at = randint(fold_in(key(1), i), [" +
                       std::to_string(each.rows) + "], 0, len(dx))\n" +
                       "  let x = f32(dx[at])\n"
                       "  all = 0.5 * all + mean(cos(x) * x) + max(x)\n"
                       "}\n";
    EXPECT_EQ(check(text, {true}), 1);
  }
}

// Parts of the data, slices at places that are known while it runs, loops in loops, branches, two
// loops, a loop that ends early and one that never runs.
TEST(Fetch, FromLoopsOfAllKinds) {
  const std::string begin = kData + "var all = 0.0\n";
  EXPECT_EQ(check(begin + "for i in 0..5 {\n"
                          "  let x = dx[i * 20 : i * 20 + 20, 1:5]\n"
                          "  let t = dt[100 - 10 * i : 100 - 10 * i + 20]\n"
                          "  all = 0.5 * all + sum(x^2) - sum(t * sum(x, axis=1))\n"
                          "}\n",
                  {true, true}),
            2);
  EXPECT_EQ(check(begin + "for e in 0..3 {\n"
                          "  let order = permutation(key(e), 100)\n"
                          "  for i in 0..4 {\n"
                          "    let x = dx[20:][order[i * 20 : i * 20 + 20]]\n"
                          "    all = 0.5 * all + sum(x^2)\n"
                          "    for j in 0..2 { all = all + 0.1 * mean(x) }\n"
                          "    if all > 100.0 { all = all - mean(x * x) } else { all = all + 1 }\n"
                          "  }\n"
                          "}\n",
                  {true, true}),
            1);
  EXPECT_EQ(check(begin + "var i = 0\n"
                          "while i < 90 and all < 9000.0 {\n"
                          "  let x = dx[i : i + 20]\n"
                          "  i = i + 7\n"
                          "  all = 0.8 * all + sum(x^2)\n"
                          "}\n"
                          "for j in 0..0 { all = all + sum(dx[j : j + 20]) }\n"
                          "for j in 0..3 { all = 0.3 * all + sum(dx[j : j + 20]) }\n",
                  {true, true}),
            2);
}

// Which rows depends on what was made of the ones before.
TEST(Fetch, NotWhereTheNextRowsAreNotKnown) {
  EXPECT_EQ(check(kData + "var all = 0.0\nvar i = 0\n"
                          "while i < 90 {\n"
                          "  let x = dx[i : i + 20]\n"
                          "  all = 0.5 * all + sum(x^2)\n"
                          "  i = i + 7 + i32(clip(mean(x), 0.0, 5.0))\n"
                          "}\n",
                  {true, true}),
            0);
}

// At a product of the library the kernel ends and is launched anew, with rows under way.
TEST(Fetch, GoesOnBehindProductsOfTheLibrary) {
  std::string text = "data dx = \"f32 130 12\"\nvar w = 0.1 * ones([12, 9])\nvar all = 0.0\n"
                     "for i in 0..5 {\n"
                     "  let x = dx[i * 20 : i * 20 + 20]\n"
                     "  let h = tanh(x @ w)\n"
                     "  w = w - 0.05 * (x.T @ h)\n"
                     "  all = 0.5 * all + sum(h)\n"
                     "}\n";
  EXPECT_EQ(check(text, {true}, 1), 1);
}

} // namespace
} // namespace descent
