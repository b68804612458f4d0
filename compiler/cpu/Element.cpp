#include "compiler/cpu/Element.h"

#include "compiler/cpu/Scalar.h"
#include "compiler/kernel/Forming.h"

#include "descent/Error.h"

#include <llvm/IR/Intrinsics.h>

namespace descent::cpu {

using kernel::IndexMaps;
using kernel::OpClass;
using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// Positions are small and never negative, which LLVM's analysis of loops wants to hear.
Value *plus(llvm::IRBuilder<> &b, Value *x, int64_t y) {
  return y ? b.CreateAdd(x, b.getInt64(uint64_t(y)), "", y > 0, true) : x;
}

Value *times(llvm::IRBuilder<> &b, Value *x, int64_t y) {
  return y == 1 ? x : b.CreateMul(x, b.getInt64(uint64_t(y)), "", true, true);
}

} // namespace

Value *linearIndex(FunctionEmission &f, ArrayRef<Value *> dims, ArrayRef<int64_t> shape) {
  Value *linear = nullptr;
  for (auto [dim, size] : llvm::zip(dims, shape)) {
    if (size == 1)
      continue;
    linear = linear ? f.b.CreateAdd(times(f.b, linear, size), dim, "", true, true) : dim;
  }
  return linear ? linear : f.number(0);
}

SmallVector<Value *, 4> dimsOfLinear(FunctionEmission &f, Value *linear, ArrayRef<int64_t> shape) {
  SmallVector<Value *, 4> dims(shape.size(), f.number(0));
  int first = 0;
  while (first < int(shape.size()) && shape[size_t(first)] == 1)
    ++first;
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  bool inWords = f.module.dividesInWords && llvm::isInt<32>(count);
  auto narrow = [&](Value *x) { return inWords ? f.b.CreateTrunc(x, f.b.getInt32Ty()) : x; };
  auto wide = [&](Value *x) { return f.b.CreateZExt(x, f.b.getInt64Ty(), "", /*IsNonNeg=*/true); };
  for (int i = int(shape.size()) - 1; i >= first; --i) {
    int64_t size = shape[size_t(i)];
    if (size == 1)
      continue;
    if (i == first) {
      dims[size_t(i)] = linear;
      break;
    }
    Value *dividend = narrow(linear), *divisor = narrow(f.number(size));
    dims[size_t(i)] = wide(f.b.CreateURem(dividend, divisor));
    linear = wide(f.b.CreateUDiv(dividend, divisor));
  }
  return dims;
}

Value *clampedIndex(FunctionEmission &f, Value *value, int64_t last) {
  auto *type = cast<llvm::IntegerType>(value->getType());
  // In the index's own type if that reaches the end: vectors of it are shorter.
  if (!llvm::isIntN(type->getBitWidth(), last)) {
    type = f.b.getInt64Ty();
    value = f.b.CreateSExt(value, type);
  }
  value = f.b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, value, llvm::ConstantInt::get(type, 0));
  value = f.b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, value,
                                    llvm::ConstantInt::getSigned(type, last));
  return f.b.CreateSExt(value, f.b.getInt64Ty());
}

Value *rowAddress(FunctionEmission &f, mlir::Value value, const RowPlace &row,
                  ArrayRef<Value *> dims) {
  SmallVector<Value *, 4> left;
  SmallVector<int64_t, 4> shape;
  for (int dim : row.dims) {
    bool shifted = row.origin && left.empty();
    left.push_back(shifted ? f.b.CreateSub(dims[size_t(dim)], row.origin, "", true, true)
                           : dims[size_t(dim)]);
    shape.push_back(tensorType(value).getDimSize(dim));
  }
  return f.address(tensorType(value).getElementType(), row.base,
                   times(f.b, linearIndex(f, left, shape), row.step));
}

Elements::Elements(FunctionEmission &f, Index index, ArrayRef<mlir::Operation *> stored,
                   const Rows *rows)
    : f(f), b(f.b), stored(stored), rows(rows) {
  indexes[IndexMaps::identity] = std::move(index);
}

SmallVector<Value *, 4> Elements::dimsOf(int map, mlir::Value value) {
  if (kernel::isRegister(value))
    return SmallVector<Value *, 4>(size_t(tensorType(value).getRank()), f.number(0));
  Index &index = indexes[map];
  if (index.dims.empty() && index.linear)
    index.dims = dimsOfLinear(f, index.linear, tensorType(value).getShape());
  return index.dims;
}

