#include "runtime/data/Gzip.h"

#include "runtime/data/Npy.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

namespace descent {
namespace {

/// What is read and what room is made at a time.
constexpr size_t kStep = size_t{1} << 18;
/// 15: the largest window; 16: gzip's header and checksum.
constexpr int kGzipWindow = 15 + 16;

} // namespace

struct GzipReader::State {
  Read read;
  z_stream stream = {};
  std::string packed = std::string(kStep, '\0');
  bool inMember = true; ///< what comes next belongs to a member that has begun
  bool packedEnds = false;

  explicit State(Read read) : read(std::move(read)) {
    if (inflateInit2(&stream, kGzipWindow) != Z_OK)
      throw FormatError("zlib cannot start");
  }
  ~State() { inflateEnd(&stream); }

  /// Whether there are packed bytes that are not used up.
  bool fill() {
    if (stream.avail_in == 0 && !packedEnds) {
      size_t got = read(packed.data(), packed.size());
      packedEnds = got < packed.size();
      stream.next_in = reinterpret_cast<Bytef *>(packed.data());
      stream.avail_in = static_cast<uInt>(got);
    }
    return stream.avail_in > 0;
  }
};

GzipReader::GzipReader(Read read) : state(std::make_unique<State>(std::move(read))) {}
GzipReader::~GzipReader() = default;
GzipReader::GzipReader(GzipReader &&) noexcept = default;

size_t GzipReader::read(char *to, size_t count) {
  z_stream &stream = state->stream;
  size_t made = 0;
  while (made < count) {
    bool hasInput = state->fill();
    if (!state->inMember) {
      if (!hasInput)
        break;
      if (inflateReset(&stream) != Z_OK)
        throw FormatError("zlib cannot go on");
      state->inMember = true;
    }
    auto room = static_cast<uInt>(std::min(kStep, count - made));
    stream.next_out = reinterpret_cast<Bytef *>(to + made);
    stream.avail_out = room;
    int result = inflate(&stream, Z_NO_FLUSH);
    size_t got = room - stream.avail_out;
    made += got;
    state->inMember = result != Z_STREAM_END;
    // What zlib held back comes without input; where that is nothing, the file ends too early.
    if (state->inMember && (result != Z_OK || (!hasInput && got == 0)))
      throw FormatError("the file is damaged or cut off (gzip)");
  }
  return made;
}

std::string unpackGzip(std::string_view bytes) {
  GzipReader reader([&](char *to, size_t count) {
    size_t got = std::min(count, bytes.size());
    std::memcpy(to, bytes.data(), got);
    bytes.remove_prefix(got);
    return got;
  });
  std::string result;
  for (size_t size = 0;; size = result.size()) {
    result.resize(size + kStep);
    result.resize(size + reader.read(result.data() + size, kStep));
    if (result.size() < size + kStep)
      return result;
  }
}

} // namespace descent
