// Products that the device's library makes: the program leaves the device for them, and goes on
// behind them with all that it knew.
#include "tests/unit/gpu/Emulated.h"

namespace descent {
namespace {

/// Products of so many multiplications are left to the library.
compiler::DeviceCode codeFor(const Program &program, int64_t libraryWork = 1) {
  compiler::DeviceTarget target;
  target.asBitcode = true;
  target.threads = 64;
  target.libraryWork = libraryWork;
  return compiler::compileForDevice(emit(*program.program, program.sources), {}, target);
}

size_t productsOf(const Program &program) {
  return codeFor(program).image.products.size();
}

void expectAsOnTheProcessor(Program &program, double tolerance) {
  compiler::DeviceCode code = codeFor(program);
  Values expected = emulated(program, code, {64, 1, 1});
  expectNear(program.run(true), expected, tolerance);
  expectBits(expected, emulated(program, code, {64, 3, 2}));
}

TEST(Library, MakesProductsOfAllLayouts) {
  for (const char *type : {"f32", "f64"}) {
    Program program("precision " + std::string(type) +
                    "\nlet a = sin(reshape(arange(35.0), (7, 5)))\n"
                    "let b = cos(reshape(arange(30.0), (5, 6)))\n"
                    "let c = cos(reshape(arange(42.0), (7, 6)))\n"
                    "let d = sin(reshape(arange(70.0), (2, 7, 5)))\n"
                    "let e = cos(reshape(arange(60.0), (2, 5, 6)))\n"
                    "let plain = a @ b\n"
                    "let left = a.T @ c\n"
                    "let right = c @ b.T\n"
                    "let both = b.T @ a.T\n"
                    "let batch = d @ e\n"
                    "let square = a @ a.T\n");
    ASSERT_TRUE(program.program) << program.problems;
    EXPECT_EQ(productsOf(program), 6u);
    expectAsOnTheProcessor(program, type[1] == '3' ? 1e-5 : 1e-13);
  }
}

// Numbers, small arrays, tapes and both of two places for exchanges outlive a product.
TEST(Library, ProgramsGoOnWhereTheyLeft) {
  Program program("precision f64\n"
                  "let x = sin(reshape(arange(600.0), (60, 10)))\n"
                  "let t = cos(reshape(arange(180.0), (60, 3)))\n"
                  "fn loss(w, v) {\n"
                  "  var h = tanh(x @ w)\n"
                  "  for i in 0..3 { h = tanh(h @ (v + 0.1 * i)) }\n"
                  "  mean((h @ w.T @ w[:, :3] - t)^2)\n"
                  "}\n"
                  "var w = 0.1 * sin(reshape(arange(80.0), (10, 8)))\n"
                  "var v = 0.1 * cos(reshape(arange(64.0), (8, 8)))\n"
                  "var k = 0\n"
                  "var few = [0.5, 1.5, 2.5]\n"
                  "while k < 4 {\n"
                  "  let before = loss(w, v)\n"
                  "  let g = grad(loss, wrt=(w, v))(w, v)\n"
                  "  w = w - 0.1 * g[0] + 1e-3 * normal(fold_in(key(3), k), [10, 8])\n"
                  "  v = v - 0.1 * g[1]\n"
                  "  few = few * before + sum(v)\n"
                  "  if before > loss(w, v) { k = k + 1 } else { k = k + 2 }\n"
                  "}\n"
                  "let all = (k, few, w, v, loss(w, v))\n");
  ASSERT_TRUE(program.program) << program.problems;
  EXPECT_GT(productsOf(program), 8u);
  expectAsOnTheProcessor(program, 1e-10);
}

/// How often the host starts a program, and what it keeps, where the device repeats what it left
/// for products and where it does not.
std::pair<int, Values> launchesOf(const Program &program, bool repeats) {
  emulator::EmulatorOptions options;
  options.residentBlocks = 3;
  options.repeats = repeats;
  std::unique_ptr<device::Device> device = emulator::makeEmulator(options);
  abi::RunContext context(program.program->effects, program.program->checks, {});
  compiler::DeviceCode code = codeFor(program);
  device::RunTimes times = device::runProgram(*device, code.image, {}, program.program->effects,
                                              program.program->checks, context);
  Values values;
  for (const abi::KeptValue &kept : context.kept())
    for (const Array &array : kept.arrays) {
      auto elements = array.values<double>();
      values[kept.name].insert(values[kept.name].end(), elements.begin(), elements.end());
    }
  return {times.launches, values};
}

// The host has the products of the first steps made, until the first of them comes again at the
// same places.
TEST(Library, TheHostIsNotNeededForProductsThatComeAgain) {
  Program program("precision f64\n"
                  "let x = sin(reshape(arange(600.0), (60, 10)))\n"
                  "let t = cos(reshape(arange(180.0), (60, 3)))\n"
                  "fn loss(w, v) = mean((tanh(x @ w) @ v - t)^2)\n"
                  "var w = 0.1 * sin(reshape(arange(80.0), (10, 8)))\n"
                  "var v = 0.1 * cos(reshape(arange(24.0), (8, 3)))\n"
                  "for i in 0..20 {\n"
                  "  let g = grad(loss, wrt=(w, v))(w, v)\n"
                  "  w = w - 0.1 * g[0]\n"
                  "  v = v - 0.1 * g[1]\n"
                  "}\n"
                  "let all = (w, v)\n");
  ASSERT_TRUE(program.program) << program.problems;
  auto products = int(productsOf(program));
  auto [alone, ofDevice] = launchesOf(program, true);
  auto [often, ofHost] = launchesOf(program, false);
  EXPECT_EQ(often, 1 + 20 * products);
  EXPECT_LE(alone, 1 + 2 * products);
  expectBits(ofDevice, ofHost);
  expectNear(program.run(true), ofDevice, 1e-10);
}

// A vector, a small product, one of integers: not worth it, or not to be had.
TEST(Library, LeavesOutWhatItCannotOrNeedNotMake) {
  Program program("let a = sin(reshape(arange(35.0), (7, 5)))\n"
                  "let b = reshape(arange(35), (5, 7))\n"
                  "let row = a @ [1.0, 2.0, 3.0, 4.0, 5.0]\n"
                  "let whole = b @ b.T\n"
                  "let turned = (2 * a) @ (a + 1).T\n");
  ASSERT_TRUE(program.program) << program.problems;
  EXPECT_EQ(codeFor(program, 7 * 5 * 7 + 1).image.products.size(), 0u);
  expectAsOnTheProcessor(program, 1e-5);
}

} // namespace
} // namespace descent
