// grad and its relatives: functions that make functions.
#include "frontend/sema/Differentiate.h"
#include "frontend/sema/Fold.h"
#include "frontend/sema/Structure.h"
#include "frontend/sema/builtins/Jacobians.h"

#include <algorithm>

namespace descent::sema {
namespace {

using Leaves = Specializer::Leaves;

/// What a function that is differentiated gave: a float scalar, and whatever came with it.
struct Loss {
  ArrayValue value;
  Value auxiliary;
};

std::optional<Loss> readLoss(Specializer &sema, const Value &result, bool hasAux, SourceRange range,
                             std::string_view transform) {
  if (hasError(result))
    return std::nullopt;
  Value value = result;
  Loss loss;
  if (hasAux) {
    auto pair = result.as<TupleValue>();
    if (!pair || pair->items.size() != 2) {
      sema.diagnostics.error(range, Msg::TypeMismatch, describeType(result),
                             "a tuple of the value and what comes with it (`has_aux=true`)");
      return std::nullopt;
    }
    value = pair->items[0];
    loss.auxiliary = sema.settled(pair->items[1], range);
    if (!isData(loss.auxiliary)) {
      if (!hasError(loss.auxiliary))
        sema.diagnostics.error(range, Msg::TypeMismatch, describeType(loss.auxiliary),
                               "arrays, or records or tuples of them");
      return std::nullopt;
    }
  }
  auto array = value.array();
  if (!array || !array->isScalar() || !isFloat(array->type.dtype)) {
    auto report = sema.diagnostics.error(
        range, Msg::NotDifferentiable,
        "`" + std::string(transform) + "` needs a function whose value is a single float, but this gives " +
            describeType(value));
    if (array && isFloat(array->type.dtype))
      report.note("sum or average it, or use `jacobian`");
    return std::nullopt;
  }
  loss.value = *array;
  return loss;
}

Value gradOf(BuiltinCall &call, bool withValue) {
  Specializer &sema = call.sema;
  auto function = sema.expectFunction(call.arguments[0]);
  auto hasAux = sema.expectKnownBool(call.arguments[3]);
  if (!function || !hasAux)
    return ErrorValue{};
  auto targets = readTargets(sema, **function, call.arguments[1], call.arguments[2]);
  if (!targets)
    return ErrorValue{};
  std::string name(call.name);
  auto native = [f = Value(*function), targets = *targets, hasAux = *hasAux, withValue,
                 name](Specializer &sema, std::span<const Argument> arguments,
                       SourceRange range) -> Value {
    TargetCall at(sema, f, targets, arguments, range, name);
    if (!at.isRight)
      return ErrorValue{};
    Value auxiliary;
    auto body = [&](const Leaves &leaves) -> std::optional<Leaves> {
      auto loss = readLoss(sema, at.evaluate(leaves), hasAux, range, name);
      if (!loss)
        return std::nullopt;
      Leaves results{loss->value};
      flatten(loss->auxiliary, results);
      auxiliary = loss->auxiliary;
      return results;
    };
    auto seeds = [&](const Leaves &results) {
      return Leaves{sema.builder.splat(1, results.front().type)};
    };
    auto results = sema.vjp(at.primals, body, seeds, at.names());
    if (!results)
      return ErrorValue{};
    size_t count = results->size() - at.primals.size();
    Value value = results->front();
    if (hasAux) {
      auxiliary = rebuilt(auxiliary, std::span(*results).subspan(1, count - 1));
      value = TupleValue{{value, auxiliary}};
    }
    Value gradient = at.assemble(std::span(*results).subspan(count));
    if (withValue)
      return TupleValue{{value, gradient}};
    return hasAux ? Value(TupleValue{{gradient, auxiliary}}) : gradient;
  };
  return makeNative(name + " of " + (*function)->describe(), native, parameterNames(**function));
}

Value grad(BuiltinCall &call) { return gradOf(call, false); }
Value valueAndGrad(BuiltinCall &call) { return gradOf(call, true); }

// ---- jvp and vjp -------------------------------------------------------------------------------

/// The arguments of `jvp(f, x, dx)`: one, or several as a tuple.
std::vector<Argument> argumentsOf(const Argument &given) {
  std::vector<Argument> arguments;
  if (auto tuple = given.value.as<TupleValue>()) {
    for (const Value &item : tuple->items)
      arguments.push_back({"", {}, item, given.range});
  } else {
    arguments.push_back({"", {}, given.value, given.range});
  }
  return arguments;
}

Targets allOf(const Argument &given) {
  Targets targets;
  auto tuple = given.value.as<TupleValue>();
  targets.isTuple = tuple != nullptr;
  int64_t count = tuple ? static_cast<int64_t>(tuple->items.size()) : 1;
  for (int64_t i = 0; i < count; ++i)
    targets.items.push_back({"", i, nullptr, given.range});
  return targets;
}

/// Directions with the types of points: literals converted, everything else exactly.
std::optional<Leaves> matchLeaves(Specializer &sema, const Value &like, const Argument &given,
                                  std::string_view what) {
  if (hasError(given.value))
    return std::nullopt;
  std::vector<ArrayValue> points = leavesOf(like), directions = leavesOf(given.value);
  bool fits = sameStructure(like, given.value) && points.size() == directions.size();
  Leaves result;
  for (size_t i = 0; fits && i < points.size(); ++i) {
    bool isLiteral = directions[i].weak && directions[i].type.dtype != DType::Bool;
    fits = directions[i].type.dims == points[i].type.dims &&
           (isLiteral || directions[i].type.dtype == points[i].type.dtype);
    if (fits)
      result.push_back(sema.builder.convert(directions[i], points[i].type.dtype));
  }
  if (!fits) {
    sema.diagnostics.error(given.range, Msg::TypeMismatch, describeType(given.value),
                           describeType(like) + ", like " + std::string(what));
    return std::nullopt;
  }
  return result;
}

/// What a function gives, as arrays; kept in `form` with the arrays of the region it was made in.
std::optional<Leaves> readResult(Specializer &sema, const Value &result, SourceRange range,
                                 std::string_view transform, Value &form) {
  if (hasError(result))
    return std::nullopt;
  form = sema.settled(result, range);
  if (hasError(form))
    return std::nullopt;
  if (!isData(form)) {
    sema.diagnostics.error(range, Msg::NotDifferentiable,
                           "`" + std::string(transform) + "` needs a function that gives arrays, but this gives " +
                               describeType(form));
    return std::nullopt;
  }
  return leavesOf(form);
}

Value tangentOf(Specializer &sema, const Value &function, const Argument &point,
                const Argument &direction, SourceRange range, std::string_view transform,
                Value *primalResult) {
  Targets targets = allOf(point);
  TargetCall at(sema, function, targets, argumentsOf(point), range, transform);
  if (!at.isRight)
    return ErrorValue{};
  auto tangents = matchLeaves(sema, at.assemble(at.primals), direction, "the point");
  if (!tangents)
    return ErrorValue{};
  Value form;
  auto body = [&](const Leaves &leaves) {
    return readResult(sema, at.evaluate(leaves), range, transform, form);
  };
  auto results = sema.jvp(at.primals, *tangents, body, at.names());
  if (!results)
    return ErrorValue{};
  size_t count = leavesOf(form).size(), next = count;
  std::span<const ArrayValue> values(*results);
  if (primalResult)
    *primalResult = rebuilt(form, values.first(count));
  Leaves outcome;
  for (const ArrayValue &leaf : values.first(count))
    outcome.push_back(isFloat(leaf.type.dtype) ? values[next++] : zerosLike(sema.builder, leaf));
  return rebuilt(form, outcome);
}

Value jvp(BuiltinCall &call) {
  auto function = call.sema.expectFunction(call.arguments[0]);
  if (!function)
    return ErrorValue{};
  Value value;
  Value tangent = tangentOf(call.sema, *function, call.arguments[1], call.arguments[2], call.range,
                            "jvp", &value);
  if (tangent.isError())
    return tangent;
  return TupleValue{{value, tangent}};
}

Value linearize(BuiltinCall &call) {
  Specializer &sema = call.sema;
  auto function = sema.expectFunction(call.arguments[0]);
  if (!function)
    return ErrorValue{};
  Argument point = call.arguments[1];
  Value value = sema.call(*function, argumentsOf(point), call.range);
  if (hasError(value))
    return ErrorValue{};
  auto native = [f = Value(*function), point](Specializer &sema,
                                              std::span<const Argument> arguments,
                                              SourceRange range) -> Value {
    auto direction = soleArgument(sema, arguments, range, "a linearized function");
    if (!direction)
      return ErrorValue{};
    return tangentOf(sema, f, point, *direction, range, "linearize", nullptr);
  };
  return TupleValue{{value, makeNative("a linearized function", native, {"dx"})}};
}

Value vjp(BuiltinCall &call) {
  Specializer &sema = call.sema;
  auto function = sema.expectFunction(call.arguments[0]);
  if (!function)
    return ErrorValue{};
  Argument point = call.arguments[1];
  Value value = sema.settled(sema.call(*function, argumentsOf(point), call.range), call.range);
  if (hasError(value))
    return ErrorValue{};
  auto native = [f = Value(*function), point, value](Specializer &sema,
                                                     std::span<const Argument> arguments,
                                                     SourceRange range) -> Value {
    auto cotangent = soleArgument(sema, arguments, range, "a pullback");
    if (!cotangent)
      return ErrorValue{};
    Targets targets = allOf(point);
    TargetCall at(sema, f, targets, argumentsOf(point), range, "vjp");
    auto given = at.isRight ? matchLeaves(sema, value, *cotangent, "the value") : std::nullopt;
    if (!given)
      return ErrorValue{};
    Leaves seeds;
    for (const ArrayValue &leaf : *given)
      if (isFloat(leaf.type.dtype))
        seeds.push_back(leaf);
    auto body = [&](const Leaves &leaves) -> std::optional<Leaves> {
      Value form;
      auto results = readResult(sema, at.evaluate(leaves), range, "vjp", form);
      if (results) // only floats have cotangents
        std::erase_if(*results, [](const ArrayValue &leaf) { return !isFloat(leaf.type.dtype); });
      return results;
    };
    auto results = sema.vjp(at.primals, body, [&](const Leaves &) { return seeds; }, at.names());
    if (!results)
      return ErrorValue{};
    return at.assemble(std::span<const ArrayValue>(*results).subspan(seeds.size()));
  };
  return TupleValue{{value, makeNative("a pullback", native, {"dy"})}};
}

/// hvp(f, x, v): the second derivative of f at x times v, as the derivative of the gradient along v.
Value hvp(BuiltinCall &call) {
  Specializer &sema = call.sema;
  auto function = sema.expectFunction(call.arguments[0]);
  if (!function)
    return ErrorValue{};
  Argument point = call.arguments[1];
  Targets targets = allOf(point);
  auto gradient = [f = Value(*function), targets](Specializer &sema,
                                                  std::span<const Argument> arguments,
                                                  SourceRange range) -> Value {
    TargetCall at(sema, f, targets, arguments, range, "hvp");
    if (!at.isRight)
      return ErrorValue{};
    auto results = sema.vjp(
        at.primals,
        [&](const Leaves &leaves) -> std::optional<Leaves> {
          auto loss = readLoss(sema, at.evaluate(leaves), false, range, "hvp");
          return loss ? std::optional(Leaves{loss->value}) : std::nullopt;
        },
        [&](const Leaves &results) {
          return Leaves{sema.builder.splat(1, results.front().type)};
        },
        at.names());
    if (!results)
      return ErrorValue{};
    return at.assemble(std::span<const ArrayValue>(*results).subspan(1));
  };
  return tangentOf(sema, makeNative("the gradient", gradient), point, call.arguments[2],
                   call.range, "hvp", nullptr);
}

Value stopGradient(BuiltinCall &call) {
  Specializer &sema = call.sema;
  if (hasError(call[0]))
    return ErrorValue{};
  if (!isData(call[0])) {
    sema.diagnostics.error(call.arguments[0].range, Msg::TypeMismatch, describeType(call[0]),
                           "an array, or a record or tuple of them");
    return ErrorValue{};
  }
  ++sema.gradientStops;
  return mapArrays(call[0], [&](const ArrayValue &leaf) -> Value {
    return sema.builder.unary("stop_gradient", leaf);
  });
}

/// A function whose inside is computed again in a reverse run instead of being kept for it.
Value checkpoint(BuiltinCall &call) {
  auto function = call.sema.expectFunction(call.arguments[0]);
  if (!function)
    return ErrorValue{};
  auto native = [f = Value(*function)](Specializer &sema, std::span<const Argument> arguments,
                                       SourceRange range) -> Value {
    auto body = [&] { return sema.call(f, arguments, range); };
    // A comparison with finite differences is an effect, which would be inside.
    return sema.isComparing() ? body() : sema.checkpointed(body, range);
  };
  return makeNative("checkpoint of " + (*function)->describe(), native, parameterNames(**function));
}

Value customGrad(BuiltinCall &call) {
  call.sema.diagnostics.error(call.calleeRange, Msg::NotSupportedYet, call.name);
  return ErrorValue{};
}

constexpr Builtin kBuiltins[] = {
    {"grad", "grad(f, wrt=, argnums=, has_aux=false)", grad},
    {"value_and_grad", "value_and_grad(f, wrt=, argnums=, has_aux=false)", valueAndGrad},
    {"jvp", "jvp(f, x, dx)", jvp},
    {"vjp", "vjp(f, x)", vjp},
    {"linearize", "linearize(f, x)", linearize},
    {"hvp", "hvp(f, x, v)", hvp},
    {"jacfwd", "jacfwd(f, wrt=, argnums=)", jacfwd},
    {"jacrev", "jacrev(f, wrt=, argnums=)", jacrev},
    {"jacobian", "jacobian(f, wrt=, argnums=)", jacrev},
    {"hessian", "hessian(f, wrt=, argnums=)", hessian},
    {"vmap", "vmap(f, in_axes=0, out_axes=0)", vmap},
    {"stop_gradient", "stop_gradient(x)", stopGradient},
    {"checkpoint", "checkpoint(f)", checkpoint},
    {"custom_grad", "custom_grad(f, rule)", customGrad},
};

} // namespace

std::optional<Argument> soleArgument(Specializer &sema, std::span<const Argument> arguments,
                                     SourceRange range, const std::string &callee) {
  if (arguments.size() == 1)
    return arguments.front();
  sema.diagnostics.error(range, Msg::WrongArgumentCount, callee, "1 argument", arguments.size());
  return std::nullopt;
}

std::span<const Builtin> transformBuiltins() { return kBuiltins; }

} // namespace descent::sema
