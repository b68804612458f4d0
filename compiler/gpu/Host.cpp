#include "compiler/gpu/Host.h"

#include "compiler/cpu/Steps.h"
#include "compiler/gpu/OwnArrays.h"
#include "compiler/gpu/Resume.h"
#include "compiler/gpu/Workspace.h"
#include "runtime/device/ProductTable.h"

#include <llvm/IR/IntrinsicsNVPTX.h>

namespace descent::gpu {

using llvm::Value;
namespace mailbox = device::mailbox;

namespace {

/// Times that are polled for each time that the mailbox, which is far away, is looked at.
constexpr int64_t kPollEvery = 8;

class Messenger {
public:
  explicit Messenger(ProgramEmission &p) : p(p), f(p.f), b(p.b) {}

  Value *word(int64_t index) {
    return b.CreateConstInBoundsGEP1_64(b.getInt64Ty(), p.mailbox, uint64_t(index));
  }
  void write(int64_t index, Value *value) {
    b.CreateStore(value, word(index), /*isVolatile=*/true);
  }
  Value *read(int64_t index) {
    auto *load =
        b.CreateAlignedLoad(b.getInt64Ty(), word(index), llvm::Align(8), /*isVolatile=*/true);
    load->setAtomic(llvm::AtomicOrdering::Monotonic, llvm::SyncScope::System);
    return load;
  }
  void fence() { b.CreateFence(llvm::AtomicOrdering::AcquireRelease, llvm::SyncScope::System); }

  void writeOperand(int64_t number, mlir::Value operand) {
    int64_t first = mailbox::operands + number * mailbox::wordsOfOperand;
    if (!kernel::isRegister(operand) && !p.isInFrame(operand))
      return write(first, b.CreatePtrToInt(f.pointerTo(operand), b.getInt64Ty()));
    write(first, f.number(0));
    cpu::storeElements(f, word(first + 1), operand, cpu::elementsOf(f, operand));
  }

  void ask(device::Request request, Value *index, mlir::ValueRange operands) {
    write(mailbox::request, f.number(int64_t(request)));
    write(mailbox::index, index);
    for (auto [i, operand] : llvm::enumerate(operands))
      writeOperand(int64_t(i), operand);
  }

  /// Tells the host; the number of the message.
  Value *post() {
    fence();
    Value *number = b.CreateAdd(read(mailbox::requested), f.number(1));
    auto *store =
        b.CreateAlignedStore(number, word(mailbox::requested), llvm::Align(8), /*isVolatile=*/true);
    store->setAtomic(llvm::AtomicOrdering::Monotonic, llvm::SyncScope::System);
    return number;
  }

