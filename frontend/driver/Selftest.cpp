// descent selftest: the tests of operations and programs that lie beside the command.
#include "descent/Error.h"
#include "frontend/driver/Outputs.h"
#include "frontend/driver/ScriptArguments.h"
#include "frontend/driver/selftest/TestCase.h"
#include "runtime/core/Interrupt.h"

#include <fmt/format.h>

#include <atomic>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <semaphore>
#include <thread>
#include <unistd.h>

namespace descent::driver {
namespace {

struct SelftestArguments {
  std::string device = "all";
  std::string filter;
  std::string folder;
  std::string report;
  int jobs = 0;
  int limit = 0;
};

/// Processes that use a card at a time. Each has half a gigabyte of its memory before it does
/// anything, and their kernels take turns.
constexpr int kMostOnCard = 4;

/// Outcomes of one family of tests on one device.
struct Tally {
  size_t passed = 0, failed = 0, skipped = 0;
  std::string reason; ///< of the skipped ones
};

std::string whyNoGpu() {
  try {
    ScriptOptions options;
    options.device = DeviceKind::Gpu;
    options.cache = false;
    Script::fromText("probe.gd", "let x = 1", options).device();
    return "";
  } catch (const Error &error) {
    return error.what();
  }
}

std::vector<TestDevice> devicesOf(const std::string &name) {
  if (name == "all")
    return {{"cpu", ""}, {"emulator", ""}, {"gpu", whyNoGpu()}};
  if (name == "gpu")
    return {{"gpu", whyNoGpu()}};
  if (name == "auto") {
    std::string whyNot = whyNoGpu();
    if (whyNot.empty())
      return {{"gpu", ""}};
    std::cerr << fmt::format("descent: it runs on the processor, as {}\n", whyNot);
    return {{"cpu", ""}};
  }
  return {{name, ""}};
}

/// Runs tests on devices, several at a time.
class Selftest {
public:
  /// What is handed over has to live as long as this.
  Selftest(const std::vector<TestCase> &tests, const std::vector<TestDevice> &devices) {
    for (const TestDevice &device : devices)
      for (const TestCase &test : tests) {
        Tally &tally = tallies[{device.name, test.family}];
        if (device.whyNot.empty()) {
          jobs.push_back({&test, &device});
          continue;
        }
        ++tally.skipped;
        tally.reason = device.whyNot;
      }
  }

  void run(size_t workers) {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < std::min(std::max<size_t>(workers, 1), jobs.size()); ++i)
      threads.emplace_back([this] { work(); });
    threads.clear();
    showProgress("");
  }

  void showTable(std::ostream &out) const {
    out << fmt::format("{:<10} {:<10} {:>6} {:>6} {:>7}\n", "device", "tests", "passed", "failed",
                       "skipped");
    for (const auto &[key, tally] : tallies)
      out << fmt::format("{:<10} {:<10} {:>6} {:>6} {:>7}{}\n", key.first, key.second, tally.passed,
                         tally.failed, tally.skipped,
                         tally.skipped ? "  " + tally.reason : std::string());
  }

  /// The table for programs: one line each, with tabs.
  void writeReport(const std::string &path) const {
    std::ofstream out(path);
    for (const auto &[key, tally] : tallies)
      out << fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", key.second, key.first, tally.passed,
                         tally.failed, tally.skipped, tally.reason);
    if (!out.flush())
      throw Error(path + " cannot be written");
  }

  bool failed() const {
    for (const auto &[key, tally] : tallies)
      if (tally.failed)
        return true;
    return false;
  }

private:
  struct Job {
    const TestCase *test;
    const TestDevice *device;
  };

  void work() {
    for (size_t i = next++; i < jobs.size() && !interruptRequested(); i = next++) {
      auto [test, device] = jobs[i];
      std::string problem;
      bool isOnCard = device->name == "gpu";
      if (isOnCard)
        onCard.acquire();
      try {
        problem = problemOf(*test, *device);
      } catch (const std::exception &error) {
        problem = std::string(error.what()) + "\n";
      }
      if (isOnCard)
        onCard.release();
      if (interruptRequested())
        return;
      std::lock_guard lock(mutex);
      ++done;
      Tally &tally = tallies[{device->name, test->family}];
      ++(problem.empty() ? tally.passed : tally.failed);
      showProgress(problem.empty()
                       ? fmt::format("[{}/{}] {} ({})", done, jobs.size(), test->name, device->name)
                       : "");
      if (!problem.empty())
        std::cout << fmt::format("FAIL  {} ({})\n{}", test->name, device->name, problem)
                  << std::flush;
    }
  }

  /// The line of progress on a terminal; empty: gone.
  static void showProgress(const std::string &text) {
    static const bool terminal = isatty(STDERR_FILENO);
    if (terminal)
      std::cerr << "\r\033[K" << text.substr(0, 78) << std::flush;
  }

