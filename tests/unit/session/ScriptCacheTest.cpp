// Scripts whose code comes from the cache do what they did when they were compiled.
#include "compiler/cache/CodeCache.h"
#include "descent/Script.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <streambuf>
#include <thread>
#include <unistd.h>

namespace descent {
namespace {

namespace fs = std::filesystem;

class ScriptCacheTest : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "descent-scripts-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    setenv("DESCENT_CACHE_DIR", folder.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("DESCENT_CACHE_DIR");
    fs::remove_all(folder);
  }

  struct Outcome {
    std::string printed, message;
    RunResult result;
    bool cached = false;
    Timing timing;
  };

  static Outcome run(const std::string &text, const ScriptOptions &options = {}) {
    Script script = Script::fromText("test.gd", text, options);
    std::ostringstream problems, out;
    script.showDiagnostics(problems);
    EXPECT_TRUE(script.valid()) << problems.str();
    Outcome outcome;
    outcome.result = script.run({.out = &out});
    outcome.printed = out.str();
    outcome.message = outcome.result.message;
    outcome.timing = script.timing();
    outcome.cached = outcome.timing.cached;
    return outcome;
  }

  compiler::CodeCache cache() const { return compiler::CodeCache(folder); }

  std::string folder;
};

const char *const kTraining = R"(
let x = linspace(0.0, 1.0, 11)
param w = 0.0
fn loss(x) = mean((w * x - 3.0 * x)^2)
train loss(x) with sgd(rate=0.5), steps=20
print "w = {w:.4f}"
)";

TEST_F(ScriptCacheTest, TheSecondTimeNothingIsCompiled) {
  Outcome first = run(kTraining), second = run(kTraining);
  EXPECT_FALSE(first.cached);
  EXPECT_TRUE(second.cached);
  EXPECT_GT(first.timing.llvm, 0);
  EXPECT_EQ(second.timing.llvm, 0);
  EXPECT_EQ(second.timing.emit, 0);
  EXPECT_GT(second.timing.link, 0);
  EXPECT_EQ(first.printed, second.printed);
  EXPECT_EQ(first.result.value("w").array(), second.result.value("w").array());
  EXPECT_EQ(cache().usage().entries, 1u);
}

TEST_F(ScriptCacheTest, WithoutACache) {
  ScriptOptions none;
  none.cache = false;
  EXPECT_FALSE(run(kTraining, none).cached);
  EXPECT_EQ(cache().usage().entries, 0u);
  run(kTraining);
  EXPECT_FALSE(run(kTraining, none).cached);
  for (const char *place : {"", "/proc/nowhere/descent"}) {
    setenv("DESCENT_CACHE_DIR", place, 1);
    for (int time = 0; time < 2; ++time) {
      Outcome outcome = run(kTraining);
      EXPECT_FALSE(outcome.cached);
      EXPECT_EQ(outcome.printed, "w = 2.9995\n");
    }
  }
}

TEST_F(ScriptCacheTest, OtherProgramsAreOthers) {
  // Each differs from the first in one thing that the code depends on.
  const char *const programs[] = {
      "let n = 3.0\nlet x = linspace(0.0, n, 7)\nprint sum(x)",
      "let n = 3.0\nlet x = linspace(0.0, n, 8)\nprint sum(x)",
      "let n = 3.0\nlet x = linspace(0.5, n, 7)\nprint sum(x)",
      "let n = 3.0\nlet x = linspace(0.0, n, 7)\nprint max(x)",
      "let n = 3.0\nlet x = linspace(0.0, n, 7)\nprint sum(x)\nprint x[2]",
      "let n = 3.0\nlet x = linspace(0.0, n, 7)\nexport fn f(a: f32) = a\nprint sum(x)",
      "let n = 3.0\nlet x = linspace(0.0, n, 7)\nexport fn g(a: f32) = a\nprint sum(x)",
      "precision tf32\nlet n = 3.0\nlet x = linspace(0.0, n, 7)\nprint sum(x)",
      "precision bf16\nlet n = 3.0\nlet x = linspace(0.0, n, 7)\nprint sum(x)",
  };
  for (const char *program : programs)
    EXPECT_FALSE(run(program).cached) << program;
  ScriptOptions set;
  set.settings = {{"n", "4.0"}};
  EXPECT_FALSE(run(programs[0], set).cached);
  for (const char *program : programs)
    EXPECT_TRUE(run(program).cached) << program;
  EXPECT_EQ(run(programs[0]).printed, "10.5\n");
  EXPECT_EQ(run(programs[0], set).printed, "14\n");
}

TEST_F(ScriptCacheTest, TextsAreNotPartOfTheCode) {
  EXPECT_EQ(run("let x = 2.0\nprint \"x is {x}\"").printed, "x is 2\n");
  Outcome other = run("# A comment.\nlet y = 2.0\n\nprint \"now y is {y:.2f}\"");
  EXPECT_TRUE(other.cached);
  EXPECT_EQ(other.printed, "now y is 2.00\n");
  EXPECT_EQ(other.result.values.at(0).name, "y");
}

TEST_F(ScriptCacheTest, ErrorsAreAtTheirLines) {
  std::string script = "let x = linspace(0.0, 1.0, 5)\nlet i = argmax(x) + 3\nprint x[i]\n";
  Outcome first = run(script), second = run(script), moved = run("\n\n# moved\n" + script);
  EXPECT_FALSE(first.cached);
  EXPECT_TRUE(second.cached);
  EXPECT_TRUE(moved.cached);
  for (const Outcome *outcome : {&first, &second, &moved})
    EXPECT_EQ(outcome->result.status, RunStatus::Failed);
  EXPECT_NE(first.message.find("test.gd:3:"), std::string::npos) << first.message;
  EXPECT_NE(first.message.find("print x[i]"), std::string::npos) << first.message;
  EXPECT_EQ(second.message, first.message);
  EXPECT_NE(moved.message.find("test.gd:6:"), std::string::npos) << moved.message;
}

