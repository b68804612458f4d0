// Names for the ways in which an index of a loop becomes an index of a value that is read in it.
#pragma once

#include <mlir/IR/Operation.h>

#include <vector>

namespace descent::kernel {

/// Interns index maps: two reads of a value under the same number are at the same index. Number 0
/// is the loop's own index.
class IndexMaps {
public:
  static constexpr int identity = 0;

  /// The map under which `op`, itself evaluated under `map`, reads its operand.
  int through(int map, mlir::Operation *op, unsigned operand);

  /// The dimension of the loop whose counter is the index along dimension `dim` of what is read
  /// under a map, or -1 where it is anything else.
  int source(int map, int64_t dim) const {
    return map == identity ? int(dim) : sources[size_t(map)][size_t(dim)];
  }

private:
  using Key = std::tuple<int, const void *, const void *, const void *>;
  llvm::DenseMap<Key, int> numbers;
  std::vector<llvm::SmallVector<int, 4>> sources{1};
};

} // namespace descent::kernel
