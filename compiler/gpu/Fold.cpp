#include "compiler/gpu/Fold.h"

#include "compiler/cpu/Types.h"

#include <llvm/Support/MathExtras.h>

namespace descent::gpu {

using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

constexpr int kWarpBits = 5;
/// A value and a position, of each thread.
constexpr int64_t kSlotBytes = 16;

struct Cell {
  llvm::AllocaInst *value = nullptr, *position = nullptr;
};

class FoldEmitter {
public:
  FoldEmitter(ProgramEmission &p, const Team &team, ArrayRef<Folded> folded)
      : p(p), f(p.f), b(p.b), team(team), folded(folded) {
    for (const Folded &each : folded)
      cells.push_back(
          {f.variable(each.type), each.hasPosition ? f.variable(b.getInt32Ty()) : nullptr});
  }

  void clear() {
    for (auto [cell, each] : llvm::zip(cells, folded)) {
      b.CreateStore(each.neutral, cell.value);
      if (cell.position)
        b.CreateStore(b.getInt32(0), cell.position);
    }
  }

  Candidates totals() {
    Candidates all;
    for (auto [cell, each] : llvm::zip(cells, folded))
      all.push_back({b.CreateLoad(each.type, cell.value),
                     cell.position ? b.CreateLoad(b.getInt32Ty(), cell.position) : nullptr});
    return all;
  }

  /// Adds up the terms in pairs, and then to what there is.
  void add(SmallVector<Candidates> all) {
    while (all.size() > 1) {
      SmallVector<Candidates> pairs;
      for (size_t i = 0; i + 1 < all.size(); i += 2) {
        Candidates &pair = pairs.emplace_back();
        for (auto [each, one, other] : llvm::zip(folded, all[i], all[i + 1]))
          pair.push_back(each.combine(one, other));
      }
      if (all.size() % 2)
        pairs.push_back(all.back());
      all = std::move(pairs);
    }
    const Candidates &terms = all.front();
    Candidates known = totals();
    for (auto [i, each] : llvm::enumerate(folded)) {
      Candidate sum = each.combine(known[i], terms[i]);
      b.CreateStore(sum.value, cells[i].value);
      if (cells[i].position)
        b.CreateStore(sum.position, cells[i].position);
    }
  }

  /// Combines what threads have whose ranks differ in bits `low` to `high` alone; all of them get
  /// it.
  void combine(Candidates &all, int low, int high) {
    for (int bit = low; bit < std::min(high, kWarpBits); ++bit)
      for (auto [each, mine] : llvm::zip(folded, all)) {
        Candidate other{p.grid.exchange(mine.value, 1 << bit),
                        mine.position ? p.grid.exchange(mine.position, 1 << bit) : nullptr};
        mine = each.combine(mine, other);
      }
    if (high > kWarpBits && low == 0 && int64_t(1) << high == team.size)
      return combineWholeWarps(all);
    if (high > kWarpBits)
      for (auto [each, mine] : llvm::zip(folded, all))
        mine = combineWarps(each, mine, std::max(low, kWarpBits), high);
  }

private:
  ProgramEmission &p;
  cpu::FunctionEmission &f;
  llvm::IRBuilder<> &b;
  const Team &team;
  ArrayRef<Folded> folded;
  SmallVector<Cell, 4> cells;

  Value *slot(Value *rank) {
    Value *offset = b.CreateMul(rank, f.number(kSlotBytes), "", true, true);
    return b.CreateInBoundsGEP(b.getInt8Ty(), p.grid.shared(0), offset);
  }

