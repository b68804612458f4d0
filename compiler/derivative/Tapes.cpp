// The choice of what a loop saves.
//
// The derivative rule of a loop saves what the loop carries, whole, and computes the rest of the
// body again in the reverse run. Often the reverse needs less: one element of an array that is
// carried, or the truth values of a comparison. Of the values that the reverse computes from the
// tapes, those saved are a smallest cut between the tapes and the first operations that need a
// cotangent, weighed by bytes per iteration. Time is the second concern: among the smallest cuts it
// is the one closest to the uses, so that the least is computed again, and where nothing is gained
// nothing changes. (A body is run at most twice, but memory is multiplied by the number of
// iterations.)
//
//   y, t  = for … iter(x, tape) { push tape, x; … }
//   dy, _ = for … iter(ct, t)   { rest, x = pop t; e = dynamic_slice x[i]; … ct * e … }
//   becomes
//   y, t  = for … iter(x, tape) { …; e = dynamic_slice x[i]; push tape, e }
//   dy, _ = for … iter(ct, t)   { rest, e = pop t; … ct * e … }
#include "compiler/derivative/Tapes.h"

#include "compiler/derivative/Emitter.h"
#include "compiler/derivative/SmallestCut.h"

#include <llvm/ADT/MapVector.h>
#include <mlir/IR/IRMapping.h>
#include <mlir/IR/Matchers.h>

using namespace mlir;

namespace descent::derivative {

namespace {

Block &bodyOf(Operation *loop) {
  return loop->getRegions().back().front();
}

/// What a loop carries in a slot, in its body.
BlockArgument carried(Operation *loop, unsigned slot) {
  Block &body = bodyOf(loop);
  return body.getArgument(body.getNumArguments() - loop->getNumResults() + slot);
}

OpOperand &initOf(Operation *loop, unsigned slot) {
  return loop->getOpOperand(loop->getNumOperands() - loop->getNumResults() + slot);
}

Value yieldedIn(Operation *loop, unsigned slot) {
  return bodyOf(loop).getTerminator()->getOperand(slot);
}

int64_t bytesOf(Value value) {
  auto type = tensorOf(value);
  int64_t bits = type.getElementType().getIntOrFloatBitWidth();
  return type.getNumElements() * std::max<int64_t>(1, bits / 8);
}

/// A tape that one loop fills and another empties, one value in each iteration.
struct Link {
  Value pushed, popped;
};

/// A loop and its reverse.
struct LoopPair {
  Operation *forward;
  ir::ForOp reverse;
  SmallVector<Link> links;
};

/// The tape of a slot of the reverse loop that another loop fills; its loop is `forward`.
std::optional<std::pair<Operation *, Link>> linkOf(ir::ForOp reverse, unsigned slot) {
  auto tape = dyn_cast<OpResult>(initOf(reverse, slot).get());
  if (!tape || !isTape(tape.getType()) || !tape.hasOneUse() ||
      !reverse->getResult(slot).use_empty())
    return std::nullopt;
  Operation *forward = tape.getOwner();
  if (!isa<ir::ForOp, ir::WhileOp>(forward) || forward->getBlock() != reverse->getBlock())
    return std::nullopt;
  unsigned from = tape.getResultNumber();
  Value filled = carried(forward, from), emptied = carried(reverse, slot);
  auto create = initOf(forward, from).get().getDefiningOp<ir::TapeCreateOp>();
  if (!create || !create->hasOneUse() || !filled.hasOneUse() || !emptied.hasOneUse())
    return std::nullopt;
  auto push = dyn_cast<ir::TapePushOp>(*filled.user_begin());
  auto pop = dyn_cast<ir::TapePopOp>(*emptied.user_begin());
  if (!push || push->getBlock() != &bodyOf(forward) || !push->hasOneUse() ||
      yieldedIn(forward, from) != push.getResult() || !pop || pop->getBlock() != &bodyOf(reverse) ||
      !pop.getRest().hasOneUse() || yieldedIn(reverse, slot) != pop.getRest())
    return std::nullopt;
  return std::pair(forward, Link{push.getValue(), pop.getValue()});
}

bool isConstant(Value value, int64_t number) {
  APInt constant;
  return matchPattern(value, m_ConstantInt(&constant)) && constant.getSExtValue() == number;
}

/// Whether the loops run equally often: a loop's bounds are shared, and of a `while` the reverse
/// knows the count.
bool runEquallyOften(LoopPair &pair) {
  Value lower = pair.reverse.getLower(), upper = pair.reverse.getUpper();
  if (auto loop = dyn_cast<ir::ForOp>(pair.forward))
    return loop.getLower() == lower && loop.getUpper() == upper;
  auto count = dyn_cast<OpResult>(upper);
  if (!count || count.getOwner() != pair.forward || !isConstant(lower, 0))
    return false;
  unsigned slot = count.getResultNumber();
  auto next = yieldedIn(pair.forward, slot).getDefiningOp<ir::AddOp>();
  return isConstant(initOf(pair.forward, slot).get(), 0) && next &&
         next.getLhs() == carried(pair.forward, slot) && isConstant(next.getRhs(), 1);
}

SmallVector<LoopPair> findPairs(Block &block) {
  SmallVector<LoopPair> pairs;
  block.walk([&](ir::ForOp reverse) {
    llvm::MapVector<Operation *, SmallVector<Link>> links;
    for (unsigned slot = 0; slot < reverse.getNumResults(); ++slot)
      if (auto link = linkOf(reverse, slot))
        links[link->first].push_back(link->second);
    // A reverse loop goes back over one loop.
    if (links.size() != 1)
      return;
    LoopPair pair{links.front().first, reverse, links.front().second};
    if (runEquallyOften(pair))
      pairs.push_back(std::move(pair));
  });
  return pairs;
}

/// The operations of a reverse body that the forward body could do as well.
class Repetition {
public:
  explicit Repetition(LoopPair &pair) : pair(pair), body(pair.reverse.getBody().front()) {
    for (const Link &link : pair.links) {
      inForward.map(link.popped, link.pushed);
      fromTapes.insert(link.popped);
    }
    for (Operation &op : body.without_terminator())
      visit(op);
  }

