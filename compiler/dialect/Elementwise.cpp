// Elementwise operations: inference, verification and the folds that need no other operation.
#include "compiler/dialect/Families.h"

#include <mlir/IR/Matchers.h>
#include <mlir/IR/TypeUtilities.h>

#define GET_OP_CLASSES
#include "compiler/dialect/Elementwise.cpp.inc"

using namespace mlir;

namespace descent::ir {

void registerElementwiseOps(DescentDialect &dialect) {
  addFamily<
#define GET_OP_LIST
#include "compiler/dialect/Elementwise.cpp.inc"
      >(dialect);
}

namespace {

/// Whether `attribute` is an array whose elements all equal `number`.
bool isSplatOf(Attribute attribute, double number) {
  auto elements = dyn_cast_or_null<SplatElementsAttr>(attribute);
  if (!elements)
    return false;
  if (isa<FloatType>(elements.getElementType())) {
    APFloat value = elements.getSplatValue<APFloat>();
    return !value.isNegative() ? value.convertToDouble() == number
                               : number < 0 && value.convertToDouble() == number;
  }
  if (isa<IntegerType>(elements.getElementType()))
    return elements.getSplatValue<APInt>() ==
           APInt(elements.getElementType().getIntOrFloatBitWidth(), int64_t(number), true, true);
  return false;
}

/// Applies one of two functions to two splats of one type; null where they are not both splats.
template <typename OnFloat, typename OnInt>
OpFoldResult foldSplats(Attribute lhs, Attribute rhs, OnFloat onFloat, OnInt onInt) {
  auto a = dyn_cast_or_null<SplatElementsAttr>(lhs);
  auto b = dyn_cast_or_null<SplatElementsAttr>(rhs);
  if (!a || !b || a.getType() != b.getType())
    return {};
  auto type = cast<ShapedType>(a.getType());
  if (isa<FloatType>(type.getElementType()))
    return SplatElementsAttr::get(
        type, ArrayRef<APFloat>(onFloat(a.getSplatValue<APFloat>(), b.getSplatValue<APFloat>())));
  return SplatElementsAttr::get(
      type, ArrayRef<APInt>(onInt(a.getSplatValue<APInt>(), b.getSplatValue<APInt>())));
}

} // namespace

OpFoldResult NegOp::fold(FoldAdaptor) {
  if (auto inner = getX().getDefiningOp<NegOp>())
    return inner.getX();
  return {};
}

OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  // x + 0 is x but for x = -0., where it is +0.: the sign of zero is not kept.
  if (isSplatOf(adaptor.getRhs(), 0))
    return getLhs();
  if (isSplatOf(adaptor.getLhs(), 0))
    return getRhs();
  return foldSplats(
      adaptor.getLhs(), adaptor.getRhs(), [](APFloat a, APFloat b) { return a + b; },
      [](APInt a, APInt b) { return a + b; });
}

OpFoldResult SubOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 0))
    return getLhs();
  return foldSplats(
      adaptor.getLhs(), adaptor.getRhs(), [](APFloat a, APFloat b) { return a - b; },
      [](APInt a, APInt b) { return a - b; });
}

OpFoldResult MulOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 1))
    return getLhs();
  if (isSplatOf(adaptor.getLhs(), 1))
    return getRhs();
  return foldSplats(
      adaptor.getLhs(), adaptor.getRhs(), [](APFloat a, APFloat b) { return a * b; },
      [](APInt a, APInt b) { return a * b; });
}

OpFoldResult DivOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 1))
    return getLhs();
  return foldSplats(
      adaptor.getLhs(), adaptor.getRhs(), [](APFloat a, APFloat b) { return a / b; },
      [](APInt a, APInt b) { return a; });
}

OpFoldResult PowOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 1))
    return getLhs();
  return {};
}

OpFoldResult NotOp::fold(FoldAdaptor) {
  if (auto inner = getX().getDefiningOp<NotOp>())
    return inner.getX();
  return {};
}

OpFoldResult AndOp::fold(FoldAdaptor adaptor) {
  if (!getElementTypeOrSelf(getType()).isInteger(1))
    return {};
  if (isSplatOf(adaptor.getRhs(), -1))
    return getLhs();
  if (isSplatOf(adaptor.getLhs(), -1))
    return getRhs();
  if (isSplatOf(adaptor.getRhs(), 0))
    return adaptor.getRhs();
  if (isSplatOf(adaptor.getLhs(), 0))
    return adaptor.getLhs();
  return {};
}

OpFoldResult OrOp::fold(FoldAdaptor adaptor) {
  if (!getElementTypeOrSelf(getType()).isInteger(1))
    return {};
  if (isSplatOf(adaptor.getRhs(), 0))
    return getLhs();
  if (isSplatOf(adaptor.getLhs(), 0))
    return getRhs();
  return {};
}

LogicalResult CompareOp::inferReturnTypes(MLIRContext *context, std::optional<Location>,
                                          Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto type = cast<RankedTensorType>(adaptor.getLhs().getType());
  types.push_back(type.clone(IntegerType::get(context, 1)));
  return success();
}

OpFoldResult CompareOp::fold(FoldAdaptor adaptor) {
  auto a = dyn_cast_or_null<SplatElementsAttr>(adaptor.getLhs());
  auto b = dyn_cast_or_null<SplatElementsAttr>(adaptor.getRhs());
  if (!a || !b)
    return {};
  auto decide = [&](bool less, bool equal, bool ordered) {
    switch (getPredicate()) {
    case Predicate::eq: return equal;
    case Predicate::ne: return !equal;
    case Predicate::lt: return less;
    case Predicate::le: return less || equal;
    case Predicate::gt: return ordered && !less && !equal;
    case Predicate::ge: return ordered && !less;
    }
    llvm_unreachable("all predicates are listed");
  };
  bool result;
  Type element = a.getElementType();
  if (isa<FloatType>(element)) {
    APFloat x = a.getSplatValue<APFloat>(), y = b.getSplatValue<APFloat>();
    auto order = x.compare(y);
    result = decide(order == APFloat::cmpLessThan, order == APFloat::cmpEqual,
                    order != APFloat::cmpUnordered);
  } else {
    APInt x = a.getSplatValue<APInt>(), y = b.getSplatValue<APInt>();
    bool isUnsigned = element.isUnsignedInteger() || element.isInteger(1);
    result = decide(isUnsigned ? x.ult(y) : x.slt(y), x == y, true);
  }
  return SplatElementsAttr::get(cast<ShapedType>(getType()), ArrayRef<bool>(result));
}

OpFoldResult SelectOp::fold(FoldAdaptor adaptor) {
  if (getOnTrue() == getOnFalse())
    return getOnTrue();
  if (isSplatOf(adaptor.getCondition(), -1))
    return getOnTrue();
  if (isSplatOf(adaptor.getCondition(), 0))
    return getOnFalse();
  return {};
}

OpFoldResult ConvertOp::fold(FoldAdaptor) {
  if (getX().getType() == getType())
    return getX();
  return {};
}

LogicalResult BitcastOp::verify() {
  auto width = [](Type type) { return getElementTypeOrSelf(type).getIntOrFloatBitWidth(); };
  if (width(getX().getType()) != width(getType()))
    return emitOpError("needs element types of one width, got ")
           << getX().getType() << " and " << getType();
  return success();
}

} // namespace descent::ir
