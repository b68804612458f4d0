#include "benchmarks/support/Program.h"

#include "descent/Error.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace descent::bench {
namespace {

std::string trimmed(std::string text) {
  text.erase(0, text.find_first_not_of(" \t\n"));
  return text.substr(0, text.find_last_not_of(" \t\n") + 1);
}

/// The script with one more function, whose arguments are of known sizes and which calls the other.
std::string specialized(const std::string &text, const std::string &function, const Inputs &inputs,
                        std::vector<Array> &arguments) {
  std::string declared, passed;
  for (const std::string &name : parametersOf(text, function)) {
    passed += passed.empty() ? "" : ", ";
    auto known = std::ranges::find(inputs.integers, name, &std::pair<std::string, int64_t>::first);
    if (known != inputs.integers.end()) {
      passed += std::to_string(known->second);
      continue;
    }
    const Array &array = inputs.array(name);
    passed += name;
    declared += (declared.empty() ? "" : ", ") + name + ": " + array.typeName();
    arguments.push_back(array);
  }
  std::string head =
      inputs.precision == DType::F64 && text.find("\nprecision ") == std::string::npos
          ? "precision f64\n"
          : "";
  return head + text + "\nexport fn measured(" + declared + ") = " + function + "(" + passed +
         ")\n";
}

Script compiled(const std::string &path, const std::string &function, const Inputs &inputs,
                std::vector<Array> &arguments) {
  Script script = Script::fromText(path, specialized(readText(path), function, inputs, arguments));
  if (!script.valid()) {
    std::ostringstream problems;
    script.showDiagnostics(problems);
    throw Error(problems.str());
  }
  return script;
}

} // namespace

std::string readText(const std::string &path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file)
    throw Error(path + " cannot be read");
  return text.str();
}

std::vector<std::string> parametersOf(const std::string &text, const std::string &name) {
  std::string head = "\nfn " + name + "(";
  size_t begin = text.find(head);
  if (begin == std::string::npos)
    throw Error("there is no function '" + name + "'");
  begin += head.size();
  std::stringstream list(text.substr(begin, text.find(')', begin) - begin));
  std::vector<std::string> names;
  for (std::string name; std::getline(list, name, ',');)
    names.push_back(trimmed(name));
  return names;
}

Program::Program(const std::string &path, const std::string &function, Inputs inputs)
    : script(compiled(path, function, inputs, arguments)) {
  results.arrays = script.call("measured", arguments);
  for (const std::string &leaf : script.resultPaths("measured"))
    results.names.push_back(leaf.starts_with('.') ? leaf.substr(1) : leaf);
  const Timing &timing = script.timing();
  seconds = timing.parse + timing.analyze + timing.emit + timing.derivative + timing.kernel +
            timing.llvm + timing.link;
}

} // namespace descent::bench