  /// The same, and waits until it has answered.
  void send() {
    Value *number = post();
    llvm::BasicBlock *spin = f.newBlock("spin"), *done = f.newBlock();
    b.CreateBr(spin);
    b.SetInsertPoint(spin);
    b.CreateCondBr(b.CreateICmpEQ(read(mailbox::answered), number), done, spin);
    b.SetInsertPoint(done);
    fence();
  }

private:
  ProgramEmission &p;
  cpu::FunctionEmission &f;
  llvm::IRBuilder<> &b;
};

/// The number of a product's entry in the table, which is left in the state; 0 where it has none.
Value *findProduct(ProgramEmission &p, int64_t number, mlir::ValueRange operands) {
  namespace table = device::producttable;
  static_assert((device::state::next + 1) * 8 <= Grid::stateBytes);
  llvm::IRBuilder<> &b = p.b;
  cpu::FunctionEmission &f = p.f;
  llvm::IntegerType *type = b.getInt64Ty();
  auto word = [&](Value *base, Value *at) { return b.CreateInBoundsGEP(type, base, at); };
  auto read = [&](Value *base, Value *at) { return b.CreateLoad(type, word(base, at)); };
  Value *state = f.function->getArg(1);
  llvm::SmallVector<Value *, 5> addresses;
  for (mlir::Value operand : operands)
    addresses.push_back(b.CreatePtrToInt(f.pointerTo(operand), type));
  llvm::AllocaInst *found = f.variable(type);
  b.CreateStore(f.number(0), found);
  Value *address = read(state, f.number(device::state::products));
  p.grid.onlyIf(b.CreateICmpNE(address, f.number(0)), [&] {
    Value *products = b.CreateIntToPtr(address, b.getPtrTy());
    Value *first = read(products, f.number(number * table::wordsOfProduct));
    Value *count = read(products, f.number(number * table::wordsOfProduct + 1));
    p.grid.loop(f.number(0), count, f.number(1), [&](Value *i) {
      Value *entry =
          word(products, b.CreateAdd(first, b.CreateMul(i, f.number(table::wordsOfEntry))));
      Value *isHere = b.getTrue();
      for (auto [at, here] : llvm::enumerate(addresses))
        isHere = b.CreateAnd(isHere, b.CreateICmpEQ(read(entry, f.number(int64_t(at) + 1)), here));
      Value *known = b.CreateSelect(isHere, read(entry, f.number(0)), b.CreateLoad(type, found));
      b.CreateStore(known, found);
    });
    b.CreateStore(b.CreateLoad(type, found), word(state, f.number(device::state::next)));
  });
  return b.CreateLoad(type, found);
}

} // namespace

Value *askHost(ProgramEmission &p, device::Request request, Value *index,
               mlir::ValueRange operands) {
  llvm::IRBuilder<> &b = p.b;
  Messenger messenger(p);
  p.mostOperands = std::max(p.mostOperands, int64_t(operands.size()));
  Value *area = p.exchangeArea(8);
  p.waitForAll();
  p.grid.byFirst([&] {
    messenger.ask(request, index, operands);
    messenger.send();
    b.CreateStore(messenger.read(mailbox::answer), area);
  });
  p.waitForAll();
  return b.CreateLoad(b.getInt64Ty(), area);
}

void leaveForProduct(ProgramEmission &p, int64_t number, mlir::ValueRange operands) {
  llvm::IRBuilder<> &b = p.b;
  Messenger messenger(p);
  p.mostOperands = std::max(p.mostOperands, int64_t(operands.size()));
  p.waitForAll();
  p.grid.byFirst([&] {
    Value *known = findProduct(p, number, operands);
    p.grid.onlyIf(b.CreateICmpEQ(known, p.f.number(0)), [&] {
      messenger.ask(device::Request::Product, p.f.number(number), operands);
      messenger.post();
    });
  });
  markSuspension(b);
}

Value *timeOnDevice(ProgramEmission &p, mlir::Value time) {
  llvm::IRBuilder<> &b = p.b;
  auto now = [&] {
    Value *nanoseconds =
        b.CreateIntrinsic(b.getInt64Ty(), llvm::Intrinsic::nvvm_read_ptx_sreg_globaltimer, {});
    // As many as a f64 tells apart: it begins anew every 52 days.
    return b.CreateAnd(nanoseconds, (uint64_t(1) << 52) - 1);
  };
  Value *nanoseconds;
  if (llvm::DenseSet<mlir::Value> arrays; isOfFirstThread(p, time, arrays)) {
    nanoseconds = valueWhere(p, p.isFirstThread(), p.f.number(0), now);
  } else {
    Value *area = p.exchangeArea(8);
    p.grid.byFirst([&] { b.CreateStore(now(), area); });
    p.waitForAll();
    nanoseconds = b.CreateLoad(b.getInt64Ty(), area);
  }
  return b.CreateFMul(b.CreateUIToFP(nanoseconds, b.getDoubleTy()),
                      llvm::ConstantFP::get(b.getDoubleTy(), 1e-9));
}

Value *pollHost(ProgramEmission &p) {
  llvm::IRBuilder<> &b = p.b;
  cpu::FunctionEmission &f = p.f;
  Messenger messenger(p);
  auto variable = [&](llvm::Type *type) {
    llvm::AllocaInst *made = f.variable(type);
    llvm::IRBuilder<>(made->getNextNode()).CreateStore(llvm::Constant::getNullValue(type), made);
    return made;
  };
  llvm::AllocaInst *times = variable(b.getInt64Ty()), *stop = variable(b.getInt1Ty());
  Value *now = b.CreateLoad(b.getInt64Ty(), times);
  b.CreateStore(b.CreateAdd(now, f.number(1)), times);
  Value *isDue = b.CreateICmpEQ(b.CreateAnd(now, f.number(kPollEvery - 1)), f.number(0));
  p.grid.onlyIf(isDue, [&] {
    Value *area = p.exchangeArea(8);
    p.grid.byFirst([&] { b.CreateStore(messenger.read(mailbox::stop), area); });
    p.grid.waitForAll();
    Value *asked = b.CreateLoad(b.getInt64Ty(), area);
    b.CreateStore(b.CreateICmpNE(asked, f.number(0)), stop);
  });
  return b.CreateLoad(b.getInt1Ty(), stop);
}

} // namespace descent::gpu
