// Truth values, comparisons, choices, and changes of element type.
#include "compiler/simplify/Constants.h"
#include "compiler/simplify/Patterns.h"

using namespace mlir;

namespace descent::simplify {

namespace {

/// x and x = x or x = x; for integers x and 0 = 0, x or 0 = x, and so on with all ones.
template <typename Op> struct SimplifyBits : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    constexpr bool isAnd = std::is_same_v<Op, ir::AndOp>;
    if (op.getLhs() == op.getRhs()) {
      rewriter.replaceOp(op, op.getLhs());
      return success();
    }
    for (auto [x, y] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
      auto elements = constantOf(y);
      if (!elements || !elements.isSplat())
        continue;
      APInt bits = elements.template getSplatValue<APInt>();
      if (bits.isZero() || bits.isAllOnes()) {
        rewriter.replaceOp(op, bits.isZero() == isAnd ? y : x);
        return success();
      }
    }
    return failure();
  }
};

// x xor x = 0, x xor 0 = x, for bools x xor true = not x.
struct SimplifyXor : OpRewritePattern<ir::XorOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::XorOp op, PatternRewriter &rewriter) const override {
    if (op.getLhs() == op.getRhs()) {
      rewriter.replaceOp(op, makeSplat(rewriter, op.getLoc(), tensorOf(op), 0));
      return success();
    }
    for (auto [x, y] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
      if (isSplat(y, 0)) {
        rewriter.replaceOp(op, x);
        return success();
      }
      if (isBoolTensor(op) && isSplat(y, 1)) {
        rewriter.replaceOpWithNewOp<ir::NotOp>(op, op.getType(), x);
        return success();
      }
    }
    return failure();
  }
};

/// The comparison that holds where the given one does not, for operands without nan.
ir::Predicate opposite(ir::Predicate predicate) {
  switch (predicate) {
  case ir::Predicate::eq:
    return ir::Predicate::ne;
  case ir::Predicate::ne:
    return ir::Predicate::eq;
  case ir::Predicate::lt:
    return ir::Predicate::ge;
  case ir::Predicate::ge:
    return ir::Predicate::lt;
  case ir::Predicate::gt:
    return ir::Predicate::le;
  case ir::Predicate::le:
    return ir::Predicate::gt;
  }
  llvm_unreachable("all predicates are listed");
}

// not (x < y) = x >= y, where nan cannot be: for integers, and for == and !=.
struct NotOfComparison : OpRewritePattern<ir::NotOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::NotOp op, PatternRewriter &rewriter) const override {
    auto compare = op.getX().getDefiningOp<ir::CompareOp>();
    if (!compare)
      return failure();
    auto predicate = compare.getPredicate();
    if (isFloatTensor(compare.getLhs()) && predicate != ir::Predicate::eq &&
        predicate != ir::Predicate::ne)
      return failure();
    rewriter.replaceOpWithNewOp<ir::CompareOp>(op, opposite(predicate), compare.getLhs(),
                                               compare.getRhs());
    return success();
  }
};

// An integer compared with itself; a bool compared with a constant.
struct SimplifyCompare : OpRewritePattern<ir::CompareOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::CompareOp op, PatternRewriter &rewriter) const override {
    auto predicate = op.getPredicate();
    if (op.getLhs() == op.getRhs() && !isFloatTensor(op.getLhs())) {
      bool holds = predicate == ir::Predicate::eq || predicate == ir::Predicate::le ||
                   predicate == ir::Predicate::ge;
      rewriter.replaceOp(op, makeSplat(rewriter, op.getLoc(), tensorOf(op), holds));
      return success();
    }
    bool equality = predicate == ir::Predicate::eq || predicate == ir::Predicate::ne;
    auto constant = integerSplat(op.getRhs());
    if (!isBoolTensor(op.getLhs()) || !equality || !constant)
      return failure();
    if ((*constant != 0) == (predicate == ir::Predicate::eq))
      rewriter.replaceOp(op, op.getLhs());
    else
      rewriter.replaceOpWithNewOp<ir::NotOp>(op, op.getType(), op.getLhs());
    return success();
  }
};

