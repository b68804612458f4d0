// The loops around micro-kernels:
//
//   for columns in blocks              a block of the right operand, packed, fills the second cache
//     for terms in blocks
//       pack rhs[terms, columns]       divided among threads by tiles' columns
//       for rows in tiles              divided among threads by tiles' rows or columns
//         pack lhs[rows, terms]        into the first cache, where that pays
//         for columns in tiles
//           micro-kernel
//
// The sum of an element is cut into blocks of terms by its length alone, so results do not depend
// on who computes which rows.
#include "compiler/cpu/matmul/Product.h"

#include "compiler/cpu/Element.h"
#include "compiler/cpu/matmul/MicroKernel.h"
#include "compiler/cpu/matmul/Pack.h"
#include "compiler/cpu/matmul/ProductEmitter.h"

#include <llvm/Support/FormatVariadic.h>

namespace descent::cpu {

using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

static int64_t ceilDivide(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// A loop over blocks of another, and how many iterations of that are in this block.
Value *ProductEmitter::openBlocks(Nest &nest, Bases &bases, const Extent &extent, int64_t block,
                                  Value *&size) {
  Value *at = open(nest, bases,
                   {(extent.size + block - 1) / block, extent.lhs * block, extent.rhs * block,
                    extent.result * block});
  Value *left = b.CreateSub(f.number(extent.size), b.CreateMul(at, f.number(block)));
  size = b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, f.number(block), left);
  return at;
}

Value *ProductEmitter::lhsBase() {
  return advance(f, element, f.pointerTo(layout.lhs), f.number(1), layout.lhsOffset);
}

Value *ProductEmitter::rhsBase() {
  return advance(f, element, f.pointerTo(layout.rhs), f.number(1), layout.rhsOffset);
}

void ProductEmitter::emit(Value *result) {
  Bases bases{lhsBase(), rhsBase(), result};
  int64_t count = 1;
  for (const Extent &each : layout.outer)
    count *= each.size;
  // Many products are divided among threads, few are divided themselves.
  if (count >= 8)
    emitMany(bases, count);
  else
    emitEach(bases);
}

void ProductEmitter::emitEach(Bases bases) {
  Nest nest(f);
  // What repeats the right operand goes inside, so that it is packed once.
  SmallVector<Extent, 4> inside;
  for (const Extent &each : layout.outer)
    if (each.rhs == 0)
      inside.push_back(each);
    else
      open(nest, bases, each);
  emitOne(bases, inside, f.pointerAt(step.scratchOffset));
  nest.closeAll();
}

void ProductEmitter::emitMany(Bases bases, int64_t count) {
  kernel::Division division = divided(count, count * operations());
  division.laneBytes = blocking.packRhs ? step.scratchBytes : 0;
  SmallVector<int64_t, 4> sizes;
  for (const Extent &each : layout.outer)
    sizes.push_back(each.size);
  alone = true;
  emitChunks(f, division, step.scratchOffset, [&](const Chunk &chunk) {
    Nest nest(f);
    Value *at = nest.open(chunk.begin, chunk.end);
    Bases own = bases;
    for (auto [extent, index] : llvm::zip(layout.outer, dimsOfLinear(f, at, sizes)))
      advanceBy(own, extent, index);
    emitOne(own, {}, chunk.lane);
    nest.closeAll();
  });
}

/// Whether some rows after the other are finished, where there are several blocks of terms: they
/// then stay in the cache until they are. All of the right operand has to fit into what one block
/// of it may take.
bool ProductEmitter::goesByRows(int64_t scratchBytes) const {
  int64_t bytes = int64_t(element->getPrimitiveSizeInBits()) / 8;
  return layout.sum.size > blocking.sumBlock && layout.outerSums.empty() &&
         blocking.columnBlock >= layout.column.size && tilesDown() >= 16 &&
         layout.sum.size * packedWidth() * bytes <=
             (blocking.packRhs ? scratchBytes : productScratchLimit(host));
}

void ProductEmitter::emitByRows(Bases bases, Value *scratch) {
  if (blocking.packRhs) {
    packAll(bases.rhs, scratch);
    bases.rhs = scratch;
  }
  multiplyAll(bases);
}

/// Whether the terms are divided among threads: there are few tiles.
bool ProductEmitter::goesByTerms() const {
  return parts > 1 && layout.outer.empty() && layout.outerSums.empty() &&
         blocking.columnBlock >= layout.column.size;
}

/// Parts of the terms, each a sum of blocks, with a result of its own; these are then added up in
/// order, in f64.
void ProductEmitter::emitByTerms(Bases bases) {
  int64_t bytes = int64_t(element->getPrimitiveSizeInBits()) / 8;
  int64_t elements = layout.row.size * layout.column.size;
  int64_t partElements = int64_t(llvm::alignTo(uint64_t(elements * bytes), 64)) / bytes;
  int64_t blocks = (layout.sum.size + blocking.sumBlock - 1) / blocking.sumBlock;
  kernel::Division division;
  division.extent = blocks;
  division.size = (blocks + parts - 1) / parts;
  division.count = (blocks + division.size - 1) / division.size;
  division.operations = operations() * division.size;
  division.laneOffset = division.count * partElements * bytes;
  if (blocking.packRhs)
    division.laneBytes =
        int64_t(llvm::alignTo(uint64_t(blocking.sumBlock * packedWidth() * bytes), 64));
  Value *slots = f.pointerAt(step.scratchOffset);
  bool outer = std::exchange(alone, true);
  emitChunks(f, division, step.scratchOffset, [&](const Chunk &chunk) {
    Value *slot = advance(f, element, slots, chunk.number, partElements);
    forRange(f, chunk.begin, chunk.end, [&](Value *block) {
      Value *left =
          b.CreateSub(f.number(layout.sum.size), b.CreateMul(block, f.number(blocking.sumBlock)));
      Value *terms =
          b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, f.number(blocking.sumBlock), left);
      Value *lhs = advance(f, element, bases.lhs, block, blocking.sumBlock * layout.sum.lhs);
      Value *rhs = advance(f, element, bases.rhs, block, blocking.sumBlock * layout.sum.rhs);
      if (blocking.packRhs) {
        pack(rhs, chunk.lane, terms, f.number(layout.column.size));
        rhs = chunk.lane;
      }
      b.CreateCall(rowsFunction(),
                   {lhs, rhs, slot, terms, f.number(layout.column.size),
                    b.CreateICmpNE(block, chunk.begin), f.number(0), f.number(tilesDown())});
    });
  });
  alone = outer;
  forEach(f, {elements}, [&](ArrayRef<Value *> at) {
    Value *total = nullptr;
    for (int64_t part = 0; part < division.count; ++part) {
      Value *from = advance(f, element, slots, f.number(part), partElements);
      Value *value = b.CreateFPExt(b.CreateLoad(element, b.CreateInBoundsGEP(element, from, at[0])),
                                   b.getDoubleTy());
      total = total ? b.CreateFAdd(total, value) : value;
    }
    b.CreateStore(b.CreateFPTrunc(total, element),
                  b.CreateInBoundsGEP(element, bases.result, at[0]));
  });
}

