#include "frontend/sema/Differentiate.h"

#include "frontend/sema/Fold.h"
#include "frontend/sema/Structure.h"

#include <algorithm>
#include <cctype>

namespace descent::sema {

using Leaves = Specializer::Leaves;

// ---- The operations ----------------------------------------------------------------------------

namespace {

/// Specialises a body into a region whose arguments stand for `primals`.
std::optional<Leaves> fillRegion(Specializer &sema, Region &region, const Leaves &primals,
                                 const Specializer::LeavesBody &body) {
  Builder::RegionScope scope(sema.builder, region);
  Specializer::PausedComparisons paused(sema);
  Leaves arguments;
  for (const ArrayValue &primal : primals) {
    arguments.push_back(sema.builder.argument(region, primal.type));
    arguments.back().labels = primal.labels;
  }
  auto results = body(arguments);
  if (!results)
    return std::nullopt;
  for (ArrayValue &result : *results) {
    result = sema.builder.convert(result, result.type.dtype);
    region.yields.push_back(sema.builder.materialize(result));
  }
  return results;
}

Leaves namedResults(Builder &builder, const Op &op) {
  Leaves leaves;
  for (ValueId id : op.results) {
    ArrayValue leaf;
    leaf.id = id;
    leaf.type = builder.program().values[id];
    leaves.push_back(std::move(leaf));
  }
  return leaves;
}

} // namespace

std::optional<Leaves> Specializer::vjp(const Leaves &primals, const LeavesBody &body,
                                       const std::function<Leaves(const Leaves &results)> &seeds,
                                       const std::vector<std::string> &names) {
  SourceRange range = builder.range;
  std::vector<ValueId> operands;
  for (const ArrayValue &primal : primals)
    operands.push_back(builder.materialize(primal));
  Region region;
  ++regionDepth;
  auto results = regionDepth > 100 ? std::nullopt : fillRegion(*this, region, primals, body);
  --regionDepth;
  if (!results)
    return std::nullopt;
  builder.range = range;
  Leaves cotangents = seeds(*results);
  std::vector<TensorType> types;
  for (const ArrayValue &result : *results)
    types.push_back(result.type);
  for (const ArrayValue &primal : primals)
    types.push_back(primal.type);
  for (const ArrayValue &cotangent : cotangents)
    operands.push_back(builder.materialize(cotangent));
  Op &op = builder.append("vjp", std::move(operands), std::move(types));
  op.operandGroups = {static_cast<int32_t>(primals.size()),
                      static_cast<int32_t>(cotangents.size())};
  op.regions.push_back(std::move(region));
  Leaves outcome = namedResults(builder, op);
  if (isComparing())
    compareVjp(primals, body, seeds, std::span(outcome).subspan(results->size()), names);
  return outcome;
}

std::optional<Leaves> Specializer::jvp(const Leaves &primals, const Leaves &tangents,
                                       const LeavesBody &body,
                                       const std::vector<std::string> &names) {
  SourceRange range = builder.range;
  std::vector<ValueId> operands;
  for (const Leaves *group : {&primals, &tangents})
    for (const ArrayValue &array : *group)
      operands.push_back(builder.materialize(array));
  Region region;
  ++regionDepth;
  auto results = regionDepth > 100 ? std::nullopt : fillRegion(*this, region, primals, body);
  --regionDepth;
  if (!results)
    return std::nullopt;
  builder.range = range;
  std::vector<TensorType> types;
  for (const ArrayValue &result : *results)
    types.push_back(result.type);
  for (const ArrayValue &result : *results)
    if (isFloat(result.type.dtype))
      types.push_back(result.type);
  Op &op = builder.append("jvp", std::move(operands), std::move(types));
  op.operandGroups = {static_cast<int32_t>(primals.size()), static_cast<int32_t>(tangents.size())};
  op.regions.push_back(std::move(region));
  Leaves outcome = namedResults(builder, op);
  if (isComparing())
    compareJvp(primals, tangents, body, std::span(outcome).subspan(results->size()), names);
  return outcome;
}

// ---- Targets -----------------------------------------------------------------------------------

namespace {

std::optional<std::string> nameOf(const Value &value, SourceRange &range) {
  auto text = value.as<TextValue>();
  if (!text || text->pieces.size() != 1 || text->pieces[0].value)
    return std::nullopt;
  if (text->pieces[0].range.isValid())
    range = text->pieces[0].range;
  return text->pieces[0].literal;
}

/// `grad(f, 0)`, as in JAX, or `grad(f, x)`, where `x` is a value: says how they are written here.
void reportWrtValue(Specializer &sema, const Value &value, SourceRange range) {
  auto report = sema.diagnostics.error(range, Msg::WrtNames);
  std::string written(sema.sources.text(range));
  bool isName =
      std::ranges::all_of(written, [](unsigned char c) { return std::isalnum(c) || c == '_'; });
  if (value.knownInteger())
    report.note("write `argnums=" + written + "`");
  else if (isName)
    report.note("write `wrt=" + written + "`");
}

} // namespace

std::optional<Targets> readTargets(Specializer &sema, const FunctionValue &function,
                                   const Argument &wrt, const Argument &argnums) {
  Targets targets;
  if (!wrt.value.isAbsent() && !argnums.value.isAbsent()) {
    sema.diagnostics.error(argnums.range, Msg::WrtTwice).also(wrt.range);
    return std::nullopt;
  }
  if (!argnums.value.isAbsent()) {
    auto positions = sema.expectShapeLike(argnums);
    if (!positions)
      return std::nullopt;
    targets.isTuple = !argnums.value.knownInteger();
    size_t count = parameterNames(function).size();
    for (int64_t position : *positions) {
      // Of functions whose parameters are known, positions count from the end too.
      if (position < 0)
        position += static_cast<int64_t>(count);
      if (position < 0) {
        sema.diagnostics.error(argnums.range, Msg::IndexRange, position, count);
        return std::nullopt;
      }
      targets.items.push_back({"", position, nullptr, argnums.range});
    }
    return targets;
  }
  if (wrt.value.isAbsent()) {
    targets.items.push_back({"", 0, nullptr, {}});
    return targets;
  }
  std::vector<Value> names{wrt.value};
  if (auto tuple = wrt.value.as<TupleValue>()) {
    names = tuple->items;
    targets.isTuple = true;
  }
  std::vector<std::string> parameters = parameterNames(function);
  for (const Value &value : names) {
    Target target;
    target.range = wrt.range;
    auto name = nameOf(value, target.range);
    if (!name) {
      reportWrtValue(sema, value, wrt.range);
      return std::nullopt;
    }
    target.name = *name;
    auto place = std::ranges::find(parameters, *name);
    if (place != parameters.end()) {
      target.position = place - parameters.begin();
    } else {
      target.param = sema.findParam(*name);
      if (!target.param) {
        sema.diagnostics.error(target.range, Msg::WrtUnknown, *name, function.describe())
            .suggest(target.range, closestName(*name, parameters));
        return std::nullopt;
      }
    }
    targets.items.push_back(std::move(target));
  }
  return targets;
}

std::optional<Leaves> floatLeaves(Specializer &sema, Value &value, SourceRange range,
                                  std::string_view transform, const std::string &what) {
  if (hasError(value))
    return std::nullopt;
  bool areFloats = isData(value);
  for (const ArrayValue &leaf : leavesOf(value))
    areFloats &= isFloat(leaf.type.dtype);
  if (!areFloats) {
    auto report = sema.diagnostics.error(range, Msg::NotDifferentiable,
                                         "`" + std::string(transform) +
                                             "` is taken with respect to floats, but " + what +
                                             " is " + describeType(value));
    std::string_view written = sema.sources.text(range);
    auto array = value.array();
    bool isLiteral =
        !written.empty() && written.find_first_not_of("-0123456789_") == std::string_view::npos;
    if (isLiteral)
      report.note("write " + std::string(written) + ".0");
    else if (array && isInteger(array->type.dtype))
      report.note("convert it with `f32(…)` or `f64(…)`");
    return std::nullopt;
  }
  value = sema.settled(value, range);
  if (hasError(value))
    return std::nullopt;
  return leavesOf(value);
}

TargetCall::TargetCall(Specializer &sema, const Value &function, const Targets &targets,
                       std::span<const Argument> given, SourceRange range,
                       std::string_view transform)
    : sema(sema), function(function), targets(targets), arguments(given.begin(), given.end()),
      range(range) {
  const FunctionValue &callee = **function.as<FunctionPointer>();
  std::vector<std::string> parameters = parameterNames(callee);
  for (const Target &target : targets.items) {
    places.push_back(arguments.size());
    if (target.param) {
      sema.noteParamRead(target.param);
      values.push_back(target.param->value);
    } else {
      // The argument by position, or by the name of the parameter at that position.
      size_t position = static_cast<size_t>(target.position), seen = 0, place = arguments.size();
      for (size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i].name.empty()) {
          if (seen++ == position)
            place = i;
        } else if (position < parameters.size() && arguments[i].name == parameters[position]) {
          place = i;
        }
      }
      if (place == arguments.size()) {
        std::string name = position < parameters.size() ? "`" + parameters[position] + "`"
                                                        : "number " + std::to_string(position);
        auto report = sema.diagnostics.error(range, Msg::WrtMissing, transform, name);
        if (parameters.empty() && targets.items.size() == 1 && target.name.empty())
          report.note("of params, the derivative is taken with `wrt=` and their names");
        isRight = false;
        return;
      }
      places.back() = place;
      values.push_back(arguments[place].value);
    }
    SourceRange at = target.param ? target.range : arguments[places.back()].range;
    std::string what = target.name.empty() ? "this" : "`" + target.name + "`";
    auto leaves = floatLeaves(sema, values.back(), at, transform, what);
    if (!leaves) {
      isRight = false;
      return;
    }
    primals.insert(primals.end(), leaves->begin(), leaves->end());
  }
}

