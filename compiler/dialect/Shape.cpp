// Shape operations: inference and verification.
#include "compiler/dialect/Families.h"

#include <llvm/ADT/SmallBitVector.h>

#define GET_OP_CLASSES
#include "compiler/dialect/Shape.cpp.inc"

using namespace mlir;

namespace descent::ir {

void registerShapeOps(DescentDialect &dialect) {
  addFamily<
#define GET_OP_LIST
#include "compiler/dialect/Shape.cpp.inc"
      >(dialect);
}

namespace {

RankedTensorType tensorOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

LogicalResult fail(std::optional<Location> location, const Twine &message) {
  return emitOptionalError(location, message);
}

/// A constant of one number under another shape; null where the shape has no elements.
DenseElementsAttr resized(Attribute constant, Type type) {
  auto splat = dyn_cast_or_null<SplatElementsAttr>(constant);
  auto shaped = cast<ShapedType>(type);
  if (!splat || shaped.getNumElements() == 0)
    return nullptr;
  return splat.resizeSplat(shaped);
}

} // namespace

OpFoldResult ConstantOp::fold(FoldAdaptor) {
  return getValue();
}

LogicalResult ConstantOp::verify() {
  if (!isa<DenseElementsAttr>(getValue()))
    return emitOpError("needs dense elements");
  return success();
}

LogicalResult IotaOp::verify() {
  int64_t rank = cast<RankedTensorType>(getType()).getRank();
  if (int64_t(getDim()) >= rank)
    return emitOpError("needs a dimension of its result, got ") << getDim() << " of " << getType();
  return success();
}

LogicalResult ReshapeOp::verify() {
  if (tensorOf(getX()).getNumElements() != cast<RankedTensorType>(getType()).getNumElements())
    return emitOpError("keeps the number of elements, got ")
           << getX().getType() << " and " << getType();
  return success();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getType())
    return getX();
  if (auto elements = dyn_cast_or_null<DenseElementsAttr>(adaptor.getX()))
    return elements.reshape(cast<ShapedType>(getType()));
  if (auto inner = getX().getDefiningOp<ReshapeOp>()) {
    getXMutable().assign(inner.getX());
    return getResult();
  }
  return {};
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto type = tensorOf(adaptor.getX());
  ArrayRef<int64_t> permutation = adaptor.getPermutation();
  SmallVector<bool> seen(type.getRank(), false);
  if (int64_t(permutation.size()) != type.getRank())
    return fail(location, "transpose needs one entry for each dimension");
  SmallVector<int64_t> shape;
  for (int64_t dim : permutation) {
    if (dim < 0 || dim >= type.getRank() || seen[dim])
      return fail(location, "transpose needs a permutation of the dimensions");
    seen[dim] = true;
    shape.push_back(type.getDimSize(dim));
  }
  types.push_back(type.clone(shape));
  return success();
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  for (auto [i, dim] : llvm::enumerate(getPermutation()))
    if (int64_t(i) != dim)
      return {};
  return getX();
}

LogicalResult BroadcastOp::verify() {
  auto from = tensorOf(getX());
  auto to = cast<RankedTensorType>(getType());
  if (int64_t(getDims().size()) != from.getRank())
    return emitOpError("needs a result dimension for each of the operand's");
  int64_t last = -1;
  for (auto [i, dim] : llvm::enumerate(getDims())) {
    if (dim <= last || dim >= to.getRank())
      return emitOpError("needs increasing dimensions of its result");
    last = dim;
    if (from.getDimSize(i) != to.getDimSize(dim))
      return emitOpError("keeps the sizes of the operand's dimensions, got ")
             << from << " and " << to;
  }
  return success();
}

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getType())
    return getX();
  return resized(adaptor.getX(), getType());
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                        Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto type = tensorOf(adaptor.getX());
  size_t rank = type.getRank();
  auto starts = adaptor.getStarts(), limits = adaptor.getLimits(), strides = adaptor.getStrides();
  if (starts.size() != rank || limits.size() != rank || strides.size() != rank)
    return fail(location, "slice needs a start, limit and stride for each dimension");
  SmallVector<int64_t> shape;
  for (size_t i = 0; i < rank; ++i) {
    if (starts[i] < 0 || limits[i] < starts[i] || limits[i] > type.getDimSize(i) || strides[i] < 1)
      return fail(location, "slice needs 0 <= start <= limit <= size and a positive stride");
    shape.push_back((limits[i] - starts[i] + strides[i] - 1) / strides[i]);
  }
  types.push_back(type.clone(shape));
  return success();
}

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getType())
    return getX();
  return resized(adaptor.getX(), getType());
}

