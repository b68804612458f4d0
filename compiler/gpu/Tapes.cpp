// Tapes on a device: memory that the host gives. It is as large as it has to be where that is known,
// and else doubled when it is full.
#include "compiler/cpu/Element.h"
#include "compiler/gpu/Host.h"
#include "compiler/gpu/Steps.h"

namespace descent::gpu {

using kernel::tensorType;
using llvm::ArrayRef;
using llvm::Value;
namespace mailbox = device::mailbox;

namespace {

/// Of a tape of which nothing is known.
constexpr int64_t kFirstElements = 64;

enum Field : unsigned { Memory, Capacity, Elements };

/// The memory of tapes, as something that may be pending. All of a program count as one: they are
/// seldom used side by side.
const Pending::Span tapes{kernel::Place::Kind::Table, 0, 0, 1, /*appends=*/true};

/// How many values this gives the tape, where that is known: it is the only step of one `for` loop
/// in another that does, from where the tape is made on, and in each iteration.
std::optional<int64_t> pushesOf(ir::TapePushOp push) {
  int64_t count = 1;
  mlir::Value tape = push.getTape();
  mlir::Operation *inside = push;
  while (auto argument = mlir::dyn_cast<mlir::BlockArgument>(tape)) {
    auto loop = mlir::dyn_cast_if_present<ir::ForOp>(argument.getOwner()->getParentOp());
    std::optional<int64_t> trips = loop ? loop.getTripCount() : std::nullopt;
    if (!trips || inside->getParentOp() != loop || llvm::MulOverflow(count, *trips, count))
      return std::nullopt;
    inside = loop;
    tape = loop.getInits()[argument.getArgNumber() - 1]; // behind the counter
  }
  if (!tape.getDefiningOp<ir::TapeCreateOp>())
    return std::nullopt;
  return count;
}

int64_t strideOf(mlir::Value value) {
  int64_t bytes =
      kernel::numElements(value) * kernel::elementBytes(tensorType(value).getElementType());
  return std::max<int64_t>(1, bytes);
}

} // namespace

llvm::StructType *tapeType(llvm::LLVMContext &context) {
  auto *number = llvm::Type::getInt64Ty(context);
  return llvm::StructType::get(context, {llvm::PointerType::get(context, 0), number, number});
}

/// An empty one. The memory that its place had before is found again when it is first needed.
void emitTapeCreate(ProgramEmission &p, const kernel::Step &step) {
  auto op = mlir::cast<ir::TapeCreateOp>(step.roots.front());
  llvm::IRBuilder<> &b = p.b;
  Value *tape = llvm::Constant::getNullValue(tapeType(p.f.context()));
  // The number of the place is carried where there is no memory yet.
  Value *site = p.f.number(p.f.module.nextTapeSite(op.getLoc()));
  tape = b.CreateInsertValue(tape, b.CreateIntToPtr(site, b.getPtrTy()), Memory);
  p.f.setRegister(op, tape);
}

void emitTapePush(ProgramEmission &p, const kernel::Step &step) {
  auto op = mlir::cast<ir::TapePushOp>(step.roots.front());
  llvm::IRBuilder<> &b = p.b;
  cpu::FunctionEmission &f = p.f;
  Value *tape = f.registerOf(op.getTape());
  int64_t stride = strideOf(op.getValue());
  Value *capacity = b.CreateExtractValue(tape, Capacity),
        *count = b.CreateExtractValue(tape, Elements);
  Value *memory = b.CreateExtractValue(tape, Memory);
  // Control flow is that of all threads: they all see the same numbers.
  llvm::BasicBlock *full = f.newBlock("full"), *grown = f.newBlock(), *room = f.newBlock("room"),
                   *none = f.newBlock("none");
  llvm::BasicBlock *before = b.GetInsertBlock();
  b.CreateCondBr(b.CreateICmpEQ(count, capacity), full, room);
  b.SetInsertPoint(full);
  Pending::State pending = p.pending.state();
  std::optional<int64_t> pushes = pushesOf(op);
  int64_t bytes;
  if (pushes && !llvm::MulOverflow(*pushes, stride, bytes))
    p.tapeBytes += bytes;
  else
    pushes.reset();
  Value *more = b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, b.CreateShl(capacity, 1),
                                        f.number(pushes.value_or(kFirstElements)));
  p.waitForAll();
  p.grid.byFirst([&] {
    b.CreateStore(b.CreateMul(more, f.number(stride)),
                  b.CreateConstInBoundsGEP1_64(b.getInt64Ty(), p.mailbox, uint64_t(mailbox::bytes)),
                  /*isVolatile=*/true);
  });
  // The host copies what is there.
  Value *given = askHost(p, device::Request::Tape, b.CreatePtrToInt(memory, b.getInt64Ty()), {});
  Value *newMemory = b.CreateIntToPtr(given, b.getPtrTy());
  b.CreateCondBr(b.CreateIsNull(newMemory), none, grown);
  b.SetInsertPoint(none);
  b.CreateRetVoid();
  b.SetInsertPoint(grown);
  llvm::BasicBlock *grownEnd = b.GetInsertBlock();
  b.CreateBr(room);
  b.SetInsertPoint(room);
  // Nobody has waited where there was room.
  p.pending.restore(std::move(pending));
  auto choose = [&](Value *known, Value *changed) {
    llvm::PHINode *phi = b.CreatePHI(known->getType(), 2);
    phi->addIncoming(known, before);
    phi->addIncoming(changed, grownEnd);
    return phi;
  };
  llvm::PHINode *memoryNow = choose(memory, newMemory), *capacityNow = choose(capacity, more);
  Value *top = b.CreateInBoundsGEP(b.getInt8Ty(), memoryNow, b.CreateMul(count, f.number(stride)));
  Pending::Spans reads;
  for (const kernel::Read &read : step.reads)
    p.span(read.value, reads);
  p.touch(reads, {tapes});
  mlir::Value value = op.getValue();
  mlir::Type element = tensorType(value).getElementType();
  if (kernel::isRegister(value))
    p.grid.byFirst([&] { cpu::storeElement(b, element, f.registerOf(value), top); });
  else
    emitCopy(p, top, /*toFrame=*/false, value);
  Value *result = llvm::PoisonValue::get(tapeType(f.context()));
  result = b.CreateInsertValue(result, memoryNow, Memory);
  result = b.CreateInsertValue(result, capacityNow, Capacity);
  result = b.CreateInsertValue(result, b.CreateAdd(count, f.number(1)), Elements);
  f.setRegister(op, result);
}

