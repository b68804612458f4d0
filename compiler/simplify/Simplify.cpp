// The pass: rewrites, common subexpressions, dead values and invariants in turn, until nothing
// changes.
#include "compiler/simplify/Simplify.h"

#include "compiler/simplify/Patterns.h"

#include <mlir/IR/Dominance.h>
#include <mlir/Transforms/CSE.h>
#include <mlir/Transforms/GreedyPatternRewriteDriver.h>

using namespace mlir;

namespace descent::simplify {

namespace {

struct SimplifyPass : PassWrapper<SimplifyPass, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(SimplifyPass)

  StringRef getArgument() const final { return "simplify"; }
  StringRef getDescription() const final {
    return "Fewer and cheaper operations with the same results";
  }

  LogicalResult initialize(MLIRContext *context) final {
    RewritePatternSet always(context);
    addPatterns(always);
    beforeDerivative = std::move(always);
    RewritePatternSet after(context);
    addPatterns(after);
    addAfterDerivativePatterns(after);
    afterDerivative = std::move(after);
    return success();
  }

  void runOnOperation() final {
    func::FuncOp function = getOperation();
    bool hasDerivative = function
                             .walk([](Operation *op) {
                               return isa<ir::JvpOp, ir::VjpOp>(op) ? WalkResult::interrupt()
                                                                    : WalkResult::advance();
                             })
                             .wasInterrupted();
    const FrozenRewritePatternSet &patterns = hasDerivative ? beforeDerivative : afterDerivative;
    for (int round = 0; round < mostRounds; ++round)
      if (!simplifyOnce(function, patterns))
        break;
    sinkRepetitions(function);
  }

private:
  /// Rounds after which a program is simple enough; two or three are usual.
  static constexpr int mostRounds = 8;
  FrozenRewritePatternSet beforeDerivative, afterDerivative;

  static void addPatterns(RewritePatternSet &patterns) {
    MLIRContext *context = patterns.getContext();
    for (RegisteredOperationName op : context->getRegisteredOperationsByDialect("descent"))
      op.getCanonicalizationPatterns(patterns, context);
    addAlgebraPatterns(patterns);
    addLogicPatterns(patterns);
    addConstantPatterns(patterns);
    addShapePatterns(patterns);
    addBoxPatterns(patterns);
    addIndexPatterns(patterns);
    addReducePatterns(patterns);
    addControlPatterns(patterns);
  }

  static bool simplifyOnce(func::FuncOp function, const FrozenRewritePatternSet &patterns) {
    bool rewritten = false, merged = false;
    // Without convergence the program is merely less simple than it might be.
    (void)applyPatternsGreedily(
        function, patterns,
        GreedyRewriteConfig().setUseTopDownTraversal().setRegionSimplificationLevel(
            GreedySimplifyRegionLevel::Disabled),
        &rewritten);
    IRRewriter rewriter(function.getContext());
    DominanceInfo dominance(function);
    eliminateCommonSubExpressions(rewriter, dominance, function, &merged);
    bool removed = removeDeadValues(function);
    bool moved = hoistInvariants(function);
    return rewritten | merged | removed | moved;
  }
};

} // namespace

std::unique_ptr<Pass> createSimplifyPass() {
  return std::make_unique<SimplifyPass>();
}

} // namespace descent::simplify
