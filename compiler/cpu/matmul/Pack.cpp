#include "compiler/cpu/matmul/Pack.h"

#include "compiler/cpu/Nest.h"
#include "compiler/cpu/Turn.h"

#include <llvm/Support/FormatVariadic.h>

namespace descent::cpu {

using llvm::SmallVector;
using llvm::Value;

llvm::Function *internalFunction(ModuleEmission &module, const std::string &name,
                                 llvm::ArrayRef<llvm::Type *> parameters) {
  auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(module.context()), parameters, false);
  auto *function =
      llvm::Function::Create(type, llvm::Function::InternalLinkage, name, module.module);
  function->setDoesNotThrow();
  function->addFnAttr(llvm::Attribute::NoInline);
  return function;
}

void forCount(FunctionEmission &f, Value *count, llvm::function_ref<void(Value *)> body) {
  auto *known = llvm::dyn_cast<llvm::ConstantInt>(count);
  if (known && known->isZero())
    return;
  llvm::BasicBlock *after = nullptr;
  if (!known) {
    llvm::BasicBlock *some = f.newBlock();
    after = f.newBlock();
    f.b.CreateCondBr(f.b.CreateICmpNE(count, f.number(0)), some, after);
    f.b.SetInsertPoint(some);
  }
  Nest nest(f);
  if (known)
    body(nest.open(int64_t(known->getZExtValue())));
  else
    body(nest.open(f.number(0), count));
  nest.closeAll();
  if (after) {
    f.b.CreateBr(after);
    f.b.SetInsertPoint(after);
  }
}

Value *advance(FunctionEmission &f, llvm::Type *element, Value *base, Value *index,
               int64_t stride) {
  if (stride == 0)
    return base;
  return f.b.CreateInBoundsGEP(element, base,
                               f.b.CreateMul(index, f.number(stride), "", false, true));
}

namespace {

class PanelPacker {
public:
  PanelPacker(FunctionEmission &f, const PanelKind &kind, const Host &host)
      : f(f), b(f.b), kind(kind), host(host) {}

  void emit() {
    llvm::Argument *from = f.function->getArg(0), *to = f.function->getArg(1);
    terms = f.function->getArg(2);
    Value *columns = f.function->getArg(3);
    Columns whole(kind.element, kind.tileColumns, host);
    Value *panels = b.CreateUDiv(columns, f.number(kind.tileColumns));
    Value *panelSize = b.CreateMul(terms, f.number(whole.width()));
    forCount(f, panels, [&](Value *i) {
      panel(whole, kind.tileColumns,
            advance(f, kind.element, from, i, kind.tileColumns * kind.columnStride),
            advance(f, kind.element, to, b.CreateMul(i, panelSize), 1));
    });
    if (kind.lastColumns) {
      Value *rest = b.CreateURem(columns, f.number(kind.tileColumns));
      Value *some = b.CreateZExt(b.CreateICmpNE(rest, f.number(0)), b.getInt64Ty());
      forCount(f, some, [&](Value *) {
        panel(Columns(kind.element, kind.lastColumns, host), kind.lastColumns,
              advance(f, kind.element, from, panels, kind.tileColumns * kind.columnStride),
              advance(f, kind.element, to, b.CreateMul(panels, panelSize), 1));
      });
    }
    b.CreateRetVoid();
  }

private:
  FunctionEmission &f;
  llvm::IRBuilder<> &b;
  const PanelKind &kind;
  const Host &host;
  Value *terms = nullptr;

  void panel(const Columns &columns, int count, Value *from, Value *to) {
    if (kind.columnStride == 1)
      return packTerms(f, kind.element, from, to, columns, terms, kind.sumStride);
    Value *done = f.number(0);
    int lanes = int(columns.type(0)->getNumElements());
    if (kind.sumStride == 1 && lanes > 1) {
      Value *blocks = b.CreateUDiv(terms, f.number(lanes));
      forCount(f, blocks, [&](Value *i) {
        squares(columns, count, lanes, advance(f, kind.element, from, i, lanes),
                advance(f, kind.element, to, i, lanes * columns.width()));
      });
      done = b.CreateMul(blocks, f.number(lanes));
    }
    Value *left = b.CreateSub(terms, done);
    Value *restFrom = advance(f, kind.element, from, done, kind.sumStride);
    Value *restTo = advance(f, kind.element, to, done, columns.width());
    forCount(f, left, [&](Value *k) {
      singles(columns, count, advance(f, kind.element, restFrom, k, kind.sumStride),
              advance(f, kind.element, restTo, k, columns.width()));
    });
  }

  Value *columnAt(Value *from, int column) {
    return advance(f, kind.element, from, f.number(column), kind.columnStride);
  }

