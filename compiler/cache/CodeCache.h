// Machine code kept on disk between processes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace descent::compiler {

/// A folder of images of code, each in a file of its own that is named by its key.
///
/// Nothing in the folder is trusted to be whole: an entry carries its key and a checksum of all its
/// bytes, and one that is short, changed, of another format or of another owner is no entry. Files
/// appear under their names complete, so any number of processes may use one folder. Where the
/// folder cannot be used, nothing is found and nothing is kept; that is not an error.
class CodeCache {
public:
  using Key = std::array<uint8_t, 32>;

  /// What is kept at most. Entries that were not used for the longest time go first.
  struct Limits {
    uint64_t bytes = uint64_t{256} << 20;
    size_t entries = 4096;
  };
  struct Usage {
    size_t entries = 0;
    uint64_t bytes = 0;
  };

  /// An empty path: no cache.
  explicit CodeCache(std::string folder, Limits limits);
  explicit CodeCache(std::string folder) : CodeCache(std::move(folder), Limits()) {}

  /// The folder that the environment names: $DESCENT_CACHE_DIR (set but empty: none), else
  /// $XDG_CACHE_HOME/descent, else ~/.cache/descent. Empty for none.
  static std::string defaultFolder();

  /// The key of what is determined by these parts, in their order.
  static Key keyOf(std::initializer_list<std::string_view> parts);

  /// The image kept under a key. A broken entry is removed.
  std::optional<std::string> find(const Key &key) const;
  /// Keeps an image, and removes old ones where there are too many. Whether it was kept.
  bool keep(const Key &key, std::string_view image) const;

  const std::string &folder() const { return path; }
  /// The file of an entry, for tests.
  std::string fileOf(const Key &key) const;
  Usage usage() const;
  /// Removes all entries; how many.
  size_t clear() const;
  /// Why nothing can be kept, as a clause: "its folder cannot be written". Empty where it can.
  std::string problem() const;

private:
  std::string path;
  Limits limits;
};

} // namespace descent::compiler