  /// Whether the value is computed of what the tapes hold.
  bool isFromTapes(Value value) const { return fromTapes.contains(value); }
  ArrayRef<Value> values() const { return fromTapes.getArrayRef(); }

  /// Emits the value's computation at the end of the forward body.
  Value emitForward(Value value, OpBuilder &builder) {
    if (Value known = inForward.lookupOrNull(value))
      return known;
    Operation *op = value.getDefiningOp();
    if (!op || op->getBlock() != &body)
      return value;
    for (Value operand : op->getOperands())
      emitForward(operand, builder);
    builder.clone(*op, inForward);
    return inForward.lookup(value);
  }

private:
  void visit(Operation &op) {
    if (auto loop = dyn_cast<ir::ForOp>(pair.forward); loop && isForwardCounter(op)) {
      inForward.map(op.getResult(0), loop.getCounter());
      free.insert(op.getResult(0));
      return;
    }
    if (isa<ir::TapePopOp>(op) || op.getNumRegions() > 0 || op.getNumResults() != 1 ||
        !isMemoryEffectFree(&op) || isTape(op.getResult(0).getType()) ||
        !llvm::all_of(op.getOperands(), [&](Value operand) { return isKnown(operand); }))
      return;
    bool needsTape =
        llvm::any_of(op.getOperands(), [&](Value operand) { return isFromTapes(operand); });
    if (needsTape)
      fromTapes.insert(op.getResult(0));
    else
      free.insert(op.getResult(0));
  }

  bool isKnown(Value value) {
    if (fromTapes.contains(value) || free.contains(value))
      return true;
    if (isTape(value.getType()) || value.getParentBlock() == &body)
      return false;
    Operation *op = value.getDefiningOp();
    return !op || op->getBlock() != pair.forward->getBlock() || op->isBeforeInBlock(pair.forward);
  }

  /// lower + upper - 1 - counter: the counter of the forward loop in the same iteration.
  bool isForwardCounter(Operation &op) {
    auto counter = dyn_cast<ir::SubOp>(op);
    if (!counter || counter.getRhs() != pair.reverse.getCounter())
      return false;
    auto last = counter.getLhs().getDefiningOp<ir::SubOp>();
    if (!last || !isConstant(last.getRhs(), 1))
      return false;
    auto sum = last.getLhs().getDefiningOp<ir::AddOp>();
    return sum && sum.getLhs() == pair.reverse.getLower() &&
           sum.getRhs() == pair.reverse.getUpper();
  }

