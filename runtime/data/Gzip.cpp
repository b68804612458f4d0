#include "runtime/data/Gzip.h"

#include "runtime/data/Npy.h"

#include <zlib.h>

#include <algorithm>

namespace descent {
namespace {

/// What is read and what room is made at a time.
constexpr size_t kStep = size_t{1} << 20;
/// 15: the largest window; 16: gzip's header and checksum.
constexpr int kGzipWindow = 15 + 16;

struct Inflater {
  z_stream stream = {};
  Inflater() {
    if (inflateInit2(&stream, kGzipWindow) != Z_OK)
      throw FormatError("zlib cannot start");
  }
  ~Inflater() { inflateEnd(&stream); }
};

} // namespace

std::string unpackGzip(std::string_view bytes) {
  Inflater inflater;
  z_stream &stream = inflater.stream;
  std::string result;
  size_t taken = 0;
  bool inMember = true;
  while (inMember || taken < bytes.size()) {
    if (!inMember && inflateReset(&stream) != Z_OK)
      throw FormatError("zlib cannot go on");
    size_t made = result.size();
    result.resize(made + kStep);
    auto input = static_cast<uInt>(std::min(kStep, bytes.size() - taken));
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data() + taken));
    stream.avail_in = input;
    stream.next_out = reinterpret_cast<Bytef *>(result.data() + made);
    stream.avail_out = kStep;
    int state = inflate(&stream, Z_NO_FLUSH);
    taken += input - stream.avail_in;
    result.resize(made + kStep - stream.avail_out);
    inMember = state != Z_STREAM_END;
    // No progress is possible any more where the input is used up, or where it makes no sense.
    if (inMember && (state != Z_OK || (taken == bytes.size() && stream.avail_out != 0)))
      throw FormatError("the file is damaged or cut off (gzip)");
  }
  return result;
}

} // namespace descent
