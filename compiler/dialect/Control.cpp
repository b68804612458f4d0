// Loops, branches and tapes: verification and the canonical forms of control flow.
#include "compiler/dialect/Families.h"

#include <mlir/IR/Matchers.h>

#define GET_OP_CLASSES
#include "compiler/dialect/Control.cpp.inc"

using namespace mlir;

namespace descent::ir {

void registerControlOps(DescentDialect &dialect) {
  addFamily<
#define GET_OP_LIST
#include "compiler/dialect/Control.cpp.inc"
      >(dialect);
}

namespace {

YieldOp yieldOf(Region &region) { return cast<YieldOp>(region.front().getTerminator()); }

bool sameTypes(TypeRange a, TypeRange b) { return llvm::equal(a, b); }

bool yieldsOneBool(YieldOp yield) {
  if (yield.getValues().size() != 1)
    return false;
  auto type = dyn_cast<RankedTensorType>(yield.getValues().front().getType());
  return type && type.getRank() == 0 && type.getElementType().isInteger(1);
}

/// Replaces a branch on a constant by the branch taken.
struct TakeKnownBranch : OpRewritePattern<IfOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IfOp op, PatternRewriter &rewriter) const override {
    DenseElementsAttr condition;
    if (!matchPattern(op.getCond(), m_Constant(&condition)))
      return failure();
    Region &taken = condition.getValues<bool>()[0] ? op.getThenRegion() : op.getElseRegion();
    Operation *yield = taken.front().getTerminator();
    SmallVector<Value> values(yield->getOperands());
    rewriter.inlineBlockBefore(&taken.front(), op);
    rewriter.replaceOp(op, values);
    rewriter.eraseOp(yield);
    return success();
  }
};

/// Replaces a loop that never runs by its initial values.
struct RemoveEmptyLoop : OpRewritePattern<ForOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ForOp op, PatternRewriter &rewriter) const override {
    if (op.getTripCount() != 0)
      return failure();
    rewriter.replaceOp(op, op.getInits());
    return success();
  }
};

/// A carried value that the body yields unchanged is the initial value throughout.
struct ForwardUnchanged : OpRewritePattern<ForOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ForOp op, PatternRewriter &rewriter) const override {
    bool changed = false;
    for (auto [init, carried, yielded, result] : llvm::zip(
             op.getInits(), op.getCarried(), op.getYield()->getOpOperands(), op.getResults())) {
      if (yielded.get() != carried)
        continue;
      // Only the yield that carries the value on keeps it: it may be yielded in another's place
      // too.
      auto isElsewhere = [own = &yielded](OpOperand &use) { return &use != own; };
      if (result.use_empty() && llvm::none_of(carried.getUses(), isElsewhere))
        continue;
      rewriter.replaceUsesWithIf(carried, init, isElsewhere);
      rewriter.replaceAllUsesWith(result, init);
      changed = true;
    }
    return success(changed);
  }
};

} // namespace

YieldOp ForOp::getYield() { return yieldOf(getBody()); }
YieldOp WhileOp::getConditionYield() { return yieldOf(getCondition()); }
YieldOp WhileOp::getYield() { return yieldOf(getBody()); }
YieldOp IfOp::getThenYield() { return yieldOf(getThenRegion()); }
YieldOp IfOp::getElseYield() { return yieldOf(getElseRegion()); }

LogicalResult ForOp::verify() {
  Block &block = getBody().front();
  if (block.getNumArguments() != getInits().size() + 1 ||
      block.getArgument(0).getType() != getLower().getType() ||
      !sameTypes(TypeRange(block.getArgumentTypes()).drop_front(), getInits().getTypes()))
    return emitOpError("needs region arguments for the counter and each carried value");
  if (!sameTypes(getYield().getValues().getTypes(), getInits().getTypes()) ||
      !sameTypes(getResultTypes(), getInits().getTypes()))
    return emitOpError("needs initial, yielded and resulting values of the same types");
  return success();
}

std::optional<int64_t> ForOp::getTripCount() {
  DenseElementsAttr lower, upper;
  if (!matchPattern(getLower(), m_Constant(&lower)) ||
      !matchPattern(getUpper(), m_Constant(&upper)))
    return std::nullopt;
  int64_t from = lower.getValues<APInt>()[0].getSExtValue();
  int64_t to = upper.getValues<APInt>()[0].getSExtValue();
  return std::max<int64_t>(0, to - from);
}

void ForOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<RemoveEmptyLoop, ForwardUnchanged>(context);
}

LogicalResult WhileOp::verify() {
  if (!sameTypes(getCondition().front().getArgumentTypes(), getInits().getTypes()) ||
      !sameTypes(getBody().front().getArgumentTypes(), getInits().getTypes()))
    return emitOpError("needs region arguments for each carried value");
  if (!yieldsOneBool(getConditionYield()))
    return emitOpError("needs a condition region that yields one bool");
  if (!sameTypes(getYield().getValues().getTypes(), getInits().getTypes()) ||
      !sameTypes(getResultTypes(), getInits().getTypes()))
    return emitOpError("needs initial, yielded and resulting values of the same types");
  return success();
}

void WhileOp::getCanonicalizationPatterns(RewritePatternSet &, MLIRContext *) {}

LogicalResult IfOp::verify() {
  if (getThenRegion().front().getNumArguments() || getElseRegion().front().getNumArguments())
    return emitOpError("has regions without arguments");
  if (!sameTypes(getThenYield().getValues().getTypes(), getResultTypes()) ||
      !sameTypes(getElseYield().getValues().getTypes(), getResultTypes()))
    return emitOpError("needs both regions to yield values of the result types");
  return success();
}

void IfOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<TakeKnownBranch>(context);
}

namespace {

/// Whether two operations stand in different branches of one `if`, so that only one of them runs.
bool inDifferentBranches(Operation *a, Operation *b) {
  for (auto branch = a->getParentOfType<IfOp>(); branch; branch = branch->getParentOfType<IfOp>()) {
    bool aThen = branch.getThenRegion().findAncestorOpInRegion(*a);
    bool bThen = branch.getThenRegion().findAncestorOpInRegion(*b);
    bool bElse = branch.getElseRegion().findAncestorOpInRegion(*b);
    if (aThen ? bElse : bThen)
      return true;
  }
  return false;
}

/// A tape is one buffer: who pushes or pops has it for himself, and a loop that does carries it.
LogicalResult verifyConsumed(Operation *op, Value tape) {
  for (Operation *user : tape.getUsers())
    if (user != op && !inDifferentBranches(op, user))
      return op->emitOpError("consumes its tape, which is used elsewhere too");
  for (Region *region = op->getParentRegion(); region && region != tape.getParentRegion();
       region = region->getParentRegion())
    if (isa<ForOp, WhileOp>(region->getParentOp()))
      return op->emitOpError("needs a tape that the loop around it carries");
  return success();
}

} // namespace

LogicalResult TapePushOp::verify() {
  if (cast<TapeType>(getTape().getType()).getElement() != getValue().getType())
    return emitOpError("needs a value of the tape's element type");
  return verifyConsumed(*this, getTape());
}

LogicalResult TapePopOp::verify() {
  if (cast<TapeType>(getTape().getType()).getElement() != getValue().getType())
    return emitOpError("gives a value of the tape's element type");
  return verifyConsumed(*this, getTape());
}

} // namespace descent::ir
