// A gradient check: beside each derivative that a program takes, a comparison with finite differences.
//
// The comparisons are part of the program, at the place where the derivative is taken, so that they are
// made at the values it is taken at, in loops too. Inside of a transform there is no such place; there,
// the function is run once more, plainly, and the derivatives within it are compared in that run:
//
//   vjp of f at x      f(x) plainly, then f(x ± h) for each element of x
//   jvp of f at x, dx  f(x) plainly, then f(x ± h·dx)
//   vmap of f          a loop over the rows beside it, for its comparisons alone
#include "frontend/sema/Specializer.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace descent::sema {
namespace {

using Leaves = Specializer::Leaves;

/// Elements of an array that are compared; of a larger one these many, evenly spread.
constexpr int64_t kMostElements = 64;
/// Central differences of step h·max(1, |x|) err by about h² from the truncated series and by ε/h from
/// rounding; this h balances the two in f64.
constexpr double kStep = 6e-6;
/// One-sided differences that differ by more than this part of them are those of a kink.
constexpr double kKink = 1e-3;
/// Derivatives below this part of the function's value drown in its rounding.
constexpr double kLeastPart = 1e-3;
constexpr double kLeastScale = 1e-6;

class Comparison {
public:
  explicit Comparison(Specializer &sema) : builder(sema.builder) {}

  ArrayValue number(double value) { return builder.known(value, DType::F64); }
  ArrayValue max(const ArrayValue &a, const ArrayValue &b) { return builder.binary("max", a, b); }
  ArrayValue min(const ArrayValue &a, const ArrayValue &b) { return builder.binary("min", a, b); }
  ArrayValue sub(const ArrayValue &a, const ArrayValue &b) { return builder.binary("sub", a, b); }
  ArrayValue wide(const ArrayValue &x) { return builder.convert(x, DType::F64); }

  /// The largest magnitude; 0 of no elements.
  ArrayValue largest(const ArrayValue &x) {
    if (x.type.elementCount() == 0)
      return number(0);
    std::vector<int64_t> all(x.type.dims.size());
    std::iota(all.begin(), all.end(), 0);
    return builder.reduce("reduce_max", builder.unary("abs", wide(x)), all);
  }

  /// How far a derivative is from the differences of a function's values at −below, 0 and above. At a
  /// kink the two one-sided differences differ, and whatever lies between them is right. A NaN must not
  /// pass for a small error.
  ArrayValue error(const ArrayValue &derivative, const ArrayValue &before, const ArrayValue &here,
                   const ArrayValue &after, const ArrayValue &below, const ArrayValue &above) {
    auto over = [&](const ArrayValue &difference, const ArrayValue &step) {
      return builder.binary("div", difference, builder.broadcastTo(step, difference.type.dims));
    };
    ArrayValue left = over(sub(here, before), below), right = over(sub(after, here), above);
    ArrayValue central = over(sub(after, before), builder.binary("add", below, above));
    ArrayValue apart = builder.unary("abs", sub(central, derivative));
    ArrayValue outside =
        max(max(sub(min(left, right), derivative), sub(derivative, max(left, right))),
            builder.splat(0, derivative.type));
    // Where a function is smooth, the one-sided differences are apart by about the step.
    auto magnitude = [&](const ArrayValue &x) { return builder.unary("abs", x); };
    ArrayValue limit = builder.binary("mul", max(magnitude(left), magnitude(right)),
                                      builder.splat(kKink, derivative.type));
    ArrayValue isSmooth = builder.compare("le", magnitude(sub(right, left)), limit);
    ArrayValue error = builder.select(isSmooth, apart, min(apart, outside));
    ArrayValue infinite = builder.splat(std::numeric_limits<double>::infinity(), error.type);
    return builder.select(builder.compare("lt", error, infinite), error, infinite);
  }

