// Zip archives as npz files use them: files stored or deflated.
//
// Debian has no static libzip, and a release of Descent is one executable without libraries beside
// it; so the archive's directory is read here, and zlib does the rest.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace descent {

/// One file of an archive, still packed.
struct ZipEntry {
  std::string name;
  /// The bytes as they are in the archive.
  std::string_view packed;
  uint64_t size = 0; ///< once unpacked
  uint32_t checksum = 0;
  bool isDeflated = false;
};

/// The files of an archive, in the order of its directory. The entries refer to `archive`.
/// Throws FormatError.
std::vector<ZipEntry> readZipDirectory(std::string_view archive);

/// The bytes of an entry: unpacked into `buffer`, or where they are if they are not packed.
/// Throws FormatError if they are not what the directory promises.
std::string_view unpack(const ZipEntry &entry, std::string &buffer);

/// Puts an archive together, file by file, as pieces that refer to what was given.
class ZipWriter {
public:
  /// Adds a file of several pieces, not packed. Throws FormatError beyond 4 GiB.
  void add(const std::string &name, const std::vector<std::string_view> &pieces);

  /// Ends the archive and returns its pieces, good for as long as this object and what was added.
  const std::vector<std::string_view> &finish();

private:
  std::string_view keep(std::string text);

  std::vector<std::unique_ptr<std::string>> kept;
  std::vector<std::string_view> pieces;
  std::string directory;
  uint64_t offset = 0;
  uint64_t count = 0;
};

} // namespace descent
