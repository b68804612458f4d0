// The loops around micro-kernels:
//
//   for columns in blocks              a block of the right operand, packed, fills the second cache
//     for terms in blocks
//       pack rhs[terms, columns]
//       for rows in tiles              a function of its own, for a range of tiles
//         pack lhs[rows, terms]        into the first cache, where that pays
//         for columns in tiles
//           micro-kernel
//
// The sum of an element is cut into blocks of terms by its length alone, so results do not depend
// on who computes which rows.
#include "compiler/cpu/matmul/Product.h"

#include "compiler/cpu/Nest.h"
#include "compiler/cpu/matmul/MicroKernel.h"
#include "compiler/cpu/matmul/Pack.h"

#include <llvm/Support/FormatVariadic.h>

namespace descent::cpu {

using llvm::SmallVector;
using llvm::Value;

namespace {

class ProductEmitter {
public:
  ProductEmitter(FunctionEmission &f, const kernel::Step &step, ProductLayout layout,
                 Blocking blocking, llvm::Type *element)
      : f(f), b(f.b), step(step), layout(std::move(layout)), blocking(blocking), element(element),
        host(f.module.host) {}

  void emit(Value *result);

private:
  FunctionEmission &f;
  llvm::IRBuilder<> &b;
  const kernel::Step &step;
  ProductLayout layout;
  Blocking blocking;
  llvm::Type *element;
  const Host &host;

  int64_t tilesDown() const {
    return (layout.row.size + blocking.tile.rows - 1) / blocking.tile.rows;
  }
  int restColumns() const { return int(layout.column.size % blocking.tile.columns); }
  int restRows() const { return int(layout.row.size % blocking.tile.rows); }

  llvm::Function *rowsFunction();
  void emitRows(FunctionEmission &in);
  void tileRow(FunctionEmission &in, Value *tile, Value *packed, int rows);
};

void ProductEmitter::emit(Value *result) {
  Nest nest(f);
  Value *lhs = advance(f, element, f.pointerTo(layout.lhs), f.number(1), layout.lhsOffset);
  Value *rhs = advance(f, element, f.pointerTo(layout.rhs), f.number(1), layout.rhsOffset);
  auto open = [&](const Extent &extent) {
    Value *at = nest.open(extent.size);
    lhs = advance(f, element, lhs, at, extent.lhs);
    rhs = advance(f, element, rhs, at, extent.rhs);
    result = advance(f, element, result, at, extent.result);
    return at;
  };
  // Blocks of one kind of loop: how many are left of it in this one.
  auto openBlocks = [&](const Extent &extent, int64_t block, Value *&size) {
    Extent blocks{(extent.size + block - 1) / block, extent.lhs * block, extent.rhs * block,
                  extent.result * block};
    Value *at = open(blocks);
    Value *left = b.CreateSub(f.number(extent.size), b.CreateMul(at, f.number(block)));
    size = b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, f.number(block), left);
    return at;
  };
  // What repeats the right operand goes inside, so that it is packed once.
  for (const Extent &each : layout.outer)
    if (each.rhs != 0)
      open(each);
  Value *columns, *terms;
  openBlocks(layout.column, blocking.columnBlock, columns);
  Value *add = b.getFalse();
  for (const Extent &each : layout.outerSums)
    add = b.CreateOr(add, b.CreateICmpNE(open(each), f.number(0)));
  Value *at = openBlocks(layout.sum, blocking.sumBlock, terms);
  add = b.CreateOr(add, b.CreateICmpNE(at, f.number(0)));
  if (blocking.packRhs) {
    PanelKind kind{element, blocking.tile.columns, restColumns(), layout.sum.rhs,
                   layout.column.rhs};
    Value *scratch = f.pointerAt(step.scratchOffset);
    b.CreateCall(panelPacker(f, kind, host), {rhs, scratch, terms, columns});
    rhs = scratch;
  }
  for (const Extent &each : layout.outer)
    if (each.rhs == 0)
      open(each);
  b.CreateCall(rowsFunction(),
               {lhs, rhs, result, terms, columns, add, f.number(0), f.number(tilesDown())});
  nest.closeAll();
}

/// `void (ptr lhs, ptr rhs, ptr result, i64 terms, i64 columns, i1 add, i64 from, i64 to)`: the
/// rows of some tiles. Any division of the tiles among calls, at the same time or not, gives the
/// same bits.
llvm::Function *ProductEmitter::rowsFunction() {
  std::string name = llvm::formatv(
      "product.rows.{0}.{1}x{2}.{3}.{4}.{5}.{6}.{7}.{8}.{9}{10}{11}",
      element->isFloatTy() ? "f32" : "f64", layout.row.size, layout.column.size, blocking.tile.rows,
      blocking.tile.columns, blocking.sumBlock, layout.row.lhs, layout.sum.lhs, layout.row.result,
      layout.sum.rhs, blocking.packLhs ? ".lhs" : "", blocking.packRhs ? ".rhs" : "");
  if (llvm::Function *known = f.module.module.getFunction(name))
    return known;
  llvm::Type *pointer = b.getPtrTy(), *number = b.getInt64Ty();
  llvm::Function *function = internalFunction(
      f.module, name, {pointer, pointer, pointer, number, number, b.getInt1Ty(), number, number});
  function->addParamAttr(2, llvm::Attribute::NoAlias);
  FunctionEmission inner(f.module, f.plan, function);
  emitRows(inner);
  return function;
}

void ProductEmitter::emitRows(FunctionEmission &in) {
  Value *from = in.function->getArg(6), *to = in.function->getArg(7);
  Value *packed = nullptr;
  if (blocking.packLhs) {
    int64_t size = std::max<int64_t>(int64_t(blocking.tile.rows) * (blocking.sumBlock + 16),
                                     int64_t(Columns(element, blocking.tile.rows, host).width()) *
                                         blocking.sumBlock);
    auto *area = in.b.CreateAlloca(llvm::ArrayType::get(element, uint64_t(size)));
    area->setAlignment(llvm::Align(64));
    packed = area;
  }
  int64_t whole = layout.row.size / blocking.tile.rows;
  Value *end = in.b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, to, in.number(whole));
  Value *begin = in.b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, from, end);
  forCount(in, in.b.CreateSub(end, begin),
           [&](Value *i) { tileRow(in, in.b.CreateAdd(from, i), packed, blocking.tile.rows); });
  if (restRows()) {
    Value *last = in.b.CreateZExt(in.b.CreateICmpUGT(to, in.number(whole)), in.b.getInt64Ty());
    forCount(in, last, [&](Value *) { tileRow(in, in.number(whole), packed, restRows()); });
  }
  in.b.CreateRetVoid();
}

