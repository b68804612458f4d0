// What Descent is compared with in this process: functions written by hand, and libraries.
#pragma once

#include "benchmarks/support/Inputs.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>

namespace descent::bench {

/// Prepares a function: adds its results to the outputs and gives what is to be timed, which may be
/// run any number of times. The inputs and outputs stay where they are.
using Prepare = std::function<std::function<void()>(const Inputs &, Outputs &)>;

class Peers {
public:
  /// All that were built.
  static Peers all();

  void add(const std::string &library, const std::string &module, const std::string &function,
           Prepare prepare) {
    functions[{library, module, function}] = std::move(prepare);
  }
  /// Null where there is none.
  const Prepare *find(const std::string &library, const std::string &module,
                      const std::string &function) const {
    auto found = functions.find({library, module, function});
    return found == functions.end() ? nullptr : &found->second;
  }
  bool has(const std::string &library) const {
    auto found = functions.lower_bound({library, "", ""});
    return found != functions.end() && std::get<0>(found->first) == library;
  }

private:
  std::map<std::tuple<std::string, std::string, std::string>, Prepare> functions;
};

/// Runs `Problem<float>` or `Problem<double>`, by the precision of the inputs. A problem is made of
/// inputs and outputs and has `run()`.
template <template <typename> typename Problem> Prepare typed() {
  return [](const Inputs &inputs, Outputs &outputs) -> std::function<void()> {
    if (inputs.precision == DType::F32) {
      auto problem = std::make_shared<Problem<float>>(inputs, outputs);
      return [problem] { problem->run(); };
    }
    auto problem = std::make_shared<Problem<double>>(inputs, outputs);
    return [problem] { problem->run(); };
  };
}

/// The elements of an input, and of the result added last.
template <typename T> const T *in(const Inputs &inputs, const std::string &name) {
  return inputs.array(name).values<T>().data();
}
template <typename T> T *out(Outputs &outputs, size_t index) {
  return outputs.arrays.at(index).mutableValues<T>().data();
}

// Those that were built add themselves by these. The hand-written ones exist twice: as the language
// says, and with -ffast-math, so that sums may be taken in another order.
namespace plain {
void addGradbench(Peers &peers);
void addTraining(Peers &peers);
void addKernels(Peers &peers);
} // namespace plain
namespace fast {
void addGradbench(Peers &peers);
void addTraining(Peers &peers);
void addKernels(Peers &peers);
} // namespace fast
void addEigen(Peers &peers);
void addOpenBlas(Peers &peers);
void addOneDnn(Peers &peers);

} // namespace descent::bench