LogicalResult PadOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                      Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto type = tensorOf(adaptor.getX());
  size_t rank = type.getRank();
  auto low = adaptor.getLow(), high = adaptor.getHigh(), interior = adaptor.getInterior();
  if (low.size() != rank || high.size() != rank || interior.size() != rank)
    return fail(location, "pad needs low, high and interior for each dimension");
  if (tensorOf(adaptor.getValue()).getElementType() != type.getElementType())
    return fail(location, "pad needs a value of the array's element type");
  SmallVector<int64_t> shape;
  for (size_t i = 0; i < rank; ++i) {
    if (low[i] < 0 || high[i] < 0 || interior[i] < 0)
      return fail(location, "pad needs amounts of zero or more");
    int64_t size = type.getDimSize(i);
    shape.push_back(low[i] + high[i] + size + (size > 0 ? (size - 1) * interior[i] : 0));
  }
  types.push_back(type.clone(shape));
  return success();
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  if (adaptor.getInputs().empty())
    return fail(location, "concat needs at least one array");
  auto first = tensorOf(adaptor.getInputs().front());
  int64_t dim = adaptor.getDim();
  if (dim >= first.getRank())
    return fail(location, "concat needs a dimension of its operands");
  SmallVector<int64_t> shape(first.getShape());
  shape[dim] = 0;
  for (Value input : adaptor.getInputs()) {
    auto type = tensorOf(input);
    if (type.getRank() != first.getRank() || type.getElementType() != first.getElementType())
      return fail(location, "concat needs arrays of one rank and element type");
    for (int64_t i = 0; i < type.getRank(); ++i)
      if (i != dim && type.getDimSize(i) != first.getDimSize(i))
        return fail(location, "concat needs equal sizes along the other dimensions");
    shape[dim] += type.getDimSize(dim);
  }
  types.push_back(first.clone(shape));
  return success();
}

LogicalResult ReverseOp::verify() {
  llvm::SmallBitVector seen(tensorOf(getX()).getRank());
  for (int64_t dim : getDims()) {
    if (dim < 0 || dim >= int64_t(seen.size()) || seen[dim])
      return emitOpError("needs dimensions of its operand, each named once");
    seen.set(dim);
  }
  return success();
}

LogicalResult DynamicSliceOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                               Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto type = tensorOf(adaptor.getX());
  size_t rank = type.getRank();
  if (adaptor.getStarts().size() != rank || adaptor.getSizes().size() != rank)
    return fail(location, "dynamic_slice needs a start and a size for each dimension");
  for (size_t i = 0; i < rank; ++i)
    if (adaptor.getSizes()[i] < 0 || adaptor.getSizes()[i] > type.getDimSize(i))
      return fail(location, "dynamic_slice needs sizes that fit the array");
  types.push_back(type.clone(adaptor.getSizes()));
  return success();
}

LogicalResult UpdateOp::verify() {
  auto type = tensorOf(getX()), update = tensorOf(getUpdate());
  if (update.getRank() != type.getRank() || update.getElementType() != type.getElementType() ||
      int64_t(getStarts().size()) != type.getRank())
    return emitOpError("needs an update of the array's rank and element type and a start for each "
                       "dimension");
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (update.getDimSize(i) > type.getDimSize(i))
      return emitOpError("needs an update that fits the array, got ") << update << " in " << type;
  return success();
}

namespace {

/// The shape of what a gather takes, or nothing where the operands do not fit.
std::optional<SmallVector<int64_t>> gatheredShape(RankedTensorType array, RankedTensorType indices,
                                                  int64_t axis, int64_t batch) {
  if (batch > indices.getRank() || axis < batch || axis >= array.getRank())
    return std::nullopt;
  for (int64_t i = 0; i < batch; ++i)
    if (array.getDimSize(i) != indices.getDimSize(i))
      return std::nullopt;
  SmallVector<int64_t> shape(array.getShape().take_front(axis));
  llvm::append_range(shape, indices.getShape().drop_front(batch));
  llvm::append_range(shape, array.getShape().drop_front(axis + 1));
  return shape;
}

} // namespace

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto type = tensorOf(adaptor.getX());
  auto shape = gatheredShape(type, tensorOf(adaptor.getIndices()), adaptor.getAxis(),
                             adaptor.getBatchDims());
  if (!shape)
    return fail(location, "gather needs equal batch dimensions and an axis after them");
  types.push_back(type.clone(*shape));
  return success();
}

LogicalResult FetchOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                        Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto type = tensorOf(adaptor.getX());
  auto shape = gatheredShape(type, tensorOf(adaptor.getIndices()), /*axis=*/0, /*batch=*/0);
  if (!shape)
    return fail(location, "fetch needs an array of rows");
  types.push_back(type.clone(*shape));
  return success();
}

LogicalResult ScatterOp::verify() {
  if (getKind() == ScatterKind::add && tensorOf(getX()).getElementType().isInteger(1))
    return emitOpError("adds numbers, got ") << getX().getType();
  auto shape = gatheredShape(tensorOf(getX()), tensorOf(getIndices()), getAxis(), getBatchDims());
  if (!shape || tensorOf(getUpdates()) != tensorOf(getX()).clone(*shape))
    return emitOpError("needs updates shaped as a gather with these indices would be");
  return success();
}

} // namespace descent::ir
