// Identities of numbers. For floats only those that hold for every value, but for the sign of zero.
#include "compiler/simplify/Constants.h"
#include "compiler/simplify/Patterns.h"

#include <cmath>

using namespace mlir;

namespace descent::simplify {

namespace {

Value negated(Value value) {
  auto neg = value.getDefiningOp<ir::NegOp>();
  return neg ? neg.getX() : Value();
}

/// Whether a value is not a constant: two constants are folded, not regrouped.
bool isVariable(Value value) {
  return !constantOf(value);
}

/// A constant with every element negated; null for other values.
DenseElementsAttr negatedConstant(Value value) {
  auto elements = constantOf(value);
  if (!elements)
    return nullptr;
  if (isa<FloatType>(elements.getElementType()))
    return elements.mapValues(elements.getElementType(),
                              [](const APFloat &x) { return neg(x).bitcastToAPInt(); });
  return elements.mapValues(elements.getElementType(), [](const APInt &x) { return -x; });
}

// x + -y = x - y; -x + y = y - x; for integers (x + c) + d = x + (c + d).
struct SimplifyAdd : OpRewritePattern<ir::AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::AddOp op, PatternRewriter &rewriter) const override {
    for (auto [x, y] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
      if (Value inner = negated(y)) {
        rewriter.replaceOpWithNewOp<ir::SubOp>(op, op.getType(), x, inner);
        return success();
      }
      auto add = x.getDefiningOp<ir::AddOp>();
      if (add && !isFloatTensor(op) && constantOf(y) && isVariable(add.getLhs()) &&
          constantOf(add.getRhs())) {
        Value sum = ir::AddOp::create(rewriter, op.getLoc(), op.getType(), add.getRhs(), y);
        rewriter.replaceOpWithNewOp<ir::AddOp>(op, op.getType(), add.getLhs(), sum);
        return success();
      }
    }
    return failure();
  }
};

// x - -y = x + y; 0 - x = -x; x - x = 0 for integers; x - c = x + -c for integers.
struct SimplifySub : OpRewritePattern<ir::SubOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::SubOp op, PatternRewriter &rewriter) const override {
    if (Value inner = negated(op.getRhs())) {
      rewriter.replaceOpWithNewOp<ir::AddOp>(op, op.getType(), op.getLhs(), inner);
      return success();
    }
    if (isSplat(op.getLhs(), 0)) {
      rewriter.replaceOpWithNewOp<ir::NegOp>(op, op.getType(), op.getRhs());
      return success();
    }
    if (isFloatTensor(op))
      return failure();
    if (op.getLhs() == op.getRhs()) {
      rewriter.replaceOp(op, makeSplat(rewriter, op.getLoc(), tensorOf(op), 0));
      return success();
    }
    if (auto negative = negatedConstant(op.getRhs())) {
      Value constant = makeConstant(rewriter, op.getLoc(), negative);
      rewriter.replaceOpWithNewOp<ir::AddOp>(op, op.getType(), op.getLhs(), constant);
      return success();
    }
    return failure();
  }
};

// -(x - y) = y - x, where x - y is not needed itself; -(c * x) likewise.
struct SimplifyNeg : OpRewritePattern<ir::NegOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::NegOp op, PatternRewriter &rewriter) const override {
    Operation *inner = op.getX().getDefiningOp();
    if (!inner || !inner->hasOneUse())
      return failure();
    if (auto sub = dyn_cast<ir::SubOp>(inner)) {
      rewriter.replaceOpWithNewOp<ir::SubOp>(op, op.getType(), sub.getRhs(), sub.getLhs());
      return success();
    }
    auto mul = dyn_cast<ir::MulOp>(inner);
    auto factor = mul ? negatedConstant(mul.getRhs()) : nullptr;
    if (!factor)
      return failure();
    Value constant = makeConstant(rewriter, op.getLoc(), factor);
    rewriter.replaceOpWithNewOp<ir::MulOp>(op, op.getType(), mul.getLhs(), constant);
    return success();
  }
};

// x * -1 = -x; -x * -y = x * y; -x * c = x * -c; for integers x * 0 = 0 and (x * c) * d = x * (c *
// d).
struct SimplifyMul : OpRewritePattern<ir::MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::MulOp op, PatternRewriter &rewriter) const override {
    if (Value x = negated(op.getLhs()))
      if (Value y = negated(op.getRhs())) {
        rewriter.replaceOpWithNewOp<ir::MulOp>(op, op.getType(), x, y);
        return success();
      }
    for (auto [x, y] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
      if (isSplat(y, -1) && !tensorOf(op).getElementType().isUnsignedInteger()) {
        rewriter.replaceOpWithNewOp<ir::NegOp>(op, op.getType(), x);
        return success();
      }
      auto factor = negated(x) ? negatedConstant(y) : nullptr;
      if (factor) {
        Value constant = makeConstant(rewriter, op.getLoc(), factor);
        rewriter.replaceOpWithNewOp<ir::MulOp>(op, op.getType(), negated(x), constant);
        return success();
      }
      if (isFloatTensor(op))
        continue;
      if (isSplat(y, 0)) {
        rewriter.replaceOp(op, y);
        return success();
      }
      auto mul = x.getDefiningOp<ir::MulOp>();
      if (mul && constantOf(y) && isVariable(mul.getLhs()) && constantOf(mul.getRhs())) {
        Value product = ir::MulOp::create(rewriter, op.getLoc(), op.getType(), mul.getRhs(), y);
        rewriter.replaceOpWithNewOp<ir::MulOp>(op, op.getType(), mul.getLhs(), product);
        return success();
      }
    }
    return failure();
  }
};

