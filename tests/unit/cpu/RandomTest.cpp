// Random programs: compiled, fused and not, they do what the reference evaluator says.
#include "tests/reference/RandomProgram.h"
#include "tests/unit/cpu/Harness.h"

#include "compiler/dialect/Dialect.h"

#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/IR/MLIRContext.h>

#include <cstdlib>

namespace descent::tests {
namespace {

std::string textOf(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream(text) << module;
  return text;
}

void expectSame(uint64_t firstSeed, int programs, const reference::RandomProgramOptions &options) {
  // For a longer search: the number of programs of each test.
  if (const char *count = std::getenv("DESCENT_RANDOM_PROGRAMS"))
    programs = std::atoi(count);
  for (uint64_t seed = firstSeed; seed < firstSeed + uint64_t(programs); ++seed) {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    context.loadDialect<ir::DescentDialect, mlir::func::FuncDialect>();
    auto program = reference::randomProgram(context, seed, options);
    std::string text = textOf(*program.module);
    std::vector<Event> expected = program.evaluate();
    // The values of a failed check go into its message; the harness keeps its number alone.
    for (Event &event : expected)
      if (event.kind == Event::Kind::FailedCheck)
        event.operands.clear();
    for (bool fuse : {true, false}) {
      std::vector<Event> actual;
      ASSERT_NO_THROW(actual = runProgram(text, program.inputs, fuse)) << "seed " << seed << text;
      auto differs = reference::difference(expected, actual);
      ASSERT_FALSE(differs) << "seed " << seed << (fuse ? ", fused: " : ", unfused: ") << *differs
                            << "\n"
                            << text;
    }
  }
}

TEST(RandomPrograms, StraightLine) {
  reference::RandomProgramOptions options;
  options.depth = 0;
  expectSame(10000, 60, options);
}

TEST(RandomPrograms, Loops) { expectSame(11000, 60, {}); }

TEST(RandomPrograms, LongLoops) {
  reference::RandomProgramOptions options;
  options.operations = 60;
  options.depth = 3;
  expectSame(12000, 15, options);
}

TEST(RandomPrograms, Vmap) {
  reference::RandomProgramOptions options;
  options.vmap = true;
  expectSame(13000, 20, options);
}

} // namespace
} // namespace descent::tests
