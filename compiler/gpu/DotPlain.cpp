// Products by fused multiply-adds.
//
// The threads of a warp are 4 × 8, those of a block so many warps down and across. A thread has
// `ownRows` × `ownColumns` sums, in groups of at most 16 bytes side by side that lie as far apart
// as all threads' groups take: so it reads shared memory 16 bytes at a time, and what a warp reads
// at once is side by side.
#include "compiler/gpu/DotSums.h"

#include "compiler/cpu/Types.h"

namespace descent::gpu {

using llvm::SmallVector;
using llvm::Value;

namespace {

class PlainSums : public DotSums {
public:
  PlainSums(ProgramEmission &p, mlir::Type element, const DotTiling &tiling, const DotOperand &lhs,
            const DotOperand &rhs)
      : p(p), b(p.b), element(element), type(lhs.word()), tiling(tiling), lhs(lhs), rhs(rhs) {
    for (int64_t i = 0; i < tiling.ownRows * tiling.ownColumns; ++i)
      sums.push_back(p.f.variable(type));
    // Threads next to each other in number read the same columns, or the same rows: a load of 16
    // bytes then takes half as long.
    Value *lane = b.CreateAnd(p.grid.thread, p.f.number(31));
    Value *warp = b.CreateLShr(p.grid.thread, p.f.number(5));
    auto join = [&](Value *high, int64_t by, Value *low) {
      return b.CreateAdd(b.CreateMul(high, p.f.number(by), "", true, true), low, "", true, true);
    };
    Value *laneDown = join(b.CreateLShr(lane, p.f.number(4)), 2, b.CreateAnd(lane, p.f.number(1)));
    Value *laneAcross = b.CreateAnd(b.CreateLShr(lane, p.f.number(1)), p.f.number(7));
    down = join(b.CreateUDiv(warp, p.f.number(tiling.warpsAcross)), 4, laneDown);
    across = join(b.CreateURem(warp, p.f.number(tiling.warpsAcross)), 8, laneAcross);
  }

  void clear() override {
    for (llvm::AllocaInst *sum : sums)
      b.CreateStore(llvm::Constant::getNullValue(type), sum);
  }

  void multiply(Value *left, Value *right) override {
    Value *leftBegin = begin(lhs, left, down, tiling.ownRows);
    Value *rightBegin = begin(rhs, right, across, tiling.ownColumns);
    for (int64_t term = 0; term < tiling.slice; ++term) {
      auto rows = own(lhs, leftBegin, term, tiling.ownRows, tiling.rows);
      auto columns = own(rhs, rightBegin, term, tiling.ownColumns, tiling.columns);
      for (int64_t i = 0; i < tiling.ownRows; ++i)
        for (int64_t j = 0; j < tiling.ownColumns; ++j) {
          llvm::AllocaInst *sum = sums[size_t(i * tiling.ownColumns + j)];
          b.CreateStore(added(b.CreateLoad(type, sum), rows[size_t(i)], columns[size_t(j)]), sum);
        }
    }
  }

  void results(llvm::function_ref<void(const Run &)> each) override {
    int64_t group = groupOf(tiling.ownColumns);
    for (int64_t i = 0; i < tiling.ownRows; ++i)
      for (int64_t j = 0; j < tiling.ownColumns; j += group) {
        Run run{index(down, i, tiling.ownRows, tiling.rows),
                index(across, j, tiling.ownColumns, tiling.columns),
                {}};
        for (int64_t k = j; k < j + group; ++k)
          run.values.push_back(b.CreateLoad(type, sums[size_t(i * tiling.ownColumns + k)]));
        each(run);
      }
  }

private:
  ProgramEmission &p;
  llvm::IRBuilder<> &b;
  mlir::Type element;
  llvm::Type *type;
  const DotTiling &tiling;
  const DotOperand &lhs, &rhs;
  SmallVector<llvm::AllocaInst *, 64> sums;
  Value *down, *across;

  int64_t groupOf(int64_t own) const {
    return std::min<int64_t>(own, 16 / kernel::elementBytes(element));
  }

  /// Where in the tile this thread's row (or column) `number` is.
  Value *index(Value *thread, int64_t number, int64_t own, int64_t all) {
    int64_t group = groupOf(own);
    int64_t offset = number / group * (all / (own / group)) + number % group;
    Value *first = b.CreateMul(thread, p.f.number(group), "", true, true);
    return b.CreateAdd(first, p.f.number(offset), "", true, true);
  }

  Value *begin(const DotOperand &operand, Value *slice, Value *thread, int64_t own) {
    Value *first = b.CreateMul(thread, p.f.number(groupOf(own)), "", true, true);
    return b.CreateInBoundsGEP(type, slice, operand.place(p.f.number(0), first));
  }

  /// What this thread multiplies of a term.
  SmallVector<Value *, 8> own(const DotOperand &operand, Value *begin, int64_t term, int64_t own,
                              int64_t all) {
    int64_t group = groupOf(own);
    auto *vector = llvm::FixedVectorType::get(type, unsigned(group));
    SmallVector<Value *, 8> values;
    for (int64_t first = 0; first < own; first += group) {
      int64_t offset = term * operand.stepOfWord() + first / group * (all / (own / group));
      Value *at = b.CreateConstInBoundsGEP1_64(type, begin, uint64_t(offset));
      Value *loaded = b.CreateAlignedLoad(
          vector, at, llvm::Align(uint64_t(group * kernel::elementBytes(element))));
      for (int64_t i = 0; i < group; ++i)
        values.push_back(b.CreateExtractElement(loaded, uint64_t(i)));
    }
    return values;
  }

  Value *added(Value *sum, Value *x, Value *y) {
    if (type->isFloatingPointTy())
      return b.CreateIntrinsic(llvm::Intrinsic::fma, {type}, {x, y, sum});
    return b.CreateAdd(sum, b.CreateMul(x, y));
  }
};

} // namespace

std::unique_ptr<DotSums> makePlainSums(ProgramEmission &p, mlir::Type element,
                                       const DotTiling &tiling, const DotOperand &lhs,
                                       const DotOperand &rhs) {
  return std::make_unique<PlainSums>(p, element, tiling, lhs, rhs);
}

} // namespace descent::gpu