  /// So many terms of all columns; terms of a column are contiguous.
  void squares(const Columns &columns, int count, int block, Value *from, Value *to) {
    int column = 0;
    for (size_t v = 0; v < columns.vectors(); ++v) {
      int lanes = int(columns.type(v)->getNumElements());
      llvm::Function *turn = turner(columns.type(v), std::min(lanes, count - column));
      for (int k = 0; k < block; k += lanes)
        b.CreateCall(turn, {advance(f, kind.element, columnAt(from, column), f.number(k), 1),
                            advance(f, kind.element, to, f.number(k * columns.width() + column), 1),
                            f.number(kind.columnStride), f.number(columns.width())});
      column += lanes;
    }
  }

  /// `void (ptr from, ptr to, i64 fromStride, i64 toStride)`: some rows of a square become its
  /// columns, the others are 0.
  llvm::Function *turner(llvm::FixedVectorType *type, int some) {
    std::string name =
        llvm::formatv("product.turn.{0}.{1}.{2}", kind.element->isFloatTy() ? "f32" : "f64",
                      type->getNumElements(), some);
    if (llvm::Function *known = f.module.module.getFunction(name))
      return known;
    llvm::Type *pointer = b.getPtrTy(), *number = b.getInt64Ty();
    llvm::Function *function = internalFunction(f.module, name, {pointer, pointer, number, number});
    function->addParamAttr(1, llvm::Attribute::NoAlias);
    llvm::IRBuilder<> at(llvm::BasicBlock::Create(f.context(), "entry", function));
    llvm::Align align(type->getScalarSizeInBits() / 8);
    SmallVector<Value *, 16> rows;
    Value *from = function->getArg(0), *to = function->getArg(1);
    for (int i = 0; i < int(type->getNumElements()); ++i) {
      rows.push_back(i < some ? at.CreateAlignedLoad(type, from, align)
                              : static_cast<Value *>(llvm::Constant::getNullValue(type)));
      from = at.CreateInBoundsGEP(kind.element, from, function->getArg(2));
    }
    turnSquare(at, rows);
    for (Value *row : rows) {
      at.CreateAlignedStore(row, to, align);
      to = at.CreateInBoundsGEP(kind.element, to, function->getArg(3));
    }
    at.CreateRetVoid();
    return function;
  }

  /// One term of all columns, wherever they are.
  void singles(const Columns &columns, int count, Value *from, Value *to) {
    int column = 0;
    for (size_t v = 0; v < columns.vectors(); ++v) {
      Value *row = llvm::Constant::getNullValue(columns.type(v));
      int lanes = int(columns.type(v)->getNumElements());
      for (int i = 0; i < lanes && column + i < count; ++i)
        row = b.CreateInsertElement(row, b.CreateLoad(kind.element, columnAt(from, column + i)),
                                    uint64_t(i));
      columns.store(b, v, row, to, true);
      column += lanes;
    }
  }
};

} // namespace

llvm::Function *panelPacker(FunctionEmission &f, const PanelKind &kind, const Host &host) {
  std::string name =
      llvm::formatv("product.pack.{0}.{1}.{2}.{3}.{4}", kind.element->isFloatTy() ? "f32" : "f64",
                    kind.tileColumns, kind.lastColumns, kind.sumStride, kind.columnStride);
  if (llvm::Function *known = f.module.module.getFunction(name))
    return known;
  llvm::Type *pointer = f.b.getPtrTy(), *number = f.b.getInt64Ty();
  llvm::Function *function = internalFunction(f.module, name, {pointer, pointer, number, number});
  function->addParamAttr(0, llvm::Attribute::NoAlias);
  function->addParamAttr(1, llvm::Attribute::NoAlias);
  FunctionEmission inner(f.module, f.plan, function);
  PanelPacker(inner, kind, host).emit();
  return function;
}

void packRows(FunctionEmission &f, llvm::Type *element, Value *from, Value *to, int rows,
              Value *terms, int64_t rowStride, int64_t sumStride, int64_t pitch) {
  forCount(f, f.number(rows), [&](Value *r) {
    Value *source = advance(f, element, from, r, rowStride);
    Value *target = advance(f, element, to, r, pitch);
    forCount(f, terms, [&](Value *k) {
      f.b.CreateStore(f.b.CreateLoad(element, advance(f, element, source, k, sumStride)),
                      advance(f, element, target, k, 1));
    });
  });
}

void packTerms(FunctionEmission &f, llvm::Type *element, Value *from, Value *to,
               const Columns &columns, Value *terms, int64_t sumStride) {
  forCount(f, terms, [&](Value *k) {
    Value *source = advance(f, element, from, k, sumStride);
    Value *target = advance(f, element, to, k, columns.width());
    for (size_t v = 0; v < columns.vectors(); ++v)
      columns.store(f.b, v, columns.load(f.b, v, source, false), target, true);
  });
}

} // namespace descent::cpu
