#include "compiler/cpu/matmul/ProductRows.h"

#include "compiler/cpu/matmul/Pack.h"
#include "compiler/cpu/matmul/ProductEmitter.h"

#include "descent/Error.h"

namespace descent::cpu {

using llvm::Value;

ProductRows::ProductRows(FunctionEmission &f, const kernel::Step &step,
                         const kernel::RowProduct &product)
    : f(f), result(product.op->getResult(0)), chunkRows(step.division.size),
      isBatch(product.isBatch), packedOffset(product.packedOffset) {
  auto op = mlir::cast<ir::DotOp>(product.op);
  mlir::Type type = kernel::tensorType(result).getElementType();
  element = registerType(f.context(), type);
  std::optional<ProductLayout> layout = layoutOf(f, op, isBatch);
  if (!layout || layout->outer.size() != op.getLhsBatch().size() || !layout->outerSums.empty())
    throw Error("internal: a product that a kernel makes is not one of matrices");
  auto tooLittle = [] {
    return Error("internal: a product that a kernel makes has too little memory");
  };
  if (isBatch) {
    auto blocking =
        blockingOf(*layout, int(kernel::elementBytes(type)), product.packedBytes, f.module.host);
    if (!blocking)
      throw tooLittle();
    whole = std::make_unique<ProductEmitter>(f, step, *layout, *blocking, element);
    return;
  }
  packedOffset += step.scratchOffset;
  lhsRow = layout->row.lhs;
  resultRow = layout->row.result;
  lastRows = layout->row.size % chunkRows;
  layout->row.size = std::min(layout->row.size, chunkRows);
  auto blocking =
      blockingOf(*layout, int(kernel::elementBytes(type)), product.packedBytes, f.module.host);
  if (!blocking)
    throw tooLittle();
  whole = std::make_unique<ProductEmitter>(f, step, *layout, *blocking, element);
  if (lastRows) {
    layout->row.size = lastRows;
    last = std::make_unique<ProductEmitter>(f, step, *layout, *blocking, element);
  }
  if (blocking->packRhs)
    whole->packAll(whole->rhsBase(), f.pointerAt(packedOffset));
}

ProductRows::~ProductRows() = default;

void ProductRows::emit(Value *begin, Value *end, Value *from, Value *to, Value *lane) {
  if (isBatch)
    return whole->multiplyBatch(
        begin, end, from, to ? nullptr : f.pointerTo(result), to,
        f.b.CreateConstInBoundsGEP1_64(f.b.getInt8Ty(), lane, uint64_t(packedOffset)));
  ProductEmitter::Bases bases;
  bases.lhs = from ? from : advance(f, element, whole->lhsBase(), begin, lhsRow);
  bases.rhs = whole->packsRhs() ? f.pointerAt(packedOffset) : whole->rhsBase();
  bases.result = to ? to : advance(f, element, f.pointerTo(result), begin, resultRow);
  if (!last)
    return whole->multiplyRows(bases);
  llvm::BasicBlock *all = f.newBlock(), *some = f.newBlock(), *after = f.newBlock();
  Value *rows = f.b.CreateSub(end, begin, "", true, true);
  f.b.CreateCondBr(f.b.CreateICmpEQ(rows, f.number(chunkRows)), all, some);
  f.b.SetInsertPoint(all);
  whole->multiplyRows(bases);
  f.b.CreateBr(after);
  f.b.SetInsertPoint(some);
  last->multiplyRows(bases);
  f.b.CreateBr(after);
  f.b.SetInsertPoint(after);
}

} // namespace descent::cpu
