#include "frontend/sema/Value.h"

#include "frontend/sema/Fold.h"
#include "frontend/sema/Function.h"

namespace descent::sema {

std::optional<int64_t> Value::knownInteger() const {
  const ArrayValue *value = array();
  if (!value || !value->known || !isInteger(value->type.dtype))
    return std::nullopt;
  return integerOf(*value->known);
}

std::string describe(const TensorType &type) { return typeName(type.dtype, type.dims); }

namespace {

template <typename Items, typename Describe>
std::string listed(const Items &items, char open, char close, Describe describeItem) {
  std::string text(1, open);
  size_t shown = 0;
  for (const auto &item : items) {
    if (shown > 0)
      text += ", ";
    if (++shown > 8) {
      text += "…";
      break;
    }
    text += describeItem(item);
  }
  return text + close;
}

struct Describer {
  std::string operator()(const ErrorValue &) const { return "an error"; }
  std::string operator()(const NothingValue &) const { return "no value"; }
  std::string operator()(const AbsentValue &) const { return "none"; }
  std::string operator()(const ArrayValue &array) const { return describe(array.type); }
  std::string operator()(const TextValue &) const { return "text"; }
  std::string operator()(const TupleValue &tuple) const {
    if (tuple.items.size() == 1)
      return "(" + describeType(tuple.items.front()) + ",)";
    return listed(tuple.items, '(', ')', [](const Value &item) { return describeType(item); });
  }
  std::string operator()(const RecordValue &record) const {
    return listed(record.fields, '{', '}',
                  [](const auto &field) { return field.first + ": " + describeType(field.second); });
  }
  std::string operator()(const RangeValue &) const { return "a range"; }
  std::string operator()(const ZipValue &) const { return "a zip"; }
  std::string operator()(const RefusedValue &) const { return "a column that cannot be used"; }
  std::string operator()(const DTypeValue &type) const {
    return "the type " + std::string(nameOf(type.dtype));
  }
  std::string operator()(const FunctionPointer &) const { return "a function"; }
  std::string operator()(const std::shared_ptr<ModuleValue> &) const { return "a module"; }
};

} // namespace

std::string describeType(const Value &value) { return std::visit(Describer(), value.kind); }

} // namespace descent::sema
