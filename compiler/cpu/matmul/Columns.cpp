#include "compiler/cpu/matmul/Columns.h"

#include <llvm/Support/MathExtras.h>

namespace descent::cpu {

Columns::Columns(llvm::Type *element, int count, const Host &host)
    : element(element), count(count),
      lanes(host.vectorBytes * 8 / int(element->getPrimitiveSizeInBits())), masks(host.masks) {
  for (int left = count; left > 0; left -= lanes)
    types.push_back(llvm::FixedVectorType::get(
        element, left >= lanes ? unsigned(lanes) : unsigned(llvm::PowerOf2Ceil(unsigned(left)))));
}

int Columns::width() const {
  return int(types.size() - 1) * lanes + int(types.back()->getNumElements());
}

int Columns::used(size_t vector) const {
  return std::min(count - int(vector) * lanes, int(types[vector]->getNumElements()));
}

llvm::Value *Columns::address(llvm::IRBuilder<> &b, size_t vector, llvm::Value *row) const {
  return vector ? b.CreateConstInBoundsGEP1_64(element, row, vector * size_t(lanes)) : row;
}

llvm::Value *Columns::mask(llvm::IRBuilder<> &b, size_t vector) const {
  llvm::SmallVector<llvm::Constant *, 16> bits;
  for (int i = 0; i < int(types[vector]->getNumElements()); ++i)
    bits.push_back(b.getInt1(i < used(vector)));
  return llvm::ConstantVector::get(bits);
}

llvm::Value *Columns::load(llvm::IRBuilder<> &b, size_t vector, llvm::Value *row,
                           bool padded) const {
  llvm::FixedVectorType *type = types[vector];
  llvm::Align align(element->getPrimitiveSizeInBits() / 8);
  llvm::Value *from = address(b, vector, row);
  int size = int(type->getNumElements()), some = used(vector);
  if (padded || some == size)
    return b.CreateAlignedLoad(type, from, align);
  if (masks)
    return b.CreateMaskedLoad(type, from, align, mask(b, vector),
                              llvm::Constant::getNullValue(type));
  auto *shorter = llvm::FixedVectorType::get(element, unsigned(some));
  llvm::Value *part = b.CreateAlignedLoad(shorter, from, align);
  llvm::SmallVector<int, 16> lanesOf;
  for (int i = 0; i < size; ++i)
    lanesOf.push_back(std::min(i, some));
  return b.CreateShuffleVector(part, llvm::Constant::getNullValue(shorter), lanesOf);
}

void Columns::store(llvm::IRBuilder<> &b, size_t vector, llvm::Value *value, llvm::Value *row,
                    bool padded) const {
  llvm::Align align(element->getPrimitiveSizeInBits() / 8);
  llvm::Value *to = address(b, vector, row);
  int size = int(types[vector]->getNumElements()), some = used(vector);
  if (padded || some == size) {
    b.CreateAlignedStore(value, to, align);
    return;
  }
  if (masks) {
    b.CreateMaskedStore(value, to, align, mask(b, vector));
    return;
  }
  llvm::SmallVector<int, 16> lanesOf;
  for (int i = 0; i < some; ++i)
    lanesOf.push_back(i);
  b.CreateAlignedStore(b.CreateShuffleVector(value, lanesOf), to, align);
}

} // namespace descent::cpu
