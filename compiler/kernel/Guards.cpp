// Sums to which most indices add nothing.
//
// The reverse of a smallest element along a dimension gives its share to the elements that attain
// it and zero to all others, most often to all but one of a row. What the zeros are multiplied by
// and added to is work for nothing:
//
//   for i, j:  if s[i,j] == m[i]              the guard, known two loops outside of the work
//                for l:  g[j,l] += select(s[i,j] == m[i], …, 0)
//
// Leaving an index out is exact where what is added there is a zero: a sum begins with +0, which no
// zero changes.
#include "compiler/kernel/Former.h"

using namespace mlir;

namespace descent::kernel {

namespace {

/// An extremum of fewer elements is attained too often for asking to pay.
constexpr int64_t leastRareExtent = 32;
/// What a guard may cost at an index in front of which it is asked.
constexpr int mostGuardCost = 8, mostGuardDepth = 12;

/// What an array is a view of that repeats or reshapes it.
Value withoutViews(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<ir::BroadcastOp, ir::ReshapeOp, ir::StopGradientOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// Whether a condition says that elements are the extremum of many, or implies it.
bool isRare(Value condition, int depth = 0) {
  Operation *op = withoutViews(condition).getDefiningOp();
  if (!op || depth == mostGuardDepth)
    return false;
  if (isa<ir::AndOp>(op))
    return isRare(op->getOperand(0), depth + 1) || isRare(op->getOperand(1), depth + 1);
  auto compare = dyn_cast<ir::CompareOp>(op);
  if (!compare || compare.getPredicate() != ir::Predicate::eq)
    return false;
  return llvm::any_of(op->getOperands(), [](Value operand) {
    Operation *extremum = withoutViews(operand).getDefiningOp();
    return extremum && isa<ir::ReduceMaxOp, ir::ReduceMinOp>(extremum) &&
           numElements(extremum->getOperand(0)) >=
               leastRareExtent * numElements(extremum->getResult(0));
  });
}

bool isZero(Value value) {
  Attribute splat = splatOf(value);
  if (auto number = dyn_cast_or_null<FloatAttr>(splat))
    return number.getValue().isZero();
  auto number = dyn_cast_or_null<IntegerAttr>(splat);
  return number && number.getValue().isZero();
}

/// A condition and the map under which a nest reads it.
using Condition = std::pair<Value, int>;

/// A rare condition without which `value`, read under `map`, is zero; null for none.
Condition conditionOf(IndexMaps &maps, Value value, int map, int depth = 0) {
  Operation *op = value.getDefiningOp();
  if (!op || depth == mostGuardDepth || isRegister(value))
    return {};
  auto from = [&](unsigned operand) {
    return conditionOf(maps, op->getOperand(operand), maps.through(map, op, operand), depth + 1);
  };
  if (isa<ir::NegOp, ir::BroadcastOp>(op))
    return from(0);
  if (isa<ir::AddOp, ir::SubOp>(op)) {
    Condition left = from(0);
    return left.first && left == from(1) ? left : Condition();
  }
  auto select = dyn_cast<ir::SelectOp>(op);
  if (!select || !isZero(select.getOnFalse()) || !isRare(select.getCondition()))
    return {};
  Condition condition(select.getCondition(), map);
  while (auto broadcast = condition.first.getDefiningOp<ir::BroadcastOp>()) {
    if (isRegister(broadcast.getX()))
      return {};
    condition = {broadcast.getX(), maps.through(condition.second, broadcast, 0)};
  }
  return condition;
}

int costWithin(Block &block, Value value, int depth = 0) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != &block || !isElemental(classOf(op)) || !isArray(value))
    return 0;
  if (depth == mostGuardDepth)
    return mostGuardCost + 1;
  int cost = costOf(op);
  for (Value operand : op->getOperands())
    cost += costWithin(block, operand, depth + 1);
  return cost;
}

} // namespace

Guard Former::guardOf(Operation *op, ArrayRef<int64_t> space) {
  Guard guard;
  if (!options.fuse || !isa<ir::ReduceSumOp>(op))
    return guard;
  auto [condition, map] = conditionOf(maps, op->getOperand(0), IndexMaps::identity);
  if (!condition || costWithin(block, condition) > mostGuardCost)
    return guard;
  auto shape = tensorType(condition).getShape();
  for (int dim = 0; dim < int(shape.size()); ++dim) {
    int from = shape[dim] == 1 ? -1 : maps.source(map, dim);
    if (from < 0 && shape[dim] != 1)
      return guard;
    guard.dims.push_back(from);
    guard.level = std::max(guard.level, from + 1);
  }
  int64_t inside = 1;
  for (int64_t size : space.drop_front(guard.level))
    inside *= size;
  if (inside > 1)
    guard.condition = condition;
  return guard;
}

} // namespace descent::kernel
