#include "compiler/kernel/Classify.h"

#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/IR/Matchers.h>

using namespace mlir;

namespace descent::kernel {

namespace {

using ClassTable = llvm::DenseMap<TypeID, std::pair<OpClass, int>>;

template <typename... Ops> void enter(ClassTable &table, OpClass kind, int cost) {
  (table.try_emplace(TypeID::get<Ops>(), kind, cost), ...);
}

ClassTable makeTable() {
  using namespace ir;
  ClassTable t;
  enter<ConstantOp>(t, OpClass::Constant, 0);
  enter<InputOp>(t, OpClass::Input, 0);
  enter<NegOp, AbsOp, AddOp, SubOp, MulOp, MaxOp, MinOp, StopGradientOp, NotOp, AndOp, OrOp, XorOp,
        CompareOp, SelectOp, ConvertOp, BitcastOp, FloorOp, CeilOp, RoundOp>(
      t, OpClass::Elementwise, 1);
  enter<ShlOp, ShrOp, SignOp>(t, OpClass::Elementwise, 2);
  enter<DivOp, SqrtOp, RsqrtOp>(t, OpClass::Elementwise, 6);
  enter<FloorDivOp, ModOp, CbrtOp, ExpOp, Exp2Op, Expm1Op, LogOp, Log2Op, Log10Op, Log1pOp, SinOp,
        CosOp, TanOp, AsinOp, AcosOp, AtanOp, SinhOp, CoshOp, TanhOp, AsinhOp, AcoshOp, AtanhOp,
        ErfOp, ErfcOp, SigmoidOp, SiluOp, GeluOp, GeluTanhOp>(t, OpClass::Elementwise, 16);
  enter<PowOp, Atan2Op, LogAddExpOp, ErfinvOp, LgammaOp, PolygammaOp, ThreefryOp>(
      t, OpClass::Elementwise, 40);
  enter<BroadcastOp, TransposeOp, ReshapeOp, SliceOp, ReverseOp>(t, OpClass::View, 0);
  enter<IotaOp>(t, OpClass::Element, 0);
  enter<DynamicSliceOp>(t, OpClass::Element, 1);
  enter<PadOp, GatherOp, ConcatOp>(t, OpClass::Element, 3);
  enter<ReduceSumOp, ReduceProdOp, ReduceMaxOp, ReduceMinOp, ReduceAndOp, ReduceOrOp>(
      t, OpClass::Reduce, 1);
  enter<DotOp>(t, OpClass::Dot, 2);
  enter<ArgMaxOp, ArgMinOp>(t, OpClass::ArgReduce, 2);
  enter<CumSumOp, CumProdOp, CumMaxOp>(t, OpClass::Scan, 1);
  enter<ArgSortOp>(t, OpClass::ArgSort, 20);
  enter<UpdateOp>(t, OpClass::Update, 1);
  enter<ScatterOp>(t, OpClass::Scatter, 2);
  enter<FetchOp>(t, OpClass::Fetch, 1);
  enter<TapeCreateOp>(t, OpClass::TapeCreate, 0);
  enter<TapePushOp>(t, OpClass::TapePush, 0);
  enter<TapePopOp>(t, OpClass::TapePop, 0);
  enter<ForOp>(t, OpClass::For, 0);
  enter<WhileOp>(t, OpClass::While, 0);
  enter<IfOp>(t, OpClass::If, 0);
  enter<EffectOp>(t, OpClass::Effect, 0);
  enter<CheckOp>(t, OpClass::Check, 0);
  enter<PollOp>(t, OpClass::Poll, 0);
  enter<ClockOp>(t, OpClass::Clock, 0);
  enter<YieldOp>(t, OpClass::Yield, 0);
  enter<func::ReturnOp>(t, OpClass::Return, 0);
  return t;
}

std::pair<OpClass, int> lookUp(Operation *op) {
  static const ClassTable table = makeTable();
  auto found = table.find(op->getName().getTypeID());
  return found == table.end() ? std::pair(OpClass::Other, 0) : found->second;
}

/// Free dimensions of an operand: neither batch nor contracted.
SmallVector<int64_t> freeDims(int64_t rank, ArrayRef<int64_t> batch, ArrayRef<int64_t> contract) {
  SmallVector<int64_t> dims;
  for (int64_t i = 0; i < rank; ++i)
    if (!llvm::is_contained(batch, i) && !llvm::is_contained(contract, i))
      dims.push_back(i);
  return dims;
}

int64_t product(RankedTensorType type, ArrayRef<int64_t> dims) {
  int64_t size = 1;
  for (int64_t dim : dims)
    size *= type.getDimSize(dim);
  return size;
}

} // namespace

OpClass classOf(Operation *op) {
  return lookUp(op).first;
}

int costOf(Operation *op) {
  return lookUp(op).second;
}

bool isElemental(OpClass kind) {
  return kind == OpClass::Elementwise || kind == OpClass::View || kind == OpClass::Element;
}

bool isReduction(Operation *op) {
  OpClass kind = classOf(op);
  return kind == OpClass::Reduce || kind == OpClass::Dot || kind == OpClass::ArgReduce;
}

RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

int64_t numElements(Value value) {
  return tensorType(value).getNumElements();
}

bool isTape(Value value) {
  return isa<ir::TapeType>(value.getType());
}

bool isRegister(Value value) {
  return !isTape(value) && numElements(value) == 1;
}

bool isArray(Value value) {
  return !isTape(value) && numElements(value) != 1;
}

int64_t elementBytes(Type elementType) {
  return std::max<int64_t>(1, elementType.getIntOrFloatBitWidth() / 8);
}

int64_t byteSize(Value value) {
  return numElements(value) * elementBytes(tensorType(value).getElementType());
}

Attribute splatOf(Value value) {
  auto constant = value.getDefiningOp<ir::ConstantOp>();
  if (!constant)
    return {};
  auto splat = dyn_cast<SplatElementsAttr>(constant.getValue());
  return splat ? splat.getSplatValue<Attribute>() : Attribute();
}

bool isTable(Value value) {
  auto constant = value.getDefiningOp<ir::ConstantOp>();
  return constant && !isa<SplatElementsAttr>(constant.getValue());
}

bool isAlias(Operation *op) {
  return isa<ir::ReshapeOp, ir::StopGradientOp>(op) && isArray(op->getResult(0));
}

DotShape dotShape(ir::DotOp op) {
  DotShape shape;
  RankedTensorType lhs = op.getLhs().getType(), rhs = op.getRhs().getType();
  shape.lhsFree = freeDims(lhs.getRank(), op.getLhsBatch(), op.getLhsContract());
  shape.rhsFree = freeDims(rhs.getRank(), op.getRhsBatch(), op.getRhsContract());
  shape.batch = product(lhs, op.getLhsBatch());
  shape.m = product(lhs, shape.lhsFree);
  shape.n = product(rhs, shape.rhsFree);
  shape.k = product(lhs, op.getLhsContract());
  if (shape.n == 1)
    shape.matrix = 0;
  else if (shape.m == 1)
    shape.matrix = 1;
  return shape;
}

SmallVector<int64_t> pairedDims(ir::DotOp op, unsigned operand) {
  auto type = tensorType(op->getOperand(operand));
  ArrayRef<int64_t> batch = op.getLhsBatch(), contract = op.getLhsContract();
  ArrayRef<int64_t> otherBatch = op.getRhsBatch(), otherContract = op.getRhsContract();
  if (operand == 1) {
    std::swap(batch, otherBatch);
    std::swap(contract, otherContract);
  }
  SmallVector<int64_t> paired(type.getRank(), -1);
  for (auto [mine, theirs] : llvm::zip(batch, otherBatch))
    paired[mine] = theirs;
  for (auto [mine, theirs] : llvm::zip(contract, otherContract))
    paired[mine] = theirs;
  return paired;
}

SmallVector<int, 4> keptDims(Operation *op) {
  SmallVector<int, 4> kept;
  if (auto dot = dyn_cast<ir::DotOp>(op)) {
    DotShape shape = dotShape(dot);
    bool left = shape.matrix == 0;
    for (int64_t dim : left ? dot.getLhsBatch() : dot.getRhsBatch())
      kept.push_back(int(dim));
    for (int64_t dim : shape.lhsFree)
      kept.push_back(left ? int(dim) : -1);
    for (int64_t dim : shape.rhsFree)
      kept.push_back(left ? -1 : int(dim));
    return kept;
  }
  SmallVector<int64_t> dims;
  if (classOf(op) == OpClass::ArgReduce)
    dims.push_back(op->getAttrOfType<IntegerAttr>("dim").getInt());
  else
    llvm::append_range(dims, op->getAttrOfType<DenseI64ArrayAttr>("dims").asArrayRef());
  for (int i = 0, rank = int(tensorType(op->getOperand(0)).getRank()); i < rank; ++i)
    if (!llvm::is_contained(dims, i))
      kept.push_back(i);
  return kept;
}

bool isFill(Value value) {
  if (splatOf(value))
    return true;
  Operation *op = value.getDefiningOp();
  if (auto broadcast = dyn_cast_or_null<ir::BroadcastOp>(op))
    return isRegister(broadcast.getX());
  return isa_and_nonnull<ir::IotaOp>(op);
}

bool isCheapEverywhere(Value value) {
  for (int depth = 0; depth < 4; ++depth) {
    if (isFill(value))
      return true;
    Operation *op = value.getDefiningOp();
    if (!op || classOf(op) != OpClass::View)
      return false;
    value = op->getOperand(0);
    if (isRegister(value) || isTable(value))
      return true;
    Operation *source = value.getDefiningOp();
    if (!source || (!isElemental(classOf(source)) && classOf(source) != OpClass::Constant))
      return true;
  }
  return false;
}

Taking takingOf(OpOperand &operand) {
  Operation *op = operand.getOwner();
  switch (classOf(op)) {
  case OpClass::Elementwise:
  case OpClass::View:
    return isAlias(op) ? Taking::Whole : Taking::Element;
  case OpClass::Element:
  case OpClass::Reduce:
  case OpClass::ArgReduce:
  case OpClass::Scan:
  case OpClass::ArgSort:
  case OpClass::TapePush:
    return Taking::Element;
  case OpClass::Dot:
    return dotShape(cast<ir::DotOp>(op)).matrix >= 0 ? Taking::Element : Taking::View;
  case OpClass::Update:
  case OpClass::Scatter:
    return operand.getOperandNumber() == 0 ? Taking::Whole : Taking::Element;
  case OpClass::Check:
    return operand.getOperandNumber() == 0 ? Taking::Element : Taking::Whole;
  case OpClass::Fetch:
    return operand.getOperandNumber() == 0 ? Taking::View : Taking::Element;
  case OpClass::For:
  case OpClass::While:
  case OpClass::Yield:
  case OpClass::Return:
    return Taking::Copy;
  default:
    return Taking::Whole;
  }
}

} // namespace descent::kernel
