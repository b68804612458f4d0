// How far a program has come, as the mailbox tells it: against the places that the emulator names,
// which knows them from the code's debug information.
#include "tests/unit/gpu/Emulated.h"

#include <gmock/gmock.h>

#include <optional>
#include <regex>
#include <set>

namespace descent {
namespace {

using testing::HasSubstr;

struct Fault {
  std::string message;
  int64_t step = -1;
  compiler::DeviceStep place;

  std::string where() const {
    return place.place.file + ":" + std::to_string(place.place.line) + ":" +
           std::to_string(place.place.column);
  }
};

/// Calls the exported function with arrays that are longer than the memory that is given for them,
/// from argument to argument: `bytes`.
Fault faultOf(const Program &program, std::string name, const std::vector<int64_t> &bytes,
              uint64_t seed) {
  compiler::DeviceTarget target;
  target.threads = 64;
  compiler::DeviceCode code = deviceCode(program, target, name);
  std::unique_ptr<device::Device> device =
      emulator::makeEmulator({.seed = seed, .residentBlocks = 2});
  abi::RunContext context(program.program->effects, program.program->checks, {});
  std::vector<std::vector<std::byte>> memory;
  std::vector<device::Input> arguments;
  for (int64_t each : bytes) {
    memory.emplace_back(size_t(each));
    arguments.push_back({memory.back().data(), each});
  }
  std::vector<float> results(4000);
  std::vector<device::Output> outputs{{results.data(), int64_t(results.size()) * 4}};
  device::ProgramRunner runner(*device, code.image);
  Fault fault;
  try {
    runner.call(arguments, outputs, program.program->effects, program.program->checks, context);
  } catch (const device::ProgramFailed &failure) {
    fault.message = failure.what();
    fault.step = failure.step();
    if (fault.step >= 1 && size_t(fault.step) <= code.steps.size())
      fault.place = code.steps[size_t(fault.step) - 1];
  }
  return fault;
}

const char *const kFunctions = "export fn several(x: f32[2000], y: f32[3000], z: f32[70, 40]) {\n"
                               "  let a = cumsum(x)\n"
                               "  let b = sort(y * a[7])\n"
                               "  var s = 0.0\n"
                               "  for i in 0..3 {\n"
                               "    s = s + 0.5 * a[7] +\n"
                               "        sum(z * s)\n"
                               "  }\n"
                               "  a[:10] * s + b[:10]\n"
                               "}\n"
                               "export fn other(x: f32[2000]) = sum(\n"
                               "  x)\n"
                               "export fn later(x: f32[2000], y: f32[60, 300]) {\n"
                               "  var s = x[3]\n"
                               "  for i in 0..60 {\n"
                               "    s = s + sum(y[i] * s)\n"
                               "  }\n"
                               "  s * x\n"
                               "}\n";

// The threads take turns: the first one may be behind the one that fails, but is never ahead of it.
TEST(Reached, IsTheStepThatFails) {
  Program program(kFunctions);
  ASSERT_TRUE(program.program) << program.problems;
  struct Case {
    const char *function;
    std::vector<int64_t> bytes;
    unsigned line;
    bool isInLoop;
  };
  int64_t last = 0;
  for (const Case &each :
       {Case{"several", {7996, 12000, 11200}, 2, false},
        Case{"several", {8000, 11996, 11200}, 3, false},
        Case{"several", {8000, 12000, 11196}, 7, true}, Case{"other", {7996}, 11, false}}) {
    std::optional<Fault> exact;
    for (uint64_t seed = 1; seed <= 4; ++seed) {
      Fault fault = faultOf(program, each.function, each.bytes, seed);
      EXPECT_GE(fault.step, 0) << "it does not fail";
      EXPECT_LE(fault.place.place.line, each.line) << fault.message;
      if (fault.place.place.line == each.line)
        exact = fault;
    }
    ASSERT_TRUE(exact) << each.line;
    EXPECT_EQ(exact->place.isInLoop, each.isInLoop) << exact->message;
    EXPECT_THAT(exact->message, HasSubstr(exact->where()));
    if (each.line != 11) {
      EXPECT_GT(exact->step, last);
    }
    last = exact->step;
  }
  EXPECT_EQ(faultOf(program, "several", {8000, 12000, 11200}, 1).step, -1) << "nothing fails";
}

// Later iterations say nothing: the last step of the loop is the one that is known to have begun.
TEST(Reached, ALaterIterationOfALoop) {
  Program program(kFunctions);
  for (uint64_t seed : {1, 2}) {
    Fault fault = faultOf(program, "later", {8000, 36000}, seed);
    EXPECT_THAT(fault.message, HasSubstr("random.gd:16:"));
    EXPECT_EQ(fault.place.place.line, 16u) << fault.message;
    EXPECT_TRUE(fault.place.isInLoop);
  }
}

size_t countOf(const std::string &text, const std::string &pattern) {
  std::regex expression(pattern);
  return size_t(std::distance(std::sregex_iterator(text.begin(), text.end(), expression), {}));
}

// Each step by one store of the first thread; in loops behind a condition that is carried around,
// of the innermost loop by that of the loop around it.
TEST(Reached, ByOneStoreForEachStep) {
  Program program("let x = arange(3000.0)\n"
                  "var s = 0.0\n"
                  "for i in 0..300 {\n"
                  "  s = s + sum(x * s)\n"
                  "  for j in 0..200 {\n"
                  "    s = s * 0.5 + max(x - s)\n"
                  "  }\n"
                  "}\n"
                  "let y = sort(x * s)\n");
  ASSERT_TRUE(program.program) << program.problems;
  std::string text = program.show(compiler::Stage::GpuLlvm);
  std::smatch outer, inner;
  ASSERT_TRUE(std::regex_search(
      text, outer, std::regex(R"((%first\w*) = phi i1 \[ true, %[\w.]+ \], \[ false, %[\w.]+ \])")))
      << text;
  ASSERT_TRUE(std::regex_search(text, inner,
                                std::regex(R"((%first\w*) = phi i1 \[ )" + outer.str(1) +
                                           R"(, %[\w.]+ \], \[ false, %[\w.]+ \])")))
      << text;
  EXPECT_EQ(countOf(text, "= phi i1 \\[ true"), 1u);
  size_t steps = deviceCode(program, 256).steps.size();
  EXPECT_GE(steps, 4u);
  std::set<std::string> words;
  std::regex word(R"((%\w+) = getelementptr inbounds nuw i8, ptr %0, i64 56)");
  for (std::sregex_iterator at(text.begin(), text.end(), word), end; at != end; ++at)
    words.insert(at->str(1));
  std::multiset<std::string> numbers;
  std::regex store(R"(store volatile i64 (\d+), ptr (%\w+), )");
  for (std::sregex_iterator at(text.begin(), text.end(), store), end; at != end; ++at)
    if (words.contains(at->str(2)))
      numbers.insert(at->str(1));
  EXPECT_EQ(numbers.size(), steps);
  for (size_t i = 1; i <= steps; ++i)
    EXPECT_EQ(numbers.count(std::to_string(i)), 1u) << i;
}

} // namespace
} // namespace descent
