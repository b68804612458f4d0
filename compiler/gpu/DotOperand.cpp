#include "compiler/gpu/DotOperand.h"

#include "compiler/cpu/Element.h"

#include <llvm/IR/IntrinsicsNVPTX.h>

namespace descent::gpu {

using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

constexpr int64_t kVectorBytes = 16;

Value *plus(llvm::IRBuilder<> &b, Value *x, Value *y) {
  return b.CreateAdd(x, y, "", true, true);
}

/// The dimension of an array along which neighbours lie in memory, or -1.
int innerDim(const cpu::FunctionEmission &f, mlir::Value value) {
  mlir::Operation *op = value.getDefiningOp();
  auto shape = tensorType(value).getShape();
  if (f.isInMemory(value) || !op) {
    for (int dim = int(shape.size()) - 1; dim >= 0; --dim)
      if (shape[size_t(dim)] != 1)
        return dim;
    return -1;
  }
  if (auto transpose = mlir::dyn_cast<ir::TransposeOp>(op)) {
    int inner = innerDim(f, transpose.getX());
    for (auto [to, from] : llvm::enumerate(transpose.getPermutation()))
      if (int(from) == inner)
        return int(to);
    return -1;
  }
  // Others keep what is neighbours at the end, or have none.
  for (int dim = int(shape.size()) - 1; dim >= 0; --dim)
    if (shape[size_t(dim)] != 1)
      return dim;
  return -1;
}

} // namespace

// ---- Where the elements are ---------------------------------------------------------------------

DotSide::DotSide(ProgramEmission &p, ir::DotOp op, unsigned which) : p(p), op(op), which(which) {
  mlir::Value value = op->getOperand(which);
  auto type = tensorType(value);
  element = type.getElementType();
  kernel::DotShape shape = kernel::dotShape(op);
  llvm::append_range(batchDims, which ? op.getRhsBatch() : op.getLhsBatch());
  llvm::append_range(termDims, which ? op.getRhsContract() : op.getLhsContract());
  llvm::append_range(freeDims, which ? shape.rhsFree : shape.lhsFree);
  auto sizes = [&](ArrayRef<int64_t> dims, SmallVector<int64_t, 4> &into) {
    int64_t count = 1;
    for (int64_t dim : dims) {
      into.push_back(type.getDimSize(dim));
      count *= into.back();
    }
    return count;
  };
  sizes(batchDims, batchSizes);
  freeCount = sizes(freeDims, freeSizes);
  termCount = sizes(termDims, termSizes);
  if (kernel::isRegister(value))
    return;
  int inner = innerDim(p.f, value);
  auto isLast = [&](ArrayRef<int64_t> dims) { return !dims.empty() && dims.back() == inner; };
  termsInner = llvm::is_contained(termDims, inner);
  if (!isLast(termDims) && !isLast(freeDims))
    return;
  int64_t most = kVectorBytes / kernel::elementBytes(element);
  neighbours = std::min(most, type.getDimSize(inner) & -type.getDimSize(inner));
}

Value *DotSide::at(Value *batch, Value *free, Value *term, int64_t ahead) {
  mlir::Value value = op->getOperand(which);
  cpu::Index index;
  index.dims.assign(size_t(tensorType(value).getRank()), nullptr);
  auto put = [&](ArrayRef<int64_t> dims, ArrayRef<int64_t> sizes, Value *flat, bool isInner) {
    auto at = cpu::dimsOfLinear(p.f, flat, sizes);
    if (ahead && isInner && !at.empty())
      at.back() = plus(p.b, at.back(), p.f.number(ahead));
    for (auto [dim, counter] : llvm::zip(dims, at))
      index.dims[size_t(dim)] = counter;
  };
  put(batchDims, batchSizes, batch, false);
  put(termDims, termSizes, term, termsInner);
  put(freeDims, freeSizes, free, !termsInner);
  return cpu::Elements(p.f, cpu::Index())
      .operandAt(op, which, kernel::IndexMaps::identity, std::move(index));
}

// ---- Into shared memory -------------------------------------------------------------------------