Value *Elements::loadFromRow(mlir::Value value, int map) {
  const RowPlace &row = rows->find(value)->second;
  mlir::Type element = tensorType(value).getElementType();
  Value *loaded =
      b.CreateLoad(memoryType(f.context(), element), rowAddress(f, value, row, dimsOf(map, value)));
  f.scopes.tag(llvm::cast<llvm::Instruction>(loaded), row.place);
  return element.isInteger(1) ? b.CreateTrunc(loaded, b.getInt1Ty()) : loaded;
}

Value *Elements::load(mlir::Value value, int map) {
  // Of an array that is in memory as well, the row may be only what the loops' own index reads.
  auto isInRow = [&] {
    if (!rows)
      return false;
    auto row = rows->find(value);
    return row != rows->end() && (map == IndexMaps::identity || row->second.isWhole);
  };
  if (f.placeOf(value).kind == kernel::Place::Kind::Row || isInRow())
    return loadFromRow(value, map);
  Index &index = indexes[map];
  if (!index.linear)
    index.linear = linearIndex(f, index.dims, tensorType(value).getShape());
  mlir::Type element = tensorType(value).getElementType();
  Value *base = f.pointerTo(value);
  Value *loaded =
      b.CreateLoad(memoryType(f.context(), element), f.address(element, base, index.linear));
  f.scopes.tag(llvm::cast<llvm::Instruction>(loaded), f.placeOf(value));
  return element.isInteger(1) ? b.CreateTrunc(loaded, b.getInt1Ty()) : loaded;
}

Value *Elements::at(mlir::Value value, int map) {
  if (kernel::isRegister(value))
    return f.registerOf(value);
  if (mlir::Attribute splat = kernel::splatOf(value))
    return constantOf(f.context(), tensorType(value).getElementType(), splat);
  auto found = known.find({value, map});
  if (found != known.end())
    return found->second;
  mlir::Operation *op = value.getDefiningOp();
  bool own = (slots || map == IndexMaps::identity) && op && llvm::is_contained(stored, op);
  Value *result = nullptr;
  if (slots)
    if (auto slot = slots->slots.find(value); slot != slots->slots.end()) {
      mlir::Type element = tensorType(value).getElementType();
      result = loadElement(b, element, f.address(element, slot->second, slots->lane));
    }
  if (!result)
    result = !own && f.isInMemory(value) ? load(value, map) : compute(op, map);
  known[{value, map}] = result;
  if (branchKnown)
    branchKnown->push_back({value, map});
  return result;
}

Value *Elements::operandAt(mlir::Operation *op, unsigned operand, int map, Index index) {
  mlir::Value value = op->getOperand(operand);
  if (kernel::isRegister(value))
    return at(value, map);
  int through = f.plan.maps.through(map, op, operand);
  indexes.try_emplace(through, std::move(index));
  return at(value, through);
}

/// Emits a value in a branch of its own: what is made there is not known after it.
Value *Elements::inBranch(llvm::function_ref<Value *()> make) {
  std::vector<Key> madeValues;
  auto *outerKnown = std::exchange(branchKnown, &madeValues);
  // Parts of an index are completed when they are needed, so outer ones must not be completed here.
  auto outer = indexes;
  Value *value = make();
  for (const Key &key : madeValues)
    known.erase(key);
  indexes = std::move(outer);
  branchKnown = outerKnown;
  return value;
}

Value *Elements::choose(Value *condition, llvm::function_ref<Value *()> yes,
                        llvm::function_ref<Value *()> no) {
  if (auto *known = llvm::dyn_cast<llvm::ConstantInt>(condition))
    return known->isOne() ? yes() : no();
  llvm::BasicBlock *yesBlock = f.newBlock(), *noBlock = f.newBlock(), *join = f.newBlock();
  b.CreateCondBr(condition, yesBlock, noBlock);
  b.SetInsertPoint(yesBlock);
  Value *yesValue = inBranch(yes);
  llvm::BasicBlock *yesEnd = b.GetInsertBlock();
  b.CreateBr(join);
  b.SetInsertPoint(noBlock);
  Value *noValue = inBranch(no);
  llvm::BasicBlock *noEnd = b.GetInsertBlock();
  b.CreateBr(join);
  b.SetInsertPoint(join);
  llvm::PHINode *phi = b.CreatePHI(yesValue->getType(), 2);
  phi->addIncoming(yesValue, yesEnd);
  phi->addIncoming(noValue, noEnd);
  return phi;
}

