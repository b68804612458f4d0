// How operands come to one element type and one shape.
#include "frontend/sema/Fold.h"
#include "frontend/sema/Specializer.h"
#include "frontend/sema/Structure.h"

#include <algorithm>

namespace descent::sema {

std::optional<DType> Specializer::promote(const ArrayValue &a, const ArrayValue &b) const {
  DType x = a.type.dtype, y = b.type.dtype;
  if (x == y)
    return x;
  if (x == DType::Key || y == DType::Key)
    return std::nullopt;
  if (x == DType::Bool)
    return b.weak && isFloat(y) ? defaultFloat : y;
  if (y == DType::Bool)
    return a.weak && isFloat(x) ? defaultFloat : x;
  if (a.weak != b.weak) {
    // A literal takes the other's type within its kind.
    const ArrayValue &weak = a.weak ? a : b;
    const ArrayValue &strong = a.weak ? b : a;
    if (isInteger(weak.type.dtype) || isFloat(strong.type.dtype))
      return strong.type.dtype;
    return defaultFloat;
  }
  if (isFloat(x) != isFloat(y))
    return isFloat(x) ? x : y;
  if (isFloat(x))
    return DType::F64;
  return DType::I64; // i64 with a narrower one, or i32 with u32
}

std::optional<ArrayValue> Specializer::converted(const ArrayValue &array, DType dtype,
                                                 SourceRange range) {
  if (array.weak && array.known && isInteger(array.type.dtype) && isInteger(dtype)) {
    int64_t value = integerOf(*array.known);
    if (!fits(value, dtype)) {
      diagnostics.error(range, Msg::LiteralRange, value, nameOf(dtype));
      return std::nullopt;
    }
  }
  return builder.convert(array, dtype);
}

std::optional<ArrayValue> Specializer::settled(const ArrayValue &array, SourceRange range) {
  if (!array.weak)
    return array;
  return converted(array, array.type.dtype, range);
}

Value Specializer::settled(const Value &value, SourceRange range) {
  Value result = mapArrays(value, [&](const ArrayValue &array) -> Value {
    if (auto strong = settled(array, range))
      return *strong;
    return ErrorValue{};
  });
  result.origin = value.origin;
  return result;
}

std::string Specializer::describeLabelled(const ArrayValue &array) const {
  if (array.labels.empty())
    return describe(array.type);
  std::string text(nameOf(array.type.dtype));
  text += "[";
  for (size_t i = 0; i < array.type.dims.size(); ++i) {
    if (i > 0)
      text += ", ";
    if (uint32_t label = array.labels[i])
      text += labelNames[label] + "=";
    text += std::to_string(array.type.dims[i]);
  }
  return text + "]";
}

bool Specializer::unify(std::span<ArrayValue> arrays, std::span<const SourceRange> ranges,
                        SourceRange pointRange) {
  if (arrays.empty())
    return true;
  SourceRange whole;
  for (SourceRange range : ranges)
    if (!whole.isValid() || whole.file == range.file)
      whole = join(whole, range);
  if (!whole.isValid())
    whole = pointRange;
  auto report = [&](Msg message, const std::string &first, const std::string &second) {
    auto builder = diagnostics.error(whole, message, first, second);
    if (pointRange.isValid() && pointRange != whole && whole.contains(pointRange)) {
      builder.point(pointRange);
      for (SourceRange range : ranges)
        builder.also(range);
    }
    noteOperands(builder, ranges);
  };

  ArrayValue common;
  common.type.dtype = arrays[0].type.dtype;
  common.weak = arrays[0].weak;
  for (const ArrayValue &array : arrays.subspan(1)) {
    std::optional<DType> dtype = promote(common, array);
    if (!dtype) {
      report(Msg::DtypeMismatch, "this operation",
             std::string(nameOf(common.type.dtype)) + " and " +
                 std::string(nameOf(array.type.dtype)));
      return false;
    }
    common.type.dtype = *dtype;
    common.weak &= array.weak;
  }

  // The common shape, counted from the last axis.
  std::vector<int64_t> shape;
  std::vector<uint32_t> labels;
  size_t rank = 0;
  for (const ArrayValue &array : arrays)
    rank = std::max(rank, array.type.dims.size());
  shape.assign(rank, 1);
  labels.assign(rank, 0);
  std::vector<size_t> source(rank, 0);
  for (size_t a = 0; a < arrays.size(); ++a) {
    const ArrayValue &array = arrays[a];
    size_t offset = rank - array.type.dims.size();
    for (size_t i = 0; i < array.type.dims.size(); ++i) {
      int64_t size = array.type.dims[i];
      int64_t &agreed = shape[i + offset];
      uint32_t label = array.labels.empty() ? 0 : array.labels[i];
      uint32_t &agreedLabel = labels[i + offset];
      bool namesDiffer = label != 0 && agreedLabel != 0 && label != agreedLabel;
      if (namesDiffer || (size != agreed && size != 1 && agreed != 1)) {
        const ArrayValue &other = arrays[source[i + offset]];
        report(Msg::ShapeMismatch, describeLabelled(other), describeLabelled(array));
        return false;
      }
      if (size != 1 || agreed == 1) {
        if (agreed == 1)
          source[i + offset] = a;
        agreed = size;
      }
      if (label != 0)
        agreedLabel = label;
    }
  }

  for (size_t a = 0; a < arrays.size(); ++a) {
    ArrayValue &array = arrays[a];
    bool staysWeak = common.weak && array.weak;
    if (array.type.dtype != common.type.dtype || (array.weak && !staysWeak)) {
      SourceRange range = a < ranges.size() ? ranges[a] : pointRange;
      std::optional<ArrayValue> result = converted(array, common.type.dtype, range);
      if (!result)
        return false;
      if (staysWeak && array.known)
        result = builder.known(*array.known, common.type.dtype, true);
      result->weak = staysWeak;
      array = std::move(*result);
    }
    array = builder.broadcastTo(array, shape);
  }
  return true;
}

} // namespace descent::sema
