// Functions of each element by itself. Those of one array take records and tuples too, item by
// item.
#include "frontend/sema/Builtins.h"
#include "frontend/sema/Structure.h"
#include "frontend/sema/builtins/Support.h"
#include "frontend/sema/builtins/Term.h"

#include <cmath>
#include <limits>

namespace descent::sema {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Applies a formula to each float array of the first argument.
template <typename Formula> Value eachFloat(BuiltinCall &call, Formula formula) {
  return mapLeaves(call.arguments[0], [&](const Argument &argument) -> Value {
    auto x = call.sema.expectFloat(argument);
    if (!x)
      return ErrorValue{};
    return formula(Term(call.sema.builder, *x));
  });
}

template <typename Formula> Value eachNumber(BuiltinCall &call, Formula formula) {
  return mapLeaves(call.arguments[0], [&](const Argument &argument) -> Value {
    auto x = expectNumber(call, argument);
    if (!x)
      return ErrorValue{};
    return formula(Term(call.sema.builder, *x));
  });
}

/// Applies a function to the arrays of the first two arguments. Of two records of equal structure that
/// is item by item; a scalar goes with every item.
Value pairwise(BuiltinCall &call,
               const std::function<Value(const Argument &, const Argument &)> &apply) {
  const Argument &a = call.arguments[0], &b = call.arguments[1];
  auto isTree = [](const Value &value) { return value.as<TupleValue>() || value.as<RecordValue>(); };
  auto with = [](const Argument &argument, const ArrayValue &leaf) {
    return Argument{argument.name, argument.nameRange, leaf, argument.range};
  };
  if (!isTree(a.value) && !isTree(b.value))
    return apply(a, b);
  if (!isTree(a.value))
    return mapArrays(b.value, [&](const ArrayValue &leaf) { return apply(a, with(b, leaf)); });
  if (!isTree(b.value))
    return mapArrays(a.value, [&](const ArrayValue &leaf) { return apply(with(a, leaf), b); });
  if (!sameStructure(a.value, b.value))
    return fail(call, call.range, Msg::StructureMismatch, describeType(a.value),
                describeType(b.value));
  std::vector<ArrayValue> left = leavesOf(a.value), right = leavesOf(b.value), results;
  for (size_t i = 0; i < left.size(); ++i) {
    Value result = apply(with(a, left[i]), with(b, right[i]));
    if (!result.array())
      return ErrorValue{};
    results.push_back(*result.array());
  }
  return rebuilt(a.value, results);
}

/// Applies a formula to the first two arguments, brought to one type and shape.
template <typename Formula> Value ofTwo(BuiltinCall &call, bool floats, Formula formula) {
  return pairwise(call, [&](const Argument &first, const Argument &second) -> Value {
    ArrayValue arrays[2];
    SourceRange ranges[2];
    const Argument *arguments[] = {&first, &second};
    for (int i = 0; i < 2; ++i) {
      auto x = floats ? call.sema.expectFloat(*arguments[i]) : expectNumber(call, *arguments[i]);
      if (!x)
        return ErrorValue{};
      arrays[i] = *x;
      ranges[i] = rangeOf(call, *arguments[i]);
    }
    if (!call.sema.unify(arrays, ranges, call.calleeRange))
      return ErrorValue{};
    Builder &builder = call.sema.builder;
    return formula(Term(builder, arrays[0]), Term(builder, arrays[1]));
  });
}

// ---- One operation ----------------------------------------------------------------------------

/// The operation that has the function's own name.
Value floatFunction(BuiltinCall &call) {
  return eachFloat(call, [&](Term x) { return x.unary(call.name); });
}
Value numberFunction(BuiltinCall &call) {
  return eachNumber(call, [&](Term x) { return x.unary(call.name); });
}
/// Rounding leaves integers as they are.
Value roundingFunction(BuiltinCall &call) {
  return eachNumber(call, [&](Term x) { return isFloat(x.type().dtype) ? x.unary(call.name) : x; });
}
Value atan2Function(BuiltinCall &call) {
  return ofTwo(call, true, [](Term y, Term x) { return y.binary("atan2", x); });
}
Value maximumFunction(BuiltinCall &call) {
  return ofTwo(call, false, [](Term a, Term b) { return max(a, b); });
}
Value minimumFunction(BuiltinCall &call) {
  return ofTwo(call, false, [](Term a, Term b) { return min(a, b); });
}
Value powerFunction(BuiltinCall &call) {
  return call.sema.binaryOperator("^", call[0], call[1], rangeOf(call, call.arguments[0]),
                                  rangeOf(call, call.arguments[1]), call.calleeRange);
}
Value moduloFunction(BuiltinCall &call) {
  return call.sema.binaryOperator("%", call[0], call[1], rangeOf(call, call.arguments[0]),
                                  rangeOf(call, call.arguments[1]), call.calleeRange);
}
Value digammaFunction(BuiltinCall &call) {
  return eachFloat(call, [](Term x) {
    Builder &builder = x.builder();
    ValueId operand = builder.materialize(x.value());
    return Term(builder,
                builder.appendOne("polygamma", {operand}, x.type(), {{"order", int64_t{0}}}));
  });
}

// ---- Composed ---------------------------------------------------------------------------------

/// 0 at 0 and below, also its derivative; NaN stays.
Value reluFunction(BuiltinCall &call) {
  return eachNumber(call, [](Term x) { return select(x <= 0, 0, x); });
}

Value geluFunction(BuiltinCall &call) {
  auto approximate = call.sema.expectKnownBool(call.arguments[1]);
  if (!approximate)
    return ErrorValue{};
  return eachFloat(call, [&](Term x) { return x.unary(*approximate ? "gelu_tanh" : "gelu"); });
}

/// log(1 + e^x) without overflow. Written with a choice, not with |x|, so that around 0 it is one
/// smooth formula: all its derivatives are right there too.
Value softplusFunction(BuiltinCall &call) {
  return eachFloat(call, [](Term x) {
    Term positive = x > 0;
    return select(positive, x, 0) + log1p(exp(select(positive, -x, x)));
  });
}

Value logaddexpFunction(BuiltinCall &call) {
  return ofTwo(call, true, [](Term a, Term b) { return a.binary("logaddexp", b); });
}

/// √(x² + y²) of numbers that are scaled by the larger, so that squares neither overflow nor
/// vanish. The result does not depend on the scale, which therefore counts as a constant to
/// derivatives; at the origin the derivative is 0.
Value hypotFunction(BuiltinCall &call) {
  return ofTwo(call, true, [](Term x, Term y) {
    Term largest = stopGradient(max(abs(x), abs(y)));
    Term infinite = (abs(x) == kInfinity) | (abs(y) == kInfinity);
    Term scale = select((largest == 0) | infinite, 1, largest);
    Term u = x / scale, v = y / scale;
    Term square = u * u + v * v;
    Term isZero = square == 0;
    Term length = select(isZero, 0, sqrt(select(isZero, 1, square)));
    return select(infinite, kInfinity, scale * length);
  });
}

Value clipFunction(BuiltinCall &call) {
  return mapLeaves(call.arguments[0], [&](const Argument &argument) -> Value {
    std::vector<ArrayValue> arrays;
    std::vector<SourceRange> ranges;
    bool hasMin = !call[1].isAbsent(), hasMax = !call[2].isAbsent();
    const Argument *given[] = {&argument, hasMin ? &call.arguments[1] : nullptr,
                               hasMax ? &call.arguments[2] : nullptr};
    for (const Argument *each : given) {
      if (!each)
        continue;
      auto x = expectNumber(call, *each);
      if (!x)
        return ErrorValue{};
      arrays.push_back(*x);
      ranges.push_back(rangeOf(call, *each));
    }
    if (!call.sema.unify(arrays, ranges, call.calleeRange))
      return ErrorValue{};
    Builder &builder = call.sema.builder;
    Term x(builder, arrays[0]);
    // Choices rather than minimum and maximum: at a bound the derivative is 1, as inside.
    if (hasMin) {
      Term bound(builder, arrays[1]);
      x = select(x < bound, bound, x);
    }
    if (hasMax) {
      Term bound(builder, arrays.back());
      x = select(x > bound, bound, x);
    }
    return x;
  });
}

// ---- Choice and classes -----------------------------------------------------------------------

Value whereFunction(BuiltinCall &call) {
  auto condition = call.sema.expectArray(call.arguments[0]);
  auto a = call.sema.expectArray(call.arguments[1]);
  auto b = call.sema.expectArray(call.arguments[2]);
  if (!condition || !a || !b)
    return ErrorValue{};
  if (condition->type.dtype == DType::Key)
    return fail(call, call.arguments[0], Msg::TypeMismatch, describe(condition->type), "a bool");
  Builder &builder = call.sema.builder;
  if (condition->type.dtype != DType::Bool)
    condition = builder.convert(*condition, DType::Bool);
  ArrayValue values[] = {*a, *b};
  const SourceRange ranges[] = {rangeOf(call, call.arguments[1]), rangeOf(call, call.arguments[2])};
  if (!call.sema.unify(values, ranges, call.calleeRange))
    return ErrorValue{};
  auto shape = broadcastShapes(condition->type.dims, values[0].type.dims);
  if (!shape) {
    call.sema.diagnostics
        .error(call.range, Msg::ShapeMismatch, describe(condition->type), describe(values[0].type))
        .point(call.calleeRange)
        .also(rangeOf(call, call.arguments[0]))
        .also(ranges[0])
        .also(ranges[1]);
    return ErrorValue{};
  }
  return builder.select(builder.broadcastTo(*condition, *shape),
                        builder.broadcastTo(values[0], *shape),
                        builder.broadcastTo(values[1], *shape));
}

/// A test of floats; integers have one answer.
template <typename Test> Value classify(BuiltinCall &call, bool ofIntegers, Test test) {
  return eachNumber(call, [&](Term x) {
    if (isFloat(x.type().dtype))
      return test(x);
    TensorType type{DType::Bool, x.type().dims};
    return Term(x.builder(), x.builder().splat(ofIntegers, type));
  });
}
Value isnanFunction(BuiltinCall &call) {
  return classify(call, false, [](Term x) { return x != x; });
}
Value isinfFunction(BuiltinCall &call) {
  return classify(call, false, [](Term x) { return abs(x) == kInfinity; });
}
Value isfiniteFunction(BuiltinCall &call) {
  return classify(call, true, [](Term x) { return abs(x) < kInfinity; });
}

const Builtin kTable[] = {
    {"abs", "abs(x)", numberFunction},
    {"sign", "sign(x)", numberFunction},
    {"floor", "floor(x)", roundingFunction},
    {"ceil", "ceil(x)", roundingFunction},
    {"round", "round(x)", roundingFunction},
    {"sqrt", "sqrt(x)", floatFunction},
    {"rsqrt", "rsqrt(x)", floatFunction},
    {"cbrt", "cbrt(x)", floatFunction},
    {"exp", "exp(x)", floatFunction},
    {"exp2", "exp2(x)", floatFunction},
    {"expm1", "expm1(x)", floatFunction},
    {"log", "log(x)", floatFunction},
    {"log2", "log2(x)", floatFunction},
    {"log10", "log10(x)", floatFunction},
    {"log1p", "log1p(x)", floatFunction},
    {"sin", "sin(x)", floatFunction},
    {"cos", "cos(x)", floatFunction},
    {"tan", "tan(x)", floatFunction},
    {"asin", "asin(x)", floatFunction},
    {"acos", "acos(x)", floatFunction},
    {"atan", "atan(x)", floatFunction},
    {"atan2", "atan2(y, x)", atan2Function},
    {"sinh", "sinh(x)", floatFunction},
    {"cosh", "cosh(x)", floatFunction},
    {"tanh", "tanh(x)", floatFunction},
    {"asinh", "asinh(x)", floatFunction},
    {"acosh", "acosh(x)", floatFunction},
    {"atanh", "atanh(x)", floatFunction},
    {"erf", "erf(x)", floatFunction},
    {"erfc", "erfc(x)", floatFunction},
    {"erfinv", "erfinv(x)", floatFunction},
    {"lgamma", "lgamma(x)", floatFunction},
    {"digamma", "digamma(x)", digammaFunction},
    {"sigmoid", "sigmoid(x)", floatFunction},
    {"softplus", "softplus(x)", softplusFunction},
    {"relu", "relu(x)", reluFunction},
    {"gelu", "gelu(x, approximate=true)", geluFunction},
    {"silu", "silu(x)", floatFunction},
    {"minimum", "minimum(x, y)", minimumFunction},
    {"maximum", "maximum(x, y)", maximumFunction},
    {"clip", "clip(x, min=, max=)", clipFunction},
    {"where", "where(condition, x, y)", whereFunction},
    {"isnan", "isnan(x)", isnanFunction},
    {"isinf", "isinf(x)", isinfFunction},
    {"isfinite", "isfinite(x)", isfiniteFunction},
    {"logaddexp", "logaddexp(x, y)", logaddexpFunction},
    {"hypot", "hypot(x, y)", hypotFunction},
    {"pow", "pow(x, y)", powerFunction},
    {"mod", "mod(x, y)", moduloFunction},
};

} // namespace

std::span<const Builtin> elementwiseBuiltins() {
  return kTable;
}

} // namespace descent::sema
