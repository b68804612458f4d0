// Products by tensor cores: `mma.sync` of the PTX ISA, for compute capability 8.0 on.
//
// A warp has `ownRows` × `ownColumns` operations. Those of m16n8k8 (tf32, and f64 from 9.0 on) and
// m16n8k16 (bf16) take their operands as words of 32 bits (f64: 64), eight of them along the terms;
// with a lane's number 4 * group + member it has
//   of the left operand   the words (row, word) at (group, member), (group + 8, member),
//                         (group, member + 4), (group + 8, member + 4),
//   of the right operand  (word, column) at (member, group), (member + 4, group),
//   of the sums           (row, column) at (group, 2 member), (group, 2 member + 1), and the same
//                         eight rows further.
// Of m8n8k4 (f64) it has the first of each of these.
#include "compiler/gpu/DotSums.h"

#include <llvm/IR/IntrinsicsNVPTX.h>

namespace descent::gpu {

using llvm::SmallVector;
using llvm::Value;

namespace {

class TensorSums : public DotSums {
public:
  TensorSums(ProgramEmission &p, const DotTiling &tiling, const DotOperand &lhs,
             const DotOperand &rhs)
      : p(p), b(p.b), tiling(tiling), lhs(lhs), rhs(rhs), shape(MmaShape::of(tiling.unit)),
        type(isF64(tiling.unit) ? b.getDoubleTy() : b.getFloatTy()) {
    for (int64_t i = 0; i < tiling.ownRows * tiling.ownColumns * sumsEach(); ++i)
      sums.push_back(p.f.variable(type));
    Value *lane = b.CreateAnd(p.grid.thread, p.f.number(31));
    Value *warp = b.CreateLShr(p.grid.thread, p.f.number(5));
    group = b.CreateLShr(lane, p.f.number(2));
    member = b.CreateAnd(lane, p.f.number(3));
    auto part = [&](Value *number, int64_t size) {
      return b.CreateMul(number, p.f.number(size), "", true, true);
    };
    row = part(b.CreateUDiv(warp, p.f.number(tiling.warpsAcross)), tiling.ownRows * shape.rows);
    column =
        part(b.CreateURem(warp, p.f.number(tiling.warpsAcross)), tiling.ownColumns * shape.columns);
  }

  void clear() override {
    for (llvm::AllocaInst *sum : sums)
      b.CreateStore(llvm::ConstantFP::get(type, 0.0), sum);
  }

  void multiply(Value *left, Value *right) override {
    llvm::Type *word = lhs.word();
    auto begin = [&](const DotOperand &operand, Value *slice, Value *first) {
      Value *free = b.CreateAdd(first, group, "", true, true);
      return b.CreateInBoundsGEP(word, slice, operand.place(member, free));
    };
    Value *leftBegin = begin(lhs, left, row), *rightBegin = begin(rhs, right, column);
    auto load = [&](const DotOperand &operand, Value *begin, int64_t at, int64_t free) {
      int64_t offset = at * operand.stepOfWord() + free * operand.stepOfFree();
      return b.CreateAlignedLoad(word, b.CreateConstInBoundsGEP1_64(word, begin, uint64_t(offset)),
                                 llvm::Align(word->getPrimitiveSizeInBits() / 8));
    };
    for (int64_t first = 0; first < tiling.words(); first += shape.words) {
      SmallVector<Value *, 16> rows, columns;
      for (int64_t i = 0; i < tiling.ownRows; ++i)
        for (int64_t half = 0; half < shape.words; half += 4)
          for (int64_t down = 0; down < shape.rows; down += 8)
            rows.push_back(load(lhs, leftBegin, first + half, i * shape.rows + down));
      for (int64_t j = 0; j < tiling.ownColumns; ++j)
        for (int64_t half = 0; half < shape.words; half += 4)
          columns.push_back(load(rhs, rightBegin, first + half, j * shape.columns));
      for (int64_t i = 0; i < tiling.ownRows; ++i)
        for (int64_t j = 0; j < tiling.ownColumns; ++j)
          add(i * tiling.ownColumns + j,
              llvm::ArrayRef(rows).slice(size_t(i) * leftEach(), leftEach()),
              llvm::ArrayRef(columns).slice(size_t(j) * rightEach(), rightEach()));
    }
  }

  void results(llvm::function_ref<void(const Run &)> each) override {
    for (int64_t i = 0; i < tiling.ownRows; ++i)
      for (int64_t j = 0; j < tiling.ownColumns; ++j)
        for (int64_t half = 0; half < shape.rows / 8; ++half) {
          auto plus = [&](Value *x, Value *y, int64_t offset) {
            return b.CreateAdd(b.CreateAdd(x, y, "", true, true), p.f.number(offset), "", true,
                               true);
          };
          Value *twice = b.CreateShl(member, p.f.number(1), "", true, true);
          Run run{plus(row, group, i * shape.rows + half * 8),
                  plus(column, twice, j * shape.columns),
                  {}};
          for (int64_t k = 0; k < 2; ++k)
            run.values.push_back(b.CreateLoad(type, sum(i * tiling.ownColumns + j, half * 2 + k)));
          each(run);
        }
  }

private:
  ProgramEmission &p;
  llvm::IRBuilder<> &b;
  const DotTiling &tiling;
  const DotOperand &lhs, &rhs;
  const MmaShape shape;
  llvm::Type *type; ///< of the sums
  SmallVector<llvm::AllocaInst *, 64> sums;
  Value *group, *member; ///< of the lane
  Value *row, *column;   ///< of the warp, in the tile

  /// Of a lane, for one operation.
  size_t leftEach() const { return size_t(shape.rows / 8 * shape.words / 4); }
  size_t rightEach() const { return size_t(shape.words / 4); }
  int64_t sumsEach() const { return shape.rows / 4; }

  llvm::AllocaInst *sum(int64_t operation, int64_t number) {
    return sums[size_t(operation * sumsEach() + number)];
  }

  void add(int64_t operation, llvm::ArrayRef<Value *> rows, llvm::ArrayRef<Value *> columns) {
    SmallVector<Value *, 10> operands(rows);
    operands.append(columns.begin(), columns.end());
    for (int64_t i = 0; i < sumsEach(); ++i)
      operands.push_back(b.CreateLoad(type, sum(operation, i)));
    auto id = llvm::Intrinsic::nvvm_mma_m16n8k8_row_col_tf32;
    if (tiling.unit == DotUnit::Bf16)
      id = llvm::Intrinsic::nvvm_mma_m16n8k16_row_col_bf16;
    else if (tiling.unit == DotUnit::F64)
      id = llvm::Intrinsic::nvvm_mma_m8n8k4_row_col_f64;
    else if (tiling.unit == DotUnit::F64Large)
      id = llvm::Intrinsic::nvvm_mma_m16n8k8_row_col_f64;
    Value *result = b.CreateIntrinsic(id, {}, operands);
    for (int64_t i = 0; i < sumsEach(); ++i)
      b.CreateStore(b.CreateExtractValue(result, unsigned(i)), sum(operation, i));
  }
};

} // namespace

std::unique_ptr<DotSums> makeTensorSums(ProgramEmission &p, const DotTiling &tiling,
                                        const DotOperand &lhs, const DotOperand &rhs) {
  return std::make_unique<TensorSums>(p, tiling, lhs, rhs);
}

} // namespace descent::gpu
