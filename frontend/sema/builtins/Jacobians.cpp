#include "frontend/sema/builtins/Jacobians.h"

#include "frontend/sema/Differentiate.h"
#include "frontend/sema/Fold.h"
#include "frontend/sema/Structure.h"

#include <algorithm>
#include <numeric>

namespace descent::sema {
namespace {

using Leaves = Specializer::Leaves;

/// All unit directions of a type: [n, …] where n is the number of elements.
ArrayValue unitDirections(Builder &builder, const TensorType &type) {
  int64_t n = type.elementCount();
  TensorType square{DType::I32, {n, n}};
  ArrayValue isOne = builder.compare("eq", builder.iota(square, 0), builder.iota(square, 1));
  std::vector<int64_t> dims = type.dims;
  dims.insert(dims.begin(), n);
  return builder.reshape(builder.convert(isOne, type.dtype), dims);
}

/// From [n, out…], with n directions of the type `in`, to [out…, in…].
ArrayValue jacobianFrom(Builder &builder, const ArrayValue &rows, const TensorType &in) {
  std::vector<int64_t> permutation(rows.type.dims.size());
  std::iota(permutation.begin(), permutation.end(), 1);
  permutation.back() = 0;
  ArrayValue columns = builder.transpose(rows, permutation);
  std::vector<int64_t> dims(columns.type.dims.begin(), columns.type.dims.end() - 1);
  dims.insert(dims.end(), in.dims.begin(), in.dims.end());
  return builder.reshape(columns, dims);
}

std::optional<Leaves> floatResult(Specializer &sema, const Value &result, SourceRange range,
                                  std::string_view transform, Value &form) {
  form = result;
  return floatLeaves(sema, form, range, transform, "the function's value");
}

/// Every result's derivative by every target: the form of the results, with the form of the targets in
/// place of each array. `blocks[i][j]` is that of result i by primal j.
Value assembled(const Value &form, const TargetCall &at,
                const std::vector<std::vector<ArrayValue>> &blocks) {
  size_t next = 0;
  return mapArrays(form, [&](const ArrayValue &) { return at.assemble(blocks[next++]); });
}

Value forwardJacobian(Specializer &sema, const Value &function, const Targets &targets,
                      std::span<const Argument> arguments, SourceRange range,
                      std::string_view transform) {
  TargetCall at(sema, function, targets, arguments, range, transform);
  if (!at.isRight)
    return ErrorValue{};
  Value form;
  std::vector<std::string> names = at.names();
  std::vector<std::vector<ArrayValue>> blocks;
  for (size_t j = 0; j < at.primals.size(); ++j) {
    const ArrayValue &primal = at.primals[j];
    // The tangents of all results along one direction of primal j; the others stay where they are.
    auto along = [&](const ArrayValue &direction) -> std::optional<Leaves> {
      auto body = [&](const Leaves &leaves) {
        Leaves all = at.primals;
        all[j] = leaves.front();
        return floatResult(sema, at.evaluate(all), range, transform, form);
      };
      auto results = sema.jvp({primal}, {direction}, body, {names[j]});
      if (results)
        results->erase(results->begin(),
                       results->begin() + static_cast<ptrdiff_t>(results->size() / 2));
      return results;
    };
    std::optional<Leaves> columns;
    if (primal.isScalar()) {
      columns = along(sema.builder.splat(1, primal.type));
    } else {
      ArrayValue directions = unitDirections(sema.builder, primal.type);
      Value rows = sema.vmapped(
          directions.type.dims[0], directions,
          [&](const Value &direction) -> Value {
            auto leaves = along(*direction.array());
            if (!leaves)
              return ErrorValue{};
            TupleValue tuple;
            for (ArrayValue &leaf : *leaves)
              tuple.items.emplace_back(std::move(leaf));
            return tuple;
          },
          range);
      if (!rows.isError()) {
        columns = leavesOf(rows);
        for (ArrayValue &column : *columns)
          column = jacobianFrom(sema.builder, column, primal.type);
      }
    }
    if (!columns)
      return ErrorValue{};
    blocks.resize(columns->size());
    for (size_t i = 0; i < columns->size(); ++i)
      blocks[i].push_back(std::move((*columns)[i]));
  }
  return assembled(form, at, blocks);
}

Value reverseJacobian(Specializer &sema, const Value &function, const Targets &targets,
                      std::span<const Argument> arguments, SourceRange range,
                      std::string_view transform) {
  TargetCall at(sema, function, targets, arguments, range, transform);
  if (!at.isRight)
    return ErrorValue{};
  // The results' types are needed before their directions can be made.
  Value form;
  auto outputs = floatResult(sema, at.evaluate(at.primals), range, transform, form);
  if (!outputs)
    return ErrorValue{};
  std::vector<std::vector<ArrayValue>> blocks(outputs->size());
  for (size_t i = 0; i < outputs->size(); ++i) {
    const TensorType &type = (*outputs)[i].type;
    auto along = [&](const ArrayValue &direction) -> std::optional<Leaves> {
      auto body = [&](const Leaves &leaves) {
        Value ignored;
        return floatResult(sema, at.evaluate(leaves), range, transform, ignored);
      };
      auto seeds = [&](const Leaves &results) {
        Leaves cotangents;
        for (size_t k = 0; k < results.size(); ++k)
          cotangents.push_back(k == i ? direction : zerosLike(sema.builder, results[k]));
        return cotangents;
      };
      auto results = sema.vjp(at.primals, body, seeds, at.names());
      if (results)
        results->erase(results->begin(),
                       results->begin() + static_cast<ptrdiff_t>(outputs->size()));
      return results;
    };
    if (type.dims.empty()) {
      auto row = along(sema.builder.splat(1, type));
      if (!row)
        return ErrorValue{};
      blocks[i] = std::move(*row);
      continue;
    }
    Value rows = sema.vmapped(
        type.elementCount(), unitDirections(sema.builder, type),
        [&](const Value &direction) -> Value {
          auto leaves = along(*direction.array());
          if (!leaves)
            return ErrorValue{};
          TupleValue tuple;
          for (ArrayValue &leaf : *leaves)
            tuple.items.emplace_back(std::move(leaf));
          return tuple;
        },
        range);
    if (rows.isError())
      return rows;
    for (const ArrayValue &leaf : leavesOf(rows)) {
      std::vector<int64_t> dims = type.dims;
      dims.insert(dims.end(), leaf.type.dims.begin() + 1, leaf.type.dims.end());
      blocks[i].push_back(sema.builder.reshape(leaf, dims));
    }
  }
  return assembled(form, at, blocks);
}

using Jacobian = Value (*)(Specializer &, const Value &, const Targets &,
                           std::span<const Argument>, SourceRange, std::string_view);

Value jacobianFunction(std::string name, const FunctionPointer &function, const Targets &targets,
                       Jacobian jacobian) {
  auto native = [f = Value(function), targets, jacobian,
                 name](Specializer &sema, std::span<const Argument> arguments, SourceRange range) {
    return jacobian(sema, f, targets, arguments, range, name);
  };
  return makeNative(name + " of " + function->describe(), native, parameterNames(*function));
}

Value jacobianOf(BuiltinCall &call, Jacobian jacobian) {
  auto function = call.sema.expectFunction(call.arguments[0]);
  if (!function)
    return ErrorValue{};
  auto targets = readTargets(call.sema, **function, call.arguments[1], call.arguments[2]);
  if (!targets)
    return ErrorValue{};
  return jacobianFunction(std::string(call.name), *function, *targets, jacobian);
}

} // namespace

Value jacfwd(BuiltinCall &call) { return jacobianOf(call, forwardJacobian); }
Value jacrev(BuiltinCall &call) { return jacobianOf(call, reverseJacobian); }

/// Forward over reverse: the gradient costs a few times the function, and so does each column.
Value hessian(BuiltinCall &call) {
  auto function = call.sema.expectFunction(call.arguments[0]);
  if (!function)
    return ErrorValue{};
  auto targets = readTargets(call.sema, **function, call.arguments[1], call.arguments[2]);
  if (!targets)
    return ErrorValue{};
  Value inner = jacobianFunction("hessian", *function, *targets, reverseJacobian);
  return jacobianFunction("hessian", *inner.as<FunctionPointer>(), *targets, forwardJacobian);
}

// ---- vmap --------------------------------------------------------------------------------------

namespace {

/// Which axis each of `count` arguments (or results) is batched along; nothing for none.
std::optional<std::vector<std::optional<int64_t>>>
readAxes(Specializer &sema, const Argument &given, size_t count) {
  std::vector<std::optional<int64_t>> axes;
  auto readOne = [&](const Value &value) {
    if (value.isAbsent()) {
      axes.emplace_back(std::nullopt);
      return true;
    }
    Argument one = given;
    one.value = value;
    auto axis = sema.expectKnownInteger(one);
    axes.push_back(axis);
    return axis.has_value();
  };
  if (auto tuple = given.value.as<TupleValue>()) {
    if (tuple->items.size() != count) {
      sema.diagnostics.error(given.range, Msg::VmapAxes, tuple->items.size(), count);
      return std::nullopt;
    }
    for (const Value &item : tuple->items)
      if (!readOne(item))
        return std::nullopt;
    return axes;
  }
  for (size_t i = 0; i < count; ++i)
    if (!readOne(given.value))
      return std::nullopt;
  return axes;
}

ArrayValue withAxisMoved(Builder &builder, const ArrayValue &array, int64_t from, int64_t to) {
  std::vector<int64_t> permutation;
  for (int64_t i = 0; i < array.rank(); ++i)
    if (i != from)
      permutation.push_back(i);
  permutation.insert(permutation.begin() + to, from);
  return builder.transpose(array, permutation);
}

Value vmapCall(Specializer &sema, const Value &function, const Argument &inAxes,
               const Argument &outAxes, std::span<const Argument> given, SourceRange range) {
  auto axes = readAxes(sema, inAxes, given.size());
  if (!axes)
    return ErrorValue{};
  std::vector<Argument> arguments(given.begin(), given.end());
  TupleValue mapped;
  std::vector<size_t> places;
  std::optional<int64_t> size;
  SourceRange sizeRange;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!(*axes)[i])
      continue;
    bool isRight = true;
    Value value = sema.asArray(arguments[i].value, arguments[i].range);
    Value moved = mapArrays(value, [&](const ArrayValue &leaf) -> Value {
      int64_t axis = *(*axes)[i] < 0 ? *(*axes)[i] + leaf.rank() : *(*axes)[i];
      if (axis < 0 || axis >= leaf.rank()) {
        if (isRight)
          sema.diagnostics.error(arguments[i].range, Msg::VmapScalar, describe(leaf.type),
                                 *(*axes)[i]);
        isRight = false;
        return ErrorValue{};
      }
      int64_t length = leaf.type.dims[static_cast<size_t>(axis)];
      if (size && *size != length) {
        if (isRight)
          sema.diagnostics.error(arguments[i].range, Msg::UnequalLengths, *size, length)
              .also(sizeRange);
        isRight = false;
        return ErrorValue{};
      }
      size = length;
      sizeRange = arguments[i].range;
      return withAxisMoved(sema.builder, leaf, axis, 0);
    });
    if (!isRight || hasError(moved))
      return ErrorValue{};
    mapped.items.push_back(std::move(moved));
    places.push_back(i);
  }
  if (!size) {
    sema.diagnostics.error(range, Msg::VmapNothing);
    return ErrorValue{};
  }
  Value result = sema.vmapped(
      *size, mapped,
      [&](const Value &elements) {
        const auto &items = elements.as<TupleValue>()->items;
        for (size_t k = 0; k < places.size(); ++k)
          arguments[places[k]].value = items[k];
        return sema.call(function, arguments, range);
      },
      range);
  if (result.isError())
    return result;

