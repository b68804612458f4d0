// Loops that run once or never, carried values that never change, branches that choose nothing,
// tapes that are read where they were written.
#include "compiler/simplify/Constants.h"
#include "compiler/simplify/Patterns.h"

using namespace mlir;

namespace descent::simplify {

namespace {

/// Inlines a block without its terminator before `op`; gives what the terminator ended with.
SmallVector<Value> inlineBlock(Block &block, Operation *op, ValueRange arguments,
                               PatternRewriter &rewriter) {
  Operation *terminator = block.getTerminator();
  rewriter.inlineBlockBefore(&block, op, arguments);
  SmallVector<Value> results(terminator->getOperands());
  rewriter.eraseOp(terminator);
  return results;
}

// A loop that runs exactly once is its body.
struct SingleRun : OpRewritePattern<ir::ForOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::ForOp op, PatternRewriter &rewriter) const override {
    if (op.getTripCount() != 1)
      return failure();
    SmallVector<Value> arguments{op.getLower()};
    llvm::append_range(arguments, op.getInits());
    rewriter.replaceOp(op, inlineBlock(op.getBody().front(), op, arguments, rewriter));
    return success();
  }
};

/// Whether two values are the same, perhaps as equal constants.
bool isSame(Value a, Value b) {
  if (a == b)
    return true;
  auto x = constantOf(a), y = constantOf(b);
  return x && x == y;
}

/// Has the body of a loop use what it carries first instead of a carried value that never changes;
/// the yield that carries it on stays. Tells whether there was such a use.
bool replaceCarried(Value carried, Value init, OpOperand &yielded, PatternRewriter &rewriter) {
  bool changed = false;
  rewriter.replaceUsesWithIf(carried, init, [&](OpOperand &use) {
    bool another = &use != &yielded;
    changed |= another;
    return another;
  });
  return changed;
}

bool replaceUsed(Value value, Value other, PatternRewriter &rewriter) {
  if (value.use_empty())
    return false;
  rewriter.replaceAllUsesWith(value, other);
  return true;
}

// A carried value that each run leaves as it is, or sets to what it was first, is that throughout.
// A result may differ from it only if it is carried on; here it is not.
struct UnchangedInFor : OpRewritePattern<ir::ForOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::ForOp op, PatternRewriter &rewriter) const override {
    bool changed = false;
    for (auto [init, carried, yielded, result] : llvm::zip_equal(
             op.getInits(), op.getCarried(), op.getYield()->getOpOperands(), op.getResults())) {
      Value next = yielded.get();
      if ((next != carried && !isSame(next, init)) || isa<ir::TapeType>(init.getType()))
        continue;
      changed |= replaceCarried(carried, init, yielded, rewriter);
      changed |= replaceUsed(result, init, rewriter);
    }
    return success(changed);
  }
};

struct UnchangedInWhile : OpRewritePattern<ir::WhileOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::WhileOp op, PatternRewriter &rewriter) const override {
    bool changed = false;
    for (auto [init, tested, carried, yielded, result] : llvm::zip_equal(
             op.getInits(), op.getCondition().getArguments(), op.getBody().getArguments(),
             op.getYield()->getOpOperands(), op.getResults())) {
      Value next = yielded.get();
      if ((next != carried && !isSame(next, init)) || isa<ir::TapeType>(init.getType()))
        continue;
      changed |= replaceCarried(carried, init, yielded, rewriter);
      changed |= replaceUsed(tested, init, rewriter);
      changed |= replaceUsed(result, init, rewriter);
    }
    return success(changed);
  }
};

// A loop whose condition is false at once, whatever it carries.
struct NeverTrue : OpRewritePattern<ir::WhileOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::WhileOp op, PatternRewriter &rewriter) const override {
    if (!isSplat(op.getConditionYield().getValues().front(), 0) ||
        !isMemoryEffectFree(op.getCondition().front()))
      return failure();
    rewriter.replaceOp(op, op.getInits());
    return success();
  }

private:
  static bool isMemoryEffectFree(Block &block) {
    return llvm::all_of(block, [](Operation &op) { return mlir::isMemoryEffectFree(&op); });
  }
};

// A result that both sides yield alike; a choice between two small values that are there already,
// if nothing is then left to be done on either side. (Where the branch stays, a choice would only
// make whoever needs its result wait for the condition, which a processor otherwise guesses.)
struct ResultsOfIf : OpRewritePattern<ir::IfOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::IfOp op, PatternRewriter &rewriter) const override {
    bool changed = false, vanishes = choosesOnly(op);
    for (auto [onTrue, onFalse, result] : llvm::zip_equal(
             op.getThenYield().getValues(), op.getElseYield().getValues(), op.getResults())) {
      if (result.use_empty() || !isOutside(onTrue, op) || !isOutside(onFalse, op))
        continue;
      if (onTrue == onFalse) {
        rewriter.replaceAllUsesWith(result, onTrue);
        changed = true;
        continue;
      }
      auto type = dyn_cast<RankedTensorType>(result.getType());
      if (!vanishes || !isSmall(type))
        continue;
      Value condition = op.getCond();
      if (type.getRank() > 0)
        condition = ir::BroadcastOp::create(rewriter, op.getLoc(), type.clone(rewriter.getI1Type()),
                                            condition, ArrayRef<int64_t>());
      rewriter.replaceAllUsesWith(
          result, ir::SelectOp::create(rewriter, op.getLoc(), type, condition, onTrue, onFalse));
      changed = true;
    }
    return success(changed);
  }

private:
  /// Up to here choosing each element is cheaper than a branch.
  static constexpr int64_t largestSelect = 64;

  static bool isSmall(RankedTensorType type) {
    return type && type.getNumElements() <= largestSelect;
  }

  /// Whether all results that are used become choices.
  static bool choosesOnly(ir::IfOp op) {
    for (Region &region : op->getRegions())
      for (Operation &inner : region.front().without_terminator())
        if (!isMemoryEffectFree(&inner))
          return false;
    for (auto [onTrue, onFalse, result] : llvm::zip_equal(
             op.getThenYield().getValues(), op.getElseYield().getValues(), op.getResults()))
      if (!result.use_empty() &&
          (!isOutside(onTrue, op) || !isOutside(onFalse, op) ||
           (onTrue != onFalse && !isSmall(dyn_cast<RankedTensorType>(result.getType())))))
        return false;
    return true;
  }

  static bool isOutside(Value value, ir::IfOp op) {
    return !op->isAncestor(value.getParentBlock()->getParentOp());
  }
};

// A tape that is popped where it was pushed; one that nothing was pushed on.
struct PopOfKnownTape : OpRewritePattern<ir::TapePopOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::TapePopOp op, PatternRewriter &rewriter) const override {
    if (auto push = op.getTape().getDefiningOp<ir::TapePushOp>()) {
      rewriter.replaceOp(op, {push.getTape(), push.getValue()});
      return success();
    }
    if (!op.getTape().getDefiningOp<ir::TapeCreateOp>())
      return failure();
    rewriter.replaceOp(
        op, {op.getTape(), makeSplat(rewriter, op.getLoc(), tensorOf(op.getValue()), 0)});
    return success();
  }
};

} // namespace

void addControlPatterns(RewritePatternSet &patterns) {
  patterns.add<SingleRun, UnchangedInFor, UnchangedInWhile, NeverTrue, ResultsOfIf, PopOfKnownTape>(
      patterns.getContext());
}

} // namespace descent::simplify
