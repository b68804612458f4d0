#include "compiler/simplify/Elements.h"

using namespace mlir;

namespace descent::simplify {

std::vector<Number> numbersOf(DenseElementsAttr elements) {
  std::vector<Number> numbers;
  Type element = elements.getElementType();
  if (isa<FloatType>(element))
    for (const APFloat &value : elements.getValues<APFloat>())
      numbers.push_back(numberOf(value));
  else
    for (const APInt &value : elements.getValues<APInt>())
      numbers.push_back(numberOf(value, element));
  return numbers;
}

DenseElementsAttr constantFrom(RankedTensorType type, ArrayRef<Number> numbers) {
  SmallVector<Attribute> values;
  for (Number number : numbers)
    values.push_back(attributeOf(number, type.getElementType()));
  return DenseElementsAttr::get(type, values);
}

std::optional<SmallVector<DenseElementsAttr>> constantOperands(Operation *op) {
  SmallVector<DenseElementsAttr> constants;
  for (Value operand : op->getOperands()) {
    constants.push_back(constantOf(operand));
    if (!constants.back())
      return std::nullopt;
  }
  return constants;
}

SmallVector<int64_t> stepsOf(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> steps(shape.size());
  int64_t step = 1;
  for (size_t i = shape.size(); i-- > 0; step *= shape[i])
    steps[i] = step;
  return steps;
}

} // namespace descent::simplify