  std::vector<Job> jobs;
  std::map<std::pair<std::string, std::string>, Tally> tallies;
  std::atomic<size_t> next = 0;
  std::counting_semaphore<> onCard{kMostOnCard};
  std::mutex mutex; ///< of all below and of tallies
  size_t done = 0;
};

/// What is wrong with --folder: the folder has no tests, but one above it may.
std::string problemOfFolder(const std::filesystem::path &folder) {
  if (!std::filesystem::is_directory(folder))
    return std::filesystem::exists(folder) ? fmt::format("{} is no folder", folder.string())
                                           : fmt::format("there is no folder {}", folder.string());
  for (std::filesystem::path above = folder.parent_path(); above.has_relative_path();
       above = above.parent_path())
    if (!testsIn(above).empty())
      return fmt::format("{} has neither tests/ops nor tests/programs with scripts; {} has",
                         folder.string(), above.string());
  return fmt::format("{} has neither tests/ops nor tests/programs with scripts", folder.string());
}

std::filesystem::path rootOf(const SelftestArguments &arguments) {
  if (!arguments.folder.empty()) {
    std::filesystem::path folder = std::filesystem::absolute(arguments.folder).lexically_normal();
    if (!folder.has_filename()) // "tests/"
      folder = folder.parent_path();
    if (testsIn(folder).empty())
      throw CLI::ValidationError("--folder", problemOfFolder(folder));
    return folder;
  }
  std::vector<std::filesystem::path> looked;
  if (std::optional<std::filesystem::path> found = findTests(looked))
    return *found;
  std::string folders;
  for (const std::filesystem::path &folder : looked)
    folders += "\n  " + (folder / "tests/ops").string();
  throw Error("there are no tests beside this command. Looked for scripts in" + folders);
}

int selftest(const SelftestArguments &arguments) {
  if (std::string problem = problemOfOutputs({{"--report", arguments.report}}, {});
      !problem.empty())
    throw Error(problem);
  std::filesystem::path root = rootOf(arguments);
  std::vector<TestCase> tests = testsIn(root);
  std::erase_if(tests, [&](const TestCase &test) {
    return test.name.find(arguments.filter) == std::string::npos;
  });
  if (tests.empty())
    throw Error(fmt::format("there are no tests whose names have {} in {}", arguments.filter,
                            (root / "tests").string()));
  std::vector<TestDevice> devices = devicesOf(arguments.device);
  for (TestDevice &device : devices)
    device.limit = arguments.limit;
  InterruptPolling polling;
  Selftest all(tests, devices);
  all.run(arguments.jobs ? static_cast<size_t>(arguments.jobs)
                         : std::thread::hardware_concurrency());
  all.showTable(std::cout);
  if (!arguments.report.empty())
    all.writeReport(arguments.report);
  if (interruptRequested()) {
    std::cerr << "interrupted\n";
    return kInterrupted;
  }
  // Who asks for a GPU alone does not want to hear that all is well where there is none.
  if (devices.size() == 1 && !devices.front().whyNot.empty()) {
    std::cerr << fmt::format("descent: no test has run, as {}\n", devices.front().whyNot);
    return kScriptFailed;
  }
  return all.failed() ? kScriptFailed : kDone;
}

} // namespace

void addSelftest(CLI::App &app, int &result) {
  CLI::App *command =
      app.add_subcommand("selftest", "Run Descent's own tests of operations and programs");
  auto arguments = std::make_shared<SelftestArguments>();
  command
      ->add_option("--device", arguments->device,
                   "Where: cpu, emulator, gpu, auto (a GPU if there is one, else the processor) or "
                   "all, which\nskips the tests of a GPU that is not there")
      ->check(CLI::IsMember({"cpu", "emulator", "gpu", "auto", "all"}))
      ->type_name("DEVICE")
      ->default_str("all");
  command->add_option("--filter", arguments->filter, "Only tests whose names have this text")
      ->type_name("TEXT");
  addCount(*command, "--jobs", arguments->jobs, "Tests at a time; 0: one for each processor");
  addCount(*command, "--limit", arguments->limit,
           "Seconds after which a test is ended; 0: 120, on the emulator 900");
  command
      ->add_option("--folder", arguments->folder,
                   "The folder that has tests/ops and tests/programs; otherwise the nearest at or "
                   "above the command's own")
      ->type_name("DIR");
  addOutput(*command, "--report", arguments->report,
            "Write the table at the end to a file as well, with tabs between its columns");
  command->footer(
      "Each test runs in a process of its own. Exit code: 0 none failed, 1 some did, or the only "
      "device\nis not there.\n\n"
      "Example:\n  descent selftest --device cpu --filter ops/");
  command->callback([arguments, &result] { result = selftest(*arguments); });
}

} // namespace descent::driver
