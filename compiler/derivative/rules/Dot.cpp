// The derivative of the general product.
#include "compiler/derivative/rules/Structured.h"

using namespace mlir;

namespace descent::derivative {

namespace {

/// One operand of a product, as seen from the other.
struct Side {
  Value x;
  ArrayRef<int64_t> batch, contract;
  SmallVector<int64_t> free;
  /// The dimensions of the result that are this side's free ones.
  SmallVector<int64_t> inResult;
};

std::pair<Side, Side> sidesOf(ir::DotOp op) {
  auto make = [](Value x, ArrayRef<int64_t> batch, ArrayRef<int64_t> contract) {
    SmallVector<int64_t> used(batch);
    llvm::append_range(used, contract);
    return Side{x, batch, contract, otherDims(tensorOf(x).getRank(), used), {}};
  };
  Side lhs = make(op.getLhs(), op.getLhsBatch(), op.getLhsContract());
  Side rhs = make(op.getRhs(), op.getRhsBatch(), op.getRhsContract());
  int64_t dim = lhs.batch.size();
  for (size_t i = 0; i < lhs.free.size(); ++i)
    lhs.inResult.push_back(dim++);
  for (size_t i = 0; i < rhs.free.size(); ++i)
    rhs.inResult.push_back(dim++);
  return {lhs, rhs};
}

SmallVector<int64_t> firstDims(size_t count) {
  return llvm::to_vector(llvm::seq<int64_t>(0, count));
}

/// The cotangent of one side: the product of the result's cotangent with the other side.
Value productWithOther(Emitter &emit, Value ct, const Side &side, const Side &other,
                       Value otherValue) {
  Value product = ir::DotOp::create(emit, ct, otherValue, firstDims(side.batch.size()), other.batch,
                                    other.inResult, other.free);
  // Its dimensions are the batch ones, this side's free ones, and the contracted ones in the order
  // in which the other side has them.
  SmallVector<int64_t> target(side.batch);
  llvm::append_range(target, side.free);
  SmallVector<std::pair<int64_t, int64_t>> contracted;
  for (auto [otherDim, sideDim] : llvm::zip(other.contract, side.contract))
    contracted.emplace_back(otherDim, sideDim);
  llvm::sort(contracted);
  for (auto [otherDim, sideDim] : contracted)
    target.push_back(sideDim);
  return emit.transpose(product, inversePermutation(target));
}

/// Where any element of the result that an element of this side goes into has a true mask.
Value maskOfSide(Emitter &emit, Value mask, const Side &side, const Side &other) {
  Value reduced = emit.sumOver(mask, other.inResult);
  SmallVector<int64_t> dims(side.batch);
  llvm::append_range(dims, side.free);
  // `broadcast` wants its dimensions in order.
  SmallVector<int64_t> order = firstDims(dims.size());
  llvm::sort(order, [&](int64_t a, int64_t b) { return dims[a] < dims[b]; });
  llvm::sort(dims);
  return emit.broadcast(emit.transpose(reduced, order), shapeOf(side.x), dims);
}

} // namespace

LogicalResult pushForward(ir::DotOp op, Forward &forward) {
  Emitter &emit = forward.emit;
  auto product = [&](Value lhs, Value rhs) -> Value {
    return ir::DotOp::create(emit, lhs, rhs, op.getLhsBatch(), op.getRhsBatch(),
                             op.getLhsContract(), op.getRhsContract());
  };
  Value sum;
  if (Value tangent = forward.tangent(op.getLhs()))
    sum = product(tangent, forward.primal(op.getRhs()));
  if (Value tangent = forward.tangent(op.getRhs())) {
    Value term = product(forward.primal(op.getLhs()), tangent);
    sum = sum ? emit.plus(sum, term) : term;
  }
  forward.setTangent(op.getResult(), sum);
  return success();
}

LogicalResult pullBack(ir::DotOp op, Reverse &reverse) {
  Emitter &emit = reverse.emit;
  Cotangent ct = reverse.take(op.getResult());
  auto [lhs, rhs] = sidesOf(op);
  auto add = [&](const Side &side, const Side &other) {
    if (!reverse.activity.isActive(side.x))
      return;
    // What goes only into elements that nothing depends on must not spoil the sums.
    Value otherValue = reverse.primal(other.x), mask;
    if (ct.mask) {
      otherValue = emit.where(maskOfSide(emit, ct.mask, other, side), otherValue);
      mask = maskOfSide(emit, ct.mask, side, other);
    }
    reverse.add(side.x, {productWithOther(emit, ct.value, side, other, otherValue), mask});
  };
  add(lhs, rhs);
  add(rhs, lhs);
  return success();
}

} // namespace descent::derivative
