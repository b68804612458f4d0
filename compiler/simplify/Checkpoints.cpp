// Checkpoints capture nothing, so what is known of their inputs has to be brought in.
#include "compiler/simplify/Patterns.h"

using namespace mlir;

namespace descent::simplify {

namespace {

// An input that is a constant is one inside.
struct ConstantInput : OpRewritePattern<ir::CheckpointOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::CheckpointOp op, PatternRewriter &rewriter) const override {
    bool changed = false;
    for (auto [input, argument] : llvm::zip_equal(op.getInputs(), op.getBody().getArguments())) {
      auto constant = input.getDefiningOp<ir::ConstantOp>();
      if (!constant || argument.use_empty())
        continue;
      rewriter.setInsertionPointToStart(&op.getBody().front());
      rewriter.replaceAllUsesWith(argument, rewriter.clone(*constant)->getResult(0));
      changed = true;
    }
    return success(changed);
  }
};

// An input given twice.
struct EqualInputs : OpRewritePattern<ir::CheckpointOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::CheckpointOp op, PatternRewriter &rewriter) const override {
    bool changed = false;
    llvm::DenseMap<Value, Value> first;
    for (auto [input, argument] : llvm::zip_equal(op.getInputs(), op.getBody().getArguments())) {
      Value known = first.try_emplace(input, argument).first->second;
      if (known == argument || argument.use_empty())
        continue;
      rewriter.replaceAllUsesWith(argument, known);
      changed = true;
    }
    return success(changed);
  }
};

// A result that is an input, or a constant.
struct KnownResult : OpRewritePattern<ir::CheckpointOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::CheckpointOp op, PatternRewriter &rewriter) const override {
    bool changed = false;
    rewriter.setInsertionPoint(op);
    for (auto [yielded, result] : llvm::zip_equal(op.getYield().getValues(), op.getResults())) {
      if (result.use_empty())
        continue;
      Value known;
      if (auto argument = dyn_cast<BlockArgument>(yielded);
          argument && argument.getOwner() == &op.getBody().front())
        known = op.getInputs()[argument.getArgNumber()];
      else if (auto constant = yielded.getDefiningOp<ir::ConstantOp>())
        known = rewriter.clone(*constant)->getResult(0);
      if (!known)
        continue;
      rewriter.replaceAllUsesWith(result, known);
      changed = true;
    }
    return success(changed);
  }
};

} // namespace

void addCheckpointPatterns(RewritePatternSet &patterns) {
  patterns.add<ConstantInput, EqualInputs, KnownResult>(patterns.getContext());
}

} // namespace descent::simplify
