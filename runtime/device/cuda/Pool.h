// A pool of a device's memory: large pieces from its driver, cut up for arrays.
#pragma once

#include "runtime/device/Device.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace descent::device::cuda {

/// Asking a driver for memory takes long and may wait for kernels; giving it back always does.
/// Pieces are therefore kept, up to a reserve, and given back only while no kernel runs.
class Pool {
public:
  /// Where the pieces come from.
  class Source {
  public:
    virtual ~Source() = default;
    /// A piece aligned to 256 bytes; nothing where there is no room. May throw for other reasons.
    virtual std::optional<Address> obtain(int64_t bytes) = 0;
    virtual void giveBack(Address piece) noexcept = 0;
    /// Whether giving back would wait for nothing.
    virtual bool mayGiveBack() noexcept = 0;
  };

  /// The source outlives the pool.
  Pool(Source &source, int64_t reserveBytes) : source(source), reserve(reserveBytes) {}
  ~Pool();
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;

  /// Memory aligned to 256 bytes; nothing where there is no room.
  std::optional<Address> allocate(int64_t bytes);
  /// False for an address that is not allocated.
  bool release(Address address);

  int64_t usedBytes() const { return used; }
  int64_t heldBytes() const { return held; }

private:
  struct Block {
    int64_t bytes;
    Address piece;
    bool isFree;
  };
  using Blocks = std::map<Address, Block>;

  Blocks::iterator newPiece(int64_t bytes);
  /// Gives back pieces that are free as a whole until so many free bytes are left.
  void trim(int64_t keepBytes);
  void markFree(Blocks::iterator block);

  Source &source;
  int64_t reserve;
  /// All memory, in the order of addresses; neighbours in a piece are never both free.
  Blocks blocks;
  std::set<std::pair<int64_t, Address>> freeBlocks;
  std::map<Address, int64_t> pieces;
  int64_t used = 0, held = 0;
};

} // namespace descent::device::cuda
