// Random scripts of all sizes as kernels for a GPU, run by the emulator: they give what the
// processor gives, the same bits on any number of blocks, and nobody touches what others have not
// finished with.
//
// DESCENT_RANDOM_SCRIPTS=N tries N scripts, DESCENT_RANDOM_SEED=S begins at seed S.
#include "tests/unit/emit/RandomCompare.h"
#include "tests/unit/emit/RandomData.h"
#include "tests/unit/emit/RandomSizes.h"
#include "tests/unit/gpu/Emulated.h"

#include "descent/Error.h"

namespace descent {
namespace {

void tryScripts(fuzz::SizedScript (*make)(uint64_t), uint64_t scripts) {
  uint64_t first = fuzz::setting("DESCENT_RANDOM_SEED", 1);
  uint64_t count = fuzz::setting("DESCENT_RANDOM_SCRIPTS", scripts);
  for (uint64_t seed = first; seed < first + count; ++seed) {
    fuzz::SizedScript script = make(seed);
    std::string text = script.value + script.derivatives;
    GridShape shape;
    shape.threads = 64 << seed % 3;
    shape.blocks = 1 + int(seed % 4);
    shape.seed = seed;
    shape.major = 7 + int(seed % 3);
    shape.trustsBarrier = seed % 5 != 0;
    SCOPED_TRACE("seed " + std::to_string(seed) + ", " + std::to_string(shape.threads) +
                 " threads, " + std::to_string(shape.blocks) + " blocks\n" + text);
    fuzz::RandomData data;
    Program program(text, &data);
    if (!program.program) {
      ADD_FAILURE() << program.problems;
      continue;
    }
    try {
      Values expected = program.run(true);
      compiler::DeviceCode code = deviceCode(program, shape.threads, shape.major);
      Values some = emulated(program, code, shape);
      fuzz::expectSame(expected, some, script.isSingle ? 3e-3 : 1e-8, "emulator");
      shape.blocks = shape.blocks % 3 + 2;
      shape.seed += 1000;
      fuzz::expectSame(some, emulated(program, code, shape), 0, "blocks");
    } catch (const Error &error) {
      ADD_FAILURE() << error.what();
    }
  }
}

TEST(RandomSizes, AreTheSameOnAGpu) {
  tryScripts(fuzz::sizedScript, 4);
}

TEST(RandomSizes, TrainOnAGpu) {
  tryScripts(fuzz::trainingScript, 2);
}

} // namespace
} // namespace descent