Value TargetCall::evaluate(const Leaves &leaves) {
  std::vector<Argument> replaced = arguments;
  std::vector<std::pair<Variable *, Value>> before;
  size_t next = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    size_t count = leavesOf(values[i]).size();
    Value value = rebuilt(values[i], std::span(leaves).subspan(next, count));
    next += count;
    if (Variable *param = targets.items[i].param) {
      before.emplace_back(param, param->value);
      param->value = std::move(value);
    } else {
      value.origin = arguments[places[i]].value.origin;
      replaced[places[i]].value = std::move(value);
    }
  }
  Value result = sema.call(function, replaced, range);
  while (!before.empty()) {
    before.back().first->value = std::move(before.back().second);
    before.pop_back();
  }
  return result;
}

std::vector<std::string> TargetCall::names() const {
  std::vector<std::string> parameters = parameterNames(**function.as<FunctionPointer>());
  std::vector<std::string> result;
  for (size_t i = 0; i < values.size(); ++i) {
    const Target &target = targets.items[i];
    auto position = static_cast<size_t>(target.position);
    std::string name = !target.name.empty()           ? target.name
                       : position < parameters.size() ? parameters[position]
                                                      : "argument " + std::to_string(position + 1);
    for (const std::string &path : leafPaths(values[i]))
      result.push_back(name + path);
  }
  return result;
}

Value TargetCall::assemble(std::span<const ArrayValue> leaves) const {
  TupleValue result;
  size_t next = 0;
  for (const Value &value : values) {
    size_t count = leavesOf(value).size();
    result.items.push_back(rebuilt(value, leaves.subspan(next, count)));
    next += count;
  }
  return targets.isTuple ? Value(std::move(result)) : result.items.front();
}

Value makeNative(std::string name, NativeCall call, std::vector<std::string> parameters) {
  auto function = std::make_shared<FunctionValue>();
  function->name = std::move(name);
  function->native = std::move(call);
  function->nativeParameters = std::move(parameters);
  return function;
}

ArrayValue zerosLike(Builder &builder, const ArrayValue &array) {
  return builder.splat(0, array.type);
}

} // namespace descent::sema
