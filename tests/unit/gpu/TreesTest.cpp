// Nests that share loops, as teams of threads run them.
#include "tests/unit/gpu/Emulated.h"

#include <gmock/gmock.h>

#include <regex>

namespace descent {
namespace {

void check(const std::string &text, const std::string &precision = "f64", int threads = 64) {
  SCOPED_TRACE(text);
  Program program("precision " + precision + "\n" + text);
  ASSERT_TRUE(program.program) << program.problems;
  try {
    compiler::DeviceCode code = deviceCode(program, threads);
    Values alone = emulated(program, code, {threads, 1, 1});
    expectNear(program.run(true), alone, precision == "f64" ? 1e-12 : 2e-5);
    expectBits(alone, emulated(program, code, {threads, 4, 7}));
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

/// What reads rows twice, in as many rows and columns: x is in memory.
std::string rowsOf(int64_t rows, int64_t columns) {
  std::string shape = std::to_string(rows) + ", " + std::to_string(columns);
  return "let x = reshape(cumsum(sin(1.0 * arange(" + std::to_string(rows * columns) + "))), (" +
         shape + "))\nlet y = x[:, 0] + 0.3\n";
}

const char *const kRegressions = R"(
fn linear(p) = mean((x @ p.w + p.b - y)^2)
fn logistic(w) = {
  let z = x @ w
  mean(log1p(exp(-abs(z))) + relu(z) - y * z)
}
let w = cos(0.1 * arange(len(x[0]))) / len(x[0])
let gradient = value_and_grad(linear)({w: w, b: 0.1})
let of_logistic = value_and_grad(logistic)(w)
)";

// As many rows as are run at a time, one less, some more; rows that a thread, a part of a warp, a
// warp and a block have, of 16 bytes for each thread or of single elements.
TEST(Trees, RowsAtATime) {
  struct Case {
    int64_t rows, columns;
    const char *precision;
  };
  for (auto [rows, columns, precision] :
       {Case{131, 7, "f32"}, Case{70, 20, "f64"}, Case{65, 33, "f32"}, Case{33, 100, "f64"},
        Case{1, 100, "f32"}, Case{9, 257, "f64"}})
    check(rowsOf(rows, columns) + kRegressions, precision);
  // As on a card.
  check(rowsOf(530, 10) + kRegressions, "f32", 256);
  check(rowsOf(70, 100) + kRegressions, "f32", 256);
  check(rowsOf(5, 1030) + kRegressions, "f32", 256);
}

// What goes from one nest to the next is a row, in shared memory.
TEST(Trees, RowsThatArePassedOn) {
  for (auto [rows, columns, precision] :
       {std::tuple(67, 5, "f64"), std::tuple(67, 18, "f32"), std::tuple(9, 257, "f64")})
    check(rowsOf(rows, columns) + R"(
let soft = softmax(x, axis=1)
let entropy = sum(soft * log(soft + 1e-3), axis=1)
fn score(x) = mean(logsumexp(x, axis=1) - x[:, 1])
let gradient = value_and_grad(score)(x)
let centred = x - mean(x, axis=1, keepdims=true)
let scaled = centred / sqrt(mean(centred^2, axis=1, keepdims=true) + 1e-3)
)",
          precision);
}

// Rows that are reduced or added up, by as many threads as they need; what is stored beside;
// positions.
TEST(Trees, RowsThatAreReduced) {
  for (auto [columns, precision] :
       {std::pair(3, "f32"), std::pair(17, "f64"), std::pair(40, "f32")})
    check("let n = arange(521 * " + std::to_string(columns) +
              ")\nlet x = reshape(sin(1.0 * n), (521, " + std::to_string(columns) + R"())
let sums = (sum(x, axis=1), sum(x, axis=0), mean(x))
let several = (max(x, axis=1), argmin(x, axis=1), all(x > -100, axis=1))
let down = (max(x, axis=0), argmax(x, axis=0), sum(x > 0.5, axis=0), sum(n))
)",
          precision);
  check("let cube = reshape(cos(1.0 * arange(14400)), (30, 40, 12))\n"
        "let sums = (sum(cube, axis=2), sum(cube, axis=(1, 2)), sum(cube, axis=1),\n"
        "  sum(cube, axis=(0, 1)))\n");
}

TEST(Trees, NoRowsAndNoColumns) {
  check("let x = zeros([0, 5])\n"
        "let y = (softmax(x, axis=1), sum(x, axis=0), sum(x, axis=1), sum(x))\n"
        "let z = zeros([600, 0])\n"
        "let t = (sum(z, axis=1), sum(z, axis=0))\n");
}

// What one thread leaves in memory and the others read in the next nest.
TEST(Trees, ANestReadsWhatTheOneBeforeItLeftInMemory) {
  for (const char *shape : {"700, 20", "90, 3", "40, 300"})
    check("let x = reshape(sin(1.0 * arange(prod([" + std::string(shape) + "]))), (" + shape +
              "))\n" +
              "let n = len(x)\n"
              "let at = (arange(n) * 7 + arange(n)^2) % n\n"
              "let rows = x[at]\n"
              "let sums = sum(x, axis=1)\n"
              "let shares = x / sums[:, newaxis]\n",
          "f32");
}

// Lanes without an element, and teams without a row, read those of others instead.
TEST(Trees, RowsAreUpdatedInPlace) {
  for (const char *shape : {"100, 33", "7, 129", "40, 5", "33, 16", "3, 1023"})
    for (const char *step :
         {"a - 0.1 * mean(a, axis=1, keepdims=true)", "softmax(a, axis=1) - 0.3 * a"}) {
      SCOPED_TRACE(step);
      check("let x = reshape(sin(1.0 * arange(prod([" + std::string(shape) + "]))), (" + shape +
            "))\nvar a = x\nfor i in 0..3 { a = " + step + " }\nlet last = a\n");
    }
}

/// Bytes that a thread asks of memory at once, at most: in a piece of code without branches, with
/// nothing in between that waits for other threads.
int64_t bytesUnderWay(const std::string &ptx) {
  static const std::regex load(R"(ld\.global(\.nc)?(\.v([24]))?\.[bfu](\d+))");
  int64_t most = 0, now = 0;
  std::istringstream lines(ptx);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (line.find("$L__BB") == 0 || line.find("shfl") != line.npos ||
        line.find("bar.") != line.npos)
      now = 0;
    else if (std::regex_search(line, match, load))
      now += std::stoll(match[4]) / 8 * (match[3].matched ? std::stoll(match[3]) : 1);
    most = std::max(most, now);
  }
  return most;
}

