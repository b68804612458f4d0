// The pass: rewrites, common subexpressions, dead values and invariants in turn, until nothing
// changes.
#include "compiler/simplify/Simplify.h"

#include "compiler/simplify/Patterns.h"

#include <mlir/IR/Dominance.h>
#include <mlir/Transforms/CSE.h>
#include <mlir/Transforms/GreedyPatternRewriteDriver.h>

#include <optional>

using namespace mlir;

namespace descent::simplify {

namespace {

struct SimplifyPass : PassWrapper<SimplifyPass, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(SimplifyPass)

  explicit SimplifyPass(std::optional<int64_t> mostRewrites) : mostRewrites(mostRewrites) {}

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
  /// Sweeps of rewriting in a round. All but the first find little, but a chain that shortens by one
  /// link in each takes many; rules that undo each other are stopped by the limit on rewrites.
  static constexpr int mostSweeps = 16;
  std::optional<int64_t> mostRewrites;
  FrozenRewritePatternSet beforeDerivative, afterDerivative;

  static void addPatterns(RewritePatternSet &patterns) {
    MLIRContext *context = patterns.getContext();
    for (RegisteredOperationName op : context->getRegisteredOperationsByDialect("descent"))
      op.getCanonicalizationPatterns(patterns, context);
    addAlgebraPatterns(patterns);
    addLogicPatterns(patterns);
    addConstantPatterns(patterns);
    addStructuredConstantPatterns(patterns);
    addShapePatterns(patterns);
    addBoxPatterns(patterns);
    addIndexPatterns(patterns);
    addReducePatterns(patterns);
    addControlPatterns(patterns);
    addCheckpointPatterns(patterns);
  }

  /// The rewrites of one sweep after which it stops, so that rules which undo each other cannot
  /// keep a compilation from ending. Programs take about one for each two operations.
  int64_t limitOf(func::FuncOp function) const {
    if (mostRewrites)
      return *mostRewrites;
    int64_t operations = 0;
    function.walk([&](Operation *) { ++operations; });
    return 1000 + 16 * operations;
  }

  /// Tells whether another round may find more.
  bool simplifyOnce(func::FuncOp function, const FrozenRewritePatternSet &patterns) const {
    bool rewritten = false, merged = false;
    auto config = GreedyRewriteConfig()
                      .setUseTopDownTraversal()
                      .setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled)
                      .setMaxIterations(mostSweeps)
                      .setMaxNumRewrites(limitOf(function));
    // Without convergence the program is merely less simple than it might be.
    bool converged = succeeded(applyPatternsGreedily(function, patterns, config, &rewritten));
    IRRewriter rewriter(function.getContext());
    DominanceInfo dominance(function);
    eliminateCommonSubExpressions(rewriter, dominance, function, &merged);
    bool removed = removeDeadValues(function);
    bool moved = hoistInvariants(function);
    return converged && (rewritten | merged | removed | moved);
  }
};

} // namespace

std::unique_ptr<Pass> createSimplifyPass() {
  return std::make_unique<SimplifyPass>(std::nullopt);
}

std::unique_ptr<Pass> createLimitedSimplifyPass(int64_t mostRewrites) {
  return std::make_unique<SimplifyPass>(mostRewrites);
}

} // namespace descent::simplify
