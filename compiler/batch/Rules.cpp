// The table of batching rules.
#include "compiler/batch/Rules.h"

#include <llvm/ADT/StringMap.h>

using namespace mlir;

namespace descent::batch {

namespace {

/// Elementwise: the same operation on arrays with one more dimension.
LogicalResult expandElementwise(Operation *op, Batcher &batcher) {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(batcher.lanes(operand));
  Operation *made = batcher.rebuild(op, operands, batcher.laneType(op->getResult(0).getType()));
  batcher.set(op->getResults(), made->getResults());
  return success();
}

/// The attribute `dims` or `dim` of an operation on one array, each dimension one further.
NamedAttribute nextDims(Operation *op, Builder &builder) {
  if (auto dim = op->getAttrOfType<IntegerAttr>("dim"))
    return builder.getNamedAttr("dim", builder.getI64IntegerAttr(dim.getInt() + 1));
  SmallVector<int64_t> dims;
  for (int64_t dim : op->getAttrOfType<DenseI64ArrayAttr>("dims").asArrayRef())
    dims.push_back(dim + 1);
  return builder.getNamedAttr("dims", builder.getDenseI64ArrayAttr(dims));
}

/// An operation on one array along some dimensions: the same, along the next ones.
LogicalResult expandAlongDims(Operation *op, Batcher &batcher) {
  Operation *made =
      batcher.rebuild(op, batcher.get(op->getOperands()),
                      batcher.laneType(op->getResult(0).getType()), nextDims(op, batcher.builder));
  batcher.set(op->getResults(), made->getResults());
  return success();
}

LogicalResult refuseTape(Operation *op, Batcher &) {
  return op->emitError("a vmap must be expanded before derivatives are");
}

/// One value for all lanes, whatever happens.
LogicalResult keep(Operation *op, Batcher &batcher) {
  Operation *made = batcher.rebuild(op, batcher.get(op->getOperands()), op->getResultTypes());
  batcher.set(op->getResults(), made->getResults());
  return success();
}

struct Table {
  llvm::StringMap<Rule> rules;
  template <typename... Ops> void add(Rule rule) {
    (rules.try_emplace(Ops::getOperationName(), rule), ...);
  }

  Table() {
    using namespace ir;
    // Each element by itself.
    add<NegOp, AbsOp, SignOp, AddOp, SubOp, MulOp, DivOp, FloorDivOp, ModOp, PowOp, MaxOp, MinOp,
        Atan2Op, LogAddExpOp>(expandElementwise);
    add<FloorOp, CeilOp, RoundOp, SqrtOp, RsqrtOp, CbrtOp, ExpOp, Exp2Op, Expm1Op, LogOp, Log2Op,
        Log10Op, Log1pOp, SinOp, CosOp, TanOp, AsinOp, AcosOp, AtanOp, SinhOp, CoshOp, TanhOp,
        AsinhOp, AcoshOp, AtanhOp, ErfOp, ErfcOp, ErfinvOp, LgammaOp, SigmoidOp, SiluOp, GeluOp,
        GeluTanhOp, PolygammaOp, StopGradientOp>(expandElementwise);
    add<NotOp, AndOp, OrOp, XorOp, ShlOp, ShrOp, ThreefryOp, CompareOp, SelectOp, ConvertOp,
        BitcastOp>(expandElementwise);

    // Moving elements.
    add<ReshapeOp>(expandReshape);
    add<TransposeOp>(expandTranspose);
    add<BroadcastOp>(expandBroadcast);
    add<SliceOp>(expandSlice);
    add<PadOp>(expandPad);
    add<ConcatOp>(expandConcat);
    add<ReverseOp>(expandAlongDims);
    add<DynamicSliceOp>(expandDynamicSlice);
    add<UpdateOp>(expandUpdate);
    add<GatherOp>(expandGather);
    add<ScatterOp>(expandScatter);

    // Combining elements.
    add<ReduceSumOp, ReduceProdOp, ReduceMaxOp, ReduceMinOp, ReduceAndOp, ReduceOrOp>(
        expandAlongDims);
    add<ArgMaxOp, ArgMinOp, ArgSortOp, CumSumOp, CumProdOp, CumMaxOp>(expandAlongDims);
    add<DotOp>(expandDot);

    // Control and derivatives.
    add<ForOp>(expandFor);
    add<WhileOp>(expandWhile);
    add<IfOp>(expandIf);
    add<JvpOp>(expandJvp);
    add<VjpOp>(expandVjp);
    add<CheckpointOp>(expandCheckpoint);

    // The host.
    add<CheckOp>(expandCheck);
    add<PollOp, ClockOp>(keep);
    add<TapeCreateOp, TapePushOp, TapePopOp>(refuseTape);
  }
};

} // namespace

LogicalResult expand(Operation *op, Batcher &batcher) {
  static const Table table;
  auto rule = table.rules.find(op->getName().getStringRef());
  if (rule == table.rules.end())
    return op->emitError("there is no rule to batch this operation");
  return rule->second(op, batcher);
}

} // namespace descent::batch
