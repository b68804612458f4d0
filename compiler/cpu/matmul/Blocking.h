// How a product is cut into pieces that fit registers and caches.
#pragma once

#include "compiler/cpu/matmul/Host.h"
#include "compiler/cpu/matmul/Layout.h"

namespace descent::cpu {

/// What is computed in registers at once: rows times columns of the result.
struct Tile {
  int rows = 1, columns = 1;
};

struct Blocking {
  Tile tile;
  /// Terms of a sum that are added up before the result's element is touched again. It depends on
  /// the product alone, not on caches or threads, and so do the bits of the result.
  int64_t sumBlock = 1;
  /// Columns of the right operand that are packed at once, a multiple of the tile's.
  int64_t columnBlock = 1;
  /// Whether blocks of the operands are copied before they are used: into the order in which they
  /// are used, and where their rows do not evict each other from the cache.
  bool packLhs = false, packRhs = false;
};

/// Nothing if `scratchBytes` are too few for what has to be packed.
std::optional<Blocking> blockingOf(const ProductLayout &layout, int elementBytes,
                                   int64_t scratchBytes, const Host &host);

/// The working memory that a product should be given: for its right operand, or a block of it.
int64_t productScratchLimit(const Host &host);

} // namespace descent::cpu
