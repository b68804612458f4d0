#include "compiler/derivative/Reverse.h"

#include "compiler/derivative/Rules.h"

#include <mlir/Transforms/RegionUtils.h>

using namespace mlir;

namespace descent::derivative {

SmallVector<Value> Reverse::primal(ValueRange originals) {
  return llvm::map_to_vector(originals, [&](Value original) { return primal(original); });
}

// ---- Cotangents -------------------------------------------------------------------------------

void Reverse::setCotangent(Value original, Cotangent cotangent) {
  if (cotangent)
    cotangents[original] = cotangent;
  else
    cotangents.erase(original);
}

Cotangent Reverse::take(Value original) {
  Cotangent found = cotangent(original);
  cotangents.erase(original);
  return found;
}

namespace {

/// Whether either mask is true; null where that is everywhere.
Value eitherMask(Emitter &emit, Value a, Value b) {
  if (!a || !b)
    return nullptr;
  auto negates = [](Value a, Value b) {
    auto op = a.getDefiningOp<ir::NotOp>();
    return op && op.getX() == b;
  };
  if (negates(a, b) || negates(b, a))
    return nullptr;
  return emit.plus(a, b);
}

} // namespace

void Reverse::add(Value original, Cotangent cotangent) {
  if (!cotangent || !activity.isActive(original))
    return;
  Cotangent &sum = cotangents[original];
  sum = sum ? Cotangent{emit.plus(sum.value, cotangent.value),
                        eitherMask(emit, sum.mask, cotangent.mask)}
            : cotangent;
}

void Reverse::addMapped(Value original, Cotangent cotangent, llvm::function_ref<Value(Value)> map) {
  if (cotangent && activity.isActive(original))
    add(original, {map(cotangent.value), cotangent.mask ? map(cotangent.mask) : nullptr});
}

void Reverse::addPart(Value original, Cotangent cotangent, llvm::function_ref<Value(Value)> map) {
  if (cotangent && activity.reachesSelect(original))
    cotangent.mask = maskOrTrues(cotangent);
  addMapped(original, cotangent, map);
}

Value Reverse::maskOrTrues(Cotangent cotangent) {
  return cotangent.mask ? cotangent.mask : emit.trues(maskTypeOf(cotangent.value.getType()));
}

void Reverse::append(SmallVector<Value> &values, Cotangent cotangent, Type type, bool masked) {
  values.push_back(cotangent ? cotangent.value : emit.zeros(type));
  if (masked && cotangent)
    values.push_back(maskOrTrues(cotangent));
  else if (masked)
    values.push_back(emit.zeros(maskTypeOf(type)));
}

FailureOr<SmallVector<Value>> Reverse::activeCaptures(Operation *op) {
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  captured.remove_if([&](Value value) { return !activity.isActive(value); });
  if (llvm::any_of(captured, [](Value value) { return isTape(value.getType()); }))
    return op->emitError("not supported yet: the derivative of '")
           << op->getName() << "' that uses a tape from outside";
  return SmallVector<Value>(captured.begin(), captured.end());
}

// ---- The forward run --------------------------------------------------------------------------

namespace {

bool isEffect(Operation *op) {
  return isa<ir::CheckOp, ir::EffectOp>(op);
}

/// Removes what a second run must not do: effects have been had.
void removeEffects(Operation *op) {
  op->walk([&](Operation *inner) {
    if (inner != op &&
        (isEffect(inner) || (isa<ir::PollOp, ir::ClockOp>(inner) && inner->use_empty())))
      inner->erase();
  });
}

/// Forgets the copies of the blocks in an operation: the next copy shall have arguments of its own.
void forgetArguments(Operation *op, IRMapping &primals) {
  op->walk([&](Block *block) {
    for (BlockArgument argument : block->getArguments())
      primals.erase(argument);
  });
}

} // namespace

FailureOr<Unrepeatable> findUnrepeatable(Block &body) {
  Unrepeatable found;
  llvm::DenseSet<Value> carriedTapes;
  for (Value argument : body.getArguments())
    if (isTape(argument.getType()))
      carriedTapes.insert(argument);
  for (Operation &op : body.without_terminator()) {
    if (isa<ir::PollOp, ir::ClockOp>(op)) {
      found.ops.insert(&op);
      found.values.push_back(op.getResult(0));
    } else if (isa<ir::TapePushOp, ir::TapePopOp>(op)) {
      if (!carriedTapes.contains(op.getOperand(0)))
        continue;
      found.ops.insert(&op);
      carriedTapes.insert(op.getResult(0));
      if (auto pop = dyn_cast<ir::TapePopOp>(op))
        found.values.push_back(pop.getValue());
    } else if (!carriedTapes.empty()) {
      auto refused = op.walk([&](Operation *inner) {
        bool uses =
            llvm::any_of(inner->getOperands(), [&](Value v) { return carriedTapes.contains(v); });
        return uses ? WalkResult::interrupt() : WalkResult::advance();
      });
      if (refused.wasInterrupted())
        return op.emitError("not supported yet: the derivative of '")
               << op.getName() << "' on a tape that the loop around it carries";
    }
  }
  return found;
}

LogicalResult Reverse::runForward(Block &block, bool again) {
  Unrepeatable skipped;
  if (again && !block.getArguments().empty()) {
    auto found = findUnrepeatable(block);
    if (failed(found))
      return failure();
    skipped = std::move(*found);
  }
  for (Operation &op : block.without_terminator()) {
    if (skipped.ops.contains(&op) || (again && isEffect(&op)))
      continue;
    forgetArguments(&op, primals);
    if (isa<ir::ForOp, ir::WhileOp>(op) && activity.isActive(&op)) {
      if (failed(emitLoop(&op, again)))
        return failure();
      continue;
    }
    Operation *copy = emit.clone(op, primals);
    if (again)
      removeEffects(copy);
  }
  return success();
}

/// Emits a loop that carries, beside its own values, a tape for each value of the body that the
/// reverse run may need, and for a `while` the number of iterations. Tapes that turn out unneeded
/// are pruned.
LogicalResult Reverse::emitLoop(Operation *loop, bool again) {
  emit.setLoc(loop->getLoc());
  Block &body = loop->getRegions().back().front();
  bool isWhile = isa<ir::WhileOp>(loop);
  auto unrepeatable = findUnrepeatable(body);
  if (failed(unrepeatable))
    return failure();

  LoopRecord record;
  for (Value carried : body.getArguments().drop_front(isWhile ? 0 : 1))
    if (!isTape(carried.getType()))
      record.saved.push_back(carried);
  llvm::append_range(record.saved, unrepeatable->values);

  OperationState state(loop->getLoc(), loop->getName());
  state.addOperands(primal(loop->getOperands()));
  state.addTypes(loop->getResultTypes());
  state.addAttributes(loop->getDiscardableAttrDictionary().getValue());
  SmallVector<Value> more;
  for (Value saved : record.saved)
    more.push_back(emit.zeros(ir::TapeType::get(emit.getContext(), tensorOf(saved))));
  if (isWhile)
    more.push_back(emit.zeros(RankedTensorType::get({}, emit.getI32Type())));
  state.addOperands(more);
  state.addTypes(ValueRange(more).getTypes());

  SmallVector<Value> next;
  {
    OpBuilder::InsertionGuard guard(emit);
    for (Region &region : loop->getRegions()) {
      Region *copy = state.addRegion();
      region.cloneInto(copy, primals);
      next.clear();
      for (Value value : more)
        next.push_back(copy->front().addArgument(value.getType(), loop->getLoc()));
    }
    for (auto [tape, saved] : llvm::zip(next, record.saved)) {
      Value copy = primal(saved);
      emit.setInsertionPointAfterValue(copy);
      tape = emit.push(tape, copy);
    }
    Operation *yield = state.regions.back()->front().getTerminator();
    emit.setInsertionPoint(yield);
    if (isWhile)
      next.back() = emit.plus(next.back(), emit.number(next.back().getType(), 1));
    yield->insertOperands(yield->getNumOperands(), next);
  }

  Operation *emitted = emit.create(state);
  if (again)
    removeEffects(emitted);
  primals.map(loop->getResults(), emitted->getResults().take_front(loop->getNumResults()));
  record.tapes.assign(emitted->result_begin() + loop->getNumResults(), emitted->result_end());
  if (isWhile)
    record.count = record.tapes.pop_back_val();
  records[loop] = std::move(record);
  return success();
}

// ---- The reverse run --------------------------------------------------------------------------

LogicalResult Reverse::runBackward(Block &block) {
  for (Operation &op : llvm::reverse(block.without_terminator())) {
    if (!activity.isActive(&op))
      continue;
    const Rule *rule = ruleOf(&op);
    if (!rule)
      return op.emitError("not supported yet: the derivative of '") << op.getName() << "'";
    if (llvm::none_of(op.getResults(), [&](Value result) { return bool(cotangent(result)); }))
      continue;
    emit.setLoc(op.getLoc());
    if (failed(rule->pullBack ? rule->pullBack(&op, *this) : pullBackPlain(&op)))
      return failure();
  }
  return success();
}

/// Pulls back through an operation whose rule is a row of the table.
LogicalResult Reverse::pullBackPlain(Operation *op) {
  const Rule &rule = *ruleOf(op);
  Cotangent ct = take(op->getResult(0));
  if (rule.transpose) {
    Value x = op->getOperand(0);
    auto transpose = [&](Value value) { return rule.transpose(op, emit, x, value); };
    if (rule.part)
      addPart(x, ct, transpose);
    else
      addMapped(x, ct, transpose);
    return success();
  }
  SmallVector<Value> operands = primal(op->getOperands());
  for (unsigned i = 0; i < rule.partials.size(); ++i) {
    if (!activity.isActive(op->getOperand(i)))
      continue;
    Factor partial = partialOf(rule, op, i, emit, operands, primal(op->getResult(0)));
    Value product = partial.applyTo(emit, ct.value);
    if (product && !partial.isAlwaysFinite())
      product = guarded(product, ct.mask);
    add(op->getOperand(i), {product, ct.mask});
  }
  return success();
}

} // namespace descent::derivative
