// Calls of exported functions by an embedding program: into arrays that are kept, after failures.

#include "descent/Data.h"
#include "descent/Error.h"
#include "descent/Script.h"

#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <new>

namespace {
std::atomic<long> allocations = 0;
} // namespace

// ThreadSanitizer's runtime defines these itself.
#if !__has_feature(thread_sanitizer)
#define COUNTS_ALLOCATIONS 1
void *operator new(size_t size, const std::nothrow_t &) noexcept {
  ++allocations;
  return std::malloc(size ? size : 1);
}
void *operator new(size_t size) {
  if (void *memory = operator new(size, std::nothrow))
    return memory;
  throw std::bad_alloc();
}
void operator delete(void *memory) noexcept {
  std::free(memory);
}
void operator delete(void *memory, size_t) noexcept {
  std::free(memory);
}
#endif

namespace descent {
namespace {

Script scriptOf(const std::string &text) {
  ScriptOptions options;
  options.cache = false;
  Script script = Script::fromText("calls.gd", text, options);
  EXPECT_TRUE(script.valid());
  return script;
}

TEST(CallInto, AllocatesNothingOnceItHasRun) {
#ifndef COUNTS_ALLOCATIONS
  GTEST_SKIP() << "allocations are not counted here";
#endif
  Script script =
      scriptOf("export fn f(x: f32[40]) = (sum(x), x * x)\n"
               "export fn g(x: f32[40], steps: i32) = {\n"
               "  let h = x -> { var y = x\n for i in 0..steps { y = y * y }\n sum(y) }\n"
               "  grad(h)(x)\n"
               "}\n");
  Array x = Array::zeros(DType::F32, {40});
  x.mutableValues<float>()[3] = 1.5f;
  const std::vector<Array> one = {x}, two = {x, Array::scalar(int32_t{5})};
  std::vector<Array> f = script.call("f", one), g = script.call("g", two);
  long before = allocations;
  for (int i = 0; i < 3; ++i) {
    script.callInto("f", one, f);
    script.callInto("g", two, g); // with a tape
  }
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(f[0].item<float>(), 1.5f);
  EXPECT_EQ(f[1].values<float>()[3], 2.25f);
  EXPECT_FLOAT_EQ(g[0].values<float>()[3], 32 * std::pow(1.5f, 31.0f));
}

TEST(CallInto, GoesOnAfterACheckThatFailed) {
  Script script = scriptOf("export fn at(x: f32[3], i: i32) = x[i]\n");
  Array x = Array::fromVector(std::vector<float>{1, 2, 3});
  for (int round = 0; round < 2; ++round) {
    EXPECT_THROW(script.call("at", {x, Array::scalar(int32_t{3})}), Error);
    EXPECT_EQ(script.call("at", {x, Array::scalar(int32_t{2})})[0].item<float>(), 3);
    EXPECT_THROW(script.call("at", {x}), TypeError);
    EXPECT_THROW(script.call("at", {x, x}), TypeError);
    EXPECT_THROW(script.call("to", {x}), Error);
  }
}

TEST(Run, ThatFailedHasNoValues) {
  Script script = scriptOf("let x = 1.5\nassert x > 2.0, \"small\"\nlet y = 2.0 * x\n");
  RunResult result = script.run();
  EXPECT_EQ(result.status, RunStatus::Failed);
  try {
    result.value("x");
    FAIL();
  } catch (const Error &error) {
    EXPECT_NE(std::string(error.what()).find("the script failed: calls.gd:2:8: error: small"),
              std::string::npos)
        << error.what();
  }
}

TEST(Run, SaysThatTheDataAreNotFinite) {
  std::string path = testing::TempDir() + "descent-not-finite.npz";
  Array x = Array::fromVector(std::vector<float>(12, 1.0f), {4, 3});
  x.mutableValues<float>()[7] = std::nanf("");
  writeData(path, {{"ones", Array::fromVector(std::vector<float>{1, 1}), "ones"}, {"x", x, "x"}});
  auto messageOf = [&](const std::string &of) {
    return scriptOf("data d = \"" + path + "\"\nparam w = 1.0\nprint sum(d.ones)\n" +
                    "train sum((w - " + of + ")^2) with sgd(0.1), steps=3\n")
        .run()
        .message;
  };
  EXPECT_NE(messageOf("d.x").find("note: the data have such values: the first in `d.x` is at [2, 1]"),
            std::string::npos)
      << messageOf("d.x");
  EXPECT_EQ(messageOf("log(-d.ones)").find("the data have"), std::string::npos);
  EXPECT_NE(messageOf("inf").find("no operation made it"), std::string::npos) << messageOf("inf");
  std::remove(path.c_str());
}

} // namespace
} // namespace descent