Value *Elements::compute(mlir::Operation *op, int map) {
  using namespace ir;
  if (kernel::classOf(op) == OpClass::Elementwise) {
    SmallVector<Value *, 3> operands;
    for (mlir::Value operand : op->getOperands())
      operands.push_back(at(operand, map));
    return emitScalar(f, op, operands);
  }
  return llvm::TypeSwitch<mlir::Operation *, Value *>(op)
      .Case<BroadcastOp>([&](auto o) { return broadcast(o, map); })
      .Case<TransposeOp>([&](auto o) { return transpose(o, map); })
      .Case<ReshapeOp>([&](auto o) { return reshape(o, map); })
      .Case<SliceOp>([&](auto o) { return slice(o, map); })
      .Case<ReverseOp>([&](auto o) { return reverse(o, map); })
      .Case<IotaOp>([&](auto o) { return iota(o, map); })
      .Case<PadOp>([&](auto o) { return pad(o, map); })
      .Case<ConcatOp>([&](auto o) { return concat(o, map); })
      .Case<DynamicSliceOp>([&](auto o) { return dynamicSlice(o, map); })
      .Case<GatherOp>([&](auto o) { return gather(o, map); })
      .Case<ConstantOp>([&](ConstantOp o) -> Value * {
        return constantOf(f.context(), o.getType().getElementType(), kernel::splatOf(o));
      })
      .Default([&](mlir::Operation *other) -> Value * {
        throw Error("internal: the elements of '" + other->getName().getStringRef().str() +
                    "' are not computed one by one");
      });
}

Value *Elements::broadcast(ir::BroadcastOp op, int map) {
  Index index;
  if (!kernel::isRegister(op.getX())) {
    auto dims = dimsOf(map, op);
    for (int64_t dim : op.getDims())
      index.dims.push_back(dims[size_t(dim)]);
  }
  return operandAt(op, 0, map, index);
}

Value *Elements::transpose(ir::TransposeOp op, int map) {
  Index index;
  if (!kernel::isRegister(op.getX())) {
    auto dims = dimsOf(map, op);
    index.dims.resize(dims.size());
    for (auto [i, from] : llvm::enumerate(op.getPermutation()))
      index.dims[size_t(from)] = dims[i];
  }
  return operandAt(op, 0, map, index);
}

/// Only the position in memory survives a reshape, unless dimensions of one element come or go.
Value *Elements::reshape(ir::ReshapeOp op, int map) {
  Index index;
  if (!kernel::isRegister(op.getX())) {
    ArrayRef<int64_t> from = op.getX().getType().getShape(), to = op.getType().getShape();
    SmallVector<int64_t> fromSizes, toSizes;
    llvm::copy_if(from, std::back_inserter(fromSizes), [](int64_t size) { return size != 1; });
    llvm::copy_if(to, std::back_inserter(toSizes), [](int64_t size) { return size != 1; });
    Index &own = indexes[map];
    if (fromSizes == toSizes && !own.dims.empty()) {
      SmallVector<Value *, 4> kept;
      for (auto [dim, size] : llvm::zip(own.dims, to))
        if (size != 1)
          kept.push_back(dim);
      size_t next = 0;
      for (int64_t size : from)
        index.dims.push_back(size == 1 ? f.number(0) : kept[next++]);
    } else {
      if (!own.linear)
        own.linear = linearIndex(f, own.dims, to);
      index.linear = own.linear;
    }
  }
  return operandAt(op, 0, map, index);
}

Value *Elements::slice(ir::SliceOp op, int map) {
  Index index;
  if (!kernel::isRegister(op.getX()))
    for (auto [dim, start, stride] : llvm::zip(dimsOf(map, op), op.getStarts(), op.getStrides()))
      index.dims.push_back(plus(b, times(b, dim, stride), start));
  return operandAt(op, 0, map, index);
}

Value *Elements::reverse(ir::ReverseOp op, int map) {
  Index index;
  ArrayRef<int64_t> shape = op.getX().getType().getShape();
  auto dims = dimsOf(map, op);
  for (int64_t dim : op.getDims())
    dims[size_t(dim)] =
        b.CreateSub(f.number(shape[size_t(dim)] - 1), dims[size_t(dim)], "", true, true);
  index.dims = dims;
  return operandAt(op, 0, map, index);
}

Value *Elements::iota(ir::IotaOp op, int map) {
  auto type = tensorType(op.getResult());
  Value *index = dimsOf(map, op)[op.getDim()];
  mlir::Type element = type.getElementType();
  llvm::Type *to = registerType(f.context(), element);
  return mlir::isa<mlir::FloatType>(element) ? b.CreateSIToFP(index, to)
                                             : b.CreateIntCast(index, to, false);
}

