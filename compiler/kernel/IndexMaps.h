// Names for the ways in which an index of a loop becomes an index of a value that is read in it.
#pragma once

#include <mlir/IR/Operation.h>

namespace descent::kernel {

/// Interns index maps: two reads of a value under the same number are at the same index. Number 0 is
/// the loop's own index.
class IndexMaps {
public:
  static constexpr int identity = 0;

  /// The map under which `op`, itself evaluated under `map`, reads its operand.
  int through(int map, mlir::Operation *op, unsigned operand);

private:
  using Key = std::tuple<int, const void *, const void *, const void *>;
  llvm::DenseMap<Key, int> numbers;
  int last = identity;
};

} // namespace descent::kernel
