// Microbenchmarks: each kernel by Descent and by the libraries in this process, with Google
// Benchmark.
//
//     bench-kernels CASES.json KERNELS.gd [--case=NAME] [--verified] [--benchmark_…]
//
// A case's name is NAME/PRECISION/SIZE=VALUE,…; without --case all are measured. What gives wrong
// results is named, nothing is measured, and the exit code is 1; --verified says that this was
// looked at before.
#include "benchmarks/kernels/Ulp.h"
#include "benchmarks/peers/cpp/Peers.h"
#include "benchmarks/support/Program.h"
#include "benchmarks/support/RandomData.h"

#include "descent/Error.h"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstring>
#include <deque>
#include <iostream>

namespace descent::bench {
namespace {

/// One implementation of a case, ready to run.
struct Contestant {
  std::string name;
  Inputs inputs;
  Outputs outputs;
  std::unique_ptr<Program> program;
  std::function<void()> body;
  std::optional<double> ulp;
  const Outputs &results() const { return program ? program->outputs() : outputs; }
};

/// The largest difference from the reference, relative to its largest element.
double largestError(const Array &results, const Array &reference) {
  if (results.shape() != reference.shape())
    return INFINITY;
  Array doubles = results.converted(DType::F64);
  auto a = doubles.values<double>(), b = reference.values<double>();
  double difference = 0, size = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i]))
      return INFINITY;
    difference = std::max(difference, std::abs(a[i] - b[i]));
    size = std::max(size, std::abs(b[i]));
  }
  return size > 0 ? difference / size : difference;
}

class Suite {
public:
  Suite(const std::string &casesPath, std::string script)
      : cases(Json::parse(readText(casesPath))), script(std::move(script)) {}

  /// Prepares the cases of that name (all: empty) and registers what is to be timed.
  void prepare(const std::string &wanted, bool verified) {
    for (const Json &item : cases.at("cases"))
      for (const std::string precision : item.at("precision"))
        for (const Json &sizes : item.at("sizes")) {
          std::string name =
              item.at("name").get<std::string>() + "/" + precision + "/" + text(sizes);
          if (wanted.empty() || wanted == name)
            prepareCase(name, item, precision, sizes, verified);
        }
    if (contestants.empty())
      throw Error("there is no case '" + wanted + "'");
  }

  bool correct() const { return allCorrect; }

private:
  static std::string text(const Json &sizes) {
    std::string result;
    for (const auto &[name, value] : sizes.items())
      result += (result.empty() ? "" : ",") + name + "=" + value.dump();
    return result;
  }

  Inputs inputsOf(const Json &item, const Sizes &sizes, const std::string &precision) const {
    Inputs inputs;
    inputs.precision = precision == "f32" ? DType::F32 : DType::F64;
    uint64_t seed = 0;
    for (const auto &[name, description] : item.at("inputs").items()) {
      if (auto size = sizes.find(description.get<std::string>()); size != sizes.end())
        inputs.integers.emplace_back(name, size->second);
      else
        inputs.arrays.emplace_back(name, makeArray(description, sizes, inputs.precision, seed));
      ++seed;
    }
    return inputs;
  }

  void prepareCase(const std::string &name, const Json &item, const std::string &precision,
                   const Json &sizeValues, bool verified) {
    Sizes sizes = sizeValues.get<Sizes>();
    std::string function = item.at("function");
    Inputs inputs = inputsOf(item, sizes, precision);
    std::optional<Array> reference;
    if (!verified)
      reference = referenceOf(function, inputs);
    std::vector<std::string> names = {"descent"};
    for (const std::string peer : item.at("peers"))
      names.push_back(peer);
    for (const std::string &peer : names) {
      const Prepare *prepare = peers.find(peer, "kernels", function);
      bool isDescent = peer == "descent";
      if (!isDescent && (!prepare || (peer == "onednn" && precision != "f32")))
        continue;
      Contestant &contestant = contestants.emplace_back();
      contestant.name = name + "/" + peer;
      contestant.inputs = inputs;
      if (isDescent) {
        contestant.program = std::make_unique<Program>(script, function, inputs);
        contestant.body = [program = contestant.program.get()] { program->run(); };
      } else {
        contestant.body = (*prepare)(contestant.inputs, contestant.outputs);
        contestant.body();
      }
      if (reference)
        verify(contestant, *reference, item.value("tolerance", precision == "f32" ? 1e-5 : 1e-12));
      contestant.ulp = largestUlp(function, inputs, contestant.results().arrays[0]);
      add(contestant);
    }
  }

  /// What the plain loops give in f64 for the same numbers.
  Array referenceOf(const std::string &function, Inputs inputs) {
    for (auto &[name, array] : inputs.arrays)
      if (array.dtype() == DType::F32)
        array = array.converted(DType::F64);
    inputs.precision = DType::F64;
    Outputs outputs;
    (*peers.find("cpp", "kernels", function))(inputs, outputs)();
    return outputs.arrays[0];
  }

  void verify(const Contestant &contestant, const Array &reference, double tolerance) {
    double error = largestError(contestant.results().arrays[0], reference);
    if (error <= tolerance)
      return;
    allCorrect = false;
    std::cerr << contestant.name << " is wrong: its error is " << error
              << " of the largest element, " << tolerance << " is allowed\n";
  }

  static void add(const Contestant &contestant) {
    benchmark::RegisterBenchmark(contestant.name.c_str(), [&contestant](benchmark::State &state) {
      for (auto _ : state)
        contestant.body();
      if (contestant.ulp)
        state.counters["ulp"] = *contestant.ulp;
    })->UseRealTime();
  }

  Json cases;
  std::string script;
  Peers peers = Peers::all();
  std::deque<Contestant> contestants; // they stay where they are
  bool allCorrect = true;
};

} // namespace
} // namespace descent::bench

int main(int count, char **arguments) {
  using namespace descent::bench;
  if (count < 3) {
    std::cerr << "usage: bench-kernels CASES.json KERNELS.gd [--case=NAME] [--verified] "
                 "[--benchmark_…]\n";
    return 2;
  }
  std::string wanted;
  bool verified = false;
  std::vector<char *> rest = {arguments[0]};
  for (int i = 3; i < count; ++i) {
    std::string argument = arguments[i];
    if (argument.starts_with("--case="))
      wanted = argument.substr(std::strlen("--case="));
    else if (argument == "--verified")
      verified = true;
    else
      rest.push_back(arguments[i]);
  }
  int left = static_cast<int>(rest.size());
  benchmark::Initialize(&left, rest.data());
  if (benchmark::ReportUnrecognizedArguments(left, rest.data()))
    return 2;
  try {
    Suite suite(arguments[1], arguments[2]);
    suite.prepare(wanted, verified);
    if (!suite.correct())
      return 1;
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::exception &error) {
    std::cerr << "bench-kernels: " << error.what() << "\n";
    return 1;
  }
}
