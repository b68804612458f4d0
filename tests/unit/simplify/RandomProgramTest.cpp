// Random programs do the same before and after simplification, and before and after batching.
#include "tests/reference/RandomProgram.h"
#include "compiler/batch/Batch.h"
#include "compiler/simplify/Simplify.h"

#include <gtest/gtest.h>
#include <mlir/IR/Verifier.h>
#include <mlir/Pass/PassManager.h>

using namespace mlir;

namespace descent::simplify {

namespace {

std::string textOf(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream(text) << module;
  return text;
}

int countOperations(ModuleOp module) {
  int count = 0;
  module.walk([&](Operation *) { ++count; });
  return count;
}

/// Runs passes over the programs of some seeds and compares what they do. Gives the numbers of
/// operations before and after.
template <typename AddPasses>
std::pair<int, int> expectSame(uint64_t firstSeed, int programs,
                               const reference::RandomProgramOptions &options,
                               AddPasses addPasses) {
  std::pair<int, int> operations{0, 0};
  for (uint64_t seed = firstSeed; seed < firstSeed + uint64_t(programs); ++seed) {
    MLIRContext context;
    context.disableMultithreading();
    auto program = reference::randomProgram(context, seed, options);
    std::string before = textOf(*program.module);
    EXPECT_TRUE(succeeded(verify(*program.module))) << "seed " << seed << "\n" << before;
    if (testing::Test::HasFailure())
      break;
    auto expected = program.evaluate();
    operations.first += countOperations(*program.module);
    PassManager passes(&context);
    addPasses(passes);
    EXPECT_TRUE(succeeded(passes.run(*program.module))) << "seed " << seed << "\n" << before;
    operations.second += countOperations(*program.module);
    auto differs = reference::difference(expected, program.evaluate());
    EXPECT_FALSE(differs) << "seed " << seed << ": " << *differs << "\nbefore:\n"
                          << before << "\nafter:\n"
                          << textOf(*program.module);
    if (testing::Test::HasFailure())
      break;
  }
  return operations;
}

/// Tapes are not for programs of lanes.
reference::RandomProgramOptions withVmap() {
  reference::RandomProgramOptions options;
  options.vmap = true;
  options.tapes = false;
  return options;
}

void addSimplify(PassManager &passes) {
  passes.addNestedPass<func::FuncOp>(createSimplifyPass());
}

} // namespace

TEST(SimplifyRandomPrograms, StraightLine) {
  reference::RandomProgramOptions options;
  options.depth = 0;
  auto [before, after] = expectSame(1, 400, options, addSimplify);
  EXPECT_LT(after, before);
}

TEST(SimplifyRandomPrograms, Loops) {
  auto [before, after] = expectSame(1000, 150, {}, addSimplify);
  EXPECT_LT(after, before);
}

TEST(SimplifyRandomPrograms, Twice) {
  expectSame(2000, 100, {}, [](PassManager &passes) {
    addSimplify(passes);
    addSimplify(passes);
  });
}

// Simplification comes to an end by itself. Some of these programs take many sweeps.
TEST(SimplifyRandomPrograms, ASecondTimeFindsNothing) {
  std::vector<uint64_t> seeds{20318, 31730, 41003, 54342};
  for (uint64_t seed = 8000; seed < 8080; ++seed)
    seeds.push_back(seed);
  for (uint64_t seed : seeds) {
    MLIRContext context;
    context.disableMultithreading();
    reference::RandomProgramOptions options;
    if (seed == 20318) {
      options.operations = 80;
      options.depth = 3;
    }
    auto program = reference::randomProgram(context, seed, options);
    PassManager passes(&context);
    addSimplify(passes);
    ASSERT_TRUE(succeeded(passes.run(*program.module)));
    std::string once = textOf(*program.module);
    ASSERT_TRUE(succeeded(passes.run(*program.module)));
    EXPECT_EQ(once, textOf(*program.module)) << "seed " << seed;
  }
}

TEST(SimplifyRandomPrograms, VmapLeftIn) {
  expectSame(3000, 150, withVmap(), addSimplify);
}

TEST(SimplifyRandomPrograms, AfterBatching) {
  expectSame(5000, 150, withVmap(), [](PassManager &passes) {
    passes.addNestedPass<func::FuncOp>(batch::createExpandVmapPass());
    addSimplify(passes);
  });
}

// Rewriting that is stopped anywhere leaves a program that does the same.
TEST(SimplifyRandomPrograms, StoppedEarly) {
  for (int64_t most : {0, 1, 3, 10})
    expectSame(6000 + 1000 * most, 40, {}, [most](PassManager &passes) {
      passes.addNestedPass<func::FuncOp>(createLimitedSimplifyPass(most));
    });
}

TEST(BatchRandomPrograms, Vmap) {
  expectSame(4000, 400, withVmap(), [](PassManager &passes) {
    passes.addNestedPass<func::FuncOp>(batch::createExpandVmapPass());
  });
}

} // namespace descent::simplify
