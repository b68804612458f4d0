#include "compiler/kernel/Work.h"

#include "compiler/kernel/Plan.h"

#include <mlir/Dialect/Func/IR/FuncOps.h>

#include <algorithm>

using namespace mlir;

namespace descent::kernel {

namespace {

double sizeOf(Value value) {
  return double(byteSize(value));
}

class Counter {
public:
  explicit Counter(const FunctionPlan &plan) : plan(plan) {}

  std::optional<Work> count() {
    auto function = cast<func::FuncOp>(plan.function);
    work.known = work.known + amountOf(function.getBody().front(), /*outermost=*/true);
    if (isUnknown)
      return std::nullopt;
    return work;
  }

private:
  const FunctionPlan &plan;
  Work work;
  bool isUnknown = false;

  bool isStored(Value value) const {
    const Place *place = isArray(value) ? plan.placeOf(value) : nullptr;
    return place && place->kind != Place::Kind::Row && place->kind != Place::Kind::Frame &&
           place->kind != Place::Kind::Inline;
  }

  /// Multiplications and additions of the products among the operations.
  static double productOperations(ArrayRef<Operation *> ops) {
    double sum = 0;
    for (Operation *op : ops)
      if (auto dot = dyn_cast<ir::DotOp>(op)) {
        DotShape shape = dotShape(dot);
        sum += 2.0 * double(shape.batch) * double(shape.m) * double(shape.n) * double(shape.k);
      }
    return sum;
  }

  /// What the step reads of each array: no more elements than there are iterations that read one.
  double bytesRead(const Step &step) const {
    llvm::MapVector<Value, double> bytes;
    for (const Read &read : step.reads) {
      bool isOwn = llvm::any_of(step.products, [&](const RowProduct &each) {
        return each.op->getResult(0) == read.value;
      });
      if (isOwn || !isArray(read.value))
        continue;
      double all = sizeOf(read.value), most = all;
      if (step.isKernel && step.products.empty() && size_t(read.nest) < step.loops.size()) {
        most = double(elementBytes(tensorType(read.value).getElementType()));
        for (int64_t extent : step.loops[size_t(read.nest)].space)
          most *= double(extent);
      } else if (!step.isKernel && isElemental(classOf(step.roots.front()))) {
        most = sizeOf(step.roots.front()->getResult(0));
      }
      double &known = bytes[read.value];
      known = std::min(all, known + most);
    }
    double sum = 0;
    for (auto [value, size] : bytes)
      sum += size;
    return sum;
  }

  Amount amountOf(const Step &step) const {
    Amount amount;
    if (step.points) {
      amount.bytes = bytesRead(step);
      for (Value result : step.points->results)
        amount.bytes += isStored(result) ? sizeOf(result) : 0;
      return amount;
    }
    amount.productOperations = productOperations(step.roots);
    Operation *op = step.roots.front();
    switch (classOf(op)) {
    case OpClass::Update:
    case OpClass::Scatter: {
      // In place: what is put there, and where it comes from.
      double smallest = sizeOf(op->getResult(0));
      for (Value operand : op->getOperands())
        if (isa<RankedTensorType>(operand.getType()) && tensorType(operand).getRank() > 0)
          smallest = std::min(smallest, sizeOf(operand));
      amount.bytes = 2 * smallest;
      return amount;
    }
    case OpClass::TapePush:
      amount.bytes = isArray(op->getOperand(1)) ? 2 * sizeOf(op->getOperand(1)) : 0;
      return amount;
    case OpClass::TapePop:
      amount.bytes = isArray(op->getResult(0)) ? sizeOf(op->getResult(0)) : 0;
      return amount;
    case OpClass::Effect:
    case OpClass::Check:
      return amount;
    default:
      break;
    }
    amount.bytes = bytesRead(step);
    for (Operation *root : step.roots)
      for (Value result : root->getResults())
        amount.bytes += isStored(result) ? sizeOf(result) : 0;
    for (const RowProduct &product : step.products)
      if (!llvm::is_contained(step.roots, product.op))
        amount = amount + Amount{product.isLocal ? 0 : sizeOf(product.op->getResult(0)),
                                 productOperations({product.op})};
    return amount;
  }

  Amount copiesAt(Operation *at) const {
    Amount amount;
    auto found = plan.copies.find(at);
    if (found == plan.copies.end())
      return amount;
    for (const Copy &copy : found->second)
      amount.bytes += sizeOf(copy.to) + (isStored(copy.from) ? sizeOf(copy.from) : 0);
    return amount;
  }

  Amount amountOf(Block &block, bool outermost = false) {
    Amount sum;
    auto found = plan.blocks.find(&block);
    if (found == plan.blocks.end())
      return sum;
    for (const Step &step : found->second.steps) {
      Operation *op = step.points ? nullptr : step.roots.front();
      sum = sum + (op && op->getNumRegions() ? amountOfControl(op, outermost) : amountOf(step));
    }
    return sum;
  }

  Amount amountOf(Region &region) {
    return amountOf(region.front()) + copiesAt(region.front().getTerminator());
  }

  Amount amountOfControl(Operation *op, bool outermost) {
    Amount before = copiesAt(op);
    if (isa<ir::IfOp>(op)) {
      Amount one = amountOf(op->getRegion(0)), other = amountOf(op->getRegion(1));
      return before + Amount{std::min(one.bytes, other.bytes),
                             std::min(one.productOperations, other.productOperations)};
    }
    Amount iteration;
    for (Region &region : op->getRegions())
      iteration = iteration + amountOf(region);
    if (auto loop = dyn_cast<ir::ForOp>(op))
      if (std::optional<int64_t> trips = loop.getTripCount())
        return before + iteration * double(*trips);
    if (outermost)
      work.loops.push_back(iteration);
    else
      isUnknown = true;
    return before;
  }
};

} // namespace

std::optional<Work> workOf(const FunctionPlan &plan) {
  return Counter(plan).count();
}

} // namespace descent::kernel
