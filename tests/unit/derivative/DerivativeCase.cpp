#include "tests/unit/derivative/DerivativeCase.h"

#include "compiler/derivative/Checkpoints.h"
#include "compiler/derivative/Derivative.h"
#include "compiler/dialect/Dialect.h"

#include <mlir/IR/Verifier.h>
#include <mlir/Parser/Parser.h>
#include <mlir/Pass/Pass.h>
#include <mlir/Pass/PassManager.h>

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace descent::derivative::test {

std::string typeText(const Dims &dims) {
  std::string text = "tensor<";
  for (int64_t dim : dims)
    text += std::to_string(dim) + "x";
  return text + "f64>";
}

Case oneResult(std::string name, std::vector<Argument> arguments, std::string body, Dims result) {
  return {std::move(name), std::move(arguments), std::move(body), {"%y"}, {typeText(result)}};
}

namespace {

std::string join(const std::vector<std::string> &parts) {
  std::string text;
  for (const std::string &part : parts)
    text += (text.empty() ? "" : ", ") + part;
  return text;
}

/// Names with a prefix: "%x0", "%x1" …
std::vector<std::string> names(const std::string &prefix, size_t count,
                               const std::string &suffix = "") {
  std::vector<std::string> result;
  for (size_t i = 0; i < count; ++i)
    result.push_back(prefix + std::to_string(i) + suffix);
  return result;
}

std::string signature(const std::vector<std::string> &values,
                      const std::vector<std::string> &types) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < values.size(); ++i)
    parts.push_back(values[i] + ": " + types[i]);
  return join(parts);
}

/// Replaces each "%xN" by "%xN" with a suffix.
std::string renamed(const std::string &body, size_t arguments, const std::string &suffix) {
  std::string text;
  for (size_t i = 0; i < body.size(); ++i) {
    text += body[i];
    if (body.compare(i, 2, "%x") != 0 || i + 2 >= body.size() || !isdigit(body[i + 2]))
      continue;
    text += body[++i];
    while (i + 1 < body.size() && isdigit(body[i + 1]))
      text += body[++i];
    text += suffix;
  }
  return text;
}

/// A function as text with what it gives.
struct Nest {
  std::string text;
  std::vector<std::string> results, types;
  /// The values its results are weighted with to get the derivative as one number.
  std::vector<std::string> weights;
};

/// The derivative of a case: one mode for each order, innermost first. %u<k>_<i> are directions.
Nest nest(const Case &testCase, const std::vector<std::string> &argumentTypes,
          const std::string &modes, size_t level = 0) {
  size_t count = argumentTypes.size();
  if (level == modes.size()) {
    std::string suffix = "_" + std::to_string(level);
    std::vector<std::string> results;
    for (const std::string &result : testCase.results)
      results.push_back(renamed(result, count, suffix));
    return {renamed(testCase.body, count, suffix), results, testCase.resultTypes,
            names("%w", testCase.results.size())};
  }
  // The outermost operation has level 0 and the last mode.
  size_t order = modes.size() - level;
  Nest inner = nest(testCase, argumentTypes, modes, level + 1);
  auto outside = names("%x", count, "_" + std::to_string(level));
  auto inside = names("%x", count, "_" + std::to_string(level + 1));
  std::vector<std::string> directions;
  for (size_t i = 0; i < count; ++i)
    directions.push_back("%u" + std::to_string(order) + "_" + std::to_string(i));
  bool forward = modes[order - 1] == 'F';

  Nest result;
  std::string name = "%r" + std::to_string(level);
  const auto &seeds = forward ? directions : inner.weights;
  const auto &seedTypes = forward ? argumentTypes : inner.types;
  result.types = forward ? inner.types : argumentTypes;
  result.weights = forward ? inner.weights : directions;
  std::vector<std::string> all = inner.types;
  all.insert(all.end(), result.types.begin(), result.types.end());
  result.text =
      name + ":" + std::to_string(all.size()) + " = descent." + (forward ? "jvp" : "vjp") + "(" +
      join(outside) + ") " + (forward ? "tangents" : "cotangents") + "(" + join(seeds) + ") : (" +
      join(argumentTypes) + ") " + (forward ? "tangents" : "cotangents") + " (" + join(seedTypes) +
      ") {\n^bb0(" + signature(inside, argumentTypes) + "):\n" + inner.text + "\ndescent.yield " +
      join(inner.results) + " : " + join(inner.types) + "\n} to (" + join(all) + ")\n";
  for (size_t i = 0; i < result.types.size(); ++i)
    result.results.push_back(name + "#" + std::to_string(inner.types.size() + i));
  return result;
}

