#include "compiler/diagnose/TraceNonFinite.h"

#include "compiler/dialect/Dialect.h"

#include <mlir/IR/Builders.h>

#include <limits>

using namespace mlir;

namespace descent {
namespace {

bool isFloatTensor(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isa<FloatType>(type.getElementType());
}

/// Whether every element is finite: |x| < inf is false for nan.
Value allFinite(OpBuilder &builder, Location location, Value x) {
  auto type = cast<RankedTensorType>(x.getType());
  auto infinity = DenseElementsAttr::get(
      type, APFloat::getInf(cast<FloatType>(type.getElementType()).getFloatSemantics()));
  Value limit = ir::ConstantOp::create(builder, location, infinity);
  Value size = ir::AbsOp::create(builder, location, x);
  Value finite = ir::CompareOp::create(builder, location, ir::Predicate::lt, size, limit);
  if (type.getRank() == 0)
    return finite;
  auto dims = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  return ir::ReduceAndOp::create(builder, location, finite, dims);
}

void report(Operation *op, int64_t effect) {
  OpBuilder builder(op->getContext());
  builder.setInsertionPointAfter(op);
  Location location = op->getLoc();
  Value made;
  for (Value result : op->getResults())
    if (isFloatTensor(result)) {
      Value bad = ir::NotOp::create(builder, location, allFinite(builder, location, result));
      made = made ? ir::OrOp::create(builder, location, made, bad).getResult() : bad;
    }
  for (Value operand : op->getOperands())
    if (isFloatTensor(operand))
      made = ir::AndOp::create(builder, location, made, allFinite(builder, location, operand));
  auto branch = ir::IfOp::create(builder, location, TypeRange{}, made);
  for (Region *region : {&branch.getThenRegion(), &branch.getElseRegion()}) {
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(region);
    if (region == &branch.getThenRegion())
      ir::EffectOp::create(builder, location, effect, ValueRange{});
    ir::YieldOp::create(builder, location, ValueRange{});
  }
}

} // namespace

std::vector<Location> traceNonFinite(ModuleOp module, int64_t firstEffect) {
  llvm::SetVector<Operation *> traced;
  module.walk([&](ir::PollOp poll) {
    Operation *loop = poll->getParentOp();
    while (loop && !isa<ir::ForOp, ir::WhileOp>(loop))
      loop = loop->getParentOp();
    if (!loop)
      return;
    loop->walk([&](Operation *op) {
      if (op != loop && op->getNumRegions() == 0 && !isa<ir::ConstantOp>(op) &&
          llvm::any_of(op->getResults(), isFloatTensor))
        traced.insert(op);
    });
  });
  std::vector<Location> locations;
  for (Operation *op : traced) {
    report(op, firstEffect + static_cast<int64_t>(locations.size()));
    locations.push_back(op->getLoc());
  }
  return locations;
}

} // namespace descent