TEST_F(ScriptCacheTest, TheFirstNanIsTraced) {
  std::string script =
      "let t = linspace(-1.0, 1.0, 9)\nparam w = 0.5\nfn loss(t) = mean(sqrt(t + w))\n"
      "train loss(t) with sgd(rate=0.1), steps=10\n";
  Outcome first = run(script), second = run(script), moved = run("\n" + script);
  EXPECT_TRUE(second.cached);
  EXPECT_TRUE(moved.cached);
  EXPECT_NE(first.message.find("test.gd:3:19: note: the first value that was not finite"),
            std::string::npos)
      << first.message;
  EXPECT_EQ(second.message, first.message);
  EXPECT_NE(moved.message.find("test.gd:4:19: note:"), std::string::npos) << moved.message;
}

TEST_F(ScriptCacheTest, ExportedFunctions) {
  std::string text =
      "export fn f(a: f32[3], b: f32) = sum(a) * b\nexport fn g(a: f32[3]) = a + 1.0\n";
  Array a = Array::uninitialized(DType::F32, {3}), b = Array::uninitialized(DType::F32, {});
  a.mutableValues<float>()[0] = 1, a.mutableValues<float>()[1] = 2, a.mutableValues<float>()[2] = 4;
  b.mutableValues<float>()[0] = 10;
  for (bool cached : {false, true}) {
    Script script = Script::fromText("test.gd", text);
    EXPECT_EQ(script.call("f", {a, b}).at(0).toDouble(), 70);
    EXPECT_EQ(script.call("g", {a}).at(0).values<float>()[2], 5);
    EXPECT_EQ(script.timing().cached, cached);
  }
}

TEST_F(ScriptCacheTest, AnImageThatIsNoneIsCompiledAnew) {
  std::string printed = run(kTraining).printed;
  std::string name = fs::directory_iterator(folder)->path().filename().string();
  compiler::CodeCache::Key key;
  for (size_t i = 0; i < key.size(); ++i)
    key[i] = static_cast<uint8_t>(std::stoi(name.substr(2 * i, 2), nullptr, 16));
  std::string good = cache().find(key).value();
  // Whole by their checksums, but not code: cut off, or with a name or an object that is none.
  std::vector<std::string> bad{"", "nonsense", good.substr(0, 12), good.substr(0, good.size() / 2)};
  for (size_t at : {size_t(9), size_t(24), size_t(28)}) {
    bad.push_back(good);
    bad.back()[at] = char(bad.back()[at] ^ 0x55);
  }
  for (const std::string &image : bad) {
    ASSERT_TRUE(cache().keep(key, image));
    Outcome outcome = run(kTraining);
    EXPECT_FALSE(outcome.cached);
    EXPECT_EQ(outcome.printed, printed);
    EXPECT_TRUE(run(kTraining).cached) << "it was kept again";
  }
}

TEST_F(ScriptCacheTest, ScriptsOnSeveralThreads) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 3; ++round)
        wrong += run(kTraining).printed != "w = 2.9995\n";
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(ScriptCacheTest, TheNumberOfThreadsDoesNotMatter) {
  std::string text =
      "let t = linspace(0.0, 1.0, 300007)\nlet v = sin(9.0 * t)\nlet total = sum(v^2)\n";
  Outcome first = run(text);
  for (int threads : {1, 2, 7}) {
    ScriptOptions options;
    options.threads = threads;
    Outcome outcome = run(text, options);
    EXPECT_TRUE(outcome.cached);
    for (const char *name : {"v", "total"})
      EXPECT_EQ(outcome.result.value(name).array(), first.result.value(name).array()) << name;
  }
}

/// Text that a run prints, and whether there is any yet.
class Output : public std::streambuf {
public:
  std::atomic<bool> begun{false};

private:
  int overflow(int c) override {
    begun = true;
    return c;
  }
};

TEST_F(ScriptCacheTest, CtrlCWhileThreadsAreAtWork) {
  ScriptOptions options;
  options.threads = 3;
  Script script = Script::fromText("test.gd",
                                   "let t = linspace(0.0, 1.0, 200003)\nparam w = 0.0\n"
                                   "fn loss(t) = mean((sin(w * t) - t)^2)\nprint \"begins\"\n"
                                   "train loss(t) with sgd(rate=0.001), steps=100_000_000\n"
                                   "let after = 1.0\n",
                                   options);
  ASSERT_TRUE(script.valid());
  Output output;
  std::ostream out(&output);
  std::thread user([&] {
    while (!output.begun)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    kill(getpid(), SIGINT);
  });
  RunResult result = script.run({.out = &out, .handleInterrupt = true});
  user.join();
  EXPECT_EQ(result.status, RunStatus::Interrupted);
  EXPECT_EQ(result.value("after").array().toDouble(), 1);
}

TEST_F(ScriptCacheTest, CanBeCleared) {
  run("print 1");
  run("print 2");
  EXPECT_EQ(clearCache(), 2u);
  EXPECT_EQ(cache().usage().entries, 0u);
  EXPECT_FALSE(run("print 1").cached);
}

} // namespace
} // namespace descent
