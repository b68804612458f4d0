// Descent as a tool of GradBench's protocol: each module is a `.gd` file, each function one of its
// functions.
//
//     bench-descent FOLDER...      where the modules are looked for
//
// Functions take the fields of the input by the names of their parameters. The function `run` is
// the script itself: its input is {"data": {name: path}, "set": {name: value}, "values": [name],
// "steps": n}.
#include "benchmarks/support/Program.h"
#include "benchmarks/support/Protocol.h"

#include "descent/Error.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <sstream>

namespace descent::bench {
namespace {

/// A function of a script.
class Call : public Evaluation {
public:
  Call(const std::string &path, const std::string &function, const Json &input)
      : program(path, function, Inputs::fromJson(input)) {
    prepareSeconds = program.compileSeconds();
    if (input.is_object())
      count = input.value("steps", int64_t{1});
  }
  void run() override { program.run(); }
  const Outputs &outputs() const override { return program.outputs(); }
  int64_t steps() const override { return count; }

private:
  Program program;
  int64_t count = 1;
};

ScriptOptions optionsOf(const Json &input) {
  ScriptOptions options;
  for (const auto &[name, path] : input.at("data").items())
    options.data.emplace_back(name, std::filesystem::absolute(path.get<std::string>()));
  for (const auto &[name, value] : input.at("set").items())
    options.settings.emplace_back(name, value.dump());
  return options;
}

/// A whole script.
class WholeScript : public Evaluation {
public:
  WholeScript(const std::string &path, const Json &input)
      : script(Script::load(path, optionsOf(input))), wanted(input.at("values")),
        count(input.value("steps", int64_t{1})) {
    if (!script.valid()) {
      std::ostringstream problems;
      script.showDiagnostics(problems);
      throw Error(problems.str());
    }
    run();
    const Timing &timing = script.timing();
    prepareSeconds = timing.parse + timing.analyze + timing.emit + timing.derivative +
                     timing.kernel + timing.llvm + timing.link;
  }
  void run() override {
    RunResult result = script.run();
    if (result.status != RunStatus::Done)
      throw Error(result.message);
    values = {};
    for (const std::string &name : wanted) {
      const NamedValue &value = result.value(name);
      for (size_t i = 0; i < value.arrays.size(); ++i) {
        values.names.push_back(value.paths[i].empty() ? name : name + "." + value.paths[i]);
        values.arrays.push_back(value.arrays[i]);
      }
    }
  }
  const Outputs &outputs() const override { return values; }
  int64_t steps() const override { return count; }

private:
  Script script;
  std::vector<std::string> wanted;
  int64_t count;
  Outputs values;
};

class DescentTool : public Tool {
public:
  explicit DescentTool(std::vector<std::string> folders) : folders(std::move(folders)) {}

  std::string name() const override { return "descent " + std::string(version()); }

  void define(const std::string &module) override {
    Script script = Script::load(pathOf(module));
    // A script that reads data is whole only with the data of an evaluation.
    if (!script.valid() && readText(pathOf(module)).find("\ndata ") == std::string::npos) {
      std::ostringstream problems;
      script.showDiagnostics(problems);
      throw Error(problems.str());
    }
  }

  std::unique_ptr<Evaluation> prepare(const std::string &module, const std::string &function,
                                      const Json &input) override {
    if (function == "run")
      return std::make_unique<WholeScript>(pathOf(module), input);
    return std::make_unique<Call>(pathOf(module), function, input);
  }

private:
  std::string pathOf(const std::string &module) const {
    bool isName =
        std::ranges::all_of(module, [](unsigned char c) { return std::isalnum(c) || c == '_'; });
    for (const std::string &folder : folders)
      if (isName && std::filesystem::exists(folder + "/" + module + ".gd"))
        return folder + "/" + module + ".gd";
    throw Error("there is no module '" + module + "'");
  }

  std::vector<std::string> folders;
};

} // namespace
} // namespace descent::bench

int main(int count, char **arguments) {
  using namespace descent::bench;
  if (count < 2) {
    std::cerr << "usage: bench-descent FOLDER...\n";
    return 2;
  }
  DescentTool tool({arguments + 1, arguments + count});
  serve(tool, std::cin, std::cout);
}
