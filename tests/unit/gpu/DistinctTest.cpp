// Which indices are known to differ, and updates that are made side by side because of that.
#include "compiler/gpu/Distinct.h"
#include "compiler/kernel/Classify.h"
#include "tests/unit/gpu/Emulated.h"

#include <mlir/Parser/Parser.h>

namespace descent {
namespace {

const std::string kArrays = "let x = sin(arange(3000.0))\n"
                            "let m = sin(reshape(arange(2400.0), (6, 400)))\n"
                            "let w = cos(arange(3000.0))\n"
                            "let p = permutation(key(3), 3000)\n";

/// A function of x or m, and what its derivative's updates are known of: nothing, or the range of
/// their places.
struct Case {
  const char *function, *at, *places;
};

const Case cases[] = {
    {"sum(w * sort(x))", "x", "0 2999"},
    {"sum(reshape(w[:2400], (6, 400)) * sort(m, axis=1))", "m", "0 399"},
    {"sum(reshape(w[:2400], (6, 400)) * sort(m, axis=0))", "m", "0 5"},
    {"sum(w * x[p]^2)", "x", "0 2999"},
    {"sum(w[:1000] * x[p[500:2500:2]]^2)", "x", "0 2999"},
    {"sum(w[:600] * x[2 * arange(600) + 1]^2)", "x", "1 1199"},
    {"sum(w[:600] * x[1700 - arange(600)]^2)", "x", "1101 1700"},
    {"sum(reshape(w[:600], (20, 30)) * x[reshape(arange(600), (20, 30))]^2)", "x", "0 599"},
    {"sum(w[:1800] * reshape(m[:, arange(300)], 1800)^2)", "m", "0 299"},
    // Two may be the same.
    {"sum(w[:600] * x[arange(600) // 2]^2)", "x", ""},
    {"sum(w[:600] * x[p[:600] % 7]^2)", "x", ""},
    {"sum(w[:600] * x[arange(600) - 300]^2)", "x", ""},
    {"sum(w * x[p[p // 2]]^2)", "x", ""},
    {"sum(reshape(w[:2400], (6, 400)) * x[argsort(m, axis=1)]^2)", "x", ""},
};

std::string scriptOf(const Case &each) {
  std::string of = each.at;
  return "fn f(" + of + ") = " + each.function + "\nlet g = grad(f)(" + of + ")\n";
}

TEST(Distinct, IsWhatSortsAndCountersMake) {
  for (const Case &each : cases) {
    SCOPED_TRACE(each.function);
    Program program(kArrays + scriptOf(each));
    ASSERT_TRUE(program.program) << program.problems;
    compiler::Module module = emit(*program.program, program.sources);
    auto plain = mlir::parseSourceString<mlir::ModuleOp>(program.show(compiler::Stage::Derivative),
                                                         module.state().module->getContext());
    ASSERT_TRUE(plain);
    std::string found = "no scatter";
    plain->walk([&](ir::ScatterOp op) {
      auto batch = int64_t(op.getBatchDims());
      int64_t rank = kernel::tensorType(op.getIndices()).getRank();
      auto range = gpu::distinctAlong(op.getIndices(), batch, rank - batch);
      found = range ? std::to_string(range->least) + " " + std::to_string(range->greatest) : "";
    });
    EXPECT_EQ(found, each.places);
  }
}

// The emulator reports whoever meets.
TEST(Distinct, UpdatesAreMadeSideBySide) {
  std::string text = "precision f64\n" + kArrays;
  for (const Case &each : cases) {
    std::string number = std::to_string(&each - cases), at = each.at;
    text += "fn f" + number + "(" + at + ") = " + each.function + "\nlet g" + number + " = grad(f" +
            number + ")(" + at + ")\n";
  }
  text += "var s = x\ns[p] = w\nvar t = x\nt[2 * arange(1000)] += w[:1000]\nlet both = (s, t)\n";
  Program program(text);
  ASSERT_TRUE(program.program) << program.problems;
  compiler::DeviceCode code = deviceCode(program, 64);
  expectNear(program.run(true), emulated(program, code, {64, 3, 1}), 1e-12);
}

} // namespace
} // namespace descent
