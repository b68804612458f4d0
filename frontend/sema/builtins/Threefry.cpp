#include "frontend/sema/builtins/Threefry.h"
#include "frontend/sema/builtins/Order.h"

#include <cmath>
#include <limits>

namespace descent::sema {
namespace {

/// The bits of 1.0, and how many of an integer's bits make a float's mantissa.
struct FloatFormat {
  DType bits;
  int64_t one;
  int shift;
};
FloatFormat formatOf(DType dtype) {
  if (dtype == DType::F64)
    return {DType::Key, 0x3FF0000000000000, 64 - 52};
  return {DType::U32, 0x3F800000, 32 - 23};
}

/// A constant of an integer type that a double may not hold exactly.
Term integerLike(const Term &term, int64_t number) {
  return {term.builder(), term.builder().constant({std::vector<int64_t>{number}}, term.type())};
}

} // namespace

std::optional<Term> expectKey(BuiltinCall &call, const Argument &argument) {
  auto x = call.sema.expectArray(argument);
  if (!x)
    return std::nullopt;
  if (x->type.dtype != DType::Key || !x->isScalar()) {
    auto report = call.sema.diagnostics.error(rangeOf(call, argument), Msg::TypeMismatch,
                                              describe(x->type), "a random key");
    if (x->type.dtype == DType::Key)
      report.note("take one of the keys: `keys[0]`, or all of them with `vmap`");
    else if (isInteger(x->type.dtype))
      report.note("`key(seed)` makes a key of an integer");
    return std::nullopt;
  }
  return Term(call.sema.builder, *x);
}

Term randomWords(const Term &key, const Dims &shape) {
  Builder &builder = key.builder();
  int64_t count = countOf(shape);
  Term counter(builder, builder.iota({DType::Key, {count}}, 0));
  return key.to({count}).binary("threefry", counter).reshaped(shape);
}

Term random32(const Term &key, const Dims &shape) {
  Term words = randomWords(key, shape);
  return (words >> 32).convert(DType::U32) ^ words.convert(DType::U32);
}

Term splitKeys(const Term &key, const Dims &shape) {
  return randomWords(key, shape);
}

Term keyAt(const Term &keys, int64_t i) {
  Builder &builder = keys.builder();
  return Term(builder, sliceAxis(builder, keys.value(), 0, i, i + 1)).reshaped({});
}

Term uniformUnit(const Term &key, const Dims &shape, DType dtype) {
  FloatFormat format = formatOf(dtype);
  Term bits = dtype == DType::F64 ? randomWords(key, shape) : random32(key, shape);
  // Random bits as the mantissa of a float in [1, 2).
  Term mantissa = bits >> double(format.shift);
  return (mantissa | integerLike(mantissa, format.one)).bitcast(dtype) - 1;
}

Term uniformBetween(const Term &key, const Term &low, const Term &high) {
  Term unit = uniformUnit(key, low.type().dims, low.type().dtype);
  return max(low, unit * (high - low) + low);
}

Term uniformBetween(const Term &key, const Dims &shape, DType dtype, double low, double high) {
  Builder &builder = key.builder();
  TensorType type{dtype, shape};
  return uniformBetween(key, Term(builder, builder.splat(low, type)),
                        Term(builder, builder.splat(high, type)));
}

Term gumbel(const Term &key, const Dims &shape, DType dtype) {
  double tiny = dtype == DType::F64 ? std::numeric_limits<double>::min()
                                    : double(std::numeric_limits<float>::min());
  return -log(-log(uniformBetween(key, shape, dtype, tiny, 1)));
}

Term integersBetween(const Term &key, const Term &low, const Term &high) {
  const Dims &shape = low.type().dims;
  DType dtype = low.type().dtype;
  bool wide = dtype == DType::I64;
  Term keys = splitKeys(key, {2});
  auto draw = [&](int64_t i) {
    Term one = keyAt(keys, i);
    return wide ? randomWords(one, shape) : random32(one, shape);
  };
  Term upper = draw(0), lower = draw(1);
  Term span = (high - low).convert(upper.type().dtype);
  span = select(high <= low, 1, span);
  // Twice as many bits as the type has, modulo the span: 2^n mod span without overflow.
  Term half = span.like(wide ? 4294967296.0 : 65536.0) % span;
  Term multiplier = (half * half) % span;
  Term offset = ((upper % span) * multiplier + lower % span) % span;
  return low + offset.convert(dtype);
}

Term randomOrder(Term key, int64_t n) {
  Builder &builder = key.builder();
  Term order(builder, builder.iota({DType::I32, {n}}, 0));
  // Sorting by random 32-bit numbers, as often as makes ties in every round unlikely.
  int rounds = static_cast<int>(
      std::ceil(3 * std::log(std::max<double>(1, double(n))) / std::log(4294967295.0)));
  for (int i = 0; i < rounds; ++i) {
    Term keys = splitKeys(key, {2});
    key = keyAt(keys, 0);
    Term places = random32(keyAt(keys, 1), {n});
    ArrayValue sorted = builder.argsort(places.value(), 0);
    order =
        i == 0 ? Term(builder, sorted) : Term(builder, builder.gather(order.value(), sorted, 0));
  }
  return order;
}

} // namespace descent::sema