  LoopPair &pair;
  Block &body;
  IRMapping inForward;
  llvm::SetVector<Value> fromTapes;
  llvm::DenseSet<Value> free;
};

/// The values to save; nothing where what is saved now is as small.
std::optional<SmallVector<Value>> chooseSaved(LoopPair &pair, const Repetition &repetition) {
  llvm::DenseMap<Value, size_t> nodes;
  SmallVector<int64_t> weights;
  for (Value value : repetition.values()) {
    nodes[value] = weights.size();
    weights.push_back(bytesOf(value));
  }
  SmallestCut cut(weights);
  int64_t now = 0;
  for (const Link &link : pair.links) {
    cut.fromSource(nodes[link.popped]);
    if (!link.popped.use_empty())
      now += bytesOf(link.popped);
  }
  Block *body = &pair.reverse.getBody().front();
  for (Value value : repetition.values())
    for (Operation *user : value.getUsers()) {
      bool repeated = user->getBlock() == body && user->getNumResults() == 1 &&
                      repetition.isFromTapes(user->getResult(0));
      if (repeated)
        cut.follow(nodes[value], nodes[user->getResult(0)]);
      else
        cut.toSink(nodes[value]);
    }
  auto marks = cut.solve();
  SmallVector<Value> saved;
  int64_t then = 0;
  for (Value value : repetition.values())
    if (marks[nodes[value]]) {
      saved.push_back(value);
      then += bytesOf(value);
    }
  return then < now ? std::optional(saved) : std::nullopt;
}

/// Adds slots to a loop; their values in the body are `inside`. The body does not yield them yet.
Operation *addSlots(Operation *loop, ValueRange inits, SmallVector<Value> &inside) {
  OperationState state(loop->getLoc(), loop->getName());
  state.addOperands(loop->getOperands());
  state.addOperands(inits);
  state.addTypes(loop->getResultTypes());
  state.addTypes(inits.getTypes());
  state.addAttributes(loop->getDiscardableAttrDictionary().getValue());
  for (Region &region : loop->getRegions()) {
    Region *moved = state.addRegion();
    moved->takeBody(region);
    inside.clear();
    for (Value init : inits)
      inside.push_back(moved->front().addArgument(init.getType(), loop->getLoc()));
  }
  OpBuilder builder(loop);
  Operation *larger = builder.create(state);
  loop->replaceAllUsesWith(larger->getResults().take_front(loop->getNumResults()));
  loop->erase();
  return larger;
}

void yieldMore(Operation *loop, ValueRange values) {
  Operation *yield = bodyOf(loop).getTerminator();
  yield->insertOperands(yield->getNumOperands(), values);
}

/// Tells whether the loops have been replaced.
bool lessen(LoopPair &pair) {
  Repetition repetition(pair);
  auto saved = chooseSaved(pair, repetition);
  if (!saved)
    return false;
  // What has a tape already keeps it.
  llvm::erase_if(*saved, [&](Value value) {
    return llvm::any_of(pair.links, [&](const Link &link) { return link.popped == value; });
  });
  Location loc = pair.forward->getLoc();
  OpBuilder builder(bodyOf(pair.forward).getTerminator());
  SmallVector<Value> pushed, tapes, inside, rests;
  for (Value value : *saved)
    pushed.push_back(repetition.emitForward(value, builder));

  builder.setInsertionPoint(pair.forward);
  for (Value value : *saved)
    tapes.push_back(ir::TapeCreateOp::create(
        builder, loc, ir::TapeType::get(builder.getContext(), tensorOf(value))));
  unsigned first = pair.forward->getNumResults();
  Operation *forward = addSlots(pair.forward, tapes, inside);
  builder.setInsertionPoint(bodyOf(forward).getTerminator());
  for (auto [tape, value] : llvm::zip(inside, pushed))
    tape = ir::TapePushOp::create(builder, loc, tape.getType(), tape, value);
  yieldMore(forward, inside);

  SmallVector<Value> filled(forward->getResults().drop_front(first));
  Operation *reverse = addSlots(pair.reverse, filled, inside);
  builder.setInsertionPointToStart(&bodyOf(reverse));
  for (auto [tape, value] : llvm::zip(inside, *saved)) {
    auto pop = ir::TapePopOp::create(builder, loc, tape.getType(), value.getType(), tape);
    rests.push_back(pop.getRest());
    value.replaceAllUsesWith(pop.getValue());
  }
  yieldMore(reverse, rests);
  // What led from the tapes to these values, so that tapes without a use are known as such.
  for (Value value : llvm::reverse(repetition.values()))
    if (value.use_empty() && !value.getDefiningOp<ir::TapePopOp>())
      value.getDefiningOp()->erase();
  return true;
}

} // namespace

void lessenTapes(Block &block) {
  // A loop may be the reverse of one and have a reverse itself, so pairs are found anew after each
  // change; each saves bytes, so there is an end.
  bool changed = true;
  while (changed) {
    changed = false;
    for (LoopPair &pair : findPairs(block))
      if ((changed = lessen(pair)))
        break;
  }
}

} // namespace descent::derivative
