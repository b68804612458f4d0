// Products that the device's library makes: the program leaves the device for them, and goes on
// behind them with all that it knew.
#include "tests/unit/gpu/Emulated.h"

namespace descent {
namespace {

using device::Product;

/// Products of so many multiplications are left to the library, but for some.
compiler::DeviceCode codeFor(const Program &program, int64_t libraryWork = 1,
                             const std::vector<Product> &refused = {}) {
  compiler::DeviceTarget target;
  target.threads = 64;
  target.libraryWork = libraryWork;
  target.refusedProducts = refused;
  return deviceCode(program, target);
}

size_t productsOf(const Program &program) {
  return codeFor(program).image.products.size();
}

void expectAsOnTheProcessor(Program &program, const compiler::DeviceCode &code, double tolerance) {
  Values expected = emulated(program, code, {64, 1, 1});
  expectNear(program.run(true), expected, tolerance);
  expectBits(expected, emulated(program, code, {64, 3, 2}));
}

void expectAsOnTheProcessor(Program &program, double tolerance) {
  expectAsOnTheProcessor(program, codeFor(program), tolerance);
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

// ---- What the library adds to a product ---------------------------------------------------------

/// What follows the products of a program, by the number of their terms.
std::map<int64_t, std::string> sumsOf(const compiler::DeviceCode &code) {
  std::map<int64_t, std::string> shown;
  for (const Product &product : code.image.products) {
    std::ostringstream text;
    text << product.alpha << " " << product.beta << (product.hasBias ? " bias" : "");
    shown[product.k] = text.str();
  }
  return shown;
}

/// Arrays of sizes that are no multiples of anything, none of so few elements that they are no
/// arrays on a card.
const std::string kArrays = "let b = 2 * sin(arange(19.0))\n"
                            "let r = cos(arange(7.0))\n"
                            "let y = sin(reshape(arange(133.0), (7, 19)))\n"
                            "let u = cos(reshape(arange(133.0), (19, 7)))\n"
                            "let ys = sin(reshape(arange(266.0), (2, 7, 19)))\n";

/// `z`, in each iteration, and what follows the product there.
struct SumCase {
  const char *z, *sum;
  const char *before = "y"; ///< what z is at first
};

const SumCase sums[] = {
    {"x @ w + b", "1 0 bias"},
    {"b + 0.5 * (x @ w)", "0.5 0 bias"},
    {"b - x @ w", "-1 0 bias"},
    {"xs @ ws + b", "1 0 bias", "ys"},
    {"x @ w + y", "1 1"},
    {"y - x @ w", "-1 1"},
    {"x @ w - y", "1 -1"},
    {"2 * (x @ w) - z / 4", "2 -0.25"},
    {"3 * z - (x @ w) / 4", "-0.25 3"},
    {"ys - 0.5 * (xs @ ws)", "-0.5 1", "ys"},
    {"-(x @ w)", "-1 0"},
    {"(x @ w) / 8", "0.125 0"},
    // In the place of what is added.
    {"z - 0.25 * (x @ w)", "-0.25 1"},
    {"z + xs @ ws", "1 1", "ys"},
    // Others go on with it.
    {"tanh(x @ w + b)", "1 0 bias"},
    {"relu(y - x @ w)", "-1 1"},
    {"softmax(x @ w + b, axis=1)", "1 0 bias"},
    {"(x @ w + b + y) * 2", "1 0 bias"},
    {"sin(x @ w + b) * cos(x @ w + b) + sum(x @ w + b)", "1 0 bias"},
    {"0.5 * (x @ w + z) + z", "1 1"},
    {"0.5 * z + (x @ w + z)", "1 1"},
    // Not what the library does, or not what it has the arrays for.
    {"x @ w - b", "1 0"},
    {"x @ w + i * b", "1 0"},
    {"x @ w + r[:, newaxis]", "1 0"},
    {"x @ w + (u + i).T", "1 0"},
    {"x @ w + 3", "1 0"},
    {"y * (x @ w)", "1 0"},
    {"tanh(2 / (x @ w))", "1 0"},
    {"(x @ w)^2", "1 0"},
    {"0 * (x @ w) + y", "1 0"},
    {"x @ w + 0 * z", "1 0"},
    {"x @ w + exp(0.01 * z)", "1 0"},
    {"(x @ w + y) * (x @ w)", "1 0"},
    {"(x @ w)[::-1] + y", "1 0"},
    {"relu(x @ w)", "1 0"},
    {"sin(2 * (x @ w))", "1 0"},
};

std::string array(const char *function, const std::string &dims, size_t count) {
  return std::string(function) + "(reshape(arange(" + std::to_string(count) + ".0), (" + dims +
         ")))";
}

void expectSums(const std::string &type, std::span<const SumCase> cases, double tolerance) {
  constexpr size_t leastTerms = 5;
  std::string text = "precision " + type + "\n" + kArrays;
  for (size_t i = 0; i < cases.size(); ++i) {
    size_t terms = leastTerms + i;
    std::string number = std::to_string(i), k = std::to_string(terms);
    text += "fn f" + number + "(first) {\n" +                                         //
            " let x = " + array("sin", "7, " + k, 7 * terms) + "\n" +                 //
            " let xs = " + array("sin", "2, 7, " + k, 14 * terms) + "\n" +            //
            " var z = first\n for i in 0..2 {\n" +                                    //
            "  let w = " + array("cos", k + ", 19", 19 * terms) + " + i\n" +          //
            "  let ws = " + array("cos", "2, " + k + ", 19", 38 * terms) + " + i\n" + //
            "  z = " + cases[i].z + "\n }\n z\n}\n" +                                 //
            "let z" + number + " = f" + number + "(" + cases[i].before + ")\n";
  }
  Program program(text);
  ASSERT_TRUE(program.program) << program.problems;
  compiler::DeviceCode code = codeFor(program);
  std::map<int64_t, std::string> made = sumsOf(code);
  ASSERT_EQ(made.size(), cases.size());
  for (size_t i = 0; i < cases.size(); ++i)
    EXPECT_EQ(made[int64_t(leastTerms + i)], cases[i].sum) << cases[i].z;
  expectNear(program.run(true), emulated(program, code, {64, 3, 2}), tolerance);
}

TEST(Library, AddsToProducts) {
  expectSums("f32", sums, 1e-5);
  expectSums("f64", std::span(sums).first(14), 1e-12);
}

// A step that makes several arrays goes on without those that the library makes: also where it
// comes later, as long as nobody uses their memory before.
TEST(Library, AddsWhatOneStepMakesOfSeveralProducts) {
  // The first needs the memory of what is still to be read.
  for (auto [first, added] : {std::pair("y", 4), {"all[0]", 1}}) {
    Program program("precision f64\n"
                    "let x = sin(reshape(arange(63.0), (7, 9)))\n"
                    "let w = cos(reshape(arange(171.0), (9, 19)))\n"
                    "let b = 2 * sin(arange(19.0))\n"
                    "let y = sin(reshape(arange(133.0), (7, 19)))\n"
                    "var all = (y, y, y, y, y, y)\n"
                    "for i in 0..3 {\n"
                    "  let z = x @ (w + i) + b\n"
                    "  let q = " +
                    std::string(first) +
                    " - 2 * (x @ (w + 2 * i))\n"
                    "  let v = 0.5 * " +
                    (added == 1 ? "all[4]" : "y") +
                    " + x @ (w + 3 * i)\n"
                    "  let u = x @ (w + 4 * i) + " +
                    (added == 1 ? "exp(-v)" : "v") +
                    "\n"
                    "  all = (z, tanh(z), q, sin(q) + y, v, relu(u))\n"
                    "}\n"
                    "let last = all\n");
    ASSERT_TRUE(program.program) << program.problems;
    compiler::DeviceCode code = codeFor(program);
    EXPECT_EQ(std::ranges::count_if(code.image.products,
                                    [](const Product &each) { return !each.isPlain(); }),
              added);
    expectAsOnTheProcessor(program, code, 1e-12);
  }
}

// Where the result would have the place of an operand, which the product still reads, it has the
// product's, as long as nobody else needs that.
TEST(Library, AddsInThePlaceOfTheProduct) {
  Program simple("let x = sin(reshape(arange(1147.0), (37, 31)))\n"
                 "let w = reshape(arange(961.0), (31, 31))\n"
                 "let b = sin(arange(31.0))\n"
                 "let y = tanh(x) @ cos(w) + b\n"
                 "let z = sin(x)\n");
  ASSERT_TRUE(simple.program) << simple.problems;
  compiler::DeviceCode code = codeFor(simple);
  EXPECT_EQ(sumsOf(code)[31], "1 0 bias");
  expectAsOnTheProcessor(simple, code, 1e-5);
  Program reused("precision f64\n"
                 "let x = 0.3 * sin(reshape(arange(63.0), (7, 9)))\n"
                 "let w = 0.3 * cos(reshape(arange(171.0), (9, 19)))\n"
                 "let u = 0.1 * sin(reshape(arange(361.0), (19, 19)))\n"
                 "let y = sin(reshape(arange(133.0), (7, 19)))\n"
                 "var v = y\n"
                 "for i in 0..1 { v = tanh(relu(y)) @ u - v }\n"
                 "fn loss(w, b, v) = mean((0.5 * (((x @ (w + 3)) - y) - 0.5 * (v - v)))^2)\n"
                 "let g = grad(loss, wrt=(w, v))(w, y, y)\n"
                 "let last = (v, y * y)\n");
  ASSERT_TRUE(reused.program) << reused.problems;
  expectAsOnTheProcessor(reused, 1e-12);
}

// They have places of their own for what they read at a point.
TEST(Library, AddsNothingForLoopsOverPoints) {
  Program program("precision f64\n"
                  "let x = sin(reshape(arange(63.0), (7, 9)))\n"
                  "let w = cos(reshape(arange(171.0), (9, 19)))\n"
                  "let b = 2 * sin(arange(19.0))\n"
                  "var v = sin(reshape(arange(133.0), (7, 19)))\n"
                  "for i in 0..3 { v = 0.5 * v + (x @ w + b) * i }\n"
                  "let last = v\n");
  ASSERT_TRUE(program.program) << program.problems;
  ASSERT_NE(program.show(compiler::Stage::Kernel).find("points"), std::string::npos);
  expectAsOnTheProcessor(program, 1e-12);
}

// The biases are added and the weights moved by the library; sums of one column are nobody's.
TEST(Library, AddsInTrainings) {
  for (const char *type : {"f32", "f64"}) {
    Program program("precision " + std::string(type) +
                    "\n"
                    "let x = sin(reshape(arange(1023.0), (33, 31)))\n"
                    "let t = cos(reshape(arange(561.0), (33, 17)))\n"
                    "fn loss(w, b, v, c, s) =\n"
                    "  mean((relu(x @ w + b) @ v + c - t)^2) + mean((x @ s + 1)^2)\n"
                    "var w = 0.3 * sin(reshape(arange(713.0), (31, 23)))\n"
                    "var b = 0.1 * cos(arange(23.0))\n"
                    "var v = 0.3 * sin(reshape(arange(391.0), (23, 17)))\n"
                    "var c = 0.1 * cos(arange(17.0))\n"
                    "var s = 0.1 * cos(reshape(arange(31.0), (31, 1)))\n"
                    "for i in 0..4 {\n"
                    "  let g = grad(loss, wrt=(w, b, v, c, s))(w, b, v, c, s)\n"
                    "  w = w - 0.1 * g[0]\n"
                    "  b = b - 0.1 * g[1]\n"
                    "  v = v - 0.1 * g[2]\n"
                    "  c = c - 0.1 * g[3]\n"
                    "  s = s - 0.1 * g[4]\n"
                    "}\n"
                    "let all = (w, b, v, c, s, loss(w, b, v, c, s))\n");
    ASSERT_TRUE(program.program) << program.problems;
    compiler::DeviceCode code = codeFor(program);
    int biases = 0, moved = 0;
    for (const Product &product : code.image.products) {
      biases += product.hasBias != 0;
      moved += product.alpha != 1 && product.beta == 1;
    }
    EXPECT_EQ(biases, 4);
    EXPECT_GE(moved, 1);
    expectAsOnTheProcessor(program, code, type[1] == '3' ? 1e-5 : 1e-12);
  }
}

// Arguments and results of exported functions are the caller's memory.
TEST(Library, AddsInExportedFunctions) {
  Program program("export fn f(x: f64[7, 9], w: f64[9, 19], b: f64[19], y: f64[7, 19]) =\n"
                  "  (x @ w + b, y - 2 * (x @ (w + 1)))\n");
  ASSERT_TRUE(program.program) << program.problems;
  compiler::DeviceTarget target;
  target.threads = 64;
  target.libraryWork = 1;
  compiler::DeviceCode code = deviceCode(program, target, "f");
  ASSERT_EQ(code.image.products.size(), 2u);
  std::vector<double> x(63), w(171), b(19), y(133), sum(133), difference(133);
  for (std::vector<double> *each : {&x, &w, &b, &y})
    for (size_t i = 0; i < each->size(); ++i)
      (*each)[i] = std::sin(double(i + each->size()));
  std::unique_ptr<device::Device> device = emulator::makeEmulator({});
  device::ProgramRunner runner(*device, code.image);
  abi::RunContext context(program.program->effects, program.program->checks, {});
  auto input = [](std::vector<double> &of) {
    return device::Input{of.data(), int64_t(of.size() * sizeof(double))};
  };
  auto output = [](std::vector<double> &of) {
    return device::Output{of.data(), int64_t(of.size() * sizeof(double))};
  };
  runner.call(std::vector{input(x), input(w), input(b), input(y)},
              std::vector{output(sum), output(difference)}, program.program->effects,
              program.program->checks, context);
  int biases = 0, differences = 0;
  for (const Product &product : code.image.products) {
    biases += product.hasBias != 0;
    differences += product.alpha == -2 && product.beta == 1;
  }
  EXPECT_EQ(biases, 1);
  EXPECT_EQ(differences, 1);
  for (size_t row = 0; row < 7; ++row)
    for (size_t column = 0; column < 19; ++column) {
      double product = 0, other = 0;
      for (size_t k = 0; k < 9; ++k) {
        product += x[row * 9 + k] * w[k * 19 + column];
        other += x[row * 9 + k] * (w[k * 19 + column] + 1);
      }
      EXPECT_NEAR(sum[row * 19 + column], product + b[column], 1e-12);
      EXPECT_NEAR(difference[row * 19 + column], y[row * 19 + column] - 2 * other, 1e-12);
    }
}

// What the library has nothing for is left to the steps behind, and then the product as well.
TEST(Library, MakesDoWithoutWhatItHasNot) {
  Program program("precision f64\n"
                  "let x = sin(reshape(arange(63.0), (7, 9)))\n"
                  "let w = cos(reshape(arange(171.0), (9, 19)))\n"
                  "let b = 2 * sin(arange(19.0))\n"
                  "var z = 0.5 * x @ w\n"
                  "for i in 0..2 { z = tanh(z @ (w.T @ w) + i * z) @ (w.T @ w + 1) + b }\n"
                  "let last = z\n");
  ASSERT_TRUE(program.program) << program.problems;
  std::vector<Product> refused;
  for (bool more = true; more;) {
    compiler::DeviceCode code = codeFor(program, 1, refused);
    more = !code.image.products.empty();
    expectAsOnTheProcessor(program, code, 1e-12);
    auto withSum = std::ranges::find_if(code.image.products,
                                        [](const Product &each) { return !each.isPlain(); });
    if (more)
      refused.push_back(withSum != code.image.products.end() ? *withSum
                                                             : code.image.products.front());
  }
  EXPECT_GE(refused.size(), 4u);
  EXPECT_FALSE(refused.front().isPlain());
  EXPECT_TRUE(refused.back().isPlain());
}

} // namespace
} // namespace descent