// x / c = x * (1 / c) where that is exact: c is a power of two whose reciprocal is a number too.
struct SimplifyDiv : OpRewritePattern<ir::DivOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::DivOp op, PatternRewriter &rewriter) const override {
    Value x = negated(op.getLhs()), y = negated(op.getRhs());
    if (x && y) {
      rewriter.replaceOpWithNewOp<ir::DivOp>(op, op.getType(), x, y);
      return success();
    }
    auto elements = constantOf(op.getRhs());
    if (!elements || !elements.isSplat())
      return failure();
    APFloat divisor = elements.getSplatValue<APFloat>(), inverse = divisor;
    if (!divisor.getExactInverse(&inverse))
      return failure();
    Value factor = makeConstant(rewriter, op.getLoc(),
                                SplatElementsAttr::get(tensorOf(op), ArrayRef<APFloat>(inverse)));
    rewriter.replaceOpWithNewOp<ir::MulOp>(op, op.getType(), op.getLhs(), factor);
    return success();
  }
};

// Small integer powers as products: for floats up to the fourth, where the products' roundings stay
// below those of a power function; and the reciprocal.
struct SimplifyPow : OpRewritePattern<ir::PowOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::PowOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value x = op.getLhs();
    auto product = [&](Value a, Value b) -> Value {
      return ir::MulOp::create(rewriter, loc, op.getType(), a, b);
    };
    bool isFloat = isFloatTensor(op);
    if (isSplat(op.getRhs(), 0)) {
      rewriter.replaceOp(op, makeSplat(rewriter, loc, tensorOf(op), 1));
      return success();
    }
    if (isFloat && isSplat(op.getRhs(), -1)) {
      Value one = makeSplat(rewriter, loc, tensorOf(op), 1);
      rewriter.replaceOpWithNewOp<ir::DivOp>(op, op.getType(), one, x);
      return success();
    }
    for (int power = 2; power <= (isFloat ? 4 : 8); ++power) {
      if (!isSplat(op.getRhs(), power))
        continue;
      // The binary method: squares, and the products of those that the power's digits name.
      Value result, square = x;
      for (int rest = power; rest; rest >>= 1) {
        if (rest & 1)
          result = result ? product(result, square) : square;
        if (rest > 1)
          square = product(square, square);
      }
      rewriter.replaceOp(op, result);
      return success();
    }
    return failure();
  }
};

// |-x| = |x|, ||x|| = |x|.
struct SimplifyAbs : OpRewritePattern<ir::AbsOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::AbsOp op, PatternRewriter &rewriter) const override {
    if (op.getX().getDefiningOp<ir::AbsOp>()) {
      rewriter.replaceOp(op, op.getX());
      return success();
    }
    Value inner = negated(op.getX());
    if (!inner)
      return failure();
    rewriter.replaceOpWithNewOp<ir::AbsOp>(op, op.getType(), inner);
    return success();
  }
};

/// max(x, x) = x, and the like.
template <typename Op> struct Idempotent : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (op.getLhs() != op.getRhs())
      return failure();
    rewriter.replaceOp(op, op.getLhs());
    return success();
  }
};

/// floor(floor(x)) = floor(x), and the like.
template <typename Op> struct RoundedAlready : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!isa_and_nonnull<ir::FloorOp, ir::CeilOp, ir::RoundOp>(op.getX().getDefiningOp()))
      return failure();
    rewriter.replaceOp(op, op.getX());
    return success();
  }
};

// Integers by 1: the quotient is x, the remainder 0.
template <typename Op> struct IntegerByOne : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (isFloatTensor(op) || !isSplat(op.getRhs(), 1))
      return failure();
    Value result = op.getLhs();
    if (isa<ir::ModOp>(op))
      result = makeSplat(rewriter, op.getLoc(), tensorOf(op), 0);
    rewriter.replaceOp(op, result);
    return success();
  }
};

// A shift by nothing.
template <typename Op> struct ShiftByZero : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!isSplat(op.getRhs(), 0))
      return failure();
    rewriter.replaceOp(op, op.getLhs());
    return success();
  }
};

// select(c, x, 0) + select(c, 0, y) = select(c, x, y): what the two sides of a choice give back.
struct SumOfSelects : OpRewritePattern<ir::AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::AddOp op, PatternRewriter &rewriter) const override {
    auto a = op.getLhs().getDefiningOp<ir::SelectOp>();
    auto b = op.getRhs().getDefiningOp<ir::SelectOp>();
    if (!a || !b || a.getCondition() != b.getCondition())
      return failure();
    if (isSplat(a.getOnTrue(), 0) && isSplat(b.getOnFalse(), 0))
      std::swap(a, b);
    if (!isSplat(a.getOnFalse(), 0) || !isSplat(b.getOnTrue(), 0))
      return failure();
    rewriter.replaceOpWithNewOp<ir::SelectOp>(op, op.getType(), a.getCondition(), a.getOnTrue(),
                                              b.getOnFalse());
    return success();
  }
};

} // namespace

void addAlgebraPatterns(RewritePatternSet &patterns) {
  patterns
      .add<SimplifyAdd, SimplifySub, SimplifyNeg, SimplifyMul, SimplifyDiv, SimplifyPow,
           SimplifyAbs, Idempotent<ir::MaxOp>, Idempotent<ir::MinOp>, RoundedAlready<ir::FloorOp>,
           RoundedAlready<ir::CeilOp>, RoundedAlready<ir::RoundOp>, IntegerByOne<ir::FloorDivOp>,
           IntegerByOne<ir::ModOp>, ShiftByZero<ir::ShlOp>, ShiftByZero<ir::ShrOp>, SumOfSelects>(
          patterns.getContext());
}

} // namespace descent::simplify