  /// Relative to the largest derivative, but for those that are tiny beside the function's value.
  ArrayValue relative(const ArrayValue &error, const ArrayValue &largestDerivative,
                      const ArrayValue &largestValue) {
    ArrayValue scale = max(largestDerivative,
                           builder.binary("mul", largestValue, number(kLeastPart)));
    ArrayValue part = builder.binary("div", error, max(scale, number(kLeastScale)));
    // An infinite derivative is wrong, whatever it is compared with.
    ArrayValue infinite = number(std::numeric_limits<double>::infinity());
    return builder.select(builder.compare("lt", part, infinite), part, infinite);
  }

private:
  Builder &builder;
};

/// The same arrays with nothing known of their elements, as a transform's region sees them.
Leaves unknown(Builder &builder, const Leaves &leaves) {
  Leaves result;
  for (const ArrayValue &leaf : leaves) {
    ArrayValue named;
    named.id = builder.materialize(leaf);
    named.type = leaf.type;
    named.labels = leaf.labels;
    result.push_back(std::move(named));
  }
  return result;
}

std::string joined(const std::vector<std::string> &names) {
  std::string text;
  for (const std::string &name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

} // namespace

void Specializer::emitComparison(const ArrayValue &error, std::string with, int64_t elements,
                                 bool isComparable) {
  SourceRange range = scriptCall.isValid() ? scriptCall : builder.range;
  emitEffect(abi::DerivativeEffect{std::move(with), elements, isComparable}, std::span(&error, 1),
             range);
}

void Specializer::compareVjp(const Leaves &primals, const LeavesBody &body,
                             const std::function<Leaves(const Leaves &results)> &seeds,
                             std::span<const ArrayValue> gradient,
                             const std::vector<std::string> &names) {
  SourceRange range = builder.range;
  Comparison comparison(*this);
  Leaves points = unknown(builder, primals);
  // What the cotangents are of: the sum of the results, weighted by them.
  auto valueAt = [&](const Leaves &at) -> std::optional<ArrayValue> {
    auto results = body(at);
    if (!results)
      return std::nullopt;
    builder.range = range;
    Leaves weights = seeds(*results);
    ArrayValue total = comparison.number(0);
    for (size_t i = 0; i < weights.size(); ++i) {
      const ArrayValue &result = (*results)[i];
      std::vector<int64_t> all(result.type.dims.size());
      std::iota(all.begin(), all.end(), 0);
      ArrayValue product = builder.binary("mul", comparison.wide(result), comparison.wide(weights[i]));
      total = builder.binary("add", total, builder.reduce("reduce_sum", product, all));
    }
    return total;
  };
  size_t stopsBefore = gradientStops;
  auto here = valueAt(points);
  if (!here)
    return;
  bool isComparable = gradientStops == stopsBefore;
  PausedComparisons paused(*this);
  for (size_t j = 0; j < points.size(); ++j) {
    const TensorType &type = points[j].type;
    int64_t size = type.elementCount();
    if (size == 0 || !isFloat(type.dtype))
      continue;
    int64_t count = std::min(size, kMostElements);
    ArrayValue flat = builder.reshape(points[j], {size});
    ArrayValue derivatives = builder.reshape(gradient[j], {size});
    auto element = [&](const ArrayValue &x, const ArrayValue &place) {
      return builder.reshape(builder.dynamicSlice(x, std::span(&place, 1), {1}), {});
    };
    auto step = [&](const ArrayValue &counter, const Value &carried) -> Value {
      builder.range = range;
      ArrayValue place =
          builder.binary("mul", counter, builder.known(size / count, DType::I32));
      place.bounds = std::pair(int64_t{0}, size - 1);
      ArrayValue x = comparison.wide(element(flat, place));
      ArrayValue h = builder.binary("mul", comparison.max(builder.unary("abs", x), comparison.number(1)),
                                    comparison.number(kStep));
      ArrayValue after = builder.binary("add", x, h), before = comparison.sub(x, h);
      auto valueWith = [&](const ArrayValue &other) {
        Leaves at = points;
        ArrayValue row = builder.reshape(builder.convert(other, type.dtype), {1});
        at[j] = builder.reshape(builder.update(flat, row, std::span(&place, 1)), type.dims);
        at[j].labels = points[j].labels;
        return valueAt(at);
      };
      auto below = valueWith(before), above = valueWith(after);
      if (!below || !above)
        return ErrorValue{};
      builder.range = range;
      ArrayValue error =
          comparison.error(comparison.wide(element(derivatives, place)), *below, *here, *above,
                           comparison.sub(x, before), comparison.sub(after, x));
      return TupleValue{{comparison.max(*carried.as<TupleValue>()->items[0].array(), error)}};
    };
    builder.range = range;
    Value worst = forLoop(builder.known(int64_t{0}, DType::I32), builder.known(count, DType::I32),
                          TupleValue{{comparison.number(0)}}, step,
                          [&](size_t) { return std::pair(std::string("the error"), range); });
    builder.range = range;
    auto tuple = worst.as<TupleValue>();
    if (!tuple || !tuple->items[0].array())
      return;
    ArrayValue error = comparison.relative(*tuple->items[0].array(), comparison.largest(gradient[j]),
                                           builder.unary("abs", *here));
    std::string name = j < names.size() ? names[j] : "argument " + std::to_string(j + 1);
    emitComparison(error, std::move(name), size, isComparable);
  }
}

void Specializer::compareJvp(const Leaves &primals, const Leaves &tangents, const LeavesBody &body,
                             std::span<const ArrayValue> derivatives,
                             const std::vector<std::string> &names) {
  SourceRange range = builder.range;
  Comparison comparison(*this);
  Leaves points = unknown(builder, primals), directions = unknown(builder, tangents);
  auto floatsAt = [&](const Leaves &at) {
    auto results = body(at);
    builder.range = range;
    if (results) {
      std::erase_if(*results, [](const ArrayValue &leaf) { return !isFloat(leaf.type.dtype); });
      for (ArrayValue &result : *results)
        result = comparison.wide(result);
    }
    return results;
  };
  size_t stopsBefore = gradientStops;
  auto here = floatsAt(points);
  if (!here)
    return;
  bool isComparable = gradientStops == stopsBefore;
  PausedComparisons paused(*this);
  ArrayValue size = comparison.number(1), length = comparison.number(0);
  for (size_t j = 0; j < points.size(); ++j) {
    size = comparison.max(size, comparison.largest(points[j]));
    length = comparison.max(length, comparison.largest(directions[j]));
  }
  ArrayValue isZero = builder.compare("eq", length, comparison.number(0));
  length = builder.select(isZero, comparison.number(1), length);
  ArrayValue h = builder.binary(
      "div", builder.binary("mul", size, comparison.number(kStep)), length);
  auto moved = [&](std::string_view sign) {
    Leaves at;
    for (size_t j = 0; j < points.size(); ++j) {
      ArrayValue step = builder.broadcastTo(builder.convert(h, points[j].type.dtype), points[j].type.dims);
      at.push_back(builder.binary(sign, points[j], builder.binary("mul", step, directions[j])));
      at.back().labels = points[j].labels;
    }
    return floatsAt(at);
  };
  auto before = moved("sub"), after = moved("add");
  if (!before || !after)
    return;
  ArrayValue worst = comparison.number(0), largest = worst, value = worst;
  int64_t elements = 0;
  for (size_t i = 0; i < here->size() && i < derivatives.size(); ++i) {
    ArrayValue derivative = comparison.wide(derivatives[i]);
    elements += derivative.type.elementCount();
    ArrayValue error =
        comparison.error(derivative, (*before)[i], (*here)[i], (*after)[i], h, h);
    worst = comparison.max(worst, comparison.largest(error));
    largest = comparison.max(largest, comparison.largest(derivative));
    value = comparison.max(value, comparison.largest((*here)[i]));
  }
  emitComparison(comparison.relative(worst, largest, value), joined(names), elements, isComparable);
}

void Specializer::compareRows(int64_t size, const Value &inputs,
                              const std::function<Value(const Value &)> &body, SourceRange range) {
  auto row = [&](const ArrayValue &counter, const Value &) -> Value {
    if (body(elementAt(inputs, counter)).isError())
      return ErrorValue{};
    return TupleValue{};
  };
  forLoop(builder.known(int64_t{0}, DType::I32), builder.known(size, DType::I32), TupleValue{}, row,
          [&](size_t) { return std::pair(std::string("a row"), range); });
}

} // namespace descent::sema