  // The new axis goes where it is wanted.
  auto place = [&](const Value &value, int64_t axis) {
    return mapArrays(value, [&](const ArrayValue &leaf) -> Value {
      int64_t to = axis < 0 ? axis + leaf.rank() : axis;
      if (to < 0 || to >= leaf.rank()) {
        sema.diagnostics.error(outAxes.range, Msg::AxisRange, axis, describe(leaf.type));
        return ErrorValue{};
      }
      return to == 0 ? Value(leaf) : Value(withAxisMoved(sema.builder, leaf, 0, to));
    });
  };
  auto tuple = result.as<TupleValue>();
  bool isEach = outAxes.value.as<TupleValue>() && tuple;
  auto wanted = readAxes(sema, outAxes, isEach ? tuple->items.size() : 1);
  if (!wanted)
    return ErrorValue{};
  if (!isEach)
    return place(result, (*wanted)[0].value_or(0));
  TupleValue placed;
  for (size_t i = 0; i < tuple->items.size(); ++i)
    placed.items.push_back(place(tuple->items[i], (*wanted)[i].value_or(0)));
  return placed;
}

} // namespace

Value vmap(BuiltinCall &call) {
  auto function = call.sema.expectFunction(call.arguments[0]);
  if (!function)
    return ErrorValue{};
  Argument inAxes = call.arguments[1], outAxes = call.arguments[2];
  for (Argument *axes : {&inAxes, &outAxes})
    if (!axes->range.isValid())
      axes->range = call.range;
  auto native = [f = Value(*function), inAxes, outAxes](Specializer &sema,
                                                        std::span<const Argument> arguments,
                                                        SourceRange range) {
    return vmapCall(sema, f, inAxes, outAxes, arguments, range);
  };
  return makeNative("vmap of " + (*function)->describe(), native, parameterNames(**function));
}

} // namespace descent::sema