void ProductEmitter::tileRow(FunctionEmission &in, Value *tile, Value *packed, int rows) {
  llvm::Function *function = in.function;
  Value *lhs = function->getArg(0), *rhs = function->getArg(1), *result = function->getArg(2),
        *terms = function->getArg(3), *columns = function->getArg(4), *add = function->getArg(5);
  const Tile &size = blocking.tile;
  lhs = advance(in, element, lhs, tile, size.rows * layout.row.lhs);
  result = advance(in, element, result, tile, size.rows * layout.row.result);
  MicroKernel kind{element, {rows, size.columns}, layout.row.lhs, layout.sum.lhs};
  if (packed) {
    if (layout.row.lhs == 1) {
      Columns side(element, rows, host);
      packTerms(in, element, lhs, packed, side, terms, layout.sum.lhs);
      kind.lhsRow = 1;
      kind.lhsSum = side.width();
    } else {
      kind.lhsRow = blocking.sumBlock + 16;
      kind.lhsSum = 1;
      packRows(in, element, lhs, packed, rows, terms, layout.row.lhs, layout.sum.lhs, kind.lhsRow);
    }
    lhs = packed;
  }
  kind.rhsPadded = blocking.packRhs;
  auto call = [&](int width, Value *rhsAt, Value *resultAt) {
    kind.tile.columns = width;
    kind.rhsSum = blocking.packRhs ? Columns(element, width, host).width() : layout.sum.rhs;
    in.b.CreateCall(microKernel(in.module, kind, host),
                    {terms, lhs, rhsAt, resultAt, in.number(layout.row.result), add});
  };
  Value *whole = in.b.CreateUDiv(columns, in.number(size.columns));
  Value *panel =
      blocking.packRhs
          ? in.b.CreateMul(terms, in.number(Columns(element, size.columns, host).width()))
          : in.number(size.columns);
  auto rhsAt = [&](Value *i) { return advance(in, element, rhs, in.b.CreateMul(i, panel), 1); };
  forCount(in, whole, [&](Value *i) {
    call(size.columns, rhsAt(i), advance(in, element, result, i, size.columns));
  });
  if (restColumns()) {
    Value *rest = in.b.CreateURem(columns, in.number(size.columns));
    Value *some = in.b.CreateZExt(in.b.CreateICmpNE(rest, in.number(0)), in.b.getInt64Ty());
    forCount(in, some, [&](Value *) {
      call(restColumns(), rhsAt(whole), advance(in, element, result, whole, size.columns));
    });
  }
}

/// Products with fewer terms are as fast by plain loops, which need no call.
constexpr int64_t fewestTerms = 64;

} // namespace

bool emitProduct(FunctionEmission &f, const kernel::Step &step, ir::DotOp op) {
  mlir::Type element = kernel::tensorType(op.getResult()).getElementType();
  kernel::DotShape shape = kernel::dotShape(op);
  if (!mlir::isa<mlir::FloatType>(element) || shape.m * shape.n * shape.k < fewestTerms)
    return false;
  std::optional<ProductLayout> layout = layoutOf(f, op);
  if (!layout)
    return false;
  int bytes = int(kernel::elementBytes(element));
  auto blocking = blockingOf(*layout, bytes, step.scratchBytes, f.module.host);
  if (!blocking)
    return false;
  ProductEmitter(f, step, std::move(*layout), *blocking, registerType(f.context(), element))
      .emit(f.pointerTo(op.getResult()));
  return true;
}

} // namespace descent::cpu
