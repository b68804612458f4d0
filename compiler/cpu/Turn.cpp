#include "compiler/cpu/Turn.h"

#include <llvm/Support/FormatVariadic.h>

namespace descent::cpu {

using llvm::SmallVector;
using llvm::Value;

/// In each step, halves of half the size change places.
void turnSquare(llvm::IRBuilder<> &b, llvm::SmallVectorImpl<Value *> &rows) {
  size_t size = rows.size();
  for (size_t half = size / 2; half > 0; half /= 2)
    for (size_t i = 0; i < size; ++i) {
      if (i & half)
        continue;
      SmallVector<int, 16> low, high;
      for (size_t lane = 0; lane < size; ++lane) {
        bool second = lane & half;
        low.push_back(int(second ? size + lane - half : lane));
        high.push_back(int(second ? size + lane : lane + half));
      }
      Value *first = rows[i], *other = rows[i + half];
      rows[i] = b.CreateShuffleVector(first, other, low);
      rows[i + half] = b.CreateShuffleVector(first, other, high);
    }
}

namespace {

class BlockTurner {
public:
  BlockTurner(llvm::IRBuilder<> &b, llvm::Type *element, int64_t rows, int64_t columns,
              int64_t width)
      : b(b), element(element), vector(llvm::FixedVectorType::get(element, unsigned(width))),
        rows(rows), columns(columns), width(width) {}

  void emit(Value *from, Value *to) {
    for (int64_t row = 0; row < rows; row += width)
      for (int64_t column = 0; column < columns; column += width) {
        SmallVector<Value *, 16> square;
        for (int64_t i = 0; i < width; ++i)
          square.push_back(load(from, (row + i) * columns + column));
        turnSquare(b, square);
        for (int64_t i = 0; i < std::min(width, columns - column); ++i)
          b.CreateAlignedStore(square[size_t(i)], at(to, (column + i) * rows + row), alignment());
      }
  }

private:
  llvm::IRBuilder<> &b;
  llvm::Type *element;
  llvm::FixedVectorType *vector;
  int64_t rows, columns, width;

  llvm::Align alignment() const { return llvm::Align(element->getPrimitiveSizeInBits() / 8); }
  Value *at(Value *base, int64_t index) {
    return b.CreateConstInBoundsGEP1_64(element, base, uint64_t(index));
  }

  /// As many elements as a vector has. What follows a row is other rows, and does not count; near
  /// the block's end the vector begins earlier.
  Value *load(Value *from, int64_t index) {
    int64_t begin = std::min(index, rows * columns - width);
    Value *loaded = b.CreateAlignedLoad(vector, at(from, begin), alignment());
    if (begin == index)
      return loaded;
    SmallVector<int, 16> mask;
    for (int64_t lane = 0; lane < width; ++lane)
      mask.push_back(lane + index - begin < width ? int(lane + index - begin) : -1);
    return b.CreateShuffleVector(loaded, mask);
  }
};

} // namespace

void turnBlock(FunctionEmission &f, llvm::Type *element, Value *from, Value *to, int64_t rows,
               int64_t columns) {
  llvm::IRBuilder<> &b = f.b;
  llvm::Module &module = f.module.module;
  std::string name = llvm::formatv(
      "turn.{0}.{1}x{2}", element->getPrimitiveSizeInBits().getFixedValue(), rows, columns);
  llvm::Function *function = module.getFunction(name);
  if (!function) {
    auto *type = llvm::FunctionType::get(b.getVoidTy(), {b.getPtrTy(), b.getPtrTy()}, false);
    function = llvm::Function::Create(type, llvm::Function::InternalLinkage, name, module);
    function->setDoesNotThrow();
    function->addFnAttr(llvm::Attribute::NoInline);
    function->addParamAttr(0, llvm::Attribute::NoAlias);
    function->addParamAttr(1, llvm::Attribute::NoAlias);
    llvm::IRBuilder<> body(llvm::BasicBlock::Create(f.context(), "", function));
    int64_t bytes = int64_t(element->getPrimitiveSizeInBits().getFixedValue() / 8);
    int64_t width = std::min<int64_t>(rows, f.module.host.vectorBytes / bytes);
    BlockTurner(body, element, rows, columns, width).emit(function->getArg(0), function->getArg(1));
    body.CreateRetVoid();
  }
  b.CreateCall(function, {from, to});
}

} // namespace descent::cpu
