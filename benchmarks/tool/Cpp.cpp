// Peers in C++ as a tool of GradBench's protocol: bench-cpp LIBRARY, which is cpp, cpp-fast, eigen,
// openblas or onednn.
#include "benchmarks/peers/cpp/Peers.h"
#include "benchmarks/support/Protocol.h"

#include "descent/Error.h"

#include <iostream>

namespace descent::bench {
namespace {

class Prepared : public Evaluation {
public:
  Prepared(const Prepare &prepare, const Json &input) : inputs(Inputs::fromJson(input)) {
    body = prepare(inputs, results);
    if (input.is_object())
      count = input.value("steps", int64_t{1});
  }
  void run() override { body(); }
  const Outputs &outputs() const override { return results; }
  int64_t steps() const override { return count; }

private:
  Inputs inputs;
  Outputs results;
  std::function<void()> body;
  int64_t count = 1;
};

class CppTool : public Tool {
public:
  explicit CppTool(std::string library) : library(std::move(library)) {}
  std::string name() const override { return library; }
  void define(const std::string &) override {
    if (!peers.has(library))
      throw Error(library + " is not built: its package was missing");
  }
  std::unique_ptr<Evaluation> prepare(const std::string &module, const std::string &function,
                                      const Json &input) override {
    const Prepare *found = peers.find(library, module, function);
    if (!found)
      throw Error(library + " has no " + module + "." + function);
    return std::make_unique<Prepared>(*found, input);
  }

private:
  Peers peers = Peers::all();
  std::string library;
};

} // namespace
} // namespace descent::bench

int main(int count, char **arguments) {
  using namespace descent::bench;
  if (count != 2) {
    std::cerr << "usage: bench-cpp cpp|cpp-fast|eigen|openblas|onednn\n";
    return 2;
  }
  CppTool tool(arguments[1]);
  serve(tool, std::cin, std::cout);
}