void ProductEmitter::emitOne(Bases bases, ArrayRef<Extent> inside, Value *scratch) {
  if (!alone && inside.empty() && goesByTerms())
    return emitByTerms(bases);
  if (!alone && inside.empty() && goesByRows(step.scratchBytes))
    return emitByRows(bases, scratch);
  Nest nest(f);
  Value *columns, *terms, *add = b.getFalse();
  openBlocks(nest, bases, layout.column, blocking.columnBlock, columns);
  for (const Extent &each : layout.outerSums)
    add = b.CreateOr(add, b.CreateICmpNE(open(nest, bases, each), f.number(0)));
  Value *block = openBlocks(nest, bases, layout.sum, blocking.sumBlock, terms);
  add = b.CreateOr(add, b.CreateICmpNE(block, f.number(0)));
  if (blocking.packRhs) {
    pack(bases.rhs, scratch, terms, columns);
    bases.rhs = scratch;
  }
  for (const Extent &each : inside)
    open(nest, bases, each);
  multiply(bases.lhs, bases.rhs, bases.result, terms, columns, add);
  nest.closeAll();
}

/// Of one block of a product, in units of simple ones: a processor does some products of a tile in
/// the time of one. So it is divided among threads from about five microseconds on.
int64_t ProductEmitter::operations() const {
  return layout.row.size * std::min(layout.column.size, blocking.columnBlock) * blocking.sumBlock /
         (element->isFloatTy() ? 4 : 2);
}

/// Many chunks, so that all threads get about the same, and none smaller than a third of a
/// microsecond.
int64_t ProductEmitter::chunksFor(int64_t operations) const {
  constexpr int64_t mostChunks = 256, leastOperations = 8 << 10;
  return std::clamp<int64_t>(operations / leastOperations, 1, mostChunks);
}

/// Chunks of so many parts of equal work; `operations` are those of all.
kernel::Division ProductEmitter::divided(int64_t parts, int64_t operations) const {
  int64_t count = alone ? 1 : std::min(parts, chunksFor(operations));
  kernel::Division division;
  division.extent = parts;
  division.size = (parts + count - 1) / count;
  division.count = (parts + division.size - 1) / division.size;
  division.operations = (operations + division.count - 1) / division.count;
  return division;
}

