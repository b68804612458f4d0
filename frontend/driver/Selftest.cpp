// descent selftest: the tests of operations and programs that lie beside the command.
#include "descent/Error.h"
#include "frontend/driver/Commands.h"
#include "frontend/driver/selftest/TestCase.h"

#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unistd.h>

namespace descent::driver {
namespace {

struct SelftestArguments {
  std::string device = "all";
  std::string filter;
  std::string folder;
  std::string report;
  unsigned jobs = 0;
};

/// A device that tests run on, or why they do not.
struct TestDevice {
  std::string name;
  std::string whyNot;
};

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

volatile std::sig_atomic_t interrupted = 0;

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

  void run(unsigned workers) {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::max(workers, 1u); ++i)
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
    for (size_t i = next++; i < jobs.size() && !interrupted; i = next++) {
      auto [test, device] = jobs[i];
      std::string problem;
      try {
        problem = problemOf(*test, device->name);
      } catch (const std::exception &error) {
        problem = std::string(error.what()) + "\n";
      }
      if (interrupted)
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
  std::mutex mutex; ///< of all below and of tallies
  size_t done = 0;
};

std::filesystem::path rootOf(const SelftestArguments &arguments) {
  if (!arguments.folder.empty())
    return std::filesystem::absolute(arguments.folder);
  std::vector<std::filesystem::path> looked;
  if (std::optional<std::filesystem::path> found = findTests(looked))
    return *found;
  std::string folders;
  for (const std::filesystem::path &folder : looked)
    folders += "\n  " + (folder / "tests/ops").string();
  throw Error("there are no tests beside this command. Looked for scripts in" + folders);
}

int selftest(const SelftestArguments &arguments) {
  std::filesystem::path root = rootOf(arguments);
  std::vector<TestCase> tests = testsIn(root);
  std::erase_if(tests, [&](const TestCase &test) {
    return test.name.find(arguments.filter) == std::string::npos;
  });
  if (tests.empty())
    throw Error(fmt::format("there are no tests{} in {}",
                            arguments.filter.empty() ? "" : " whose names have " + arguments.filter,
                            (root / "tests").string()));
  std::vector<TestDevice> devices = devicesOf(arguments.device);
  std::signal(SIGINT, [](int) { interrupted = 1; });
  Selftest all(tests, devices);
  all.run(arguments.jobs ? arguments.jobs : std::thread::hardware_concurrency());
  all.showTable(std::cout);
  if (!arguments.report.empty())
    all.writeReport(arguments.report);
  if (interrupted)
    return kInterrupted;
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
                   "all. Tests that\nfind no GPU are skipped")
      ->check(CLI::IsMember({"cpu", "emulator", "gpu", "auto", "all"}))
      ->type_name("DEVICE")
      ->default_str("all");
  command->add_option("--filter", arguments->filter, "Only tests whose names have this text")
      ->type_name("TEXT");
  command->add_option("--jobs", arguments->jobs, "Tests at a time; 0: one for each processor")
      ->type_name("COUNT");
  command
      ->add_option("--folder", arguments->folder,
                   "The folder that has tests/ops and tests/programs; otherwise the nearest at or "
                   "above the command's own")
      ->type_name("DIR");
  command
      ->add_option("--report", arguments->report,
                   "Write the table at the end to a file as well, with tabs between its columns")
      ->type_name("FILE");
  command->footer(
      "Each test runs in a process of its own. Exit code: 0 none failed, 1 some did.\n\n"
      "Example:\n  descent selftest --device cpu --filter ops/");
  command->callback([arguments, &result] { result = selftest(*arguments); });
}

} // namespace descent::driver
