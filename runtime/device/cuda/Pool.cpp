#include "runtime/device/cuda/Pool.h"

#include <algorithm>
#include <vector>

namespace descent::device::cuda {

static constexpr int64_t kAlignment = 256;
/// What the driver deals in; pieces smaller than this waste its memory.
static constexpr int64_t kPiece = int64_t{2} << 20;

static int64_t roundUp(int64_t bytes, int64_t to) {
  return (bytes + to - 1) / to * to;
}

Pool::~Pool() {
  for (const auto &[piece, bytes] : pieces)
    source.giveBack(piece);
}

std::optional<Address> Pool::allocate(int64_t bytes) {
  // What no memory holds, and what rounding up would make overflow.
  if (bytes > INT64_MAX - 2 * kPiece)
    return std::nullopt;
  bytes = roundUp(std::max<int64_t>(bytes, 1), kAlignment);
  // The smallest that is large enough, so that large ones stay whole.
  auto found = freeBlocks.lower_bound({bytes, 0});
  auto block = found != freeBlocks.end() ? blocks.find(found->second) : newPiece(bytes);
  if (block == blocks.end())
    return std::nullopt;
  auto &[address, taken] = *block;
  freeBlocks.erase({taken.bytes, address});
  if (taken.bytes > bytes) {
    auto rest = blocks.emplace(address + static_cast<Address>(bytes),
                               Block{taken.bytes - bytes, taken.piece, true});
    freeBlocks.emplace(taken.bytes - bytes, rest.first->first);
    taken.bytes = bytes;
  }
  taken.isFree = false;
  used += bytes;
  return address;
}

Pool::Blocks::iterator Pool::newPiece(int64_t bytes) {
  int64_t size = roundUp(bytes, kPiece);
  std::optional<Address> piece = source.obtain(size);
  if (!piece && held > used) {
    trim(0);
    piece = source.obtain(size);
  }
  if (!piece && bytes < size) {
    size = bytes;
    piece = source.obtain(size);
  }
  if (!piece)
    return blocks.end();
  pieces.emplace(*piece, size);
  held += size;
  freeBlocks.emplace(size, *piece);
  return blocks.emplace(*piece, Block{size, *piece, true}).first;
}

bool Pool::release(Address address) {
  auto block = blocks.find(address);
  if (block == blocks.end() || block->second.isFree)
    return false;
  used -= block->second.bytes;
  markFree(block);
  if (held - used > reserve)
    trim(reserve);
  return true;
}

void Pool::markFree(Blocks::iterator block) {
  // Joined with its free neighbours of the same piece; pieces may happen to lie side by side.
  auto joins = [&](Blocks::iterator other) {
    return other->second.isFree && other->second.piece == block->second.piece;
  };
  if (auto next = std::next(block); next != blocks.end() && joins(next)) {
    freeBlocks.erase({next->second.bytes, next->first});
    block->second.bytes += next->second.bytes;
    blocks.erase(next);
  }
  if (block != blocks.begin() && joins(std::prev(block))) {
    auto previous = std::prev(block);
    freeBlocks.erase({previous->second.bytes, previous->first});
    previous->second.bytes += block->second.bytes;
    blocks.erase(block);
    block = previous;
  }
  block->second.isFree = true;
  freeBlocks.emplace(block->second.bytes, block->first);
}

void Pool::trim(int64_t keepBytes) {
  if (!source.mayGiveBack())
    return;
  // The largest first: few calls, and what is kept serves many small arrays.
  std::vector<std::pair<int64_t, Address>> whole;
  for (const auto &[bytes, address] : freeBlocks)
    if (auto piece = pieces.find(address); piece != pieces.end() && piece->second == bytes)
      whole.emplace_back(bytes, address);
  for (auto it = whole.rbegin(); it != whole.rend() && held - used > keepBytes; ++it) {
    freeBlocks.erase(*it);
    blocks.erase(it->second);
    pieces.erase(it->second);
    held -= it->first;
    source.giveBack(it->second);
  }
}

} // namespace descent::device::cuda