Value *ProductEmitter::panelSize(FunctionEmission &in, Value *terms) const {
  if (!blocking.packRhs)
    return in.number(blocking.tile.columns);
  return in.b.CreateMul(terms, in.number(Columns(element, blocking.tile.columns, host).width()));
}

/// The columns of a chunk of tiles, of which there may be none in the last block.
static Value *columnsOf(FunctionEmission &f, const Chunk &chunk, Value *columns, int tile) {
  auto bound = [&](Value *tiles) {
    return f.b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, f.b.CreateMul(tiles, f.number(tile)),
                                     columns);
  };
  return f.b.CreateSub(bound(chunk.end), bound(chunk.begin));
}

void ProductEmitter::pack(Value *from, Value *to, Value *terms, Value *columns) {
  PanelKind kind{element, blocking.tile.columns, restColumns(), layout.sum.rhs, layout.column.rhs};
  llvm::Function *packer = panelPacker(f, kind, host);
  Value *panel = panelSize(f, terms);
  int64_t elements = std::min(layout.column.size, blocking.columnBlock) * blocking.sumBlock;
  emitChunks(f, divided(tilesAcross(), elements), step.scratchOffset, [&](const Chunk &chunk) {
    b.CreateCall(packer,
                 {advance(f, element, from, chunk.begin, blocking.tile.columns * layout.column.rhs),
                  advance(f, element, to, b.CreateMul(chunk.begin, panel), 1), terms,
                  columnsOf(f, chunk, columns, blocking.tile.columns)});
  });
}

void ProductEmitter::multiply(Value *lhs, Value *rhs, Value *result, Value *terms, Value *columns,
                              Value *add) {
  emitPieces(1, [&](const Piece &piece) {
    multiplyPiece({lhs, rhs, result}, piece, terms, columns, add);
  });
}

/// How the tiles are divided among chunks: into pieces of so many columns' tiles and rows' tiles.
/// Chunks that follow each other use the same columns, so that these stay in the second cache of a
/// thread, and there are groups of columns where a row's tile more or less would be much.
ProductEmitter::Pieces ProductEmitter::piecesOf(int64_t blocks) const {
  constexpr int64_t leastColumns = 128, fewChunks = 40, rowsBytes = 64 << 10;
  int64_t bytes = int64_t(element->getPrimitiveSizeInBits()) / 8;
  int64_t columnBytes = blocking.tile.columns * bytes;
  int64_t terms = std::min(layout.sum.size, blocks * blocking.sumBlock);
  int64_t chunks = alone ? 1 : chunksFor(operations() * blocks);
  int64_t cached =
      std::max(host.level2Bytes / 2 / (terms * columnBytes), leastColumns / blocking.tile.columns);
  int64_t groups =
      std::max(ceilDivide(tilesAcross(), std::max<int64_t>(cached, 1)),
               std::min(tilesAcross(), ceilDivide(std::min(chunks, fewChunks), tilesDown())));
  Pieces pieces;
  pieces.across = ceilDivide(tilesAcross(), groups);
  pieces.groups = ceilDivide(tilesAcross(), pieces.across);
  pieces.down = ceilDivide(tilesDown(), std::min(tilesDown(), ceilDivide(chunks, pieces.groups)));
  // What is added to for several blocks of terms stays in the first cache or near it.
  if (blocks > 1)
    pieces.down = std::clamp<int64_t>(
        rowsBytes / (blocking.tile.rows * pieces.across * columnBytes), 1, pieces.down);
  pieces.rows = ceilDivide(tilesDown(), pieces.down);
  return pieces;
}

void ProductEmitter::emitPieces(int64_t blocks, llvm::function_ref<void(const Piece &)> body) {
  Pieces pieces = piecesOf(blocks);
  kernel::Division division;
  division.extent = pieces.groups * pieces.rows;
  division.size = alone ? division.extent : 1;
  division.count = division.extent / division.size;
  division.operations = operations() * blocks / division.count + 1;
  emitChunks(f, division, step.scratchOffset, [&](const Chunk &chunk) {
    forRange(f, chunk.begin, chunk.end, [&](Value *at) {
      auto part = [&](Value *number, int64_t size, int64_t all) {
        Value *from = b.CreateMul(number, f.number(size));
        Value *to = b.CreateAdd(from, f.number(size));
        return std::pair(from, b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, to, f.number(all)));
      };
      auto [fromRow, toRow] =
          part(b.CreateURem(at, f.number(pieces.rows)), pieces.down, tilesDown());
      auto [fromColumn, toColumn] =
          part(b.CreateUDiv(at, f.number(pieces.rows)), pieces.across, tilesAcross());
      body({fromRow, toRow, fromColumn, toColumn});
    });
  });
}

