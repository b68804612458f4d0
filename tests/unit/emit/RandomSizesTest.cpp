// Random scripts on arrays of all sizes: what they give does not depend on how they are compiled,
// nor on how many threads they run on, and is what the reference evaluator gives.
//
// DESCENT_RANDOM_SCRIPTS=N tries N scripts, DESCENT_RANDOM_SEED=S begins at seed S.
#include "tests/unit/emit/RandomSizes.h"
#include "tests/unit/emit/RandomCompare.h"
#include "tests/unit/emit/RandomData.h"

#include "descent/Error.h"

namespace descent {
namespace {

using fuzz::expectSame;

/// `scripts`: of so many, begun at the seed that is asked for.
void tryScripts(fuzz::SizedScript (*make)(uint64_t), uint64_t scripts) {
  uint64_t first = fuzz::setting("DESCENT_RANDOM_SEED", 1);
  uint64_t count = fuzz::setting("DESCENT_RANDOM_SCRIPTS", scripts);
  for (uint64_t seed = first; seed < first + count; ++seed) {
    fuzz::SizedScript script = make(seed);
    std::string text = script.value + script.derivatives;
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + text);
    fuzz::RandomData data;
    Program program(text, &data);
    if (!program.program) {
      ADD_FAILURE() << program.problems;
      continue;
    }
    double tolerance = script.isSingle ? 2e-3 : 1e-8;
    try {
      Values fused = program.run(true);
      expectSame(program.evaluated(true), fused, tolerance, "reference");

      compiler::CompileOptions options;
      options.shareSmall = true;
      compiler::Executable shared = program.compiled(options);
      Values alone = program.run(shared, 1);
      expectSame(fused, alone, tolerance, "shared");
      for (int threads : {2, 7})
        expectSame(alone, program.run(shared, threads), 0, "threads");
      switch (seed % 4) {
      case 3:
        expectSame(program.run(false), fused, tolerance, "without fusion");
        break;
      case 0:
        options = {};
        options.streamSmall = true;
        expectSame(fused, program.run(options), tolerance, "past the caches");
        break;
      case 1:
        options = {};
        options.tapeLimit = 2000;
        expectSame(fused, program.run(options), tolerance, "short tapes");
        break;
      case 2:
        options = {};
        options.processor = "x86-64-v2";
        expectSame(fused, program.run(options), tolerance, "narrow vectors");
      }
      if (script.hasModes) {
        double reverse = fused["along"].at(0), forward = fused["forward"].at(0);
        EXPECT_NEAR(reverse, forward, 10 * tolerance * (1 + std::abs(reverse))) << "modes";
      }
    } catch (const Error &error) {
      ADD_FAILURE() << error.what();
    }
  }
}

TEST(RandomSizes, HoldWhatTheyMust) {
  tryScripts(fuzz::sizedScript, 3);
}

TEST(RandomSizes, Train) {
  tryScripts(fuzz::trainingScript, 2);
}

} // namespace
} // namespace descent
