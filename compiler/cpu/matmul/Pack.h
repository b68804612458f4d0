// Copies of blocks of operands in the order in which micro-kernels read them.
#pragma once

#include "compiler/cpu/matmul/Columns.h"

namespace descent::cpu {

/// A right operand's block as panels: one for the columns of each tile, its rows one after the
/// other.
struct PanelKind {
  llvm::Type *element = nullptr;
  int tileColumns = 1; ///< of whole panels
  int lastColumns = 0; ///< of one narrower panel at the end; 0: none
  int64_t sumStride = 1, columnStride = 1;
};

/// `void (ptr from, ptr to, i64 terms, i64 columns)`. The narrower panel is there if the columns
/// are not a multiple of the tile's.
llvm::Function *panelPacker(FunctionEmission &f, const PanelKind &kind, const Host &host);

/// Emits the copy of some rows of a left operand: row r begins at `to + r * pitch`.
void packRows(FunctionEmission &f, llvm::Type *element, llvm::Value *from, llvm::Value *to,
              int rows, llvm::Value *terms, int64_t rowStride, int64_t sumStride, int64_t pitch);
/// The same with the elements of one term next to each other: term k begins at `to + k *
/// columns.width()`. In `from` they are neighbours, too.
void packTerms(FunctionEmission &f, llvm::Type *element, llvm::Value *from, llvm::Value *to,
               const Columns &columns, llvm::Value *terms, int64_t sumStride);

/// Runs `body` for 0, 1, … below `count`, which may be 0.
void forCount(FunctionEmission &f, llvm::Value *count,
              llvm::function_ref<void(llvm::Value *)> body);

/// The address `index * stride` elements behind another.
llvm::Value *advance(FunctionEmission &f, llvm::Type *element, llvm::Value *base,
                     llvm::Value *index, int64_t stride);

/// An internal function of the module that returns nothing; its body is still to be emitted.
llvm::Function *internalFunction(ModuleEmission &module, const std::string &name,
                                 llvm::ArrayRef<llvm::Type *> parameters);

} // namespace descent::cpu
