// The stack that a loop's forward run leaves for its reverse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace descent::abi {

/// A stack of elements of one size, in blocks that never move: an element's address stays good until
/// it is popped and another pushed.
///
/// Memory grows by blocks of doubling size and is kept for the next use of the tape.
class Tape {
public:
  explicit Tape(int64_t elementBytes);

  /// Forgets all elements, keeps the memory.
  void clear();
  /// Room for a new top element, aligned to 64 bytes (to 8 where elements have at most 8).
  void *push();
  /// The top element, which is no longer on the tape; null where the tape is empty.
  void *pop();

  int64_t elementBytes() const { return bytes; }
  int64_t size() const { return count; }

private:
  struct Block {
    std::unique_ptr<std::byte, void (*)(void *)> memory;
    int64_t capacity; ///< elements
  };
  int64_t bytes;
  int64_t stride;
  int64_t count = 0;
  std::vector<Block> blocks;
  size_t block = 0;    ///< the block that holds the next element
  int64_t used = 0;    ///< elements in that block
};

} // namespace descent::abi
