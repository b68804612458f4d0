// Columns of tables: `d["a"]`, `d[["a", "b"]]`, `d[:]`, and which of them a program needs.
#include "frontend/sema/Specializer.h"
#include "frontend/sema/Structure.h"

#include <algorithm>
#include <numeric>
#include <unordered_set>

namespace descent::sema {

namespace {

std::string plainTextOf(const ast::Expr *expr) {
  auto string = ast::dyn<ast::StringExpr>(expr);
  return string && string->isPlain() ? std::string(string->text()) : std::string();
}

/// Columns side by side.
Array matrixOf(std::span<const Array> columns, DType dtype) {
  int64_t rows = columns.front().size(), width = static_cast<int64_t>(columns.size());
  Array matrix = Array::uninitialized(dtype, {rows, width});
  visitDType(dtype, [&](auto zero) {
    using T = decltype(zero);
    T *to = matrix.mutableValues<T>().data();
    // Rows that stay in the cache while all columns write to them.
    constexpr int64_t kRows = 16;
    std::vector<Array> converted;
    for (const Array &column : columns)
      converted.push_back(column.dtype() == dtype ? column : column.converted(dtype));
    for (int64_t first = 0; first < rows; first += kRows)
      for (int64_t j = 0; j < width; ++j) {
        const T *from = converted[static_cast<size_t>(j)].template values<T>().data();
        for (int64_t i = first; i < std::min(first + kRows, rows); ++i)
          to[i * width + j] = from[i];
      }
  });
  return matrix;
}

void collectUses(const Region &region, std::unordered_set<ValueId> &used) {
  used.insert(region.yields.begin(), region.yields.end());
  for (const Op &op : region.ops) {
    used.insert(op.operands.begin(), op.operands.end());
    for (const Region &inner : op.regions)
      collectUses(inner, used);
  }
}

} // namespace

// ---- Indices -----------------------------------------------------------------------------------

/// Columns of data as one array that the runtime provides: thousands of them would be as many arrays
/// to a program. Nothing where they are not columns of data as they are, numbers of one length.
std::optional<Value> Specializer::dataMatrix(std::span<const Value> columns, std::string name) {
  Program &program = builder.program();
  std::vector<ValueId> ids;
  std::vector<Array> arrays;
  ArrayValue common;
  for (const Value &column : columns) {
    const ArrayValue *array = column.array();
    auto input = array ? dataInputs.find(array->id) : dataInputs.end();
    if (input == dataInputs.end() || array->rank() != 1 || array->type.dtype == DType::Bool)
      return std::nullopt;
    if (ids.empty())
      common = *array;
    auto dtype = promote(common, *array);
    if (!dtype || array->type.dims != common.type.dims)
      return std::nullopt;
    common.type.dtype = *dtype;
    ids.push_back(array->id);
    arrays.push_back(program.inputs[input->second].data);
  }
  auto [known, isNew] = dataMatrices.try_emplace(ids);
  if (isNew) {
    // Where all of the program sees it.
    Builder::RegionScope scope(builder, program.main);
    known->second = appendInput(std::move(name), matrixOf(arrays, common.type.dtype));
  }
  Value matrix = known->second;
  matrix.origin = columns.front().origin;
  return matrix;
}

Value Specializer::indexRecord(const ast::IndexExpr *expr, const Value &base) {
  const auto &record = *base.as<RecordValue>();
  const ast::IndexItem &item = expr->items.front();
  auto column = [&](const ast::Expr *name) -> Value {
    std::string text = plainTextOf(name);
    for (const auto &[field, value] : record.fields)
      if (field == text)
        return value;
    std::vector<std::string> names;
    for (const auto &field : record.fields)
      names.push_back(field.first);
    diagnostics
        .error(name->extent, Msg::UnknownField, std::string(sources.text(expr->base->extent)), text)
        .suggest(name->extent, closestName(text, names));
    return ErrorValue{};
  };
  bool isAt = expr->items.size() == 1 && item.kind == ast::IndexKind::At;
  if (isAt && ast::is<ast::StringExpr>(item.value))
    return column(item.value);
  // `d[:]`: all columns side by side.
  bool isWhole = expr->items.size() == 1 && item.kind == ast::IndexKind::Slice && !item.start &&
                 !item.stop && !item.step && !record.fields.empty();
  auto list = isAt ? ast::dyn<ast::ArrayExpr>(item.value) : nullptr;
  bool areNames = list && !list->elements.empty() &&
                  std::ranges::all_of(list->elements, [](const ast::Expr *element) {
                    return ast::is<ast::StringExpr>(element);
                  });
  if (!areNames && !isWhole)
    return errorAt(expr->range, Msg::TypeMismatch,
                   {describeType(base), "an array (a record's fields are `r.name`)"});
  std::vector<Value> columns;
  std::vector<SourceRange> ranges;
  for (const ast::Expr *name : isWhole ? ast::List<const ast::Expr *>() : list->elements) {
    columns.push_back(column(name));
    ranges.push_back(name->extent);
  }
  for (size_t i = 0; isWhole && i < record.fields.size(); ++i) {
    columns.push_back(record.fields[i].second);
    ranges.push_back(expr->range);
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    if (auto refused = columns[i].as<RefusedValue>())
      return errorAt(ranges[i], Msg::DataColumn, {refused->reason});
    if (columns[i].isError())
      return ErrorValue{};
  }
  if (auto matrix = dataMatrix(columns, std::string(sources.text(expr->range))))
    return *matrix;
  Value rows = stacked(columns, ranges, expr->range);
  const ArrayValue *array = rows.array();
  if (!array)
    return rows;
  // Columns side by side: the axis along which they were stacked becomes the last.
  std::vector<int64_t> permutation(array->type.dims.size());
  std::iota(permutation.begin(), permutation.end(), 1);
  permutation.back() = 0;
  Value matrix = builder.transpose(*array, permutation);
  matrix.origin = columns.front().origin;
  return matrix;
}

// ---- What a program needs ----------------------------------------------------------------------

/// An array that the runtime provides.
ArrayValue Specializer::appendInput(std::string name, Array data) {
  Program &program = builder.program();
  size_t index = program.inputs.size();
  ArrayValue value = builder.appendOne("input", {}, {data.dtype(), data.shape()},
                                       {{"index", static_cast<int64_t>(index)}});
  program.inputs.push_back({std::move(name), std::move(data)});
  dataInputs[value.id] = index;
  return value;
}

/// Leaves out data that nothing uses: a table has more columns than a script needs.
void Specializer::dropUnusedInputs() {
  Program &program = builder.program();
  std::unordered_set<ValueId> used;
  collectUses(program.main, used);
  for (const Function &function : program.exports)
    collectUses(function.body, used);
  std::vector<Input> kept;
  std::erase_if(program.main.ops, [&](Op &op) {
    if (op.name != "input")
      return false;
    if (!used.contains(op.results.front()))
      return true;
    auto &index = std::get<int64_t>(op.attributes.front().second);
    kept.push_back(std::move(program.inputs[static_cast<size_t>(index)]));
    index = static_cast<int64_t>(kept.size()) - 1;
    return false;
  });
  program.inputs = std::move(kept);
}

} // namespace descent::sema