void expectNoUnused(mlir::ModuleOp module) {
  module.walk([&](mlir::Operation *op) {
    if (op->getNumRegions() == 0 && op->getNumResults() > 0 && op->use_empty()) {
      std::string text;
      llvm::raw_string_ostream(text) << *op;
      ADD_FAILURE() << "an operation without a use: " << text;
    }
  });
}

/// An expanded derivative, ready to be evaluated.
class Program {
public:
  explicit Program(const std::string &text, const Case &options = {}) {
    mlir::DialectRegistry registry;
    registry.insert<ir::DescentDialect, mlir::func::FuncDialect>();
    context.appendDialectRegistry(registry);
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    if (!module) {
      ADD_FAILURE() << "does not parse:\n" << text;
      return;
    }
    mlir::PassManager manager(&context);
    if (options.withoutCheckpoints)
      inlineCheckpoints(*module);
    manager.addPass(createExpandDerivativesPass(options.tapeLimit));
    if (failed(manager.run(*module))) {
      ADD_FAILURE() << "does not expand:\n" << text;
      module = nullptr;
    }
  }

  void expectClean() {
    if (module)
      expectNoUnused(*module);
  }

  std::vector<Tensor> run(std::vector<Tensor> arguments) {
    if (!module)
      return {};
    return reference::evaluate(module->lookupSymbol<mlir::func::FuncOp>("main"),
                               std::move(arguments));
  }

private:
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// A derivative along directions as a function of the point, contracted to one number.
class Derivative {
public:
  Derivative(const Case &testCase, const std::string &modes)
      : arguments(testCase.arguments.size()) {
    std::vector<std::string> types;
    for (const Argument &argument : testCase.arguments)
      types.push_back(typeText(argument.dims));
    Nest inner = nest(testCase, types, modes);
    std::vector<std::string> parameters = names("%x", arguments, "_0"), parameterTypes = types;
    for (size_t order = 1; order <= modes.size(); ++order) {
      auto directions = names("%u" + std::to_string(order) + "_", arguments);
      parameters.insert(parameters.end(), directions.begin(), directions.end());
      parameterTypes.insert(parameterTypes.end(), types.begin(), types.end());
    }
    auto weights = names("%w", testCase.results.size());
    parameters.insert(parameters.end(), weights.begin(), weights.end());
    parameterTypes.insert(parameterTypes.end(), testCase.resultTypes.begin(),
                          testCase.resultTypes.end());
    for (const std::string &weight : inner.weights)
      weightPositions.push_back(std::find(parameters.begin(), parameters.end(), weight) -
                                parameters.begin());
    program = std::make_unique<Program>("func.func @main(" + signature(parameters, parameterTypes) +
                                            ") -> (" + join(inner.types) + ") {\n" + inner.text +
                                            "return " + join(inner.results) + " : " +
                                            join(inner.types) + "\n}\n",
                                        testCase);
    if (!modes.empty() && testCase.checkUnused)
      program->expectClean();
  }

  /// `point`, then the directions of each order, then the weights of the results.
  double operator()(const std::vector<Tensor> &values) {
    std::vector<Tensor> results = program->run(values);
    double sum = 0;
    for (size_t i = 0; i < results.size(); ++i)
      for (int64_t j = 0; j < results[i].size(); ++j)
        sum += results[i].number(j) * values[weightPositions[i]].number(j);
    return sum;
  }

  std::vector<double> numbers(const std::vector<Tensor> &values) {
    std::vector<double> all;
    for (const Tensor &result : program->run(values))
      for (int64_t j = 0; j < result.size(); ++j)
        all.push_back(result.number(j));
    return all;
  }

private:
  size_t arguments;
  std::vector<size_t> weightPositions;
  std::unique_ptr<Program> program;
};

std::vector<std::string> combinations(int order) {
  std::vector<std::string> all{""};
  for (int i = 0; i < order; ++i) {
    std::vector<std::string> longer;
    for (const std::string &modes : all)
      for (const char *mode : {"F", "R"})
        longer.push_back(modes + mode);
    all = longer;
  }
  return all;
}

} // namespace

namespace {

/// A random point, directions for each order and weights of the results.
struct Place {
  std::vector<Tensor> point, weights;
  std::vector<std::vector<Tensor>> directions;

