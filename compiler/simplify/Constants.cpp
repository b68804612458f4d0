#include "compiler/simplify/Constants.h"

#include <mlir/IR/Matchers.h>

using namespace mlir;

namespace descent::simplify {

DenseElementsAttr constantOf(Value value) {
  DenseElementsAttr elements;
  return matchPattern(value, m_Constant(&elements)) ? elements : DenseElementsAttr();
}

std::optional<double> floatSplat(Value value) {
  auto elements = constantOf(value);
  if (!elements || !elements.isSplat() || !isa<FloatType>(elements.getElementType()))
    return std::nullopt;
  APFloat number = elements.getSplatValue<APFloat>();
  bool lost;
  number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
  return number.convertToDouble();
}

std::optional<int64_t> integerSplat(Value value) {
  auto elements = constantOf(value);
  if (!elements || !elements.isSplat() || !isa<IntegerType>(elements.getElementType()))
    return std::nullopt;
  APInt number = elements.getSplatValue<APInt>();
  bool isSigned = elements.getElementType().isSignlessInteger() && number.getBitWidth() > 1;
  return isSigned ? number.getSExtValue() : int64_t(number.getZExtValue());
}

bool isSplat(Value value, double number) {
  if (auto real = floatSplat(value))
    return *real == number;
  auto integer = integerSplat(value);
  return integer && double(*integer) == number;
}

DenseElementsAttr splat(RankedTensorType type, double number) {
  Type element = type.getElementType();
  if (type.getNumElements() == 0)
    return DenseElementsAttr::get(type, ArrayRef<Attribute>());
  if (auto real = dyn_cast<FloatType>(element))
    return SplatElementsAttr::get(type, FloatAttr::get(real, number));
  APInt integer(element.getIntOrFloatBitWidth(), uint64_t(int64_t(number)), /*isSigned=*/false,
                /*implicitTrunc=*/true);
  return SplatElementsAttr::get(type, IntegerAttr::get(element, integer));
}

Value makeSplat(OpBuilder &builder, Location loc, RankedTensorType type, double number) {
  return makeConstant(builder, loc, splat(type, number));
}

Value makeConstant(OpBuilder &builder, Location loc, DenseElementsAttr elements) {
  return ir::ConstantOp::create(builder, loc, elements);
}

DenseElementsAttr extreme(RankedTensorType type, bool largest) {
  Type element = type.getElementType();
  if (auto real = dyn_cast<FloatType>(element))
    return SplatElementsAttr::get(
        type, FloatAttr::get(real, APFloat::getInf(real.getFloatSemantics(), !largest)));
  unsigned width = element.getIntOrFloatBitWidth();
  APInt number =
      element.isUnsignedInteger()
          ? (largest ? APInt::getMaxValue(width) : APInt::getMinValue(width))
          : (largest ? APInt::getSignedMaxValue(width) : APInt::getSignedMinValue(width));
  return SplatElementsAttr::get(type, IntegerAttr::get(element, number));
}

} // namespace descent::simplify
