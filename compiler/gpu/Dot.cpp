// The product of two arrays with free dimensions on both sides.
//
// A block makes a tile of the result: slice after slice of the terms comes into shared memory, from
// wherever the operands are, and the threads add up its products in registers. There are two places
// for a slice: while one is multiplied, the next is on its way through registers to the other, so
// threads wait for each other once a slice.
#include "compiler/cpu/Element.h"
#include "compiler/dialect/Precision.h"
#include "compiler/gpu/DotEpilogue.h"
#include "compiler/gpu/DotSums.h"
#include "compiler/gpu/Sizes.h"
#include "compiler/gpu/Steps.h"
#include "compiler/gpu/Workspace.h"

namespace descent::gpu {

using kernel::tensorType;
using llvm::Value;

namespace {

DotUnit unitOf(const ProgramEmission &p, ir::DotOp op) {
  mlir::Type element = tensorType(op.getResult()).getElementType();
  if (!p.hasTensorCores)
    return DotUnit::Plain;
  if (element.isF64())
    return p.capability >= 90 ? DotUnit::F64Large : DotUnit::F64;
  if (!element.isF32())
    return DotUnit::Plain;
  switch (ir::productPrecision(op->getParentOfType<mlir::ModuleOp>())) {
  case ir::ProductPrecision::Full:
    break;
  case ir::ProductPrecision::Tf32:
    return DotUnit::Tf32;
  case ir::ProductPrecision::Bf16:
    return DotUnit::Bf16;
  }
  return DotUnit::Plain;
}

class DotEmitter {
public:
  DotEmitter(ProgramEmission &p, const kernel::Step &step, const kernel::Step *after)
      : p(p), f(p.f), b(p.b), op(mlir::cast<ir::DotOp>(step.roots.front())),
        shape(kernel::dotShape(op)), result(op.getResult()),
        element(tensorType(result).getElementType()), type(cpu::registerType(f.context(), element)),
        tiling(tilingOf(shape, unitOf(p, op), kernel::elementBytes(element), p.grid.threads)),
        delivery(p, {op}), to(delivery.to(result)) {
    if (after && count() && DotEpilogue::canBe(p, step, *after, tiling.elementsOfThread()))
      epilogue.emplace(p, step, *after);
  }

  void emit();
  bool hasEpilogue() const { return epilogue.has_value(); }

private:
  ProgramEmission &p;
  cpu::FunctionEmission &f;
  llvm::IRBuilder<> &b;
  ir::DotOp op;
  const kernel::DotShape shape;
  mlir::Value result;
  mlir::Type element;
  llvm::Type *type;
  const DotTiling tiling;
  Delivery delivery;
  Value *to; ///< where the result is written
  std::optional<DotEpilogue> epilogue;

  int64_t count() const { return shape.batch * shape.m * shape.n; }
  Value *plus(Value *x, Value *y) { return b.CreateAdd(x, y, "", true, true); }
  Value *times(Value *x, int64_t by) { return b.CreateMul(x, f.number(by), "", true, true); }

