// Random numbers: keys and distributions, with the integers of jax.random.
#include "frontend/sema/Builtins.h"
#include "frontend/sema/builtins/Rearrange.h"
#include "frontend/sema/builtins/Sampling.h"
#include "frontend/sema/builtins/Threefry.h"

#include <cmath>
#include <limits>

namespace descent::sema {
namespace {

// ---- Keys -------------------------------------------------------------------------------------

/// An integer scalar as the low bits of 64: signed ones of 32 bits are not extended.
std::optional<Term> packedInteger(BuiltinCall &call, const Argument &argument) {
  auto x = expectInteger(call, argument);
  if (!x || !expectRank(call, argument, *x, 0, 0, "an integer"))
    return std::nullopt;
  Builder &builder = call.sema.builder;
  if (auto known = Value(*x).knownInteger()) {
    bool wide = x->type.dtype == DType::I64 || *known != int64_t(int32_t(*known));
    int64_t word = wide ? *known : int64_t(uint32_t(*known));
    return Term(builder, builder.constant({std::vector<int64_t>{word}}, {DType::Key, {}}));
  }
  Term seed(builder, *x);
  if (x->type.dtype == DType::I32)
    seed = seed.convert(DType::U32);
  return seed.convert(DType::Key);
}

Value keyFunction(BuiltinCall &call) {
  auto seed = packedInteger(call, call.arguments[0]);
  return seed ? Value(seed->value()) : Value();
}

Value foldInFunction(BuiltinCall &call) {
  auto key = expectKey(call, call.arguments[0]);
  auto data = packedInteger(call, call.arguments[1]);
  if (!key || !data)
    return ErrorValue{};
  // 32 bits count, as in JAX.
  return key->binary("threefry", data->convert(DType::U32).convert(DType::Key));
}

Value bitsFunction(BuiltinCall &call) {
  auto key = expectKey(call, call.arguments[0]);
  auto shape = shapeArgument(call, call.arguments[1]);
  if (!key || !shape)
    return ErrorValue{};
  return random32(*key, *shape);
}

// ---- Distributions ----------------------------------------------------------------------------

/// The arguments `(key, shape=, dtype=)` that most distributions begin with.
struct Draw {
  Term key;
  Dims shape;
  DType dtype;
};
std::optional<Draw> readDraw(BuiltinCall &call, size_t at = 1) {
  auto key = expectKey(call, call.arguments[0]);
  auto shape = shapeArgument(call, call.arguments[at]);
  auto dtype = floatDTypeArgument(call, call.arguments[at + 1]);
  if (!key || !shape || !dtype)
    return std::nullopt;
  return Draw{*key, *shape, *dtype};
}

/// A parameter of a distribution, in the shape and type of the result.
std::optional<Term> parameter(BuiltinCall &call, const Argument &argument, const TensorType &type) {
  auto x = expectNumber(call, argument);
  if (!x)
    return std::nullopt;
  auto shape = broadcastShapes(x->type.dims, type.dims);
  if (!shape || *shape != type.dims) {
    fail(call, argument, Msg::ShapeMismatch, describe(x->type), describe(type));
    return std::nullopt;
  }
  Builder &builder = call.sema.builder;
  ArrayValue converted = x->type.dtype == type.dtype ? *x : builder.convert(*x, type.dtype);
  return Term(builder, builder.broadcastTo(converted, type.dims));
}

Value uniformFunction(BuiltinCall &call) {
  auto draw = readDraw(call);
  if (!draw)
    return ErrorValue{};
  TensorType type{draw->dtype, draw->shape};
  auto low = parameter(call, call.arguments[3], type);
  auto high = parameter(call, call.arguments[4], type);
  if (!low || !high)
    return ErrorValue{};
  return uniformBetween(draw->key, *low, *high);
}

Term normalOf(const Draw &draw) {
  double low =
      draw.dtype == DType::F64 ? std::nextafter(-1.0, 0.0) : double(std::nextafter(-1.0f, 0.0f));
  Term u = uniformBetween(draw.key, draw.shape, draw.dtype, low, 1);
  return std::sqrt(2.0) * u.unary("erfinv");
}

Value normalFunction(BuiltinCall &call) {
  auto draw = readDraw(call);
  return draw ? Value(normalOf(*draw).value()) : Value();
}

/// `exponential(rate, decay, every)` is the schedule: the two share a name.
Value exponentialSchedule(BuiltinCall &call) {
  constexpr std::string_view kNames[] = {"rate", "decay", "every"};
  std::vector<Argument> arguments;
  for (size_t i = 0; i < 3; ++i) {
    // By position they stand where key, shape and dtype would.
    const Argument &given = call.arguments[call[i].isAbsent() ? i + 3 : i];
    if (given.value.isAbsent())
      continue;
    arguments.push_back(given);
    arguments.back().name = kNames[i];
  }
  Module *prelude = call.sema.prelude();
  Variable *schedule = prelude ? prelude->find("exponential_decay") : nullptr;
  return schedule ? call.sema.call(schedule->value, arguments, call.range) : Value();
}

Value exponentialFunction(BuiltinCall &call) {
  const ArrayValue *first = call[0].array();
  bool isSchedule =
      !call[3].isAbsent() || (first && first->type.dtype != DType::Key) || call[0].as<TupleValue>();
  if (isSchedule || call[0].isAbsent())
    return exponentialSchedule(call);
  auto draw = readDraw(call);
  if (!draw)
    return ErrorValue{};
  return -log1p(-uniformUnit(draw->key, draw->shape, draw->dtype));
}

Value gumbelFunction(BuiltinCall &call) {
  auto draw = readDraw(call);
  if (!draw)
    return ErrorValue{};
  return gumbel(draw->key, draw->shape, draw->dtype);
}

Value laplaceFunction(BuiltinCall &call) {
  auto draw = readDraw(call);
  if (!draw)
    return ErrorValue{};
  double spacing = draw->dtype == DType::F64 ? std::numeric_limits<double>::epsilon() / 2
                                             : double(std::numeric_limits<float>::epsilon()) / 2;
  Term u = uniformBetween(draw->key, draw->shape, draw->dtype, -1 + spacing, 1);
  return u.unary("sign") * log1p(-abs(u));
}

Value bernoulliFunction(BuiltinCall &call) {
  auto key = expectKey(call, call.arguments[0]);
  auto p = call.sema.expectFloat(call.arguments[1]);
  if (!key || !p)
    return ErrorValue{};
  Dims shape = p->type.dims;
  if (!call[2].isAbsent()) {
    auto given = shapeArgument(call, call.arguments[2]);
    if (!given)
      return ErrorValue{};
    shape = *given;
  }
  auto chance = parameter(call, call.arguments[1], {p->type.dtype, shape});
  if (!chance)
    return ErrorValue{};
  return uniformUnit(*key, shape, p->type.dtype) < *chance;
}

Value randintFunction(BuiltinCall &call) {
  auto key = expectKey(call, call.arguments[0]);
  auto shape = shapeArgument(call, call.arguments[1]);
  auto dtype = dtypeArgument(call, call.arguments[4], DType::I32);
  if (!key || !shape || !dtype)
    return ErrorValue{};
  if (!isInteger(*dtype))
    return fail(call, call.arguments[4], Msg::BadArgument, "dtype", call.name, "an integer's type",
                nameOf(*dtype));
  for (int i : {2, 3})
    if (!expectInteger(call, call.arguments[i]))
      return ErrorValue{};
  TensorType type{*dtype, *shape};
  auto low = parameter(call, call.arguments[2], type);
  auto high = parameter(call, call.arguments[3], type);
  if (!low || !high)
    return ErrorValue{};
  return integersBetween(*key, *low, *high);
}

/// The next float after each of x toward +infinity (or −infinity).
Term nextAfter(const Term &x, bool upward) {
  DType dtype = x.type().dtype;
  Term bits = x.bitcast(dtype == DType::F64 ? DType::I64 : DType::I32);
  // Away from zero the bits count up; across zero they begin at the least subnormal number.
  Term away = (bits + 1).bitcast(dtype), toward = (bits - 1).bitcast(dtype);
  Term tiny = x.like(0).bitcast(bits.type().dtype) + 1;
  Term least = tiny.bitcast(dtype);
  Term next = upward ? select(x > 0, away, toward) : select(x < 0, away, toward);
  next = select(x == 0, upward ? least : -least, next);
  double limit =
      upward ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
  return select(x == limit, x, next);
}

/// truncated_normal(key, lower, upper, shape, dtype)
Value truncatedNormalFunction(BuiltinCall &call) {
  auto key = expectKey(call, call.arguments[0]);
  auto a = expectNumber(call, call.arguments[1]), b = expectNumber(call, call.arguments[2]);
  auto dtype = floatDTypeArgument(call, call.arguments[4]);
  if (!key || !a || !b || !dtype)
    return ErrorValue{};
  auto shape = broadcastShapes(a->type.dims, b->type.dims);
  if (!call[3].isAbsent())
    shape = shapeArgument(call, call.arguments[3]);
  else if (!shape)
    fail(call, call.arguments[2], Msg::ShapeMismatch, describe(a->type), describe(b->type));
  if (!shape)
    return ErrorValue{};
  TensorType type{*dtype, *shape};
  auto lower = parameter(call, call.arguments[1], type);
  auto upper = parameter(call, call.arguments[2], type);
  if (!lower || !upper)
    return ErrorValue{};
  const double root = std::sqrt(2.0);
  Term u = uniformBetween(*key, (*lower / root).unary("erf"), (*upper / root).unary("erf"));
  Term result = root * u.unary("erfinv");
  // Rounding must not reach the bounds.
  return min(max(result, nextAfter(stopGradient(*lower), true)),
             nextAfter(stopGradient(*upper), false));
}

Value notSupportedFunction(BuiltinCall &call) {
  return notSupported(call);
}

const Builtin kTable[] = {
    {"key", "key(seed)", keyFunction},
    {"fold_in", "fold_in(key, data)", foldInFunction},
    {"bits", "bits(key, shape=)", bitsFunction},
    {"uniform", "uniform(key, shape=, dtype=, minval=0.0, maxval=1.0)", uniformFunction},
    {"normal", "normal(key, shape=, dtype=)", normalFunction},
    {"randint", "randint(key, shape, minval, maxval, dtype=)", randintFunction},
    {"bernoulli", "bernoulli(key, p=0.5, shape=)", bernoulliFunction},
    {"permutation", "permutation(key, x, axis=0)", permutationFunction},
    {"choice", "choice(key, a, shape=, replace=true, p=, axis=0)", choiceFunction},
    {"exponential", "exponential(key=, shape=, dtype=, rate=, decay=, every=)",
     exponentialFunction},
    {"categorical", "categorical(key, logits, axis=-1, shape=)", categoricalFunction},
    {"gumbel", "gumbel(key, shape=, dtype=)", gumbelFunction},
    {"laplace", "laplace(key, shape=, dtype=)", laplaceFunction},
    {"truncated_normal", "truncated_normal(key, lower, upper, shape=, dtype=)",
     truncatedNormalFunction},
    {"gamma", "gamma(key, a, shape=, dtype=)", notSupportedFunction},
    {"beta", "beta(key, a, b, shape=, dtype=)", notSupportedFunction},
    {"poisson", "poisson(key, lam, shape=, dtype=)", notSupportedFunction},
};

} // namespace

Value splitKey(BuiltinCall &call) {
  auto key = expectKey(call, call.arguments[0]);
  Dims shape{2};
  if (!call[1].isAbsent()) {
    auto given = shapeArgument(call, call.arguments[1]);
    if (!given)
      return ErrorValue{};
    shape = *given;
  }
  return key ? Value(splitKeys(*key, shape).value()) : Value();
}

std::span<const Builtin> randomBuiltins() {
  return kTable;
}

} // namespace descent::sema
