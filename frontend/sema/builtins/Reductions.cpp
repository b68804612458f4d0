// Functions that combine the elements along axes.
#include "frontend/sema/Builtins.h"
#include "frontend/sema/builtins/Order.h"
#include "frontend/sema/builtins/Support.h"
#include "frontend/sema/builtins/Term.h"

#include <cmath>
#include <limits>

namespace descent::sema {
namespace {

/// An array and the axes of it to combine.
struct Reduction {
  ArrayValue x;
  Dims axes;
  bool keepDims = false;

  Dims keptShape() const {
    Dims dims = x.type.dims;
    for (int64_t axis : axes)
      dims[axis] = 1;
    return dims;
  }
  int64_t count() const {
    int64_t n = 1;
    for (int64_t axis : axes)
      n *= x.type.dims[axis];
    return n;
  }
};

enum class Elements { Any, Numbers, Floats };

/// Reads `x` and, from argument `at` on, `axis=` and `keepdims=`.
std::optional<Reduction> readReduction(BuiltinCall &call, Elements elements, size_t at = 1) {
  const Argument &argument = call.arguments[0];
  auto x = elements == Elements::Floats    ? call.sema.expectFloat(argument)
           : elements == Elements::Numbers ? expectNumber(call, argument)
                                           : call.sema.expectArray(argument);
  if (!x)
    return std::nullopt;
  auto axes = axesArgument(call, call.arguments[at], std::ssize(x->type.dims));
  auto keepDims = call.sema.expectKnownBool(call.arguments[at + 1]);
  if (!axes || !keepDims)
    return std::nullopt;
  return Reduction{*x, *axes, *keepDims};
}

/// Reduces along the axes; a reduction along none is the identity.
Term reduce(Builder &builder, std::string_view operation, const ArrayValue &x, const Dims &axes) {
  return {builder, axes.empty() ? x : builder.reduce(operation, x, axes)};
}
Value finish(const Reduction &reduction, Term result) {
  return reduction.keepDims ? result.reshaped(reduction.keptShape()) : result;
}
/// The result of a reduction, repeated along the axes that it lost.
Term spread(const Reduction &reduction, Term reduced) {
  return reduced.reshaped(reduction.keptShape()).to(reduction.x.type.dims);
}

/// Whether there is something to take the largest of; reports otherwise.
bool expectElements(BuiltinCall &call, const Reduction &reduction) {
  if (reduction.count() > 0)
    return true;
  fail(call, call.arguments[0], Msg::EmptyReduction, call.name, describe(reduction.x.type));
  return false;
}

// ---- Sums and extremes ------------------------------------------------------------------------

Value summed(BuiltinCall &call, std::string_view operation) {
  auto reduction = readReduction(call, Elements::Numbers);
  if (!reduction)
    return ErrorValue{};
  return finish(*reduction, reduce(call.sema.builder, operation, reduction->x, reduction->axes));
}
Value sumFunction(BuiltinCall &call) {
  return summed(call, "reduce_sum");
}
Value prodFunction(BuiltinCall &call) {
  return summed(call, "reduce_prod");
}

Value extreme(BuiltinCall &call, std::string_view operation) {
  // `max(a, b)`, as in Python and C++.
  const ArrayValue *x = call[0].array(), *second = call[1].array();
  bool isAxis = x && !x->isScalar() && (call[1].knownInteger() || (second && second->elements));
  if (x && second && !isAxis && !call.arguments[1].nameRange.isValid()) {
    bool isMax = operation == "reduce_max";
    call.sema.diagnostics
        .error(call.arguments[1].range, Msg::TypeMismatch, describeType(call[1]), "an axis")
        .note(std::string("the ") + (isMax ? "larger" : "smaller") + " of two is `" +
              (isMax ? "maximum" : "minimum") + "(x, y)`");
    return ErrorValue{};
  }
  auto reduction = readReduction(call, Elements::Numbers);
  if (!reduction || !expectElements(call, *reduction))
    return ErrorValue{};
  Term result = reduce(call.sema.builder, operation, reduction->x, reduction->axes);
  if (call[0].array()->type.dtype == DType::Bool)
    result = result.convert(DType::Bool);
  return finish(*reduction, result);
}
Value maxFunction(BuiltinCall &call) {
  return extreme(call, "reduce_max");
}
Value minFunction(BuiltinCall &call) {
  return extreme(call, "reduce_min");
}

Value argExtreme(BuiltinCall &call, std::string_view operation) {
  auto x = expectNumber(call, call.arguments[0]);
  if (!x)
    return ErrorValue{};
  auto keepDims = call.sema.expectKnownBool(call.arguments[2]);
  if (!keepDims)
    return ErrorValue{};
  Builder &builder = call.sema.builder;
  Dims kept(x->type.dims.size(), 1);
  int64_t axis = 0;
  if (call[1].isAbsent()) {
    x = builder.reshape(*x, {x->type.elementCount()});
  } else {
    auto named = call.sema.expectAxis(call.arguments[1], std::ssize(x->type.dims));
    if (!named)
      return ErrorValue{};
    axis = *named;
    kept = x->type.dims;
    kept[axis] = 1;
  }
  if (x->type.dims[axis] == 0)
    return fail(call, call.arguments[0], Msg::EmptyReduction, call.name, describe(x->type));
  ArrayValue result = builder.argReduce(operation, *x, axis);
  return *keepDims ? builder.reshape(result, kept) : result;
}
Value argmaxFunction(BuiltinCall &call) {
  return argExtreme(call, "argmax");
}
Value argminFunction(BuiltinCall &call) {
  return argExtreme(call, "argmin");
}

Value truth(BuiltinCall &call, std::string_view operation) {
  auto reduction = readReduction(call, Elements::Any);
  if (!reduction)
    return ErrorValue{};
  if (reduction->x.type.dtype == DType::Key)
    return fail(call, call.arguments[0], Msg::DtypeMismatch, call.name,
                describe(reduction->x.type));
  Builder &builder = call.sema.builder;
  ArrayValue x = reduction->x.type.dtype == DType::Bool
                     ? reduction->x
                     : builder.convert(reduction->x, DType::Bool);
  return finish(*reduction, reduce(builder, operation, x, reduction->axes));
}
Value allFunction(BuiltinCall &call) {
  return truth(call, "reduce_and");
}
Value anyFunction(BuiltinCall &call) {
  return truth(call, "reduce_or");
}

// ---- Moments ----------------------------------------------------------------------------------

Term meanOf(Builder &builder, const Reduction &reduction) {
  return reduce(builder, "reduce_sum", reduction.x, reduction.axes) / double(reduction.count());
}

Value meanFunction(BuiltinCall &call) {
  auto reduction = readReduction(call, Elements::Floats);
  if (!reduction)
    return ErrorValue{};
  return finish(*reduction, meanOf(call.sema.builder, *reduction));
}

std::optional<Term> variance(BuiltinCall &call, const Reduction &reduction) {
  auto ddof = expectKnownNumber(call, call.arguments[3]);
  if (!ddof)
    return std::nullopt;
  Builder &builder = call.sema.builder;
  Term centered = Term(builder, reduction.x) - spread(reduction, meanOf(builder, reduction));
  Term squares = reduce(builder, "reduce_sum", (centered * centered).value(), reduction.axes);
  return squares / std::max(0.0, double(reduction.count()) - toDouble(*ddof));
}

/// √x, whose derivative at 0 is 0: a spread or a length that is 0 is at its least.
Term rootOf(Term x) {
  Term isZero = x == 0;
  return select(isZero, 0, sqrt(select(isZero, 1, x)));
}

Value varFunction(BuiltinCall &call) {
  auto reduction = readReduction(call, Elements::Floats);
  auto result = reduction ? variance(call, *reduction) : std::nullopt;
  return result ? finish(*reduction, *result) : Value();
}
Value stdFunction(BuiltinCall &call) {
  auto reduction = readReduction(call, Elements::Floats);
  auto result = reduction ? variance(call, *reduction) : std::nullopt;
  return result ? finish(*reduction, rootOf(*result)) : Value();
}

Value normFunction(BuiltinCall &call) {
  auto reduction = readReduction(call, Elements::Floats, 2);
  if (!reduction)
    return ErrorValue{};
  double order = 2;
  if (!call[1].isAbsent()) {
    auto number = expectKnownNumber(call, call.arguments[1]);
    if (!number)
      return ErrorValue{};
    order = toDouble(*number);
    if (reduction->axes.size() > 1)
      return notSupported(call, call.arguments[1], "norm of a matrix of a given order");
  }
  Builder &builder = call.sema.builder;
  Term x(builder, reduction->x);
  auto combine = [&](std::string_view operation, Term each) {
    return reduce(builder, operation, each.value(), reduction->axes);
  };
  if (order == 2)
    return finish(*reduction, rootOf(combine("reduce_sum", x * x)));
  if (order == 1)
    return finish(*reduction, combine("reduce_sum", abs(x)));
  if (order == 0)
    return finish(*reduction, combine("reduce_sum", (x != 0).convert(x.type().dtype)));
  if (std::isinf(order)) {
    if (!expectElements(call, *reduction))
      return ErrorValue{};
    return finish(*reduction, combine(order > 0 ? "reduce_max" : "reduce_min", abs(x)));
  }
  Term powers = abs(x).binary("pow", x.like(order));
  Term sum = combine("reduce_sum", powers);
  return finish(*reduction, sum.binary("pow", sum.like(1 / order)));
}

// ---- Exponentials -----------------------------------------------------------------------------

/// The largest element, as a number to subtract before exp: 0 where it is infinite or NaN. The
/// results do not depend on it, so it is a constant to derivatives.
Term shiftOf(Builder &builder, const Reduction &reduction) {
  Term largest = reduce(builder, "reduce_max", reduction.x, reduction.axes);
  Term finite = abs(largest) < std::numeric_limits<double>::infinity();
  return stopGradient(select(finite, largest, 0));
}

Value logsumexpFunction(BuiltinCall &call) {
  auto reduction = readReduction(call, Elements::Floats);
  if (!reduction || !expectElements(call, *reduction))
    return ErrorValue{};
  Builder &builder = call.sema.builder;
  Term shift = shiftOf(builder, *reduction);
  Term powers = exp(Term(builder, reduction->x) - spread(*reduction, shift));
  Term sum = reduce(builder, "reduce_sum", powers.value(), reduction->axes);
  return finish(*reduction, log(sum) + shift);
}

/// softmax and log_softmax are `(x, axis=-1)`.
template <typename Formula> Value normalized(BuiltinCall &call, Formula formula) {
  auto x = call.sema.expectFloat(call.arguments[0]);
  if (!x || !expectRank(call, call.arguments[0], *x, 1, INT64_MAX, "an array with an axis"))
    return ErrorValue{};
  auto axes = axesArgument(call, call.arguments[1], std::ssize(x->type.dims));
  if (!axes)
    return ErrorValue{};
  Reduction reduction{*x, *axes, true};
  if (reduction.count() == 0)
    return *x;
  Builder &builder = call.sema.builder;
  Term largest = stopGradient(reduce(builder, "reduce_max", *x, *axes));
  Term shifted = Term(builder, *x) - spread(reduction, largest);
  Term powers = exp(shifted);
  Term sum = reduce(builder, "reduce_sum", powers.value(), *axes);
  return formula(reduction, shifted, powers, sum);
}
Value softmaxFunction(BuiltinCall &call) {
  return normalized(call, [](const Reduction &reduction, Term, Term powers, Term sum) {
    return powers / spread(reduction, sum);
  });
}
Value logSoftmaxFunction(BuiltinCall &call) {
  return normalized(call, [](const Reduction &reduction, Term shifted, Term, Term sum) {
    return shifted - spread(reduction, log(sum));
  });
}

/// The sum of the rows of each segment, along the first axis.
Value segmentSumFunction(BuiltinCall &call) {
  auto x = expectNumber(call, call.arguments[0]);
  auto segments = expectInteger(call, call.arguments[1]);
  auto count = call.sema.expectKnownInteger(call.arguments[2]);
  if (!x || !segments || !count)
    return ErrorValue{};
  if (x->type.dims.empty() || segments->type.dims != Dims{x->type.dims[0]})
    return fail(call, call.arguments[1], Msg::BadArgument, "segment_ids", call.name,
                "a segment for each row of " + describe(x->type), describe(segments->type));
  if (*count < 1)
    return fail(call, call.arguments[2], Msg::BadArgument, "num_segments", call.name, "1 or more",
                *count);
  Builder &builder = call.sema.builder;
  if (segments->type.dtype == DType::U32)
    segments = builder.convert(*segments, DType::I64);
  // Rows of segments that do not exist go to one more, which is dropped.
  Term ids(builder, *segments);
  Term place = select((ids < 0) | (ids >= double(*count)), double(*count), ids);
  Dims dims = x->type.dims;
  dims[0] = *count + 1;
  ArrayValue sums =
      builder.scatter("add", builder.splat(0, {x->type.dtype, dims}), place.value(), *x, 0);
  return sliceAxis(builder, sums, 0, 0, *count);
}

const Builtin kTable[] = {
    {"sum", "sum(x, axis=, keepdims=false)", sumFunction},
    {"prod", "prod(x, axis=, keepdims=false)", prodFunction},
    {"mean", "mean(x, axis=, keepdims=false)", meanFunction},
    {"var", "var(x, axis=, keepdims=false, ddof=0)", varFunction},
    {"std", "std(x, axis=, keepdims=false, ddof=0)", stdFunction},
    {"min", "min(x, axis=, keepdims=false)", minFunction},
    {"max", "max(x, axis=, keepdims=false)", maxFunction},
    {"argmin", "argmin(x, axis=, keepdims=false)", argminFunction},
    {"argmax", "argmax(x, axis=, keepdims=false)", argmaxFunction},
    {"any", "any(x, axis=, keepdims=false)", anyFunction},
    {"all", "all(x, axis=, keepdims=false)", allFunction},
    {"logsumexp", "logsumexp(x, axis=, keepdims=false)", logsumexpFunction},
    {"softmax", "softmax(x, axis=-1)", softmaxFunction},
    {"log_softmax", "log_softmax(x, axis=-1)", logSoftmaxFunction},
    {"norm", "norm(x, ord=, axis=, keepdims=false)", normFunction},
    {"segment_sum", "segment_sum(x, segment_ids, num_segments)", segmentSumFunction},
    {"cumsum", "cumsum(x, axis=)", cumsumFunction},
    {"cumprod", "cumprod(x, axis=)", cumprodFunction},
    {"cummax", "cummax(x, axis=)", cummaxFunction},
    {"sort", "sort(x, axis=-1, descending=false)", sortFunction},
    {"argsort", "argsort(x, axis=-1, descending=false)", argsortFunction},
    {"top_k", "top_k(x, k)", topKFunction},
    {"median", "median(x, axis=, keepdims=false)", medianFunction},
    {"quantile", "quantile(x, q, axis=, keepdims=false)", quantileFunction},
};

} // namespace

std::span<const Builtin> reductionBuiltins() {
  return kTable;
}

} // namespace descent::sema
