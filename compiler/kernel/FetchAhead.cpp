#include "compiler/kernel/FetchAhead.h"

#include "compiler/kernel/RowReads.h"
#include "compiler/kernel/Small.h"

#include <llvm/ADT/SetVector.h>
#include <mlir/IR/IRMapping.h>
#include <mlir/Interfaces/SideEffectInterfaces.h>
#include <mlir/Transforms/RegionUtils.h>

using namespace mlir;

namespace descent::kernel {

namespace {

using Operations = llvm::SetVector<Operation *>;

/// One loop.
class Rotation {
public:
  /// `taken`: rows that are taken before loops, which the loops around these leave alone.
  Rotation(Operation *loop, const std::vector<bool> &far, llvm::DenseSet<Operation *> &taken)
      : loop(loop), body(loop->getRegions().back().front()), builder(loop), far(far), taken(taken),
        counters(isa<ir::ForOp>(loop) ? 1 : 0) {}

  int run();

private:
  Operation *loop;
  Block &body;
  OpBuilder builder;
  const std::vector<bool> &far;
  llvm::DenseSet<Operation *> &taken;
  const unsigned counters;

  /// Those that can be asked for early, and what their indices are made of.
  Operations rows, makers;
  /// Of `makers`, what is a matter of a few numbers: it is made again where it is needed.
  llvm::DenseSet<Operation *> again;
  /// What `makers` make for others: carried, as the rows are.
  SmallVector<Value> carried;
  /// The carried values that the next iteration's indices are made of, by their makers.
  Operations nextMakers;

  bool isFar(Value value) const;
  bool takesFarRows(Operation *op) const;
  Operation *inBody(Operation *user) const;
  bool collect(Value value, Operations &into, llvm::BitVector &arguments) const;
  bool collectNext(const llvm::BitVector &arguments, Operations &into) const;
  void findRows();
  void split();
  bool isUsedElsewhere(Value value) const;
  void before(SmallVectorImpl<Value> &values);
  Value rowsAhead(Operation *op, IRMapping &mapping);
  void ahead(ValueRange ours, SmallVectorImpl<Value> &values);
  void rebuild(ValueRange inits);
};

/// The operation of the loop's body that an operation is, or is in.
Operation *Rotation::inBody(Operation *user) const {
  return body.findAncestorOpInBlock(*user);
}

bool Rotation::isFar(Value value) const {
  Operation *op = value.getDefiningOp();
  while (op && (isAlias(op) || isa<ir::SliceOp>(op)) && !inBody(op))
    op = op->getOperand(0).getDefiningOp();
  auto input = dyn_cast_or_null<ir::InputOp>(op);
  return input && input.getIndex() < far.size() && far[input.getIndex()];
}

bool Rotation::takesFarRows(Operation *op) const {
  if (!isa<ir::GatherOp, ir::DynamicSliceOp>(op) || taken.contains(op))
    return false;
  Value array = op->getOperand(0);
  if (!isFar(array) || !takesRows(op, array) || isFew(numElements(op->getResult(0))) ||
      numElements(op->getResult(0)) == 0)
    return false;
  auto slice = dyn_cast<ir::DynamicSliceOp>(op);
  return !slice ||
         slice.getType().getShape().drop_front() == tensorType(array).getShape().drop_front();
}

/// Adds what makes a value in the body; the arguments of the body that it depends on. False where
/// it is not made of values alone, or of rows that are far away.
bool Rotation::collect(Value value, Operations &into, llvm::BitVector &arguments) const {
  if (value.getParentBlock() != &body)
    return !isTape(value);
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    arguments.set(argument.getArgNumber());
    return !isTape(value);
  }
  Operation *op = value.getDefiningOp();
  if (into.contains(op))
    return true;
  if (takesFarRows(op) || isTape(value) || isa<ir::WhileOp, ir::CheckpointOp>(op) ||
      !isMemoryEffectFree(op) ||
      op->walk([](ir::WhileOp) { return WalkResult::interrupt(); }).wasInterrupted())
    return false;
  llvm::SetVector<Value> needed(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), needed);
  for (Value each : needed)
    if (!collect(each, into, arguments))
      return false;
  into.insert(op);
  return true;
}

/// Adds what makes the next values of arguments.
bool Rotation::collectNext(const llvm::BitVector &arguments, Operations &into) const {
  llvm::BitVector now(body.getNumArguments());
  Operation *yield = body.getTerminator();
  return llvm::all_of(arguments.set_bits(), [&](unsigned number) {
    return number < counters || collect(yield->getOperand(number - counters), into, now);
  });
}