/// Multiplies one block of terms.
void ProductEmitter::multiplyPiece(Bases bases, const Piece &piece, Value *terms, Value *columns,
                                   Value *add) {
  auto bound = [&](Value *tiles) {
    return b.CreateBinaryIntrinsic(llvm::Intrinsic::umin,
                                   b.CreateMul(tiles, f.number(blocking.tile.columns)), columns);
  };
  b.CreateCall(
      rowsFunction(),
      {bases.lhs,
       advance(f, element, bases.rhs, b.CreateMul(piece.fromColumn, panelSize(f, terms)), 1),
       advance(f, element, bases.result, piece.fromColumn, blocking.tile.columns), terms,
       b.CreateSub(bound(piece.toColumn), bound(piece.fromColumn)), add, piece.fromRow,
       piece.toRow});
}

int64_t ProductEmitter::packedWidth() const {
  int64_t panels = layout.column.size / blocking.tile.columns;
  int64_t width = panels * Columns(element, blocking.tile.columns, host).width();
  return restColumns() ? width + Columns(element, restColumns(), host).width() : width;
}

void ProductEmitter::packAll(Value *from, Value *to) {
  Bases bases{from, from, from};
  Nest nest(f);
  Value *terms;
  Value *block = openBlocks(nest, bases, layout.sum, blocking.sumBlock, terms);
  pack(bases.rhs, advance(f, element, to, block, blocking.sumBlock * packedWidth()), terms,
       f.number(layout.column.size));
  nest.closeAll();
}

void ProductEmitter::multiplyAll(const Bases &all) {
  int64_t blocks = (layout.sum.size + blocking.sumBlock - 1) / blocking.sumBlock;
  emitPieces(blocks, [&](const Piece &piece) {
    Bases bases = all;
    Nest nest(f);
    Value *terms;
    Value *block = openBlocks(nest, bases, layout.sum, blocking.sumBlock, terms);
    if (blocking.packRhs)
      bases.rhs = advance(f, element, all.rhs, block, blocking.sumBlock * packedWidth());
    multiplyPiece(bases, piece, terms, f.number(layout.column.size),
                  b.CreateICmpNE(block, f.number(0)));
    nest.closeAll();
  });
}

void ProductEmitter::multiplyRows(const Bases &bases) {
  bool outer = std::exchange(alone, true);
  multiplyAll(bases);
  alone = outer;
}

void ProductEmitter::multiplyBatch(Value *begin, Value *end, Value *from, Value *result, Value *to,
                                   Value *packed) {
  bool before = std::exchange(alone, true);
  const Extent &first = layout.outer.front();
  Bases all{from ? from : advance(f, element, lhsBase(), begin, first.lhs),
            advance(f, element, rhsBase(), begin, first.rhs),
            to ? to : advance(f, element, result, begin, first.result)};
  forRange(f, f.number(0), b.CreateSub(end, begin, "", true, true), [&](Value *at) {
    Bases bases = all;
    advanceBy(bases, first, at);
    Nest nest(f);
    for (const Extent &each : ArrayRef(layout.outer).drop_front())
      open(nest, bases, each);
    if (blocking.packRhs) {
      packAll(bases.rhs, packed);
      bases.rhs = packed;
    }
    multiplyAll(bases);
    nest.closeAll();
  });
  alone = before;
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
  Value *panel = panelSize(in, terms);
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
static constexpr int64_t fewestTerms = 64;

bool emitProduct(FunctionEmission &f, const kernel::Step &step, ir::DotOp op) {
  mlir::Type element = kernel::tensorType(op.getResult()).getElementType();
  kernel::DotShape shape = kernel::dotShape(op);
  if (!mlir::isa<mlir::FloatType>(element) || shape.m * shape.n * shape.k < fewestTerms)
    return false;
  std::optional<ProductLayout> layout = layoutOf(f, op);
  if (!layout)
    return false;
  int bytes = int(kernel::elementBytes(element));
  int64_t parts = kernel::partsOfTerms(op),
          partBytes = parts > 1 ? kernel::byteSize(op.getResult()) : 0;
  auto blocking = blockingOf(
      *layout, bytes, step.scratchBytes - parts * int64_t(llvm::alignTo(uint64_t(partBytes), 64)),
      f.module.host);
  if (!blocking)
    return false;
  ProductEmitter(f, step, std::move(*layout), *blocking, registerType(f.context(), element),
                 kernel::partsOfTerms(op))
      .emit(f.pointerTo(op.getResult()));
  return true;
}

} // namespace descent::cpu