Value *Elements::pad(ir::PadOp op, int map) {
  Value *outside = at(op.getValue(), map);
  auto shape = op.getX().getType().getShape();
  if (op.getX().getType().getNumElements() == 0)
    return outside;
  Index index;
  Value *inside = b.getTrue();
  auto dims = dimsOf(map, op);
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t low = op.getLow()[i], high = op.getHigh()[i], step = op.getInterior()[i] + 1;
    if (shape[i] == 1)
      step = 1;
    Value *at = dims[i];
    if (low || high || step > 1) {
      // Before the begin wraps to a huge number.
      at = b.CreateSub(at, f.number(low));
      inside = b.CreateAnd(inside, b.CreateICmpULT(at, f.number((shape[i] - 1) * step + 1)));
      if (step > 1) {
        inside = b.CreateAnd(inside, b.CreateICmpEQ(b.CreateURem(at, f.number(step)), f.number(0)));
        at = b.CreateUDiv(at, f.number(step));
      }
    }
    index.dims.push_back(at);
  }
  if (kernel::isRegister(op.getX()))
    return b.CreateSelect(inside, at(op.getX(), map), outside);
  return choose(inside, [&] { return operandAt(op, 0, map, index); }, [&] { return outside; });
}

Value *Elements::concat(ir::ConcatOp op, int map) {
  SmallVector<std::pair<unsigned, int64_t>> pieces; // operand, where it begins
  int64_t begin = 0;
  for (auto [i, piece] : llvm::enumerate(op.getInputs())) {
    if (kernel::numElements(piece))
      pieces.push_back({unsigned(i), begin});
    begin += tensorType(piece).getDimSize(int64_t(op.getDim()));
  }
  if (op.getType().getNumElements() == 1)
    return at(op.getInputs()[pieces.front().first], map);
  auto dims = dimsOf(map, op);
  auto piece = [&](size_t i) {
    Index index;
    index.dims = dims;
    Value *&dim = index.dims[op.getDim()];
    dim = plus(b, dim, -pieces[i].second);
    return operandAt(op, pieces[i].first, map, index);
  };
  std::function<Value *(size_t)> from = [&](size_t i) -> Value * {
    if (i + 1 == pieces.size())
      return piece(i);
    Value *here = b.CreateICmpULT(dims[op.getDim()], f.number(pieces[i + 1].second));
    // A piece in memory is read only where it has the element.
    if (llvm::all_of(llvm::drop_begin(pieces, i), [&](const auto &each) {
          return kernel::isRegister(op.getInputs()[each.first]);
        }))
      return b.CreateSelect(here, piece(i), from(i + 1));
    return choose(here, [&] { return piece(i); }, [&] { return from(i + 1); });
  };
  return from(0);
}

Value *Elements::dynamicSlice(ir::DynamicSliceOp op, int map) {
  Index index;
  if (!kernel::isRegister(op.getX())) {
    auto shape = op.getX().getType().getShape();
    auto dims = dimsOf(map, op);
    for (size_t i = 0; i < shape.size(); ++i) {
      Value *start = clampedIndex(f, f.registerOf(op.getStarts()[i]), shape[i] - op.getSizes()[i]);
      index.dims.push_back(b.CreateAdd(start, dims[i], "", true, true));
    }
  }
  return operandAt(op, 0, map, index);
}

Value *Elements::gather(ir::GatherOp op, int map) {
  auto shape = op.getX().getType().getShape();
  if (kernel::isRegister(op.getX()))
    return at(op.getX(), map);
  // Nothing can be found in an array without elements.
  if (op.getX().getType().getNumElements() == 0)
    return zeroOf(f.context(), op.getType().getElementType());
  auto indexType = op.getIndices().getType();
  size_t axis = op.getAxis(), batch = op.getBatchDims();
  size_t indexDims = size_t(indexType.getRank()) - batch;
  auto dims = dimsOf(map, op);
  // The result is [batch, before, indices, after].
  Index where;
  where.dims.append(dims.begin(), dims.begin() + batch);
  where.dims.append(dims.begin() + axis, dims.begin() + axis + indexDims);
  Value *found = clampedIndex(f, operandAt(op, 1, map, where), shape[axis] - 1);
  Index index;
  index.dims.append(dims.begin(), dims.begin() + axis);
  index.dims.push_back(found);
  index.dims.append(dims.begin() + axis + indexDims, dims.end());
  return operandAt(op, 0, map, index);
}

} // namespace descent::cpu