  void direct();
  void tiles(Value *to);
  struct Tile {
    Value *batch, *row, *column, *termsFrom, *termsTo;
  };
  void tile(const Tile &at, Value *to);
  void store(const Tile &at, const DotSums::Run &run, Value *to);
  void storeRow(llvm::ArrayRef<Value *> values, Value *to, Value *position);
  void finish(Value *batch, Value *row, Value *column, Value *position,
              llvm::ArrayRef<Value *> sums);
  void addParts(Value *parts);
};

/// Each thread makes elements by itself.
void DotEmitter::direct() {
  DotSide lhs(p, op, 0), rhs(p, op, 1);
  llvm::AllocaInst *sum = f.variable(type);
  p.shareOut(count(), [&](Value *at) {
    auto [batch, row, column] = [&] {
      auto dims = cpu::dimsOfLinear(f, at, {shape.batch, shape.m, shape.n});
      return std::tuple(dims[0], dims[1], dims[2]);
    }();
    b.CreateStore(cpu::zeroOf(f.context(), element), sum);
    auto add = [&, row = row, column = column, batch = batch](Value *term) {
      Value *x = lhs.at(batch, row, term), *y = rhs.at(batch, column, term);
      Value *before = b.CreateLoad(type, sum);
      b.CreateStore(type->isFloatingPointTy()
                        ? b.CreateIntrinsic(llvm::Intrinsic::fma, {type}, {x, y, before})
                        : b.CreateAdd(before, b.CreateMul(x, y)),
                    sum);
    };
    p.grid.loop(f.number(0), f.number(shape.k), f.number(1), add);
    finish(batch, row, column, at, {b.CreateLoad(type, sum)});
  });
}

/// Neighbours, at a multiple of their number.
void DotEmitter::storeRow(llvm::ArrayRef<Value *> values, Value *to, Value *position) {
  Value *address = f.address(element, to, position);
  if (values.size() == 1) {
    cpu::storeElement(b, element, values.front(), address);
    return;
  }
  Value *vector = llvm::PoisonValue::get(llvm::FixedVectorType::get(type, unsigned(values.size())));
  for (auto [i, value] : llvm::enumerate(values))
    vector = b.CreateInsertElement(vector, value, uint64_t(i));
  b.CreateAlignedStore(
      vector, address,
      llvm::Align(uint64_t(values.size()) * uint64_t(kernel::elementBytes(element))));
}

/// Complete sums, side by side along the columns: the product's, or what is made of them.
void DotEmitter::finish(Value *batch, Value *row, Value *column, Value *position,
                        llvm::ArrayRef<Value *> sums) {
  if (!epilogue || epilogue->storesProduct())
    storeRow(sums, to, position);
  if (!epilogue)
    return;
  llvm::SmallVector<cpu::Index, 4> at;
  for (int64_t i = 0; i < int64_t(sums.size()); ++i) {
    cpu::Index &index = at.emplace_back();
    index.linear = plus(position, f.number(i));
    if (epilogue->isLinear())
      continue;
    auto add = [&](mlir::Value operand, llvm::ArrayRef<int64_t> dims, Value *flat) {
      llvm::SmallVector<int64_t, 4> sizes;
      for (int64_t dim : dims)
        sizes.push_back(tensorType(operand).getDimSize(dim));
      index.dims.append(cpu::dimsOfLinear(f, flat, sizes));
    };
    add(op.getLhs(), op.getLhsBatch(), batch);
    add(op.getLhs(), shape.lhsFree, row);
    add(op.getRhs(), shape.rhsFree, plus(column, f.number(i)));
  }
  epilogue->store(at, sums);
}

void DotEmitter::store(const Tile &at, const DotSums::Run &run, Value *to) {
  auto width = int64_t(run.values.size());
  Value *row = plus(at.row, run.row), *column = plus(at.column, run.column);
  Value *first = plus(times(plus(times(at.batch, shape.m), row), shape.n), column);
  auto inside = [&](Value *index, int64_t limit, int64_t step) {
    return limit % step ? b.CreateICmpSLT(index, f.number(limit)) : nullptr;
  };
  auto where = [&](Value *condition, llvm::function_ref<void()> body) {
    condition ? p.grid.onlyIf(condition, body) : body();
  };
  bool isLast = tiling.parts == 1;
  where(inside(row, shape.m, tiling.rows), [&] {
    if (shape.n % width == 0) {
      where(inside(column, shape.n, tiling.columns), [&] {
        isLast ? finish(at.batch, row, column, first, run.values) : storeRow(run.values, to, first);
      });
      return;
    }
    for (int64_t i = 0; i < width; ++i) {
      Value *next = plus(column, f.number(i)), *position = plus(first, f.number(i));
      where(inside(next, shape.n, tiling.columns), [&] {
        isLast ? finish(at.batch, row, next, position, {run.values[size_t(i)]})
               : storeRow({run.values[size_t(i)]}, to, position);
      });
    }
  });
}

void DotEmitter::tile(const Tile &at, Value *to) {
  DotOperand lhs(p, op, 0, tiling), rhs(p, op, 1, tiling);
  std::unique_ptr<DotSums> sums = tiling.unit == DotUnit::Plain
                                      ? makePlainSums(p, element, tiling, lhs, rhs)
                                      : makeTensorSums(p, tiling, lhs, rhs);
  int64_t lhsBytes = lhs.bytes(), rhsBytes = rhs.bytes();
  p.grid.needShared(2 * (lhsBytes + rhsBytes));
  Value *lhsPlaces = p.grid.shared(0), *rhsPlaces = p.grid.shared(2 * lhsBytes);
  // A slice's number says where it goes.
  auto whereOf = [&](Value *term) {
    return b.CreateAnd(b.CreateUDiv(term, f.number(tiling.slice)), f.number(1));
  };
  auto slice = [&](Value *places, int64_t bytes, Value *number) {
    return b.CreateInBoundsGEP(b.getInt8Ty(), places, times(number, bytes));
  };
  auto put = [&](Value *term) {
    Value *number = whereOf(term);
    lhs.put(term, slice(lhsPlaces, lhsBytes, number));
    rhs.put(term, slice(rhsPlaces, rhsBytes, number));
  };
  auto stage = [&](Value *term) {
    lhs.stage(term);
    rhs.stage(term);
  };
  Team block = p.grid.ofBlock();
  sums->clear();
  lhs.begin(at.batch, at.row);
  rhs.begin(at.batch, at.column);
  stage(at.termsFrom);
  put(at.termsFrom);
  p.grid.wait(block);
  p.grid.loop(at.termsFrom, at.termsTo, f.number(tiling.slice), [&](Value *term) {
    Value *next = plus(term, f.number(tiling.slice));
    Value *more = b.CreateICmpSLT(next, at.termsTo);
    Value *now = whereOf(term);
    p.grid.onlyIf(more, [&] { stage(next); });
    sums->multiply(slice(lhsPlaces, lhsBytes, now), slice(rhsPlaces, rhsBytes, now));
    p.grid.onlyIf(more, [&] { put(next); });
    p.grid.wait(block);
  });
  sums->results([&](const DotSums::Run &run) { store(at, run, to); });
}

/// Part after part, [part, batch, row, column].
void DotEmitter::tiles(Value *to) {
  int64_t down = ceilDiv(shape.m, tiling.rows), across = ceilDiv(shape.n, tiling.columns);
  int64_t tiles = shape.batch * down * across * tiling.parts;
  p.usefulBlocks = std::max(p.usefulBlocks, tiles);
  f.scopes.reset();
  p.grid.wait(p.grid.ofBlock());
  p.grid.loop(p.grid.block, f.number(tiles), p.grid.blocks, [&](Value *number) {
    auto dims = cpu::dimsOfLinear(f, number, {tiling.parts, shape.batch, down, across});
    Tile at{dims[1], times(dims[2], tiling.rows), times(dims[3], tiling.columns),
            times(dims[0], tiling.partTerms), f.number(shape.k)};
    if (tiling.parts > 1)
      at.termsTo = b.CreateBinaryIntrinsic(
          llvm::Intrinsic::smin, plus(at.termsFrom, f.number(tiling.partTerms)), at.termsTo);
    Value *from = tiling.parts > 1 ? f.address(element, to, times(dims[0], count())) : to;
    tile(at, from);
  });
}

/// Parts of f32 are added up in f64: the error does not grow with their number.
void DotEmitter::addParts(Value *parts) {
  llvm::Type *wide = type->isFloatTy() ? b.getDoubleTy() : type;
  p.shareOut(count(), [&](Value *at) {
    Value *sum = nullptr;
    for (int64_t part = 0; part < tiling.parts; ++part) {
      Value *from = f.address(element, parts, plus(at, f.number(part * count())));
      Value *value = cpu::loadElement(b, element, from);
      if (wide != type)
        value = b.CreateFPExt(value, wide);
      if (!sum)
        sum = value;
      else
        sum = type->isFloatingPointTy() ? b.CreateFAdd(sum, value) : b.CreateAdd(sum, value);
    }
    if (wide != type)
      sum = b.CreateFPTrunc(sum, type);
    auto dims = cpu::dimsOfLinear(f, at, {shape.batch, shape.m, shape.n});
    finish(dims[0], dims[1], dims[2], at, {sum});
  });
}

void DotEmitter::emit() {
  if (count() == 0)
    return;
  f.scopes.reset();
  if (tiling.isDirect) {
    direct();
  } else if (tiling.parts == 1) {
    tiles(to);
  } else {
    Value *parts = p.exchangeArea(tiling.parts * count() * kernel::elementBytes(element));
    tiles(parts);
    p.waitForAll();
    addParts(parts);
    // Nobody has waited since the result was written.
    Pending::Spans written;
    p.span(result, written);
    p.pending.add({}, written);
    if (epilogue)
      epilogue->touchAgain();
  }
  delivery.finish();
}

} // namespace

bool emitDot(ProgramEmission &p, const kernel::Step &step, const kernel::Step *after) {
  DotEmitter emitter(p, step, after);
  emitter.emit();
  return emitter.hasEpilogue();
}

} // namespace descent::gpu
