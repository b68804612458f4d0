#include "frontend/sema/Structure.h"

#include "frontend/sema/Function.h"

namespace descent::sema {

void flatten(const Value &value, std::vector<ArrayValue> &leaves) {
  if (auto array = value.as<ArrayValue>()) {
    leaves.push_back(*array);
  } else if (auto tuple = value.as<TupleValue>()) {
    for (const Value &item : tuple->items)
      flatten(item, leaves);
  } else if (auto record = value.as<RecordValue>()) {
    for (const auto &[name, item] : record->fields)
      flatten(item, leaves);
  } else if (auto range = value.as<RangeValue>()) {
    flatten(*range->lower, leaves);
    flatten(*range->upper, leaves);
  }
}

std::vector<ArrayValue> leavesOf(const Value &value) {
  std::vector<ArrayValue> leaves;
  flatten(value, leaves);
  return leaves;
}

namespace {

Value rebuildFrom(const Value &like, std::span<const ArrayValue> leaves, size_t &next) {
  if (like.as<ArrayValue>())
    return leaves[next++];
  if (auto tuple = like.as<TupleValue>()) {
    TupleValue result;
    for (const Value &item : tuple->items)
      result.items.push_back(rebuildFrom(item, leaves, next));
    return result;
  }
  if (auto record = like.as<RecordValue>()) {
    RecordValue result;
    for (const auto &[name, item] : record->fields)
      result.fields.emplace_back(name, rebuildFrom(item, leaves, next));
    return result;
  }
  if (auto range = like.as<RangeValue>()) {
    auto lower = std::make_shared<Value>(rebuildFrom(*range->lower, leaves, next));
    auto upper = std::make_shared<Value>(rebuildFrom(*range->upper, leaves, next));
    return RangeValue{std::move(lower), std::move(upper)};
  }
  return like;
}

void collectPaths(const Value &value, const std::string &path, std::vector<std::string> &paths) {
  if (value.as<ArrayValue>()) {
    paths.push_back(path);
  } else if (auto tuple = value.as<TupleValue>()) {
    for (size_t i = 0; i < tuple->items.size(); ++i)
      collectPaths(tuple->items[i], path + "[" + std::to_string(i) + "]", paths);
  } else if (auto record = value.as<RecordValue>()) {
    for (const auto &[name, item] : record->fields)
      collectPaths(item, path + "." + name, paths);
  } else if (auto range = value.as<RangeValue>()) {
    collectPaths(*range->lower, path, paths);
    collectPaths(*range->upper, path, paths);
  }
}

} // namespace

Value rebuilt(const Value &like, std::span<const ArrayValue> leaves) {
  size_t next = 0;
  return rebuildFrom(like, leaves, next);
}

bool sameStructure(const Value &a, const Value &b) {
  if (a.kind.index() != b.kind.index())
    return false;
  if (auto tuple = a.as<TupleValue>()) {
    auto other = b.as<TupleValue>();
    if (tuple->items.size() != other->items.size())
      return false;
    for (size_t i = 0; i < tuple->items.size(); ++i)
      if (!sameStructure(tuple->items[i], other->items[i]))
        return false;
    return true;
  }
  if (auto record = a.as<RecordValue>()) {
    auto other = b.as<RecordValue>();
    if (record->fields.size() != other->fields.size())
      return false;
    for (size_t i = 0; i < record->fields.size(); ++i)
      if (record->fields[i].first != other->fields[i].first ||
          !sameStructure(record->fields[i].second, other->fields[i].second))
        return false;
    return true;
  }
  if (auto function = a.as<FunctionPointer>())
    return *function == *b.as<FunctionPointer>();
  if (auto text = a.as<TextValue>()) {
    auto other = b.as<TextValue>();
    if (text->pieces.size() != other->pieces.size())
      return false;
    for (size_t i = 0; i < text->pieces.size(); ++i)
      if (text->pieces[i].value || other->pieces[i].value ||
          text->pieces[i].literal != other->pieces[i].literal)
        return false;
    return true;
  }
  if (auto type = a.as<DTypeValue>())
    return type->dtype == b.as<DTypeValue>()->dtype;
  return true;
}

bool isData(const Value &value) {
  if (auto tuple = value.as<TupleValue>()) {
    for (const Value &item : tuple->items)
      if (!isData(item))
        return false;
    return true;
  }
  if (auto record = value.as<RecordValue>()) {
    for (const auto &[name, item] : record->fields)
      if (!isData(item))
        return false;
    return true;
  }
  return value.as<ArrayValue>() != nullptr;
}

bool hasError(const Value &value) {
  if (auto tuple = value.as<TupleValue>()) {
    for (const Value &item : tuple->items)
      if (hasError(item))
        return true;
  } else if (auto record = value.as<RecordValue>()) {
    for (const auto &[name, item] : record->fields)
      if (hasError(item))
        return true;
  }
  return value.isError();
}

Value mapArrays(const Value &value, const std::function<Value(const ArrayValue &)> &apply) {
  if (auto array = value.as<ArrayValue>())
    return apply(*array);
  if (auto tuple = value.as<TupleValue>()) {
    TupleValue result;
    for (const Value &item : tuple->items)
      result.items.push_back(mapArrays(item, apply));
    return result;
  }
  if (auto record = value.as<RecordValue>()) {
    RecordValue result;
    for (const auto &[name, item] : record->fields)
      result.fields.emplace_back(name, mapArrays(item, apply));
    return result;
  }
  return value;
}

std::vector<std::string> leafPaths(const Value &value) {
  std::vector<std::string> paths;
  collectPaths(value, "", paths);
  return paths;
}

abi::ValueLayout layoutOf(const Value &value, int &first) {
  abi::ValueLayout layout;
  if (auto tuple = value.as<TupleValue>()) {
    layout.kind = abi::ValueLayout::Kind::Tuple;
    for (const Value &item : tuple->items)
      layout.items.push_back(layoutOf(item, first));
  } else if (auto record = value.as<RecordValue>()) {
    layout.kind = abi::ValueLayout::Kind::Record;
    for (const auto &[name, item] : record->fields) {
      layout.names.push_back(name);
      layout.items.push_back(layoutOf(item, first));
    }
  } else {
    layout.operand = first++;
  }
  return layout;
}

} // namespace descent::sema