// Two blocks of 256 threads on a multiprocessor with 64 bytes each under way: 32 KiB.
TEST(Trees, MuchIsUnderWay) {
  for (auto [text, what] :
       {std::pair("4000000, 4", "grad(linear)(w)"), std::pair("600000, 30", "sum(x, axis=1)"),
        std::pair("200000, 100", "grad(linear)(w)"), std::pair("200000, 100", "softmax(x, axis=1)"),
        std::pair("30000, 784", "sum(x, axis=0)"), std::pair("30000, 1000", "grad(linear)(w)")}) {
    SCOPED_TRACE(std::string(text) + ": " + what);
    std::string shape = text;
    Program program(
        "precision f32\nlet x = reshape(cumsum(sin(arange(1.0 * prod([" + shape + "])))), (" +
        shape + "))\nlet y = x[:, 0]\n" +
        "let w = zeros([len(x[0])])\nfn linear(w) = mean((x @ w - y)^2)\nlet g = " + what + "\n");
    ASSERT_TRUE(program.program) << program.problems;
    compiler::DeviceTarget target;
    std::string ptx =
        compiler::compileForDevice(emit(*program.program, program.sources), {}, target).image.code;
    EXPECT_GE(bytesUnderWay(ptx), 64);
    EXPECT_THAT(ptx, testing::Not(testing::HasSubstr(".local")));
  }
}

// Loops whose first wait is in a branch or in an inner loop, which may not run.
TEST(Trees, LoopsThatWaitOnSomeWays) {
  check(rowsOf(130, 20) + R"(
fn steps(w) = {
  var v = w
  var u = w
  for i in 0..4 {
    if sum(v) > 0.1 * i { u = u + x.T @ (x @ v) / 1000 } else { v = 0.5 * v + cumsum(u) }
    for j in 0..(i % 2) { u = u - 0.1 * reshape(v[::-1], (20)) }
    v = v / (1 + max(abs(u)))
  }
  u + v
}
let w = steps(sin(1.0 * arange(20)))
)");
}

} // namespace
} // namespace descent
