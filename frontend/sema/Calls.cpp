// Calls: arguments bound to parameters, bodies specialised for them.
#include "frontend/sema/Fold.h"
#include "frontend/sema/Signature.h"
#include "frontend/sema/Specializer.h"
#include "frontend/sema/Structure.h"

#include <algorithm>

namespace descent::sema {

using Kind = Variable::Kind;

namespace {

/// Calls within calls. A function that needs more to come to its end could as well be a loop.
constexpr unsigned kMaxCallDepth = 500;

std::string counted(size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string argumentsNamed(const std::vector<std::string_view> &names) {
  constexpr size_t most = 12;
  std::string text = names.size() == 1 ? "its argument is " : "its arguments are ";
  for (size_t i = 0; i < names.size() && i < most; ++i)
    text += (i ? ", " : "") + std::string(names[i]);
  return text + (names.size() > most ? " …" : "");
}

/// A parameter as binding sees it.
struct Place {
  std::string_view name;
  bool isOptional;
};

/// Gives each place its argument, or null. Reports what does not fit.
bool bindPlaces(Specializer &sema, const std::string &callee, SourceRange definition,
                std::span<const Place> places, bool takesMore, std::span<const Argument> arguments,
                SourceRange range, SourceRange calleeRange, std::vector<const Argument *> &bound,
                std::vector<Argument> &rest) {
  bound.assign(places.size(), nullptr);
  auto noteDefinition = [&](DiagnosticBuilder report) {
    if (definition.isValid())
      report.note(definition, callee + " is defined here");
  };
  bool isRight = true;
  size_t positional = 0;
  for (const Argument &argument : arguments) {
    if (!argument.name.empty())
      continue;
    if (positional < places.size())
      bound[positional] = &argument;
    else if (takesMore)
      rest.push_back(argument);
    ++positional;
  }
  if (positional > places.size() && !takesMore) {
    noteDefinition(sema.diagnostics.error(range, Msg::WrongArgumentCount, callee,
                                          counted(places.size(), "argument"), positional));
    isRight = false;
  }
  for (const Argument &argument : arguments) {
    if (argument.name.empty())
      continue;
    auto place = std::ranges::find(places, std::string_view(argument.name), &Place::name);
    if (place == places.end()) {
      std::vector<std::string_view> names;
      for (const Place &candidate : places)
        names.push_back(candidate.name);
      auto report =
          sema.diagnostics.error(argument.nameRange, Msg::UnknownArgument, callee, argument.name);
      std::optional<std::string> meant = closestName(argument.name, names);
      report.suggest(argument.nameRange, meant);
      if (!meant && !names.empty())
        report.note(argumentsNamed(names));
      noteDefinition(report);
      isRight = false;
      continue;
    }
    const Argument *&slot = bound[static_cast<size_t>(place - places.begin())];
    if (slot) {
      sema.diagnostics.error(argument.nameRange, Msg::DuplicateArgument, argument.name)
          .note(slot->range, "it is already given here");
      isRight = false;
      continue;
    }
    slot = &argument;
  }
  for (size_t i = 0; isRight && i < places.size(); ++i)
    if (!bound[i] && !places[i].isOptional) {
      noteDefinition(sema.diagnostics.error(calleeRange.isValid() ? calleeRange : range,
                                            Msg::MissingArgument, callee, places[i].name));
      isRight = false;
    }
  return isRight;
}

/// Whether an argument is the list of arrays that a built-in function joins.
bool takesArrays(const Builtin &builtin, size_t position, std::string_view name) {
  bool joins = builtin.name == "concat" || builtin.name == "stack";
  return joins && (name.empty() ? position == 0 : name == "arrays");
}

} // namespace

Value Specializer::evaluateCall(const ast::CallExpr *expr) {
  Value callee = evaluateValue(expr->callee);
  auto function = callee.as<FunctionPointer>();
  const Builtin *builtin = function ? (*function)->builtin : nullptr;
  std::vector<Argument> arguments;
  bool isRight = !callee.isError();
  for (const ast::Argument &written : expr->args) {
    Argument argument;
    argument.name = std::string(written.name.text);
    argument.nameRange = written.name.range;
    argument.range = written.value->extent;
    bool isList = builtin && takesArrays(*builtin, arguments.size(), argument.name);
    argument.value = builtin && argument.name == "wrt" && takesWrt(builtin->name)
                         ? namesOf(written.value)
                     : isList ? itemsOf(written.value)
                              : evaluateValue(written.value);
    isRight &= !hasError(argument.value);
    arguments.push_back(std::move(argument));
  }
  if (!isRight)
    return ErrorValue{};
  builder.range = expr->range;
  if (function)
    return callFunction(*function, arguments, expr->range, expr->callee->extent);
  if (auto type = callee.as<DTypeValue>())
    return convertCall(type->dtype, arguments, expr->range);
  return errorAt(expr->callee->extent, Msg::NotCallable, {describeType(callee)});
}

/// A list of arrays for a function that joins them: `[a, b]` need not be of equal shapes there.
Value Specializer::itemsOf(const ast::Expr *expr) {
  auto array = ast::dyn<ast::ArrayExpr>(expr);
  if (!array || array->elements.empty())
    return evaluateValue(expr);
  TupleValue items;
  for (const ast::Expr *element : array->elements)
    items.items.push_back(evaluateValue(element));
  return items;
}

/// What `wrt=` names: parameters of the function that is differentiated, or params. They need not
/// be bound where the call stands, so they are taken as names, not values.
Value Specializer::namesOf(const ast::Expr *expr) {
  auto text = [](std::string_view name, SourceRange range) {
    TextValue value;
    value.pieces.push_back({std::string(name), nullptr, "", range});
    return value;
  };
  if (auto name = ast::dyn<ast::NameExpr>(expr))
    return text(name->name, name->range);
  if (auto string = ast::dyn<ast::StringExpr>(expr); string && string->isPlain())
    return text(string->text(), string->range);
  if (auto tuple = ast::dyn<ast::TupleExpr>(expr)) {
    TupleValue names;
    for (const ast::Expr *element : tuple->elements) {
      names.items.push_back(namesOf(element));
      if (names.items.back().isError())
        return ErrorValue{};
    }
    return names;
  }
  auto report = diagnostics.error(expr->extent, Msg::WrtNames);
  if (ast::dyn<ast::IntegerExpr>(expr))
    report.note("write `argnums=" + std::string(sources.text(expr->extent)) + "`");
  return ErrorValue{};
}

Value Specializer::call(const Value &function, std::span<const Argument> arguments,
                        SourceRange range) {
  if (function.isError())
    return function;
  if (auto pointer = function.as<FunctionPointer>())
    return callFunction(*pointer, arguments, range, range);
  if (auto type = function.as<DTypeValue>())
    return convertCall(type->dtype, arguments, range);
  return errorAt(range, Msg::NotCallable, {describeType(function)});
}

Value Specializer::callFunction(const FunctionPointer &function,
                                std::span<const Argument> arguments, SourceRange range,
                                SourceRange calleeRange) {
  if (!charge())
    return ErrorValue{};
  for (const Argument &argument : arguments)
    if (hasError(argument.value))
      return ErrorValue{};
  if (callDepth >= kMaxCallDepth) {
    diagnostics.error(range, Msg::Recursion, function->describe());
    exhausted = true; // what follows would only say the same
    return ErrorValue{};
  }
  ++callDepth;
  SourceRange around = std::exchange(builder.range, range);
  SourceRange callAround = scriptCall;
  if (frame && frame->module && !frame->module->isLibrary)
    scriptCall = range;
  Value result;
  if (function->builtin)
    result = callBuiltin(*function->builtin, arguments, range, calleeRange);
  else if (function->native)
    result = function->native(*this, arguments, range);
  else
    result = callScript(function, arguments, range, calleeRange);
  builder.range = around;
  scriptCall = callAround;
  --callDepth;
  return result;
}

Value Specializer::callScript(const FunctionPointer &function, std::span<const Argument> arguments,
                              SourceRange range, SourceRange calleeRange) {
  std::vector<Place> places;
  for (const ast::Param &param : function->params)
    places.push_back({param.name.text, param.defaultValue != nullptr});
  std::vector<const Argument *> bound;
  std::vector<Argument> rest;
  if (!bindPlaces(*this, function->describe(), function->range, places, false, arguments, range,
                  calleeRange, bound, rest))
    return ErrorValue{};

  size_t firstDiagnostic = diagnostics.all().size();
  Frame callee;
  callee.module = function->module;
  callee.function = function.get();
  callee.scopes.emplace_back();
  uint32_t firstLabel = static_cast<uint32_t>(labelNames.size());
  Frame *caller = std::exchange(frame, &callee);
  DType callersFloat = defaultFloat;
  if (!function->module->isLibrary)
    defaultFloat = function->module->defaultFloat;

  for (const auto &[name, value] : function->captured)
    declare(name, Kind::Let, {}, value);
  if (!function->name.empty() && !function->module->find(function->name))
    declare(function->name, Kind::Function, function->range, function);
  bool isRight = true;
  callee.scopes.emplace_back();
  for (size_t i = 0; i < places.size(); ++i) {
    const ast::Param &param = function->params[i];
    const Argument *argument = bound[i];
    Value value = argument ? argument->value : evaluateValue(param.defaultValue);
    SourceRange given = argument ? argument->range : param.defaultValue->extent;
    if (argument)
      callee.arguments.push_back(
          {param.name.text, argument->range, describeType(value), value.origin});
    if (param.type && !value.isError())
      value = checkAnnotation(param.type, value, given);
    isRight &= !value.isError();
    declare(param.name.text, Kind::Argument, param.name.range, std::move(value));
  }
  Value result;
  if (isRight) {
    result = evaluate(function->body);
    if (function->resultType && !result.isError()) {
      if (result.as<NothingValue>())
        result = errorAt(function->body->extent, Msg::NoValue);
      else
        result = checkAnnotation(function->resultType, result, resultRange(function->body));
    }
    if (firstLabel < labelNames.size())
      result = withoutLabels(result, firstLabel);
  }
  frame = caller;
  defaultFloat = callersFloat;
  if (diagnostics.all().size() > firstDiagnostic) {
    noteCall(firstDiagnostic, callee, range);
    bool isEntry = function->module->isLibrary && !caller->module->isLibrary;
    if (isEntry)
      blameCaller(firstDiagnostic, callee, range);
  }
  return result;
}

/// The expression that gives a body its value.
SourceRange Specializer::resultRange(const ast::Expr *body) {
  while (auto block = ast::dyn<ast::BlockExpr>(body)) {
    if (!block->result())
      break;
    body = block->result();
  }
  return body->extent;
}

Value Specializer::callBuiltin(const Builtin &builtin, std::span<const Argument> arguments,
                               SourceRange range, SourceRange calleeRange) {
  const Signature &signature = signatureOf(builtin);
  std::vector<Place> places;
  for (const SignatureParameter &parameter : signature.parameters)
    places.push_back({parameter.name, parameter.isOptional});
  std::vector<const Argument *> bound;
  BuiltinCall call{*this, builtin.name, range, calleeRange, {}, {}};
  if (!bindPlaces(*this, "`" + std::string(builtin.name) + "`", {}, places, signature.takesMore,
                  arguments, range, calleeRange, bound, call.rest))
    return ErrorValue{};
  for (size_t i = 0; i < places.size(); ++i) {
    Argument argument;
    if (bound[i])
      argument = *bound[i];
    else
      argument.value = signature.parameters[i].defaultValue(*this);
    argument.name = std::string(places[i].name);
    call.arguments.push_back(std::move(argument));
  }
  return builtin.evaluate(call);
}

Value Specializer::convertCall(DType dtype, std::span<const Argument> arguments,
                               SourceRange range) {
  std::string callee = "`" + std::string(nameOf(dtype)) + "`";
  constexpr Place places[] = {{"x", false}};
  std::vector<const Argument *> bound;
  std::vector<Argument> rest;
  if (!bindPlaces(*this, callee, {}, places, false, arguments, range, range, bound, rest))
    return ErrorValue{};
  const Argument &argument = *bound[0];
  auto convertOne = [&](const Value &item) -> Value {
    Argument part = argument;
    part.value = item;
    auto array = expectArray(part);
    if (!array)
      return ErrorValue{};
    if (array->type.dtype == DType::Key)
      return errorAt(argument.range, Msg::TypeMismatch, {describeType(item), "numbers"});
    if (auto literals = literalsAs(*array, dtype))
      return *literals;
    // A literal is not first an i32: `i64(3000000000)`.
    auto result = converted(*array, dtype, argument.range);
    return result ? Value(*result) : Value(ErrorValue{});
  };
  if (argument.value.as<TupleValue>() || argument.value.as<RecordValue>())
    return mapArrays(argument.value, [&](const ArrayValue &leaf) { return convertOne(leaf); });
  return convertOne(argument.value);
}

std::vector<std::string> parameterNames(const FunctionValue &function) {
  if (function.builtin) {
    std::vector<std::string> names;
    for (const SignatureParameter &parameter : signatureOf(*function.builtin).parameters)
      names.push_back(parameter.name);
    return names;
  }
  if (function.native)
    return function.nativeParameters;
  std::vector<std::string> names;
  for (const ast::Param &param : function.params)
    names.emplace_back(param.name.text);
  return names;
}

} // namespace descent::sema
