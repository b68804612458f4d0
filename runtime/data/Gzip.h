// Files packed by gzip.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace descent {

/// The contents of a gzip file, of all its members, a part at a time.
class GzipReader {
public:
  /// Gives the next bytes of the packed file, as TextInput::Read does.
  using Read = std::function<size_t(char *to, size_t count)>;
  explicit GzipReader(Read read);
  ~GzipReader();
  GzipReader(GzipReader &&) noexcept;

  /// The next bytes; fewer than `count` only at the end. Throws FormatError where the file is
  /// damaged or cut off.
  size_t read(char *to, size_t count);

private:
  struct State;
  std::unique_ptr<State> state;
};

/// The contents of a gzip file, of all its members. Throws FormatError where it is damaged or cut
/// off.
std::string unpackGzip(std::string_view bytes);

} // namespace descent
