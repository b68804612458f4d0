// What a program asks of the runtime: the canonical form of a check.
#include "compiler/dialect/Families.h"

#include <mlir/IR/Matchers.h>

#define GET_OP_CLASSES
#include "compiler/dialect/Host.cpp.inc"

using namespace mlir;

namespace descent::ir {

void registerHostOps(DescentDialect &dialect) {
  addFamily<
#define GET_OP_LIST
#include "compiler/dialect/Host.cpp.inc"
      >(dialect);
}

namespace {

/// A check that is known to hold goes.
struct RemoveTrueCheck : OpRewritePattern<CheckOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CheckOp op, PatternRewriter &rewriter) const override {
    DenseElementsAttr condition;
    if (!matchPattern(op.getCondition(), m_Constant(&condition)) ||
        !llvm::all_of(condition.getValues<bool>(), [](bool b) { return b; }))
      return failure();
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void CheckOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<RemoveTrueCheck>(context);
}

} // namespace descent::ir
