// Random types and values.
#include "tests/reference/RandomBuilder.h"

#include <cmath>

using namespace mlir;

namespace descent::reference {

Type RandomBuilder::anyElement() {
  // Floats half of the time.
  switch (below(12)) {
  case 0:
  case 1:
    return builder.getI32Type();
  case 2:
    return builder.getI64Type();
  case 3:
    return builder.getIntegerType(32, /*isSigned=*/false);
  case 4:
    return builder.getI1Type();
  case 5:
    return builder.getIntegerType(64, /*isSigned=*/false);
  case 6:
  case 7:
    return builder.getF32Type();
  default:
    return builder.getF64Type();
  }
}

RankedTensorType RandomBuilder::anyType(Type element) {
  // Few shapes, so that values fit each other.
  static const std::vector<std::vector<int64_t>> shapes = {
      {},     {},     {},     {3},    {3},       {5}, {1},   {2, 3},
      {2, 3}, {3, 2}, {3, 3}, {1, 3}, {2, 1, 3}, {0}, {0, 3}};
  return RankedTensorType::get(oneOf(shapes), element);
}

Tensor RandomBuilder::numbers(RankedTensorType type) {
  Tensor tensor = zerosLike(type);
  for (int64_t i = 0; i < tensor.size(); ++i) {
    if (isFloat(tensor.dtype))
      tensor.set(i, chance(20) ? double(below(5)) - 2 : real(-2, 2));
    else if (tensor.dtype == DType::Key)
      tensor.setInteger(i, random());
    else if (tensor.dtype == DType::Bool)
      tensor.setInteger(i, uint64_t(below(2)));
    else
      tensor.setInteger(i, chance(5) ? random() : uint64_t(below(10) - 3));
  }
  return tensor;
}

Known RandomBuilder::fresh(RankedTensorType type) {
  // Inputs are unknown to the compiler; constants are known, sometimes one number throughout.
  if (depth == 0 && chance(50)) {
    inputs.push_back(numbers(type));
    return keep(ir::InputOp::create(builder, loc, type, int64_t(inputs.size()) - 1), 2, true);
  }
  if (chance(30) && !type.getElementType().isUnsignedInteger(64))
    return constant(type, double(below(5)) - 2);
  return keep(ir::ConstantOp::create(builder, loc, numbers(type).attribute(builder.getContext())),
              2, true);
}

Known RandomBuilder::constant(RankedTensorType type, double number) {
  Tensor tensor = zerosLike(type);
  for (int64_t i = 0; i < tensor.size(); ++i)
    tensor.set(i, number);
  return keep(ir::ConstantOp::create(builder, loc, tensor.attribute(builder.getContext())),
              std::abs(number), true);
}

Known RandomBuilder::keep(Value value, double bound, bool exact) {
  Known known{value, bound,
              exact || !isa<FloatType>(cast<RankedTensorType>(value.getType()).getElementType())};
  pool.push_back(known);
  return known;
}

Known RandomBuilder::pickElement(Type element) {
  return pick([&](const Known &known) { return known.element() == element; }, anyType(element));
}

Known RandomBuilder::pickFloat() {
  return pick([](const Known &known) { return known.isFloat(); },
              anyType(chance(70) ? Type(builder.getF64Type()) : builder.getF32Type()));
}

Known RandomBuilder::pickExact() {
  return pick(
      [](const Known &known) {
        return known.exact && !known.element().isInteger(1) &&
               !known.element().isUnsignedInteger(64);
      },
      anyType(builder.getF64Type()));
}

Value RandomBuilder::convert(Value value, Type element) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getElementType() == element)
    return value;
  return ir::ConvertOp::create(builder, loc, type.clone(element), value);
}

Known RandomBuilder::ofType(RankedTensorType type) {
  std::vector<Known> same, scalars;
  for (const Known &known : pool) {
    if (known.value.getType() == type)
      same.push_back(known);
    else if (known.value.getType() == scalar(type.getElementType()))
      scalars.push_back(known);
  }
  if (!same.empty() && chance(80))
    return oneOf(same);
  if (!scalars.empty() && chance(60)) {
    Known x = oneOf(scalars);
    return keep(ir::BroadcastOp::create(builder, loc, type, x.value, ArrayRef<int64_t>()), x.bound,
                x.exact);
  }
  return fresh(type);
}

Known RandomBuilder::smallInteger(int64_t below, Type element) {
  Known x = pick([&](const Known &known) { return known.value.getType() == scalar(element); },
                 scalar(element));
  Value limit = constant(scalar(element), double(below)).value;
  return keep(ir::ModOp::create(builder, loc, x.value.getType(), x.value, limit), 0, true);
}

Known RandomBuilder::squashed(Known x) {
  Value one = constant(x.type(), 1).value;
  Value size = ir::AbsOp::create(builder, loc, x.type(), x.value);
  size = ir::AddOp::create(builder, loc, x.type(), size, one);
  return keep(ir::DivOp::create(builder, loc, x.type(), x.value, size), 1, false);
}

Known RandomBuilder::positive(Known x) {
  Value half = constant(x.type(), 0.5).value;
  Value size = ir::AbsOp::create(builder, loc, x.type(), x.value);
  return keep(ir::AddOp::create(builder, loc, x.type(), size, half), x.bound + 0.5, false);
}

std::vector<Known> RandomBuilder::someOf(size_t count) {
  std::vector<Known> result;
  for (size_t i = 0; i < count && !pool.empty(); ++i)
    result.push_back(oneOf(pool));
  return result;
}

} // namespace descent::reference
