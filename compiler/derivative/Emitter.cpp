#include "compiler/derivative/Emitter.h"

#include <mlir/IR/TypeUtilities.h>

using namespace mlir;

namespace descent::derivative {

namespace {

bool isBoolType(Type type) {
  return getElementTypeOrSelf(type).isInteger(1);
}

} // namespace

bool isDifferentiable(Type type) {
  if (auto tape = dyn_cast<ir::TapeType>(type))
    return isDifferentiable(tape.getElement());
  return isa<FloatType>(getElementTypeOrSelf(type));
}

Type maskTypeOf(Type type) {
  if (auto tape = dyn_cast<ir::TapeType>(type))
    return ir::TapeType::get(type.getContext(),
                             cast<RankedTensorType>(maskTypeOf(tape.getElement())));
  return cast<RankedTensorType>(type).clone(IntegerType::get(type.getContext(), 1));
}

SmallVector<int64_t> otherDims(int64_t rank, ArrayRef<int64_t> dims) {
  SmallVector<int64_t> result;
  for (int64_t i = 0; i < rank; ++i)
    if (!llvm::is_contained(dims, i))
      result.push_back(i);
  return result;
}

SmallVector<int64_t> inversePermutation(ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> result(permutation.size());
  for (auto [i, dim] : llvm::enumerate(permutation))
    result[dim] = int64_t(i);
  return result;
}

Value Emitter::number(Type type, double value) {
  auto tensor = cast<RankedTensorType>(type);
  Type element = tensor.getElementType();
  TypedAttr attribute;
  if (isa<FloatType>(element))
    attribute = getFloatAttr(element, value);
  else if (element.isInteger(1))
    attribute = getBoolAttr(value != 0);
  else
    attribute = getIntegerAttr(element, int64_t(value));
  return ir::ConstantOp::create(*this, SplatElementsAttr::get(tensor, attribute));
}

Value Emitter::zeros(Type type) {
  if (isTape(type))
    return ir::TapeCreateOp::create(*this, type);
  return number(type, 0);
}

Value Emitter::plus(Value a, Value b) {
  if (!isBoolType(a.getType()))
    return ir::AddOp::create(*this, a, b);
  return a == b ? a : Value(ir::OrOp::create(*this, a, b));
}

Value Emitter::reshape(Value x, ArrayRef<int64_t> shape) {
  auto type = tensorOf(x).clone(shape);
  return type == x.getType() ? x : Value(ir::ReshapeOp::create(*this, type, x));
}

Value Emitter::transpose(Value x, ArrayRef<int64_t> permutation) {
  if (llvm::is_sorted(permutation))
    return x;
  return ir::TransposeOp::create(*this, x, permutation);
}

Value Emitter::broadcast(Value x, ArrayRef<int64_t> shape, ArrayRef<int64_t> dims) {
  auto type = tensorOf(x).clone(shape);
  return type == x.getType() ? x : Value(ir::BroadcastOp::create(*this, type, x, dims));
}

Value Emitter::sumOver(Value x, ArrayRef<int64_t> dims) {
  if (dims.empty())
    return x;
  if (isBoolType(x.getType()))
    return ir::ReduceOrOp::create(*this, x, dims);
  return ir::ReduceSumOp::create(*this, x, dims);
}

Value Emitter::slice(Value x, ArrayRef<int64_t> starts, ArrayRef<int64_t> limits,
                     ArrayRef<int64_t> strides) {
  Value result = ir::SliceOp::create(*this, x, starts, limits, strides);
  if (result.getType() != x.getType())
    return result;
  result.getDefiningOp()->erase();
  return x;
}

Value Emitter::sliceAlong(Value x, int64_t dim, int64_t start, int64_t limit, int64_t stride) {
  SmallVector<int64_t> starts(tensorOf(x).getRank(), 0), limits(shapeOf(x));
  SmallVector<int64_t> strides(tensorOf(x).getRank(), 1);
  starts[dim] = start;
  limits[dim] = limit;
  strides[dim] = stride;
  return slice(x, starts, limits, strides);
}

Value Emitter::pad(Value x, ArrayRef<int64_t> low, ArrayRef<int64_t> high,
                   ArrayRef<int64_t> interior, double value) {
  auto none = [](ArrayRef<int64_t> amounts) {
    return llvm::all_of(amounts, [](int64_t n) { return n == 0; });
  };
  if (none(low) && none(high) && none(interior))
    return x;
  Value filler = number(tensorOf(x).clone(ArrayRef<int64_t>()), value);
  return ir::PadOp::create(*this, x, filler, low, high, interior);
}

Value Emitter::padAlong(Value x, int64_t dim, int64_t low, int64_t high, int64_t interior,
                        double value) {
  SmallVector<int64_t> none(tensorOf(x).getRank(), 0), lows(none), highs(none), interiors(none);
  lows[dim] = low;
  highs[dim] = high;
  interiors[dim] = interior;
  return pad(x, lows, highs, interiors, value);
}

Value Emitter::reverse(Value x, ArrayRef<int64_t> dims) {
  return ir::ReverseOp::create(*this, x.getType(), x, dims);
}

Value Emitter::asInts(Value bools) {
  return ir::ConvertOp::create(*this, tensorOf(bools).clone(getI32Type()), bools);
}

Value Emitter::asBools(Value ints) {
  return compare(ir::Predicate::ne, ints, zeros(ints.getType()));
}

Value Emitter::cumsum(Value x, int64_t dim, bool reverse) {
  if (isBoolType(x.getType()))
    return asBools(ir::CumSumOp::create(*this, asInts(x), dim, reverse));
  return ir::CumSumOp::create(*this, x, dim, reverse);
}

Value Emitter::convert(Value x, Type element) {
  if (isBoolType(x.getType()) || tensorOf(x).getElementType() == element)
    return x;
  return ir::ConvertOp::create(*this, tensorOf(x).clone(element), x);
}

Value Emitter::iota(ArrayRef<int64_t> shape, int64_t dim) {
  return ir::IotaOp::create(*this, RankedTensorType::get(shape, getI32Type()), dim);
}

Value Emitter::gather(Value x, Value indices, int64_t axis, int64_t batch) {
  return ir::GatherOp::create(*this, x, indices, axis, batch);
}

Value Emitter::scatterAdd(Value x, Value indices, Value updates, int64_t axis, int64_t batch) {
  if (isBoolType(x.getType()))
    return asBools(scatterAdd(asInts(x), indices, asInts(updates), axis, batch));
  return ir::ScatterOp::create(*this, x.getType(), ir::ScatterKind::add, x, indices, updates, axis,
                               batch);
}

Value Emitter::scatterSet(Value x, Value indices, Value updates, int64_t axis, int64_t batch) {
  return ir::ScatterOp::create(*this, x.getType(), ir::ScatterKind::set, x, indices, updates, axis,
                               batch);
}

Value Emitter::dynamicSlice(Value x, ValueRange starts, ArrayRef<int64_t> sizes) {
  return ir::DynamicSliceOp::create(*this, x, starts, sizes);
}

Value Emitter::update(Value x, Value update, ValueRange starts) {
  return ir::UpdateOp::create(*this, x.getType(), x, update, starts);
}

std::pair<Value, Value> Emitter::pop(Value tape) {
  auto type = cast<ir::TapeType>(tape.getType());
  auto op = ir::TapePopOp::create(*this, type, type.getElement(), tape);
  return {op.getRest(), op.getValue()};
}

} // namespace descent::derivative
