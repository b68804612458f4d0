#include "runtime/data/TextInput.h"

#include <cstring>

namespace descent {

TextInput::TextInput(Read read, size_t blockBytes, size_t size)
    : read(std::move(read)), memory(std::make_unique_for_overwrite<char[]>(blockBytes)),
      capacity(blockBytes), size(size) {
  first = last = memory.get();
  extend(first);
}

void TextInput::extend(const char *keep) {
  auto kept = static_cast<size_t>(last - keep);
  if (kept > capacity / 2) {
    auto larger = std::make_unique_for_overwrite<char[]>(2 * capacity);
    std::memcpy(larger.get(), keep, kept);
    memory = std::move(larger);
    capacity *= 2;
  } else {
    std::memmove(memory.get(), keep, kept);
  }
  size_t room = capacity - kept, got = read(memory.get() + kept, room);
  whole = got < room;
  taken += got;
  first = memory.get();
  last = first + kept + got;
}

} // namespace descent
