// A text that is in memory a part at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

namespace descent {

/// The part of a text from where a reader is to where the next bytes have yet to be read.
class TextInput {
public:
  /// Reads the next bytes to a place; fewer than asked for only at the end of the text.
  using Read = std::function<size_t(char *to, size_t count)>;

  /// A text in memory.
  explicit TextInput(std::string_view text)
      : first(text.data()), last(text.data() + text.size()), whole(true) {}
  /// A text that is read in blocks of so many bytes, of about `size` bytes in all (0: unknown).
  TextInput(Read read, size_t blockBytes, size_t size);

  const char *begin() const { return first; }
  const char *end() const { return last; }
  /// Whether the text ends at end().
  bool isComplete() const { return whole; }
  /// About how many bytes follow after end(); 0 where nothing is known of them.
  size_t ahead() const { return size > taken ? size - taken : 0; }

  /// Reads on. What is from `keep` on stays, and is then at begin(); no pointer is good any more.
  void extend(const char *keep);

private:
  Read read;
  std::unique_ptr<char[]> memory;
  size_t capacity = 0;
  size_t size = 0, taken = 0;
  const char *first = nullptr, *last = nullptr;
  bool whole = false;
};

} // namespace descent
