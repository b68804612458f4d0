#include "compiler/cpu/matmul/ProductRows.h"

#include "compiler/cpu/matmul/Pack.h"
#include "compiler/cpu/matmul/ProductEmitter.h"

#include "descent/Error.h"

namespace descent::cpu {

using llvm::Value;

ProductRows::ProductRows(FunctionEmission &f, const kernel::Step &step,
                         const kernel::RowProduct &product)
    : f(f), result(product.op->getResult(0)), chunkRows(step.division.size),
      packedOffset(step.scratchOffset + product.packedOffset) {
  auto op = mlir::cast<ir::DotOp>(product.op);
  mlir::Type type = kernel::tensorType(result).getElementType();
  element = registerType(f.context(), type);
  std::optional<ProductLayout> layout = layoutOf(f, op);
  if (!layout || !layout->outer.empty() || !layout->outerSums.empty())
    throw Error("internal: a product that a kernel makes is not one of matrices");
  lhsRow = layout->row.lhs;
  resultRow = layout->row.result;
  lastRows = layout->row.size % chunkRows;
  layout->row.size = std::min(layout->row.size, chunkRows);
  auto blocking =
      blockingOf(*layout, int(kernel::elementBytes(type)), product.packedBytes, f.module.host);
  if (!blocking)
    throw Error("internal: a product that a kernel makes has too little memory");
  whole = std::make_unique<ProductEmitter>(f, step, *layout, *blocking, element);
  if (lastRows) {
    layout->row.size = lastRows;
    last = std::make_unique<ProductEmitter>(f, step, *layout, *blocking, element);
  }
  if (blocking->packRhs)
    whole->packAll(whole->rhsBase(), f.pointerAt(packedOffset));
}

ProductRows::~ProductRows() = default;

void ProductRows::emit(Value *begin, Value *end, Value *from, Value *to) {
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