  Place(const Case &testCase, int order) : directions(order) {
    std::mt19937 random(7);
    auto draw = [&](const Dims &dims, double low, double high) {
      std::vector<double> numbers(reference::sizeOfDims(dims));
      for (double &number : numbers)
        number = std::uniform_real_distribution<>(low, high)(random);
      return f64(dims, numbers);
    };
    for (const Argument &argument : testCase.arguments)
      point.push_back(draw(argument.dims, argument.low, argument.high));
    for (auto &direction : directions)
      for (const Argument &argument : testCase.arguments)
        direction.push_back(draw(argument.dims, -1, 1));
    for (const std::string &type : testCase.resultTypes) {
      Dims dims;
      for (const char *at = type.c_str() + 7; isdigit(*at);) {
        char *end;
        dims.push_back(strtol(at, &end, 10));
        at = end + 1;
      }
      // "f64>" follows the last dimension.
      weights.push_back(draw(dims, -1, 1));
    }
  }
};

} // namespace

std::vector<double> numbersOf(const Case &testCase, const std::string &modes) {
  Place place(testCase, int(modes.size()));
  std::vector<Tensor> values = place.point;
  for (const auto &direction : place.directions)
    values.insert(values.end(), direction.begin(), direction.end());
  values.insert(values.end(), place.weights.begin(), place.weights.end());
  return Derivative(testCase, modes).numbers(values);
}

void expectNear(const std::vector<double> &actual, const std::vector<double> &expected,
                const std::string &name) {
  ASSERT_EQ(actual.size(), expected.size()) << name;
  double largest = 1;
  for (double number : expected)
    largest = std::max(largest, std::abs(number));
  for (size_t i = 0; i < actual.size(); ++i)
    EXPECT_NEAR(actual[i], expected[i], 1e-12 * largest) << name;
}

void check(const Case &testCase) {
  Place place(testCase, testCase.order);
  const auto &directions = place.directions;
  size_t count = testCase.arguments.size();

  auto valuesAt = [&](int order, double step, int along) {
    std::vector<Tensor> values = place.point;
    if (along >= 0)
      for (size_t i = 0; i < count; ++i)
        for (int64_t j = 0; j < values[i].size(); ++j)
          values[i].set(j, values[i].number(j) + step * directions[along][i].number(j));
    for (int k = 0; k < order; ++k)
      values.insert(values.end(), directions[k].begin(), directions[k].end());
    values.insert(values.end(), place.weights.begin(), place.weights.end());
    return values;
  };

  for (int order = 1; order <= testCase.order; ++order) {
    // The lower derivative was itself checked against the one below it.
    Derivative lower(testCase, std::string(order - 1, 'F'));
    const double h = 1e-3;
    auto at = [&](double step) { return lower(valuesAt(order - 1, step, order - 1)); };
    double expected = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    ASSERT_TRUE(std::isfinite(expected)) << testCase.name;
    for (const std::string &modes : combinations(order)) {
      Derivative derivative(testCase, modes);
      double actual = derivative(valuesAt(order, 0, -1));
      EXPECT_NEAR(actual, expected, testCase.tolerance * std::max(1.0, std::abs(expected)))
          << testCase.name << " in modes " << modes << " (innermost first)";
    }
  }
}

std::vector<Tensor> expandAndRun(const std::string &text, std::vector<Tensor> arguments) {
  return Program(text).run(std::move(arguments));
}

std::vector<double> derivativeOf(const std::string &body, const std::string &result,
                                 const std::vector<double> &at, const std::string &modes) {
  int64_t size = at.size();
  Case testCase = oneResult("", {{{size}}}, body, {size});
  testCase.results = {result};
  std::vector<std::string> types{typeText({size})};
  Nest inner = nest(testCase, types, modes);
  std::vector<std::string> parameters{"%x0_0"};
  for (size_t order = 1; order <= modes.size(); ++order)
    parameters.push_back("%u" + std::to_string(order) + "_0");
  parameters.push_back("%w0");
  std::vector<std::string> parameterTypes(parameters.size(), types.front());
  Program program("func.func @main(" + signature(parameters, parameterTypes) + ") -> (" +
                  types.front() + ") {\n" + inner.text + "return " + join(inner.results) + " : " +
                  types.front() + "\n}\n");
  std::vector<Tensor> arguments{f64({size}, at)};
  for (size_t i = 1; i < parameters.size(); ++i)
    arguments.push_back(f64({size}, std::vector<double>(size, 1)));
  std::vector<Tensor> results = program.run(arguments);
  return results.empty() ? std::vector<double>() : results.front().floats();
}

} // namespace descent::derivative::test
