// Some consecutive columns of a matrix as vectors.
#pragma once

#include "compiler/cpu/Emission.h"
#include "compiler/cpu/matmul/Host.h"

namespace descent::cpu {

/// Vectors that hold a row of a tile: whole ones, and for what is left a shorter one whose last
/// lanes may be unused (they are 0).
class Columns {
public:
  Columns(llvm::Type *element, int count, const Host &host);

  size_t vectors() const { return types.size(); }
  llvm::FixedVectorType *type(size_t vector) const { return types[vector]; }
  /// Elements that a row takes when unused lanes are kept.
  int width() const;

  /// From or to the row whose first element is at `row`; `padded`: unused lanes are there.
  llvm::Value *load(llvm::IRBuilder<> &b, size_t vector, llvm::Value *row, bool padded) const;
  void store(llvm::IRBuilder<> &b, size_t vector, llvm::Value *value, llvm::Value *row,
             bool padded) const;

private:
  llvm::Type *element;
  int count, lanes;
  bool masks;
  llvm::SmallVector<llvm::FixedVectorType *, 8> types;

  int used(size_t vector) const;
  llvm::Value *address(llvm::IRBuilder<> &b, size_t vector, llvm::Value *row) const;
  llvm::Value *mask(llvm::IRBuilder<> &b, size_t vector) const;
};

} // namespace descent::cpu