void emitTapePop(ProgramEmission &p, const kernel::Step &step) {
  auto op = mlir::cast<ir::TapePopOp>(step.roots.front());
  llvm::IRBuilder<> &b = p.b;
  cpu::FunctionEmission &f = p.f;
  Value *tape = f.registerOf(op.getTape());
  mlir::Value value = op.getValue();
  int64_t stride = strideOf(value);
  mlir::Type element = tensorType(value).getElementType();
  Value *count = b.CreateExtractValue(tape, Elements), *memory = b.CreateExtractValue(tape, Memory);
  Pending::Spans writes;
  p.span(value, writes);
  Pending::Span read = tapes;
  read.appends = false;
  p.touch({read}, writes);
  Value *isEmpty = b.CreateICmpEQ(count, f.number(0));
  Value *rest = b.CreateSelect(isEmpty, count, b.CreateSub(count, f.number(1)));
  f.setRegister(op.getRest(), b.CreateInsertValue(tape, rest, Elements));
  Value *top = b.CreateInBoundsGEP(b.getInt8Ty(), memory, b.CreateMul(rest, f.number(stride)));
  // Of an empty tape: zeros.
  auto load = [&](Value *index) {
    llvm::BasicBlock *before = b.GetInsertBlock(), *some = f.newBlock(), *after = f.newBlock();
    b.CreateCondBr(isEmpty, after, some);
    b.SetInsertPoint(some);
    Value *loaded = cpu::loadElement(b, element, f.address(element, top, index));
    llvm::BasicBlock *end = b.GetInsertBlock();
    b.CreateBr(after);
    b.SetInsertPoint(after);
    llvm::PHINode *phi = b.CreatePHI(loaded->getType(), 2);
    phi->addIncoming(cpu::zeroOf(f.context(), element), before);
    phi->addIncoming(loaded, end);
    return phi;
  };
  if (kernel::isRegister(value))
    return f.setRegister(value, load(f.number(0)));
  Value *to = f.pointerTo(value);
  auto copy = [&](Value *index) {
    cpu::storeElement(b, element, load(index), f.address(element, to, index));
  };
  if (p.isInFrame(value)) {
    for (int64_t i = 0; i < kernel::numElements(value); ++i)
      copy(f.number(i));
  } else {
    p.shareOut(kernel::numElements(value), copy);
  }
}

} // namespace descent::gpu
