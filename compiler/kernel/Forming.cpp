// Groups operations into kernels.
//
// The operations of a block are visited last to first, so that an operation is met when all its
// uses are known. Every use of an array says in which loop and under which index map it happens.
// From that:
//
//   * an array that something needs from memory gets a loop that stores it, or joins the loop of a
//     step that reads it at the same index (vertical fusion), or any loop over the same space
//     (horizontal fusion), provided that nothing in between has to run between the two;
//   * any other array is computed where it is used, unless that would repeat too much work;
//   * a reduction joins a loop over the shape of its operand, or starts one.
//
//   %a = mul %x, %y      loop [n]:  load x, y, t;  a = x*y;  b = a-t
//   %b = sub %a, %t  =>             s += b*b;  g += b*x
//   %c = mul %b, %b
//   %s = reduce_sum %c
//   %d = mul %b, %x
//   %g = reduce_sum %d
#include "compiler/kernel/Former.h"

#include "descent/Error.h"

using namespace mlir;

namespace descent::kernel {

namespace {

bool isInMemoryAnyway(Value value) {
  Operation *op = value.getDefiningOp();
  return !op || !isElemental(classOf(op));
}

/// Whether a reshape of a reduction's result only adds dimensions of one element, or takes such
/// away: whoever reads it can as well read the result, which then need not be in memory.
bool isSameButForUnits(Value value, Value source) {
  Operation *op = source.getDefiningOp();
  if (!op || !isReduction(op))
    return false;
  auto sizes = [](Value of) {
    SmallVector<int64_t, 4> all;
    llvm::copy_if(tensorType(of).getShape(), std::back_inserter(all),
                  [](int64_t size) { return size != 1; });
    return all;
  };
  return sizes(value) == sizes(source);
}

/// Whether nothing is inside the dimension of an arg-reduction or a running reduction.
bool isInnermost(Operation *op) {
  auto dim = size_t(op->getAttrOfType<IntegerAttr>("dim").getInt());
  return llvm::all_of(tensorType(op->getOperand(0)).getShape().drop_front(dim + 1),
                      [](int64_t size) { return size == 1; });
}

} // namespace

void Former::visitAlias(Operation *op) {
  Value value = op->getResult(0), source = op->getOperand(0);
  SmallVector<Use, 2> at = std::move(uses[value]);
  bool here = source.getDefiningOp() && source.getDefiningOp()->getBlock() == &block;
  bool inMemory =
      !options.fuse || !here || (isInMemoryAnyway(source) && !isSameButForUnits(value, source));
  for (const Use &how : at)
    inMemory |=
        how.kind == UseKind::Whole || how.kind == UseKind::Must || how.kind == UseKind::Copy;
  if (!inMemory)
    return inlineAt(op, at);
  materialised.insert(value);
  for (const Use &how : at) {
    readLeaf(value, how);
    use(source, {.kind = UseKind::Must, .step = how.step});
  }
}

void Former::visitArray(Operation *op) {
  SmallVector<Use, 2> at = uses[op->getResult(0)];
  if (!shouldStore(op, at))
    return inlineAt(op, at);
  if (isa<ir::ConcatOp>(op)) {
    formOwnStep(op);
    return;
  }
  joinOrStartKernel(op, tensorType(op->getResult(0)).getShape(), /*storesAtIndex=*/true);
}

void Former::visitOp(Operation *op) {
  if (auto member = pointMembers.find(op); member != pointMembers.end()) {
    const std::shared_ptr<Points> &of = points[size_t(member->second)];
    if (op == of->members.back())
      formPoints(of);
    return;
  }
  OpClass kind = classOf(op);
  bool used = kind == OpClass::Effect || kind == OpClass::Check || kind == OpClass::Poll ||
              kind == OpClass::Clock;
  for (Value result : op->getResults())
    used |= uses.contains(result);
  if (op->getNumRegions() && !used)
    used = hasHostOps(op);
  switch (kind) {
  case OpClass::Other:
    throw Error("the code generator does not know the operation '" +
                op->getName().getStringRef().str() + "'");
  case OpClass::Return:
  case OpClass::Yield:
    useOperands(op, -1);
    return;
  case OpClass::Input:
    return;
  case OpClass::Constant:
    if (used && isArray(op->getResult(0)) && !isTable(op->getResult(0)))
      visitArray(op);
    return;
  default:
    break;
  }
  if (!used)
    return;
  if (isElemental(kind) && isArray(op->getResult(0)))
    return isAlias(op) ? visitAlias(op) : visitArray(op);
  if (kind == OpClass::Reduce || (kind == OpClass::ArgReduce && isInnermost(op)))
    return joinOrStartKernel(op, tensorType(op->getOperand(0)).getShape(), false);
  if (kind == OpClass::Scan && isArray(op->getResult(0)) && isInnermost(op))
    return joinOrStartKernel(op, tensorType(op->getOperand(0)).getShape(), true);
  if (auto dot = dyn_cast<ir::DotOp>(op))
    if (int matrix = dotShape(dot).matrix; matrix >= 0)
      return joinOrStartKernel(op, tensorType(op->getOperand(matrix)).getShape(), false);
  formOwnStep(op);
}

BlockPlan Former::form() {
  for (Value argument : block.getArguments())
    if (isArray(argument))
      materialised.insert(argument);
  estimateCosts();
  for (auto [i, each] : llvm::enumerate(points))
    for (Operation *op : each->members)
      pointMembers[op] = int(i);
  for (Operation &op : llvm::reverse(block))
    visitOp(&op);
  finishKernels();
  preferInPlace();
  return inOrder();
}

Value aliasRoot(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isAlias(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

BlockPlan formBlock(Block &block, IndexMaps &maps, Materialised &materialised,
                    const PlanOptions &options, ArrayRef<std::shared_ptr<Points>> points) {
  return Former(block, maps, materialised, options, points).form();
}

} // namespace descent::kernel
