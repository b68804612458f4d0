// Random loops over arrays whose elements do not meet: run block by block they give the bits of the
// program run operation by operation, with any number of threads; so do their gradients, but for
// the order of sums.
//
// DESCENT_RANDOM_LOOPS=N tries N scripts, DESCENT_RANDOM_SEED=S begins at seed S.
#include "tests/unit/emit/ScriptProgram.h"

#include <cmath>
#include <cstdlib>
#include <random>

namespace descent {
namespace {

uint64_t setting(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// A script with a loop over arrays `a` and `b`, a number `c`, and sums that leave it. All numbers
/// stay moderate.
class LoopScript {
public:
  explicit LoopScript(uint64_t seed) : random(seed) {}

  std::string text() {
    bool single = below(3) == 0;
    static const int sizes[] = {0, 1, 2, 3, 7, 8, 16, 17, 31, 32, 33, 65, 100, 257, 1000};
    std::string size = std::to_string(sizes[below(std::size(sizes))]);
    // Columns make other shapes of the same points.
    std::string shaped = below(4) == 0 ? "reshape(V, (len(V), 1))" : "V";
    // Tapes of more iterations may run in blocks.
    int trips = below(4) ? 1 + below(9) : 10 + below(30);
    std::string out = single ? "precision f32\n" : "precision f64\n";
    out +=
        "fn body(x, t, p, s) = {\n  var a = x\n  var b = 0.5 * t\n  var c = s\n  var total = 0.0\n";
    if (below(2))
      out += "  b = " + array(2) + "\n";
    out += "  for i in 0.." + std::to_string(trips) + " {\n";
    // Most loops have something to carry.
    bool carries = below(4);
    if (carries)
      out += "    a = 0.6 * tanh(a) + 0.3 * " + array(2) + "\n";
    bool nested = below(3) == 0;
    for (int i = 1 + below(3); i > 0; --i)
      out += statement("    ");
    if (nested) {
      out += "    for j in 0.." + std::to_string(1 + below(3)) + " {\n" + statement("      ") +
             "    }\n";
      if (below(2))
        out += statement("    ");
    }
    if (below(2))
      out += "    total = total + 0.1 * p[i] * mean(" + array(2) + ")\n";
    out += "  }\n";
    if (below(2))
      out += "  for i in 0.." + std::to_string(1 + below(4)) + " {\n" + statement("    ") + "  }\n";
    out += std::string("  a = ") + (carries ? "0.5 * a + " : "") + array(2) +
           "\n  (a, b, c, total)\n}\n";
    out += "fn loss(x, t, p, s) = {\n  let (a, b, c, total) = body(x, t, p, s)\n  sum(a * b) + c + "
           "total\n}\n";
    auto input = [&](const std::string &values) {
      std::string result = shaped;
      for (size_t at; (at = result.find('V')) != std::string::npos;)
        result.replace(at, 1, "(" + values + ")");
      return result;
    };
    out += "let n = " + size + "\n";
    out += "let x0 = " + input("sin(arange(n) * 0.7 + 0.3)") + "\n";
    out += "let t0 = " + input("cos(arange(n) * 1.3)") + "\n";
    out += "let p0 = 0.5 * cos(arange(40.0))\nlet s0 = 0.4\n";
    out += "let (bits_a, bits_b, bits_c, total) = body(x0, t0, p0, s0)\n";
    out += "let y = loss(x0, t0, p0, s0)\n";
    out += "let (gx, gt, gp, gs) = grad(q -> loss(q[0], q[1], q[2], q[3]))((x0, t0, p0, s0))\n";
    out += "let (same, along) = jvp(loss, (x0, t0, p0, s0), (t0, x0, p0, 1.0))\n";
    out += "let reverse = sum(gx * t0) + sum(gt * x0) + sum(gp * p0) + gs\n";
    return out;
  }

private:
  std::mt19937_64 random;

  int below(size_t n) { return int(random() % n); }
  std::string pick(std::initializer_list<const char *> all) {
    return *(all.begin() + below(all.size()));
  }
  std::string number(int depth) {
    if (depth == 0 || below(3) == 0)
      return pick({"c", "p[1]", "0.25", "0.8", "s"});
    return pick({"sin", "cos", "tanh"}) + "(" + number(depth - 1) + pick({" + ", " * ", " - "}) +
           number(depth - 1) + ")";
  }
  std::string array(int depth) {
    if (depth == 0 || below(6) == 0)
      return pick({"a", "b", "x", "t", "a", "b"});
    std::string one = array(depth - 1), other = array(depth - 1);
    switch (below(8)) {
    case 0:
      return "tanh(" + one + " + " + other + ")";
    case 1:
      return "sin(" + one + ") * " + number(1);
    case 2:
      return "where(" + one + " > " + other + ", " + array(depth - 1) + ", 0.5 * " + one + ")";
    case 3:
      return "0.6 * " + one + " - 0.3 * " + other;
    case 4:
      return "exp(-(" + one + ")^2)";
    case 5:
      return "(" + one + ") / (1 + (" + other + ")^2)";
    case 6:
      return "maximum(" + one + ", " + number(0) + ") * 0.7";
    default:
      return "0.5 * (" + one + ") * (" + other + ")";
    }
  }
  std::string statement(const std::string &indent) {
    switch (below(4)) {
    case 0:
      return indent + "c = " + number(2) + "\n";
    case 1:
      return indent + "b = " + array(3) + "\n";
    default:
      return indent + "a = " + array(3) + "\n";
    }
  }
};

class Threads {
public:
  explicit Threads(int count) {
    if (const char *value = std::getenv("DESCENT_THREADS"))
      before = value;
    setenv("DESCENT_THREADS", std::to_string(count).c_str(), 1);
  }
  ~Threads() {
    before ? setenv("DESCENT_THREADS", before->c_str(), 1) : unsetenv("DESCENT_THREADS");
  }

private:
  std::optional<std::string> before;
};

bool isSame(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || a == b;
}

bool isNear(double a, double b, double tolerance) {
  return isSame(a, b) || std::abs(a - b) <= tolerance * (1 + std::max(std::abs(a), std::abs(b)));
}

TEST(PointLoops, HaveTheBitsOfTheirOperations) {
  uint64_t first = setting("DESCENT_RANDOM_SEED", 1), count = setting("DESCENT_RANDOM_LOOPS", 5);
  int interchanged = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    std::string script = LoopScript(seed).text();
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + script);
    Program program(script);
    if (!program.program) {
      ADD_FAILURE() << program.problems;
      continue;
    }
    interchanged += program.show(compiler::Stage::Kernel).find("points [") != std::string::npos;
    bool single = script.starts_with("precision f32");
    Values plain = program.run(false), alone;
    for (int threads : {1, 2, 7}) {
      Threads guard(threads);
      compiler::CompileOptions options;
      options.shareSmall = seed % 2;
      if (seed % 3 == 0)
        options.tapeLimit = 1;
      Values fused;
      ASSERT_NO_THROW(fused = program.run(options));
      if (threads == 1)
        alone = fused;
      for (const auto &[name, values] : plain) {
        ASSERT_EQ(values.size(), fused[name].size()) << name;
        for (size_t i = 0; i < values.size(); ++i) {
          ASSERT_TRUE(isSame(fused[name][i], alone[name][i])) << threads << " threads, " << name;
          bool near = name.starts_with("bits")
                          ? isSame(values[i], fused[name][i])
                          : isNear(values[i], fused[name][i], single ? 2e-4 : 1e-10);
          ASSERT_TRUE(near) << name << "[" << i << "] is " << fused[name][i] << ", should be "
                            << values[i];
        }
      }
    }
    EXPECT_TRUE(isNear(alone["along"].at(0), alone["reverse"].at(0), single ? 1e-3 : 1e-9))
        << alone["along"][0] << " forward, " << alone["reverse"][0] << " reverse";
    if (testing::Test::HasFailure())
      break;
  }
  EXPECT_GE(2 * interchanged, int(count)) << "few of the loops run point by point";
}

size_t countOf(const std::string &what, const std::string &text) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at)
    ++count;
  return count;
}