  /// Where all lanes of a warp have the same, of a whole block: several at a time, one slot of each
  /// warp.
  void combineWholeWarps(Candidates &all) {
    p.grid.needShared(foldBytes(p.grid));
    int64_t warps = team.size / Grid::warpSize;
    Value *isFirst =
        b.CreateICmpEQ(b.CreateAnd(team.rank, f.number(Grid::warpSize - 1)), f.number(0));
    Value *warp = b.CreateLShr(team.rank, kWarpBits);
    auto most = size_t(team.size / warps);
    auto at = [&](size_t i, Value *warp) {
      return slot(b.CreateAdd(f.number(int64_t(i % most) * warps), warp, "", true, true));
    };
    for (size_t from = 0; from < all.size(); from += most) {
      size_t to = std::min(all.size(), from + most);
      p.grid.onlyIf(isFirst, [&] {
        for (size_t i = from; i < to; ++i)
          leave(folded[i], all[i], at(i, warp));
      });
      p.grid.wait(team);
      for (size_t i = from; i < to; ++i)
        for (int64_t other = 0; other < warps; ++other) {
          Candidate part = take(folded[i], at(i, f.number(other)));
          all[i] = other ? folded[i].combine(all[i], part) : part;
        }
      p.grid.wait(team);
    }
  }

  /// Where a position is. LLVM reads both at once, and what might be in between.
  Value *behind(const Folded &each, Value *slot) {
    uint64_t bytes = std::max(4u, unsigned(each.type->getPrimitiveSizeInBits()) / 8);
    return b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), slot, bytes);
  }
  /// A bool of one bit is stored as a byte.
  void leave(const Folded &each, Candidate mine, Value *slot) {
    bool isBit = each.type->isIntegerTy(1);
    b.CreateStore(isBit ? b.CreateZExt(mine.value, b.getInt8Ty()) : mine.value, slot);
    if (mine.position)
      b.CreateStore(mine.position, behind(each, slot));
  }
  Candidate take(const Folded &each, Value *slot) {
    bool isBit = each.type->isIntegerTy(1);
    Value *value = b.CreateLoad(isBit ? b.getInt8Ty() : each.type, slot);
    return {isBit ? b.CreateTrunc(value, each.type) : value,
            each.hasPosition ? b.CreateLoad(b.getInt32Ty(), behind(each, slot)) : nullptr};
  }

  Candidate combineWarps(const Folded &each, Candidate mine, int low, int high) {
    p.grid.needShared(foldBytes(p.grid));
    leave(each, mine, slot(team.rank));
    p.grid.wait(team);
    int64_t mask = (int64_t(1) << high) - (int64_t(1) << low);
    Value *base = b.CreateAnd(team.rank, f.number(~mask));
    Candidate total;
    for (int64_t i = 0; i < int64_t(1) << (high - low); ++i) {
      Candidate part = take(each, slot(b.CreateOr(base, f.number(i << low))));
      total = i ? each.combine(total, part) : part;
    }
    p.grid.wait(team);
    return total;
  }
};

int log2Of(int64_t power) {
  return int(llvm::Log2_64(uint64_t(power)));
}

} // namespace

int64_t foldBytes(const Grid &grid) {
  return grid.threads * kSlotBytes;
}

Folded Folded::of(cpu::FunctionEmission &f, cpu::Reduction &reduction) {
  Folded folded;
  folded.type = cpu::registerType(f.context(), reduction.sourceType());
  folded.neutral = reduction.neutral();
  folded.hasPosition = reduction.isPosition();
  folded.combine = [&reduction](Candidate a, Candidate b) { return reduction.chosen(a, b); };
  return folded;
}

Sharing Sharing::of(const FoldSpace &space, int64_t threads) {
  auto ceiling = [](int64_t n) { return int64_t(llvm::PowerOf2Ceil(uint64_t(n))); };
  Sharing sharing;
  sharing.termsInner = space.termsInner;
  if (space.kept == 1) {
    sharing.terms = threads;
  } else if (space.terms == 1) {
    sharing.kept = threads;
  } else if (space.termsInner) {
    // A warp for each sum, all warps for a few.
    int64_t most = std::max(std::min(Grid::warpSize, threads),
                            threads / std::min(threads, ceiling(space.kept)));
    sharing.terms = std::min(ceiling(space.terms), most);
    sharing.kept = threads / sharing.terms;
  } else {
    sharing.kept = std::min({ceiling(space.kept), threads, space.mostKept});
    sharing.terms = threads / sharing.kept;
  }
  return sharing;
}

