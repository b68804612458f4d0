#include "frontend/sema/builtins/Sampling.h"

#include "frontend/sema/builtins/Order.h"
#include "frontend/sema/builtins/Threefry.h"

namespace descent::sema {
namespace {

/// What is drawn from: the elements of an array along an axis, or the integers below a number.
struct Population {
  std::optional<ArrayValue> array;
  int64_t axis = 0;
  int64_t size = 0;
};

std::optional<Population> readPopulation(BuiltinCall &call, const Argument &from,
                                         const Argument &axisArgument) {
  auto x = call.sema.expectArray(from);
  if (!x)
    return std::nullopt;
  if (!x->isScalar()) {
    auto axis = call.sema.expectAxis(axisArgument, x->rank());
    if (!axis)
      return std::nullopt;
    return Population{*x, *axis, x->type.dims[*axis]};
  }
  auto size = call.sema.expectKnownInteger(from);
  if (!size)
    return std::nullopt;
  if (*size < 0) {
    fail(call, from, Msg::BadArgument, "x", call.name, "0 or more", *size);
    return std::nullopt;
  }
  return Population{std::nullopt, 0, *size};
}

Value drawn(Builder &builder, const Population &population, const Term &places) {
  if (!population.array)
    return places;
  return builder.gather(*population.array, places.value(), population.axis);
}

/// For each number the count of elements of an increasing vector that are less than it.
Term searchSorted(const Term &sorted, const Term &numbers) {
  Builder &builder = sorted.builder();
  int64_t n = sorted.type().dims[0], step = 1;
  while (step < n)
    step *= 2;
  Term found(builder, builder.splat(0, {DType::I32, numbers.type().dims}));
  for (; step > 0; step /= 2) {
    Term next = found + double(step - 1);
    Term element(builder, builder.gather(sorted.value(), next.value(), 0));
    found = select((next < double(n)) & (element < numbers), next + 1, found);
  }
  return found;
}

} // namespace

Value permutationFunction(BuiltinCall &call) {
  auto key = expectKey(call, call.arguments[0]);
  auto population = readPopulation(call, call.arguments[1], call.arguments[2]);
  if (!key || !population)
    return ErrorValue{};
  return drawn(call.sema.builder, *population, randomOrder(*key, population->size));
}

/// choice(key, a, shape, replace, p, axis)
Value choiceFunction(BuiltinCall &call) {
  auto key = expectKey(call, call.arguments[0]);
  auto population = readPopulation(call, call.arguments[1], call.arguments[5]);
  auto shape = shapeArgument(call, call.arguments[2]);
  auto replace = call.sema.expectKnownBool(call.arguments[3]);
  if (!key || !population || !shape || !replace)
    return ErrorValue{};
  Builder &builder = call.sema.builder;
  int64_t draws = countOf(*shape), size = population->size;
  if (size == 0 && draws > 0)
    return fail(call, call.arguments[1], Msg::BadArgument, "a", call.name, "at least one element",
                "none");
  if (!*replace && draws > size)
    return fail(call, call.arguments[2], Msg::BadArgument, "shape", call.name,
                "at most the " + std::to_string(size) + " there are to draw without replacement",
                draws);
  if (draws == 0)
    return drawn(builder, *population, Term(builder, builder.splat(0, {DType::I32, *shape})));

  if (call[4].isAbsent()) {
    if (*replace) {
      TensorType type{DType::I32, *shape};
      Term places = integersBetween(*key, Term(builder, builder.splat(0, type)),
                                    Term(builder, builder.splat(double(size), type)));
      return drawn(builder, *population, places);
    }
    Term order = randomOrder(*key, size);
    Term first(builder, sliceAxis(builder, order.value(), 0, 0, draws));
    return drawn(builder, *population, first.reshaped(*shape));
  }

  auto p = call.sema.expectFloat(call.arguments[4]);
  if (!p)
    return ErrorValue{};
  if (p->type.dims != Dims{size})
    return fail(call, call.arguments[4], Msg::BadArgument, "p", call.name,
                "a weight for each of " + std::to_string(size), describe(p->type));
  Term weights(builder, *p);
  if (*replace) {
    Term sums(builder, builder.cumulative("cumsum", *p, 0));
    Term total(builder, sliceAxis(builder, sums.value(), 0, size - 1, size));
    Term unit = 1 - uniformUnit(*key, *shape, p->type.dtype);
    Term places = searchSorted(sums, total.reshaped({}).to(*shape) * unit);
    return drawn(builder, *population, places);
  }
  Term scores = gumbel(*key, {size}, p->type.dtype) + log(weights);
  Term order(builder, sortingOrder(builder, scores.value(), 0, true));
  Term first(builder, sliceAxis(builder, order.value(), 0, 0, draws));
  return drawn(builder, *population, first.reshaped(*shape));
}

/// categorical(key, logits, axis, shape)
Value categoricalFunction(BuiltinCall &call) {
  auto key = expectKey(call, call.arguments[0]);
  auto logits = call.sema.expectFloat(call.arguments[1]);
  if (!key || !logits ||
      !expectRank(call, call.arguments[1], *logits, 1, INT64_MAX, "logits along an axis"))
    return ErrorValue{};
  auto axis = call.sema.expectAxis(call.arguments[2], logits->rank());
  if (!axis)
    return ErrorValue{};
  Dims batch = withoutAxes(logits->type.dims, {*axis});
  Dims shape = batch;
  if (!call[3].isAbsent()) {
    auto given = shapeArgument(call, call.arguments[3]);
    if (!given)
      return ErrorValue{};
    shape = *given;
    auto reached = broadcastShapes(batch, shape);
    if (!reached || *reached != shape)
      return fail(call, call.arguments[3], Msg::ShapeMismatch,
                  describe(TensorType{logits->type.dtype, batch}),
                  describe(TensorType{logits->type.dtype, shape}));
  }
  int64_t classes = logits->type.dims[*axis];
  if (classes == 0)
    return fail(call, call.arguments[1], Msg::EmptyReduction, call.name, describe(logits->type));
  // The largest of the logits with Gumbel noise: the axis of classes stands where it stood, counted
  // from the last.
  int64_t prefix = std::ssize(shape) - std::ssize(batch);
  Dims full = shape;
  full.insert(full.begin() + prefix + *axis, classes);
  Builder &builder = call.sema.builder;
  Term noisy = gumbel(*key, full, logits->type.dtype) + Term(builder, *logits).to(full);
  return builder.argReduce("argmax", noisy.value(), prefix + *axis);
}

} // namespace descent::sema
