#include "frontend/sema/builtins/Compile.h"

#include "frontend/sema/builtins/Support.h"

#include <limits>

namespace descent::sema {

Value lenFunction(BuiltinCall &call) {
  Builder &builder = call.sema.builder;
  if (const auto *tuple = call[0].as<TupleValue>())
    return builder.known(int64_t(tuple->items.size()), DType::I32);
  auto x = call.sema.expectArray(call.arguments[0]);
  if (!x || !expectRank(call, call.arguments[0], *x, 1, INT64_MAX, "an array or a tuple"))
    return ErrorValue{};
  return builder.known(x->type.dims[0], DType::I32);
}

Value isFunctionFunction(BuiltinCall &call) {
  bool isFunction = call[0].as<std::shared_ptr<FunctionValue>>() || call[0].as<DTypeValue>();
  return call.sema.builder.known(isFunction, DType::Bool);
}

Value isKnownFunction(BuiltinCall &call) {
  const ArrayValue *array = call[0].array();
  bool isKnown = array ? array->known.has_value()
                       : call[0].as<TextValue>() != nullptr || call[0].as<DTypeValue>() != nullptr;
  return call.sema.builder.known(isKnown, DType::Bool);
}

Value appendFunction(BuiltinCall &call) {
  const auto *tuple = call[0].as<TupleValue>();
  if (!tuple)
    return fail(call, call.arguments[0], Msg::TypeMismatch, describeType(call[0]), "a tuple");
  TupleValue result = *tuple;
  result.items.push_back(call[1]);
  return result;
}

Value epsilonFunction(BuiltinCall &call) {
  auto x = call.sema.expectFloat(call.arguments[0]);
  if (!x)
    return ErrorValue{};
  double spacing = x->type.dtype == DType::F64 ? std::numeric_limits<double>::epsilon()
                                               : double(std::numeric_limits<float>::epsilon());
  return call.sema.builder.known(spacing, x->type.dtype);
}

Value unsupportedFunction(BuiltinCall &call) {
  auto what = call.sema.expectKnownText(call.arguments[0]);
  return what ? fail(call, call.range, Msg::NotSupportedYet, *what) : Value();
}

Value misuseFunction(BuiltinCall &call) {
  std::string texts[3];
  for (int i = 0; i < 3; ++i) {
    auto text = call.sema.expectKnownText(call.arguments[static_cast<size_t>(i)]);
    if (!text)
      return ErrorValue{};
    texts[i] = *text;
  }
  auto given = call[3].as<TextValue>() ? call.sema.expectKnownText(call.arguments[3]) : std::nullopt;
  return fail(call, call.range, Msg::BadArgument, texts[0], texts[1], texts[2],
              given ? "\"" + *given + "\"" : describeType(call[3]));
}

} // namespace descent::sema
