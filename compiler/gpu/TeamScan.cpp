// Scans by a team: each thread takes some elements in a row, and threads side by side combine their
// totals in log2 steps, on pairs of what is before and what is all (W. D. Hillis, G. L. Steele,
// "Data parallel algorithms", 1986); warps of a block combine theirs through shared memory.
#include "compiler/gpu/Scan.h"

namespace descent::gpu {

using cpu::Combiner;
using kernel::tensorType;
using llvm::Value;

namespace {

constexpr int kWarpBits = 5;
constexpr int64_t kSlotBytes = 8;

} // namespace

TeamScan::TeamScan(ProgramEmission &p, const Team &team, llvm::ArrayRef<mlir::Operation *> ops,
                   int64_t rows, int64_t size, bool rowsInner)
    : p(p), f(p.f), b(p.b), team(team) {
  for (mlir::Operation *op : ops) {
    Scan &scan = scans.emplace_back();
    scan.op = op;
    scan.how = cpu::combinerOf(op);
    scan.element = tensorType(op->getResult(0)).getElementType();
    scan.type = scan.wide = cpu::registerType(f.context(), scan.element);
    scan.neutral = cpu::neutralOf(f.context(), scan.how, scan.element);
    if (scan.type->isFloatTy() && scan.how != Combiner::Max) {
      scan.wide = b.getDoubleTy();
      scan.neutral = llvm::ConstantFP::get(scan.wide, scan.how == Combiner::Product ? 1.0 : 0.0);
    }
    scan.carry = f.variable(scan.wide);
    scan.running = f.variable(scan.wide);
    scan.values = f.variable(llvm::ArrayType::get(scan.wide, uint64_t(inRow)));
  }
  space.kept = rows;
  space.terms = (size + inRow - 1) / inRow;
  space.termsInner = !rowsInner;
  sharing = Sharing::of(space, team.size);
  auto log2Of = [](int64_t n) { return int(llvm::Log2_64(uint64_t(n))); };
  low = sharing.termsInner ? 0 : log2Of(sharing.kept);
  high = low + log2Of(sharing.terms);
  Value *first =
      b.CreateAnd(team.rank, f.number((sharing.termsInner ? sharing.terms : sharing.kept) - 1));
  Value *second =
      b.CreateLShr(team.rank, f.number(log2Of(sharing.termsInner ? sharing.terms : sharing.kept)));
  along = sharing.termsInner ? first : second;
  ofRow = sharing.termsInner ? second : first;
}

Value *TeamScan::combined(const Scan &scan, Value *x, Value *y) const {
  return cpu::combine(f, scan.how, scan.element, x, y, /*reorder=*/false);
}

/// Combines what the threads along a row have, each after those before it: what is before this one,
/// and all.
std::pair<Value *, Value *> TeamScan::combineThreads(const Scan &scan, Value *own) {
  Value *before = scan.neutral, *all = own;
  for (int bit = low; bit < std::min(high, kWarpBits); ++bit) {
    Value *other = p.grid.exchange(all, 1 << bit);
    Value *isLater =
        b.CreateICmpNE(b.CreateAnd(team.rank, f.number(int64_t(1) << bit)), f.number(0));
    before = b.CreateSelect(isLater, combined(scan, other, before), before);
    all = combined(scan, b.CreateSelect(isLater, other, all), b.CreateSelect(isLater, all, other));
  }
  int first = std::max(low, kWarpBits);
  if (high <= first)
    return {before, all};
  p.grid.needShared(sharedBytes(p.grid));
  auto slot = [&](Value *rank) {
    Value *offset = b.CreateMul(rank, f.number(kSlotBytes), "", true, true);
    return b.CreateInBoundsGEP(b.getInt8Ty(), p.grid.shared(0), offset);
  };
  b.CreateStore(all, slot(team.rank));
  p.grid.wait(team);
  int64_t mask = (int64_t(1) << high) - (int64_t(1) << first);
  Value *base = b.CreateAnd(team.rank, f.number(~mask));
  Value *mine = b.CreateLShr(b.CreateAnd(team.rank, f.number(mask)), f.number(first));
  Value *earlier = scan.neutral;
  for (int64_t i = 0; i < int64_t(1) << (high - first); ++i) {
    Value *theirs = b.CreateLoad(scan.wide, slot(b.CreateOr(base, f.number(i << first))));
    Value *isEarlier = b.CreateICmpSLT(f.number(i), mine);
    earlier = b.CreateSelect(isEarlier, combined(scan, earlier, theirs), earlier);
    all = i ? combined(scan, all, theirs) : theirs;
  }
  p.grid.wait(team);
  return {combined(scan, earlier, before), all};
}

void TeamScan::clear() {
  for (Scan &scan : scans)
    b.CreateStore(scan.neutral, scan.carry);
}

void TeamScan::combineCarries() {
  for (Scan &scan : scans)
    b.CreateStore(combineThreads(scan, b.CreateLoad(scan.wide, scan.carry)).second, scan.carry);
}

void TeamScan::through(Value *from, Value *to, Value *isThere, Read read, Write write) {
  Value *one = f.number(1), *zero = f.number(0);
  p.grid.loop(from, to, f.number(sharing.terms * inRow), [&](Value *first) {
    Value *own = plus(first, b.CreateMul(along, f.number(inRow), "", true, true));
    auto overOwn = [&](llvm::function_ref<void(Value *, Value *)> body) {
      p.grid.loop(zero, f.number(inRow), one, [&](Value *i) {
        Value *at = plus(own, i);
        Value *exists = b.CreateICmpSLT(at, to);
        if (isThere)
          exists = b.CreateAnd(exists, isThere);
        p.grid.onlyIf(exists, [&] { body(i, at); });
      });
    };
    auto place = [&](const Scan &scan, Value *i) {
      return b.CreateInBoundsGEP(scan.wide, scan.values, i);
    };
    for (Scan &scan : scans)
      b.CreateStore(scan.neutral, scan.running);
    overOwn([&](Value *i, Value *at) {
      for (auto [scan, value] : llvm::zip(scans, read(at))) {
        Value *wide = scan.wide == scan.type ? value : b.CreateFPExt(value, scan.wide);
        Value *next = combined(scan, b.CreateLoad(scan.wide, scan.running), wide);
        b.CreateStore(next, scan.running);
        b.CreateStore(next, place(scan, i));
      }
    });
    llvm::SmallVector<Value *, 2> before;
    for (Scan &scan : scans) {
      auto [earlier, all] = combineThreads(scan, b.CreateLoad(scan.wide, scan.running));
      Value *carry = b.CreateLoad(scan.wide, scan.carry);
      before.push_back(combined(scan, carry, earlier));
      b.CreateStore(combined(scan, carry, all), scan.carry);
    }
    overOwn([&](Value *i, Value *at) {
      llvm::SmallVector<Value *, 2> values;
      for (auto [scan, earlier] : llvm::zip(scans, before)) {
        Value *value = combined(scan, earlier, b.CreateLoad(scan.wide, place(scan, i)));
        values.push_back(scan.wide == scan.type ? value : b.CreateFPTrunc(value, scan.type));
      }
      write(values, at);
    });
  });
}

} // namespace descent::gpu