void Rotation::findRows() {
  for (Operation &op : body) {
    if (!takesFarRows(&op))
      continue;
    Operations of, next;
    llvm::BitVector arguments(body.getNumArguments());
    bool can = llvm::all_of(op.getOperands().drop_front(),
                            [&](Value index) { return collect(index, of, arguments); });
    // Rows that are always the same are no business of ours.
    if (!can || arguments.none() || !collectNext(arguments, next))
      continue;
    rows.insert(&op);
    makers.insert(of.begin(), of.end());
  }
}

bool Rotation::isUsedElsewhere(Value value) const {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    Operation *at = inBody(user);
    return !makers.contains(at) && !rows.contains(at);
  });
}

void Rotation::split() {
  // In the body's order from here on.
  auto sorted = [&](Operations &operations) {
    SmallVector<Operation *> order(operations.takeVector());
    llvm::sort(order, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    operations.insert(order.begin(), order.end());
  };
  sorted(makers);
  for (Operation *op : makers) {
    bool isNumbers = op->getNumRegions() == 0 && llvm::all_of(op->getResults(), isRegister);
    if (isNumbers && llvm::all_of(op->getOperands(), [&](Value operand) {
          Operation *made = operand.getDefiningOp();
          return !made || !makers.contains(made) || again.contains(made);
        })) {
      again.insert(op);
      continue;
    }
    for (Value result : op->getResults())
      if (isUsedElsewhere(result))
        carried.push_back(result);
  }
}

/// Before the loop: what the first iteration needs.
void Rotation::before(SmallVectorImpl<Value> &values) {
  IRMapping mapping;
  if (auto counted = dyn_cast<ir::ForOp>(loop))
    mapping.map(counted.getCounter(), counted.getLower());
  ValueRange inits = loop->getOperands().drop_front(counters ? 2 : 0);
  for (auto [i, init] : llvm::enumerate(inits))
    mapping.map(body.getArgument(unsigned(i) + counters), init);
  builder.setInsertionPoint(loop);
  for (Operation *op : makers)
    builder.clone(*op, mapping);
  for (Operation *op : rows) {
    Operation *made = builder.clone(*op, mapping);
    taken.insert(made);
    values.push_back(made->getResult(0));
  }
  for (Value value : carried)
    values.push_back(mapping.lookup(value));
}

/// The fetch for what takes rows. A slice begins where all of it is inside.
Value Rotation::rowsAhead(Operation *op, IRMapping &mapping) {
  Location at = op->getLoc();
  if (auto gather = dyn_cast<ir::GatherOp>(op))
    return ir::FetchOp::create(builder, at, gather.getX(),
                               mapping.lookupOrDefault(gather.getIndices()));
  auto slice = cast<ir::DynamicSliceOp>(op);
  Value start = mapping.lookupOrDefault(slice.getStarts().front());
  Type element = tensorType(start).getElementType();
  int64_t count = slice.getSizes().front(), last = tensorType(slice.getX()).getDimSize(0) - count;
  auto number = [&](int64_t value) -> Value {
    return ir::ConstantOp::create(
        builder, at, DenseElementsAttr::get(tensorType(start), IntegerAttr::get(element, value)));
  };
  start = ir::MinOp::create(builder, at, ir::MaxOp::create(builder, at, start, number(0)),
                            number(last));
  auto type = RankedTensorType::get({count}, element);
  Value indices = ir::AddOp::create(
      builder, at, ir::BroadcastOp::create(builder, at, type, start, ArrayRef<int64_t>{}),
      ir::IotaOp::create(builder, at, type, 0));
  return ir::FetchOp::create(builder, at, slice.getX(), indices);
}

/// At the begin of the body: what the next iteration needs. `ours` are the body's arguments for
/// what this one needs.
void Rotation::ahead(ValueRange ours, SmallVectorImpl<Value> &values) {
  Operation *yield = body.getTerminator();
  SmallVector<Value> old;
  for (Operation *op : rows)
    old.push_back(op->getResult(0));
  llvm::append_range(old, carried);
  for (auto [value, mine] : llvm::zip(old, ours))
    value.replaceUsesWithIf(mine, [&](OpOperand &use) {
      Operation *at = inBody(use.getOwner());
      return !makers.contains(at) && !rows.contains(at);
    });

  llvm::BitVector arguments(body.getNumArguments());
  Operations unused;
  for (Operation *op : rows)
    for (Value index : op->getOperands().drop_front())
      collect(index, unused, arguments);
  Operations next;
  collectNext(arguments, next);
  SmallVector<Operation *> order(next.getArrayRef());
  llvm::sort(order, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  Operation *last = nullptr;
  for (Operation *op : order) {
    if (last)
      op->moveAfter(last);
    else
      op->moveBefore(&body, body.begin());
    last = op;
  }
  if (last)
    builder.setInsertionPointAfter(last);
  else
    builder.setInsertionPointToStart(&body);

  IRMapping mapping;
  if (auto counted = dyn_cast<ir::ForOp>(loop)) {
    auto type = tensorType(counted.getCounter());
    Value one = ir::ConstantOp::create(
        builder, loop->getLoc(),
        DenseElementsAttr::get(type, IntegerAttr::get(type.getElementType(), 1)));
    mapping.map(counted.getCounter(),
                ir::AddOp::create(builder, loop->getLoc(), counted.getCounter(), one).getResult());
  }
  for (unsigned number : arguments.set_bits())
    if (number >= counters)
      mapping.map(body.getArgument(number), yield->getOperand(number - counters));
  for (Operation *op : makers)
    builder.clone(*op, mapping);
  for (Operation *op : rows)
    values.push_back(rowsAhead(op, mapping));
  for (Value value : carried)
    values.push_back(mapping.lookup(value));
}

void Rotation::rebuild(ValueRange inits) {
  builder.setInsertionPoint(loop);
  Operation *made;
  if (auto counted = dyn_cast<ir::ForOp>(loop))
    made = ir::ForOp::create(builder, loop->getLoc(), inits.getTypes(), counted.getLower(),
                             counted.getUpper(), inits);
  else
    made = ir::WhileOp::create(builder, loop->getLoc(), inits.getTypes(), inits);
  for (auto [to, from] : llvm::zip(made->getRegions(), loop->getRegions()))
    to.takeBody(from);
  for (auto [old, result] : llvm::zip(loop->getResults(), made->getResults()))
    old.replaceAllUsesWith(result);
  loop->erase();
}

int Rotation::run() {
  findRows();
  if (rows.empty())
    return 0;
  split();
  SmallVector<Value> inits(loop->getOperands().drop_front(counters ? 2 : 0));
  size_t own = inits.size();
  before(inits);
  ValueRange added = ValueRange(inits).drop_front(own);
  for (Region &region : loop->getRegions())
    for (Value value : added)
      region.front().addArgument(value.getType(), value.getLoc());
  SmallVector<Value> next;
  ahead(body.getArguments().take_back(added.size()), next);
  Operation *yield = body.getTerminator();
  yield->insertOperands(yield->getNumOperands(), next);
  // Copied from, now, and needed no more.
  for (Operation *op : llvm::reverse(rows))
    op->erase();
  for (Operation *op : llvm::reverse(makers))
    if (op->use_empty())
      op->erase();
  int count = int(rows.size());
  rebuild(inits);
  return count;
}

struct FetchAheadPass : PassWrapper<FetchAheadPass, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(FetchAheadPass)

  FetchAheadPass() = default;
  explicit FetchAheadPass(std::vector<bool> far) : far(std::move(far)) {}
  FetchAheadPass(const FetchAheadPass &other) : PassWrapper(), far(other.far) {}

  ListOption<int64_t> inputs{*this, "inputs",
                             llvm::cl::desc("numbers of inputs that are far away")};

  StringRef getArgument() const override { return "fetch-ahead"; }
  StringRef getDescription() const override {
    return "Asks for the rows of the next iteration while one runs";
  }

  void runOnOperation() override {
    std::vector<bool> all = far;
    for (int64_t input : inputs) {
      if (input < 0)
        return getOperation().emitError("inputs are numbered from 0"), signalPassFailure();
      all.resize(std::max(all.size(), size_t(input) + 1));
      all[size_t(input)] = true;
    }
    fetchAhead(getOperation(), all);
  }

  std::vector<bool> far;
};

} // namespace

int fetchAhead(func::FuncOp function, const std::vector<bool> &far) {
  SmallVector<Operation *> loops;
  function.walk<WalkOrder::PostOrder>([&](Operation *op) {
    if (isa<ir::ForOp, ir::WhileOp>(op))
      loops.push_back(op);
  });
  llvm::DenseSet<Operation *> taken;
  int count = 0;
  for (Operation *loop : loops)
    count += Rotation(loop, far, taken).run();
  return count;
}

std::unique_ptr<Pass> createFetchAheadPass() {
  return std::make_unique<FetchAheadPass>();
}

std::unique_ptr<Pass> createFetchAheadPass(std::vector<bool> far) {
  return std::make_unique<FetchAheadPass>(std::move(far));
}

} // namespace descent::kernel
