#include "runtime/abi/Tape.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace descent::abi {
namespace {

constexpr int64_t kAlignment = 64;
/// The first block's size in bytes: a loop of a few steps over small arrays takes one block.
constexpr int64_t kFirstBlock = int64_t{1} << 14;

} // namespace

Tape::Tape(int64_t elementBytes)
    : bytes(elementBytes),
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
    int64_t capacity = blocks.empty() ? std::max<int64_t>(1, kFirstBlock / stride)
                                      : blocks.back().capacity * 2;
    void *memory = std::aligned_alloc(kAlignment, static_cast<size_t>(
        (capacity * stride + kAlignment - 1) / kAlignment * kAlignment));
    if (!memory)
      throw std::bad_alloc();
    blocks.push_back({{static_cast<std::byte *>(memory), std::free}, capacity});
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