void fold(ProgramEmission &p, const Team &team, ArrayRef<Folded> folded, const FoldSpace &space,
          llvm::function_ref<Candidates(Value *, Value *)> term,
          llvm::function_ref<void(Value *, ArrayRef<Candidate>)> finish) {
  auto terms = [&](Value *kept, ArrayRef<Value *> firsts, int64_t) {
    return SmallVector<Candidates>{term(kept, firsts.front())};
  };
  fold(p, team, folded, space,
       llvm::function_ref<SmallVector<Candidates>(Value *, ArrayRef<Value *>, int64_t)>(terms),
       finish);
}

void fold(ProgramEmission &p, const Team &team, ArrayRef<Folded> folded, const FoldSpace &space,
          llvm::function_ref<SmallVector<Candidates>(Value *, ArrayRef<Value *>, int64_t)> terms,
          llvm::function_ref<void(Value *, ArrayRef<Candidate>)> finish) {
  llvm::IRBuilder<> &b = p.b;
  cpu::FunctionEmission &f = p.f;
  Sharing sharing = Sharing::of(space, team.size);
  FoldEmitter emitter(p, team, folded);
  int keptBits = log2Of(sharing.kept), termBits = log2Of(sharing.terms);
  int firstTermBit = sharing.termsInner ? 0 : keptBits;
  Value *ofTerms, *ofKept;
  if (sharing.termsInner) {
    ofTerms = b.CreateAnd(team.rank, f.number(sharing.terms - 1));
    ofKept = b.CreateLShr(team.rank, f.number(termBits));
  } else {
    ofKept = b.CreateAnd(team.rank, f.number(sharing.kept - 1));
    ofTerms = b.CreateLShr(team.rank, f.number(keptBits));
  }
  bool byAll = space.kept == 1;
  auto [lanes, times] = space.strides;
  // All that are left from `begin` on, as long as there are as many as all threads take.
  auto addRows = [&](Value *kept, Value *begin, int64_t lanes, int64_t times) {
    int64_t round = sharing.terms * lanes;
    Value *left = b.CreateSub(space.termsTo, begin, "", true, true);
    int64_t multiple = times > 1 ? round * times : lanes;
    Value *end = b.CreateAdd(begin, b.CreateAnd(left, f.number(-multiple)), "", true, true);
    Value *first =
        b.CreateAdd(begin, b.CreateMul(ofTerms, f.number(lanes), "", true, true), "", true, true);
    p.grid.loop(first, end, f.number(round * times), [&](Value *at) {
      SmallVector<Value *, 8> firsts{at};
      for (int64_t i = 1; i < times; ++i)
        firsts.push_back(b.CreateAdd(at, f.number(i * round), "", true, true));
      emitter.add(terms(kept, firsts, lanes));
    });
    return end;
  };
  auto addTerms = [&, lanes = lanes, times = times](Value *kept) {
    Value *begin = space.termsFrom;
    if (times > 1)
      begin = addRows(kept, begin, lanes, times);
    if (lanes > 1 && (times == 1 || space.terms % (sharing.terms * lanes * times)))
      begin = addRows(kept, begin, lanes, 1);
    if (lanes == 1 ? times == 1 || space.terms % (sharing.terms * times) : space.terms % lanes)
      addRows(kept, begin, 1, 1);
  };
  auto oneIndex = [&](Value *kept, Value *isThere) {
    emitter.clear();
    auto sum = [&] { addTerms(kept); };
    if (isThere)
      p.grid.onlyIf(isThere, sum);
    else
      sum();
    Candidates totals = emitter.totals();
    emitter.combine(totals, firstTermBit, firstTermBit + termBits);
    if (byAll)
      return finish(kept, totals);
    Value *finishes = isThere ? isThere : b.getTrue();
    if (sharing.terms > 1)
      finishes = b.CreateAnd(finishes, b.CreateICmpEQ(ofTerms, f.number(0)));
    p.grid.onlyIf(finishes, [&] { finish(kept, totals); });
  };
  if (byAll)
    return oneIndex(space.keptFrom, nullptr);
  p.grid.loop(space.keptFrom, space.keptTo, f.number(sharing.kept), [&](Value *first) {
    Value *kept = b.CreateAdd(first, ofKept, "", true, true);
    oneIndex(kept, sharing.kept == 1 ? nullptr : b.CreateICmpSLT(kept, space.keptTo));
  });
}

} // namespace descent::gpu
