#include "runtime/abi/Tape.h"

#include "runtime/core/Memory.h"

#include <algorithm>
#include <cstdlib>

namespace descent::abi {
namespace {

constexpr int64_t kAlignment = 64;
/// The first block's size in bytes: a loop of a few steps over small arrays takes one block.
constexpr int64_t kFirstBlock = int64_t{1} << 14;
/// The largest: what is allocated and not yet used is no more than this.
constexpr int64_t kLargestBlock = int64_t{1} << 26;
/// So much may be used without a look at what is available.
constexpr int64_t kLittle = int64_t{1} << 26;

} // namespace

bool TapeMemory::take(int64_t bytes) {
  used += bytes;
  if (most == 0 && used > kLittle) // A tenth is left to the others.
    most = used + availableMemory() / 10 * 9;
  return most == 0 || used <= most;
}

Tape::Tape(int64_t elementBytes, TapeMemory &memory, int32_t site)
    : memory(memory), place(site), bytes(elementBytes),
      stride(elementBytes <= 8 ? 8 : (elementBytes + kAlignment - 1) / kAlignment * kAlignment) {}

void Tape::clear() {
  count = 0;
  block = 0;
  used = 0;
}

void *Tape::push() {
  if (block < blocks.size() && used == blocks[block].capacity) {
    ++block;
    used = 0;
  }
  if (block == blocks.size()) {
    int64_t capacity = blocks.empty() ? kFirstBlock / stride : blocks.back().capacity * 2;
    capacity = std::max<int64_t>(1, std::min(capacity, kLargestBlock / stride));
    int64_t size = (capacity * stride + kAlignment - 1) / kAlignment * kAlignment;
    void *room =
        memory.take(size) ? std::aligned_alloc(kAlignment, static_cast<size_t>(size)) : nullptr;
    if (!room)
      return nullptr;
    blocks.push_back({{static_cast<std::byte *>(room), std::free}, capacity});
  }
  ++count;
  return blocks[block].memory.get() + stride * used++;
}

void *Tape::pop() {
  if (count == 0)
    return nullptr;
  if (used == 0)
    used = blocks[--block].capacity;
  --count;
  return blocks[block].memory.get() + stride * --used;
}

} // namespace descent::abi
