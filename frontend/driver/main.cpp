// The `descent` command.
#include "descent/Script.h"
#include "frontend/driver/Commands.h"
#include "frontend/driver/Words.h"
#include "runtime/core/Interrupt.h"

#include <csignal>
#include <iostream>
#include <new>
#include <span>
#include <string_view>

namespace {

constexpr const char *kWelcome =
    R"(Descent compiles small array programs (.gd files) to machine code that learns.

Try:
  descent run model.gd       compile a script and run it
  descent check model.gd     show what is wrong with it, run nothing
  descent doctor             show what was found on this machine
  descent --help             list all commands

A first script, line.gd:
  let x = linspace(0.0, 1.0, 11)
  param w = 0.0
  fn loss(x) = mean((w * x - 3.0 * x)^2)
  train loss(x) with sgd(rate=0.5), steps=100
  print "w = {w:.3f}"
)";

/// What the process returns. Results that did not arrive are a failure, whatever else went well.
int ended(int result) {
  using namespace descent::driver;
  if (std::cout.flush())
    return result;
  std::cerr << "descent: standard output could not be written\n";
  return result == kDone ? kScriptFailed : result;
}

} // namespace

int main(int argc, char **argv) {
  using namespace descent::driver;
  if (argc == 1) {
    std::cout << kWelcome;
    return ended(kDone);
  }
  // Parts of the command that are to come say so, rather than that they are unknown.
  for (const char *planned : {"export", "repl"})
    if (std::string_view(argv[1]) == planned) {
      std::cerr << "descent: not supported yet: descent " << planned << '\n';
      return kUsageOrCompileError;
    }
  CLI::App app{"Descent: a compiler for small array programs that learn"};
  app.name("descent");
  app.set_version_flag("--version", std::string("descent ") + std::string(descent::version()));
  app.require_subcommand(1);
  app.footer("Each command has its own help: descent run --help");
  int result = kDone;
  addRun(app, result);
  addCheck(app, result);
  addIr(app, result);
  addFmt(app, result);
  addTest(app, result);
  addSelftest(app, result);
  addBench(app, result);
  addGradcheck(app, result);
  addDoctor(app, result);
  std::span<char *const> words(argv + 1, static_cast<size_t>(argc - 1));
  if (std::string problem = problemOfWords(app, words); !problem.empty()) {
    std::cerr << problem << '\n';
    return kUsageOrCompileError;
  }
  // A file may not grow further (`ulimit -f`): writing fails and says so, rather than the process
  // ends.
  std::signal(SIGXFSZ, SIG_IGN);
  // Ctrl-C where nothing looks for it; a training does.
  std::string line = "interrupted: descent";
  for (std::string_view word : words)
    line.append(" ").append(word);
  descent::InterruptEnding ending(line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    result = app.exit(error) == 0 ? kDone : kUsageOrCompileError;
  } catch (const std::bad_alloc &) {
    std::cerr << "descent: there is not enough memory\n";
    result = kScriptFailed;
  } catch (const std::exception &error) {
    std::cerr << "descent: " << error.what() << '\n';
    result = kScriptFailed;
  }
  return ended(result);
}