DotOperand::DotOperand(ProgramEmission &p, ir::DotOp op, unsigned which, const DotTiling &tiling)
    : p(p), b(p.b), side(p, op, which), tiling(tiling),
      freeCount(which ? tiling.columns : tiling.rows),
      wordsInner(tiling.unit != DotUnit::Plain && side.termsInner) {
  llvm::Type *type = cpu::registerType(p.f.context(), side.element);
  wordType = tiling.unit == DotUnit::Tf32 || tiling.unit == DotUnit::Bf16 ? b.getInt32Ty() : type;
  (side.termsInner ? pieceTerms : pieceFree) = side.neighbours;
  if (pieceTerms < tiling.wordTerms()) {
    isWhole = !side.termsInner;
    pieceTerms = tiling.wordTerms();
  }
  count = freeCount * tiling.slice / (pieceFree * pieceTerms);
  pieces = (count + p.grid.threads - 1) / p.grid.threads;
  for (int64_t i = 0; i < pieces * pieceFree * pieceTerms; ++i)
    staged.push_back(p.f.variable(type));
}

/// So many words behind each row that what threads read together lies in different banks.
int64_t DotOperand::kPadding() const {
  switch (tiling.unit) {
  case DotUnit::Plain:
    return kVectorBytes / kernel::elementBytes(side.element);
  case DotUnit::F64:
    return 4;
  default:
    return 8;
  }
}

int64_t DotOperand::bytes() const {
  int64_t words = wordsInner ? freeCount * stepOfFree() : tiling.words() * stepOfWord();
  int64_t each = int64_t(wordType->getPrimitiveSizeInBits()) / 8;
  return int64_t(llvm::alignTo(uint64_t(words * each), uint64_t(kVectorBytes)));
}

Value *DotOperand::place(Value *word, Value *free) const {
  auto times = [&](Value *x, int64_t step) {
    return step == 1 ? x : b.CreateMul(x, p.f.number(step), "", true, true);
  };
  return plus(b, times(word, stepOfWord()), times(free, stepOfFree()));
}

void DotOperand::begin(Value *batch, Value *first) {
  this->batch = batch;
  this->first = first;
}

DotOperand::Piece DotOperand::piece(int64_t number) {
  Value *at = plus(b, p.grid.thread, p.f.number(number * p.grid.threads));
  // Those without a piece of their own bring one that others bring, too.
  if (count < p.grid.threads)
    at = b.CreateURem(at, p.f.number(count));
  int64_t inner = side.termsInner ? tiling.slice / pieceTerms : freeCount / pieceFree;
  Value *along = b.CreateURem(at, p.f.number(inner));
  Value *outer = b.CreateUDiv(at, p.f.number(inner));
  auto times = [&](Value *x, int64_t by) {
    return by == 1 ? x : b.CreateMul(x, p.f.number(by), "", true, true);
  };
  if (side.termsInner)
    return {outer, times(along, pieceTerms)};
  return {times(along, pieceFree), times(outer, pieceTerms)};
}

void DotOperand::stage(Value *term) {
  auto atMost = [&](Value *index, int64_t last) {
    return b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, index, p.f.number(last));
  };
  bool freeFits = side.freeCount % freeCount == 0, termsFit = side.termCount % tiling.slice == 0;
  int64_t innerCount = side.termsInner ? pieceTerms : pieceFree;
  int64_t outerCount = side.termsInner ? pieceFree : pieceTerms;
  size_t next = 0;
  for (int64_t number = 0; number < pieces; ++number) {
    Piece own = piece(number);
    Value *free = plus(b, first, own.free), *terms = plus(b, term, own.term);
    // What is outside is read at the edge, and counts for nothing.
    for (int64_t outer = 0; outer < outerCount; ++outer)
      for (int64_t inner = 0; inner < innerCount; ++inner) {
        int64_t freeAhead = side.termsInner ? outer : inner;
        int64_t termAhead = side.termsInner ? inner : outer;
        bool together = isWhole && innerCount > 1;
        Value *row = free, *column = terms;
        if (freeAhead && !(together && !side.termsInner))
          row = plus(b, row, p.f.number(freeAhead));
        if (termAhead && !(together && side.termsInner))
          column = plus(b, column, p.f.number(termAhead));
        if (!freeFits)
          row = atMost(row, side.freeCount - (together && !side.termsInner ? pieceFree : 1));
        if (!termsFit)
          column = atMost(column, side.termCount - (together && side.termsInner ? pieceTerms : 1));
        b.CreateStore(side.at(batch, row, column, together ? inner : 0), staged[next++]);
      }
  }
}

Value *DotOperand::rounded(Value *value) {
  // To the nearest. One instruction is there from 9.0 on, which has ties to even.
  auto id = p.capability >= 90 ? llvm::Intrinsic::nvvm_f2tf32_rn : llvm::Intrinsic::nvvm_f2tf32_rna;
  return b.CreateIntrinsic(id, {}, {value});
}