// Choices by a negated condition, between constant truths, and inside a choice by the same
// condition.
struct SimplifySelect : OpRewritePattern<ir::SelectOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::SelectOp op, PatternRewriter &rewriter) const override {
    Value condition = op.getCondition(), onTrue = op.getOnTrue(), onFalse = op.getOnFalse();
    if (auto inverse = condition.getDefiningOp<ir::NotOp>()) {
      rewriter.replaceOpWithNewOp<ir::SelectOp>(op, op.getType(), inverse.getX(), onFalse, onTrue);
      return success();
    }
    if (isBoolTensor(op) && isSplat(onTrue, 1) && isSplat(onFalse, 0)) {
      rewriter.replaceOp(op, condition);
      return success();
    }
    if (isBoolTensor(op) && isSplat(onTrue, 0) && isSplat(onFalse, 1)) {
      rewriter.replaceOpWithNewOp<ir::NotOp>(op, op.getType(), condition);
      return success();
    }
    if (auto inner = onTrue.getDefiningOp<ir::SelectOp>())
      if (inner.getCondition() == condition) {
        rewriter.replaceOpWithNewOp<ir::SelectOp>(op, op.getType(), condition, inner.getOnTrue(),
                                                  onFalse);
        return success();
      }
    if (auto inner = onFalse.getDefiningOp<ir::SelectOp>())
      if (inner.getCondition() == condition) {
        rewriter.replaceOpWithNewOp<ir::SelectOp>(op, op.getType(), condition, onTrue,
                                                  inner.getOnFalse());
        return success();
      }
    return failure();
  }
};

/// Whether every value of `from` is one of `to`.
bool isExact(Type from, Type to) {
  if (from.isInteger(1))
    return true;
  if (from.isF32())
    return to.isF64();
  if (from.isInteger(32) || from.isUnsignedInteger(32))
    return to.isF64() || to.isSignlessInteger(64) ||
           (from.isUnsignedInteger() && to.isUnsignedInteger(64));
  return false;
}

// Conversions by way of a type that loses nothing are one conversion; there and back are none. But
// an integer by way of a float saturates where it would wrap.
struct ChainOfConversions : OpRewritePattern<ir::ConvertOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::ConvertOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<ir::ConvertOp>();
    if (!inner)
      return failure();
    Type from = tensorOf(inner.getX()).getElementType();
    Type middle = tensorOf(inner).getElementType(), to = tensorOf(op).getElementType();
    if (!isExact(from, middle))
      return failure();
    if (from == to) {
      rewriter.replaceOp(op, inner.getX());
      return success();
    }
    bool saturates = isa<IntegerType>(from) && !from.isInteger(1) && isa<FloatType>(middle) &&
                     isa<IntegerType>(to) && !to.isInteger(1);
    if (saturates)
      return failure();
    rewriter.replaceOpWithNewOp<ir::ConvertOp>(op, op.getType(), inner.getX());
    return success();
  }
};

// Indices in another type are indices in that type.
struct ConvertedIota : OpRewritePattern<ir::ConvertOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::ConvertOp op, PatternRewriter &rewriter) const override {
    auto iota = op.getX().getDefiningOp<ir::IotaOp>();
    Type from = tensorOf(op.getX()).getElementType(), to = tensorOf(op).getElementType();
    // A float index may have been rounded already.
    if (!iota || to.isInteger(1) || isa<FloatType>(from))
      return failure();
    rewriter.replaceOpWithNewOp<ir::IotaOp>(op, op.getType(), iota.getDim());
    return success();
  }
};

struct ChainOfBitcasts : OpRewritePattern<ir::BitcastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::BitcastOp op, PatternRewriter &rewriter) const override {
    if (op.getX().getType() == op.getType()) {
      rewriter.replaceOp(op, op.getX());
      return success();
    }
    auto inner = op.getX().getDefiningOp<ir::BitcastOp>();
    if (!inner)
      return failure();
    rewriter.replaceOpWithNewOp<ir::BitcastOp>(op, op.getType(), inner.getX());
    return success();
  }
};

struct DropStopGradient : OpRewritePattern<ir::StopGradientOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::StopGradientOp op, PatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, op.getX());
    return success();
  }
};

} // namespace

void addLogicPatterns(RewritePatternSet &patterns) {
  patterns.add<SimplifyBits<ir::AndOp>, SimplifyBits<ir::OrOp>, SimplifyXor, NotOfComparison,
               SimplifyCompare, SimplifySelect, ChainOfConversions, ConvertedIota, ChainOfBitcasts>(
      patterns.getContext());
}

void addAfterDerivativePatterns(RewritePatternSet &patterns) {
  patterns.add<DropStopGradient>(patterns.getContext());
}

} // namespace descent::simplify
