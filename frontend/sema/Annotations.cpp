// Types as scripts write them, checked against values; sizes with names.
#include "frontend/sema/Fold.h"
#include "frontend/sema/Specializer.h"
#include "frontend/sema/Structure.h"

#include <algorithm>

namespace descent::sema {

using namespace ast;

std::optional<DType> Specializer::namedType(std::string_view name) const {
  auto dtype = dtypeFromName(name);
  if (dtype && options.gradientCheck && isFloat(*dtype))
    return DType::F64;
  return dtype;
}

/// An array of literals takes a type as a literal does: its numbers are rounded once. Nothing where it
/// cannot, or is none.
std::optional<ArrayValue> Specializer::literalsAs(const ArrayValue &array, DType dtype) {
  if (!array.literals || array.type.dtype == dtype)
    return std::nullopt;
  if (isFloat(dtype))
    return builder.constant({*array.literals}, {dtype, array.type.dims});
  bool fits = isInteger(dtype) && isInteger(array.type.dtype) &&
              (dtype != DType::U32 ||
               std::ranges::all_of(*array.literals, [](double number) { return number >= 0; }));
  if (!fits)
    return std::nullopt;
  std::vector<int64_t> integers(array.literals->begin(), array.literals->end());
  return builder.constant({std::move(integers)}, {dtype, array.type.dims});
}

Value Specializer::checkAnnotation(const ast::Type *type, const Value &value, SourceRange range) {
  if (hasError(value))
    return ErrorValue{};
  auto refuse = [&]() -> Value {
    std::string wanted(sources.text(type->range));
    std::string actual = value.array() ? describeLabelled(*value.array()) : describeType(value);
    auto report = diagnostics.error(range, Msg::TypeMismatch, actual, wanted);
    if (auto named = dyn<NamedType>(type))
      for (const Dim &dim : named->dims)
        for (const NamedSize &size : frame->sizes)
          if (size.name == dim.name && size.range != range)
            report.note(size.range, "`" + std::string(dim.name) + "` is " +
                                        std::to_string(size.size) + " here");
    if (type->range.isValid() && type->range.file != range.file)
      report.note(type->range, "it is declared here");
    return ErrorValue{};
  };
  switch (type->kind) {
  case TypeKind::Error:
    return value;
  case TypeKind::Tuple: {
    auto tuple = value.as<TupleValue>();
    auto elements = as<TupleType>(type)->elements;
    if (!tuple || tuple->items.size() != elements.size())
      return refuse();
    TupleValue result;
    for (size_t i = 0; i < elements.size(); ++i) {
      result.items.push_back(checkAnnotation(elements[i], tuple->items[i], range));
      if (result.items.back().isError())
        return ErrorValue{};
    }
    return result;
  }
  case TypeKind::Record: {
    auto record = value.as<RecordValue>();
    auto fields = as<RecordType>(type)->fields;
    if (!record || record->fields.size() != fields.size())
      return refuse();
    RecordValue result;
    for (const FieldType &field : fields) {
      const Value *found = nullptr;
      for (const auto &[name, item] : record->fields)
        if (name == field.name.text)
          found = &item;
      if (!found)
        return refuse();
      Value item = checkAnnotation(field.type, *found, range);
      if (item.isError())
        return ErrorValue{};
      result.fields.emplace_back(std::string(field.name.text), std::move(item));
    }
    return result;
  }
  case TypeKind::Named:
    break;
  }

  auto named = as<NamedType>(type);
  auto dtype = namedType(named->name.text);
  if (!dtype)
    return ErrorValue{}; // reported by the resolver
  Value given = asArray(value, range);
  if (given.isError())
    return given;
  auto array = given.array();
  if (!array || array->type.dims.size() != named->dims.size())
    return refuse();
  ArrayValue result = *array;
  if (auto literals = literalsAs(*array, *dtype))
    result = std::move(*literals);
  if (result.weak && result.type.dtype != DType::Bool &&
      (isFloat(*dtype) || isInteger(result.type.dtype)) && *dtype != DType::Bool &&
      *dtype != DType::Key) {
    auto strong = converted(result, *dtype, range);
    if (!strong)
      return ErrorValue{};
    result = std::move(*strong);
  }
  if (result.type.dtype != *dtype)
    return refuse();
  result.weak = false;
  if (!named->dims.empty())
    result.labels.resize(named->dims.size(), 0);
  for (size_t i = 0; i < named->dims.size(); ++i) {
    const Dim &dim = named->dims[i];
    int64_t size = result.type.dims[i];
    if (dim.name.empty()) {
      if (static_cast<uint64_t>(size) != dim.size)
        return refuse();
      continue;
    }
    if (dim.name == "_")
      continue;
    const NamedSize *bound = nullptr;
    for (const NamedSize &candidate : frame->sizes)
      if (candidate.name == dim.name)
        bound = &candidate;
    if (!bound) {
      frame->sizes.push_back(
          {dim.name, size, static_cast<uint32_t>(labelNames.size()), range});
      labelNames.emplace_back(dim.name);
      bound = &frame->sizes.back();
    }
    if (bound->size != size)
      return refuse();
    result.labels[i] = bound->label;
  }
  Value checked = std::move(result);
  checked.origin = value.origin;
  return checked;
}

Value Specializer::withoutLabels(const Value &value, uint32_t firstLabel) {
  Value result = mapArrays(value, [&](const ArrayValue &array) -> Value {
    ArrayValue bare = array;
    bool isAny = false;
    for (uint32_t &label : bare.labels) {
      if (label >= firstLabel)
        label = 0;
      isAny |= label != 0;
    }
    if (!isAny)
      bare.labels.clear();
    return bare;
  });
  result.origin = value.origin;
  return result;
}

} // namespace descent::sema