/// Runs by points, all loops over arrays in one of `groups`, and gives what it gives without.
void expectByPoints(const std::string &script, size_t groups) {
  SCOPED_TRACE(script);
  Program program(script);
  ASSERT_TRUE(program.program) << program.problems;
  std::string kernels = program.show(compiler::Stage::Kernel);
  EXPECT_EQ(countOf("points [", kernels), groups) << kernels;
  EXPECT_EQ(countOf("its tapes", kernels), 0u) << kernels;
  Values plain = program.run(false), fused = program.run(true);
  for (const auto &[name, values] : plain)
    for (size_t i = 0; i < values.size(); ++i)
      EXPECT_TRUE(isNear(values[i], fused[name].at(i), 1e-12)) << name << "[" << i << "]";
}

TEST(PointLoops, DrawRandomBitsInside) {
  expectByPoints(R"(precision f64
fn path(a, n) = {
  let k = key(7)
  var s = ones(n)
  for j in 0..20 { s = s * exp(a[0] + a[1] * normal(fold_in(k, j), [n])) }
  mean(s)
}
let y = path([0.01, 0.1], 333)
let g = grad(a -> path(a, 333))([0.01, 0.1])
)",
                 2);
}

TEST(PointLoops, OfGradientsOfManyNumbers) {
  expectByPoints(R"(precision f64
fn root(x) = {
  var y = x
  for j in 0..8 { y = where(y > 2, 0.5 * y, y - (y^2 - x) / (2 * y)) }
  y
}
let g = vmap(grad(root))(linspace(0.1, 9.0, 77))
)",
                 1);
}

// A number of the first loop, and an array of it, are what the second needs; the total of the
// second's gradient is where that of the first begins.
TEST(PointLoops, GoOnFromNumbersAndTotals) {
  expectByPoints(R"(precision f64
fn f(x, s) = {
  var a = x
  var c = s
  for i in 0..11 {
    a = sin(tanh(a)) * s
    c = sin(s)
  }
  for i in 0..44 { a = 0.9 * tanh(a) * s + x * cos(c * 0.8) }
  sum(a)
}
let (gx, gs) = grad(q -> f(q[0], q[1]))((sin(arange(65.0)), 0.4))
)",
                 1);
}

// Both loops are cut in two, and the sums of the second go on from the total of the first.
TEST(PointLoops, CutTwoLoopsInOneGroup) {
  expectByPoints(R"(precision f64
fn f(x) = {
  var y = sin(arange(300.0))
  var total = 0.0
  for c in x {
    y = sin(y + c)
    total = total + c * mean(y^2)
  }
  let z = y
  for c in x {
    y = sin(y * c) * z
    total = total * c + mean(y + z)
  }
  total + sum(y^2)
}
let y = f(sin(arange(20.0)))
let (same, along) = jvp(f, sin(arange(20.0)), ones(20))
)",
                 2);
}

} // namespace
} // namespace descent
