// How the product of two arrays is cut up for the threads of a grid.
#pragma once

#include "compiler/kernel/Classify.h"

namespace descent::gpu {

/// What multiplies and adds up. All but Plain are tensor cores: `mma` operations of a warp.
enum class DotUnit : uint8_t {
  Plain, ///< fused multiply-adds of a thread
  Tf32,  ///< operands rounded to 11 bits, sums of f32
  Bf16,  ///< operands rounded to 8 bits, sums of f32
  F64,   ///< each step a fused multiply-add of f64
  /// The same, by operations four times as large, for compute capability 9.0 on. Reports of those
  /// who teach Triton large ones: of an H100's peak it reaches 46 % with the small ones, cuBLAS 82 %
  /// with m16n8k16. Its 16 terms would need slices that leave no room for large tiles.
  F64Large,
};

/// A block makes tiles of the result, one after the other: slices of the terms go through shared
/// memory.
struct DotTiling {
  DotUnit unit = DotUnit::Plain;
  /// Each thread makes whole elements by itself, from where the operands are; nothing below counts.
  bool isDirect = false;
  int64_t rows = 0, columns = 0; ///< of a tile
  int64_t slice = 0;             ///< terms
  int64_t warpsDown = 1, warpsAcross = 1;
  /// Of the tile: rows and columns of a thread (Plain), or `mma` operations of a warp.
  int64_t ownRows = 1, ownColumns = 1;
  /// The terms are cut into so many parts of `partTerms`, a multiple of `slice`; different blocks
  /// make them, and they are added up afterwards.
  int64_t parts = 1, partTerms = 0;

  /// Terms in a word of shared memory.
  int64_t wordTerms() const { return unit == DotUnit::Bf16 ? 2 : 1; }
  int64_t words() const { return slice / wordTerms(); }
  /// Of the result, that a thread has at once.
  int64_t elementsOfThread() const;
};

/// Whether operands and sums are of f64.
constexpr bool isF64(DotUnit unit) {
  return unit == DotUnit::F64 || unit == DotUnit::F64Large;
}

/// The rows, columns and words of the operands of one `mma` operation.
struct MmaShape {
  int64_t rows, columns, words;
  static constexpr MmaShape of(DotUnit unit) {
    return unit == DotUnit::F64 ? MmaShape{8, 8, 4} : MmaShape{16, 8, 8};
  }
};

/// Depends on nothing but its arguments: the order of the sums follows from it.
DotTiling tilingOf(const kernel::DotShape &shape, DotUnit unit, int64_t elementBytes,
                   int64_t threads);

} // namespace descent::gpu