void DotOperand::put(Value *term, Value *slice) {
  bool termsFit = side.termCount % tiling.slice == 0;
  int64_t wordTerms = tiling.wordTerms();
  llvm::Type *type = cpu::registerType(p.f.context(), side.element);
  auto ofPiece = [&](int64_t number) {
    Piece own = piece(number);
    Value *terms = plus(b, term, own.term);
    // [free][terms] of the piece.
    SmallVector<SmallVector<Value *, 4>, 4> values(
        static_cast<size_t>(pieceFree), SmallVector<Value *, 4>(size_t(pieceTerms), nullptr));
    SmallVector<Value *, 4> inside;
    for (int64_t i = 0; !termsFit && i < pieceTerms; ++i)
      inside.push_back(b.CreateICmpSLT(plus(b, terms, p.f.number(i)), p.f.number(side.termCount)));
    size_t next = size_t(number * pieceFree * pieceTerms);
    int64_t innerCount = side.termsInner ? pieceTerms : pieceFree;
    for (int64_t i = 0; i < pieceFree * pieceTerms; ++i) {
      int64_t freeAt = side.termsInner ? i / innerCount : i % innerCount;
      int64_t termAt = side.termsInner ? i % innerCount : i / innerCount;
      Value *value = b.CreateLoad(type, staged[next++]);
      if (!termsFit)
        value =
            b.CreateSelect(inside[size_t(termAt)], value, cpu::zeroOf(p.f.context(), side.element));
      values[size_t(freeAt)][size_t(termAt)] = value;
    }
    // Words of the piece: [free][words].
    auto word = [&](int64_t free, int64_t at) -> Value * {
      ArrayRef<Value *> row = values[size_t(free)];
      switch (tiling.unit) {
      case DotUnit::Plain:
      case DotUnit::F64:
      case DotUnit::F64Large:
        break;
      case DotUnit::Tf32:
        return rounded(row[size_t(at)]);
      case DotUnit::Bf16: {
        Value *pair = llvm::PoisonValue::get(llvm::FixedVectorType::get(b.getFloatTy(), 2));
        pair = b.CreateInsertElement(pair, row[size_t(2 * at)], uint64_t(0));
        pair = b.CreateInsertElement(pair, row[size_t(2 * at + 1)], uint64_t(1));
        pair = b.CreateFPTrunc(pair, llvm::FixedVectorType::get(b.getBFloatTy(), 2));
        return b.CreateBitCast(pair, b.getInt32Ty());
      }
      }
      return row[size_t(at)];
    };
    Value *firstWord = wordTerms == 1 ? own.term : b.CreateUDiv(own.term, p.f.number(wordTerms));
    Value *to = b.CreateInBoundsGEP(wordType, slice, place(firstWord, own.free));
    int64_t words = pieceTerms / wordTerms;
    auto store = [&](ArrayRef<Value *> run, int64_t free, int64_t at) {
      int64_t offset = free * stepOfFree() + at * stepOfWord();
      Value *address = b.CreateConstInBoundsGEP1_64(wordType, to, uint64_t(offset));
      int64_t bytes = int64_t(wordType->getPrimitiveSizeInBits()) / 8 * int64_t(run.size());
      if (run.size() == 1) {
        b.CreateAlignedStore(run.front(), address, llvm::Align(uint64_t(bytes)));
        return;
      }
      Value *vector =
          llvm::PoisonValue::get(llvm::FixedVectorType::get(wordType, unsigned(run.size())));
      for (auto [i, value] : llvm::enumerate(run))
        vector = b.CreateInsertElement(vector, value, uint64_t(i));
      b.CreateAlignedStore(vector, address, llvm::Align(uint64_t(bytes)));
    };
    int64_t outer = wordsInner ? pieceFree : words, inner = wordsInner ? words : pieceFree;
    for (int64_t i = 0; i < outer; ++i) {
      SmallVector<Value *, 4> run;
      for (int64_t j = 0; j < inner; ++j)
        run.push_back(wordsInner ? word(i, j) : word(j, i));
      store(run, wordsInner ? i : 0, wordsInner ? 0 : i);
    }
  };
  for (int64_t number = 0; number < pieces; ++number) {
    int64_t left = count - number * p.grid.threads;
    if (left < p.grid.threads)
      p.grid.onlyIf(b.CreateICmpSLT(p.grid.thread, p.f.number(left)), [&] { ofPiece(number); });
    else
      ofPiece(number);
  }
}

} // namespace descent::gpu
