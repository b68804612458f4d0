#include "frontend/driver/selftest/TestCase.h"

#include "descent/Error.h"
#include "frontend/driver/TemporaryFolder.h"
#include "frontend/driver/selftest/Expectation.h"
#include "frontend/driver/selftest/Process.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace fs = std::filesystem;

namespace descent::driver {
namespace {

using Json = nlohmann::json;

/// Where a hanging test ends. The emulator is slow, the more so under a sanitizer.
std::chrono::seconds limitOn(const TestDevice &device) {
  return std::chrono::seconds(device.limit ? device.limit : device.name == "emulator" ? 900 : 120);
}

fs::path command() {
  return fs::read_symlink("/proc/self/exe");
}

std::vector<fs::path> filesIn(const fs::path &folder, const char *extension) {
  std::vector<fs::path> files;
  if (fs::is_directory(folder))
    for (const fs::directory_entry &entry : fs::directory_iterator(folder))
      if (entry.path().extension() == extension)
        files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

bool hasVectorsWiderThanAvx2() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.find(" avx512f") != std::string::npos)
      return true;
  return false;
}

std::string outputOf(const ProcessResult &run) {
  std::string text;
  if (!run.ending.empty())
    text += run.ending + "\n";
  if (!run.out.empty())
    text += "--- standard output\n" + run.out;
  if (!run.err.empty())
    text += "--- standard error\n" + run.err;
  return text;
}

// ---- Tests of operations -----------------------------------------------------------------------

std::string problemOfBlock(const TestCase &test, const TestDevice &device) {
  ProcessResult run =
      runProcess({command(), "test", test.script, "--only", test.block, "--device", device.name},
                 test.script.parent_path(), {{"DESCENT_CACHE_DIR", ""}}, limitOn(device));
  bool passed =
      run.exitCode == 0 && run.out.find("ok    " + test.block + "\n") != std::string::npos;
  return passed ? "" : outputOf(run);
}

// ---- Programs ----------------------------------------------------------------------------------

/// Removes what a training's record says of time.
void dropTimes(Json &value) {
  if (value.is_object())
    value.erase("seconds");
  if (value.is_structured())
    for (Json &part : value)
      dropTimes(part);
}

/// The values that a run wrote, and the file gone; null where it wrote none.
Json takeValues(const fs::path &file) {
  std::ifstream in(file);
  if (!in)
    return nullptr;
  Json values = Json::parse(in);
  dropTimes(values);
  fs::remove(file);
  return values;
}

struct ProgramRun {
  ProcessResult process;
  Json values;
};

ProgramRun runProgram(const TestCase &test, const TemporaryFolder &folder, const TestDevice &device,
                      const std::vector<std::string> &options) {
  fs::path file = folder.path() / "values.json";
  std::vector<std::string> words{command(), "run", test.script, "--quiet",
                                 "--json",  file,  "--device",  device.name};
  words.insert(words.end(), options.begin(), options.end());
  ProcessResult process = runProcess(
      words, folder.path(), {{"DESCENT_CACHE_DIR", folder.path() / "cache"}}, limitOn(device));
  return {std::move(process), takeValues(file)};
}

std::string problemOfRun(const ProcessResult &run, const Expectation &expected) {
  if (run.exitCode != expected.exitCode)
    return fmt::format("the exit code is {} and should be {}\n{}", run.exitCode, expected.exitCode,
                       outputOf(run));
  if (expected.error && run.err.find(*expected.error) == std::string::npos)
    return fmt::format("standard error lacks: {}\n{}", *expected.error, outputOf(run));
  if (std::optional<std::string> problem = difference(run.out, expected.lines))
    return *problem + outputOf(run);
  return "";
}

std::string problemOfProgram(const TestCase &test, const TestDevice &device) {
  Expectation expected = Expectation::read(test.expectation);
  TemporaryFolder folder("descent-selftest");
  ProgramRun first = runProgram(test, folder, device, {});
  std::string problem = problemOfRun(first.process, expected);
  if (!problem.empty() || device.name != "cpu")
    return problem;
  static const bool wide = hasVectorsWiderThanAvx2();
  if (wide) {
    ProgramRun narrow = runProgram(test, folder, device, {"--processor", "x86-64-v3"});
    problem = problemOfRun(narrow.process, expected);
    if (!problem.empty())
      return "with code for AVX2, " + problem;
  }
  for (const char *threads : {"1", "7"}) {
    ProgramRun again = runProgram(test, folder, device, {"--threads", threads});
    bool same = again.process.exitCode == first.process.exitCode &&
                again.process.out == first.process.out && again.process.err == first.process.err;
    if (!same || again.values != first.values)
      return fmt::format("with {} threads it {}\n{}and before\n{}", threads,
                         same ? "gives other values" : "says something else",
                         outputOf(again.process), outputOf(first.process));
  }
  return "";
}

} // namespace

std::optional<fs::path> findTests(std::vector<fs::path> &looked) {
  for (fs::path folder = command().parent_path();; folder = folder.parent_path()) {
    looked.push_back(folder);
    if (!filesIn(folder / "tests/ops", ".gd").empty())
      return folder;
    if (folder == folder.parent_path())
      return std::nullopt;
  }
}

std::vector<TestCase> testsIn(const fs::path &root) {
  std::vector<TestCase> tests;
  for (const fs::path &script : filesIn(root / "tests/ops", ".gd")) {
    Script loaded = Script::load(script.string());
    std::vector<std::string> blocks = loaded.testNames();
    if (blocks.empty() && !loaded.valid()) {
      std::ostringstream problems;
      loaded.showDiagnostics(problems);
      throw Error("a script of tests cannot be read\n" + problems.str());
    }
    for (const std::string &block : blocks)
      tests.push_back({"ops",
                       fmt::format("ops/{} \"{}\"", script.filename().string(), block),
                       script,
                       block,
                       {}});
  }
  std::vector<fs::path> groups;
  if (fs::is_directory(root / "tests/programs"))
    for (const fs::directory_entry &entry : fs::directory_iterator(root / "tests/programs"))
      if (entry.is_directory())
        groups.push_back(entry.path());
  std::ranges::sort(groups);
  for (const fs::path &group : groups)
    for (const fs::path &expectation : filesIn(group, ".expected")) {
      std::string stem = expectation.stem().string();
      fs::path script = group / (stem + ".gd");
      if (!fs::exists(script))
        script = root / "docs/examples" / (stem + ".gd");
      tests.push_back({"programs",
                       fmt::format("programs/{}/{}", group.filename().string(), stem),
                       script,
                       {},
                       expectation});
    }
  return tests;
}

std::string problemOf(const TestCase &test, const TestDevice &device) {
  return test.expectation.empty() ? problemOfBlock(test, device) : problemOfProgram(test, device);
}

} // namespace descent::driver
