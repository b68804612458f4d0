// The stack that a loop's forward run leaves for its reverse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace descent::abi {

/// The memory of all tapes of a run.
struct TapeMemory {
  int64_t used = 0;
  int64_t most = 0; ///< bytes; 0: what is available when much is first asked for

  /// Whether so many bytes more may be used; they then are.
  bool take(int64_t bytes);
};

/// A stack of elements of one size, in blocks that never move: an element's address stays good
/// until it is popped and another pushed.
///
/// Memory grows by blocks of doubling size, up to 64 MiB each, and is kept for the next use of the
/// tape.
class Tape {
public:
  /// `site` is the number of its place in the program.
  Tape(int64_t elementBytes, TapeMemory &memory, int32_t site = 0);

  /// Forgets all elements, keeps the memory.
  void clear();
  /// Room for a new top element, aligned to 64 bytes (to 8 where elements have at most 8); null
  /// where there is no memory for it.
  void *push();
  /// The top element, which is no longer on the tape; null where the tape is empty.
  void *pop();

  int64_t elementBytes() const { return bytes; }
  int64_t size() const { return count; }
  int32_t site() const { return place; }

private:
  struct Block {
    std::unique_ptr<std::byte, void (*)(void *)> memory;
    int64_t capacity; ///< elements
  };
  TapeMemory &memory;
  int32_t place;
  int64_t bytes;
  int64_t stride;
  int64_t count = 0;
  std::vector<Block> blocks;
  size_t block = 0; ///< the block that holds the next element
  int64_t used = 0; ///< elements in that block
};

} // namespace descent::abi
