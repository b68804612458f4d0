#include "runtime/data/Zip.h"

#include "runtime/data/Npy.h"

#include <limits>
#include <zlib.h>

namespace descent {

// The numbers of the format, from its public description (APPNOTE.TXT).
static constexpr uint32_t localSignature = 0x04034b50;
static constexpr uint32_t directorySignature = 0x02014b50;
static constexpr uint32_t endSignature = 0x06054b50;
static constexpr uint32_t end64Signature = 0x06064b50;
static constexpr uint32_t locator64Signature = 0x07064b50;
static constexpr uint16_t zip64Extra = 1;
static constexpr size_t localSize = 30, endSize = 22, locator64Size = 20;
static constexpr uint32_t inZip64 = 0xFFFFFFFF;
static constexpr uint16_t utf8Names = 1 << 11, isEncrypted = 1;
static constexpr uint16_t methodStored = 0, methodDeflated = 8;

[[noreturn]] static void failDamaged() {
  throw FormatError("this archive is damaged");
}

namespace {

/// Little-endian numbers out of bytes, never beyond their end.
class ByteReader {
public:
  explicit ByteReader(std::string_view bytes) : rest(bytes) {}

  uint64_t number(size_t size) {
    std::string_view bytes = take(size);
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  }
  uint16_t number16() { return static_cast<uint16_t>(number(2)); }
  uint32_t number32() { return static_cast<uint32_t>(number(4)); }

  std::string_view take(uint64_t size) {
    if (size > rest.size())
      failDamaged();
    std::string_view bytes = rest.substr(0, size);
    rest.remove_prefix(size);
    return bytes;
  }

  void skip(uint64_t size) { take(size); }
  size_t left() const { return rest.size(); }

private:
  std::string_view rest;
};

struct Directory {
  uint64_t count = 0;
  uint64_t offset = 0;
};

} // namespace

static ByteReader readerAt(std::string_view archive, uint64_t offset) {
  if (offset > archive.size())
    failDamaged();
  return ByteReader(archive.substr(offset));
}

/// Finds the end record, which is followed by a comment of up to 65,535 bytes only.
static size_t findEnd(std::string_view archive) {
  if (archive.size() < endSize)
    throw FormatError("this is not an npz file (a zip archive), or not all of one");
  size_t last = archive.size() - endSize;
  size_t first = last > 0xFFFF ? last - 0xFFFF : 0;
  for (size_t at = last + 1; at-- > first;)
    if (readerAt(archive, at).number32() == endSignature)
      return at;
  throw FormatError("this is not an npz file (a zip archive), or not all of one");
}

static Directory findDirectory(std::string_view archive) {
  size_t end = findEnd(archive);
  ByteReader reader = readerAt(archive, end + 10);
  Directory directory;
  directory.count = reader.number16();
  reader.skip(4);
  directory.offset = reader.number32();
  if ((directory.count != 0xFFFF && directory.offset != inZip64) || end < locator64Size)
    return directory;
  ByteReader locator = readerAt(archive, end - locator64Size);
  if (locator.number32() != locator64Signature)
    return directory;
  locator.skip(4);
  ByteReader large = readerAt(archive, locator.number(8));
  if (large.number32() != end64Signature)
    failDamaged();
  large.skip(28);
  directory.count = large.number(8);
  large.skip(8);
  directory.offset = large.number(8);
  return directory;
}

/// Replaces the sizes that did not fit 32 bits by those of the extra field, which has, in this
/// order, just the ones that are missing.
static void readZip64(ByteReader extra, uint64_t &size, uint64_t &packedSize, uint64_t &offset) {
  while (extra.left() >= 4) {
    uint16_t id = extra.number16();
    ByteReader field(extra.take(extra.number16()));
    if (id != zip64Extra)
      continue;
    for (uint64_t *value : {&size, &packedSize, &offset})
      if (*value == inZip64)
        *value = field.number(8);
  }
}

/// The packed bytes: after the entry's local header, whose names may differ in length.
static std::string_view packedBytes(std::string_view archive, uint64_t offset, uint64_t size) {
  ByteReader local = readerAt(archive, offset);
  if (local.number32() != localSignature)
    failDamaged();
  local.skip(localSize - 4 - 4);
  uint16_t nameSize = local.number16(), extraSize = local.number16();
  local.skip(nameSize);
  local.skip(extraSize);
  return local.take(size);
}

std::vector<ZipEntry> readZipDirectory(std::string_view archive) {
  Directory directory = findDirectory(archive);
  ByteReader reader = readerAt(archive, directory.offset);
  std::vector<ZipEntry> entries;
  for (uint64_t i = 0; i < directory.count; ++i) {
    if (reader.number32() != directorySignature)
      failDamaged();
    reader.skip(4);
    uint16_t flags = reader.number16(), method = reader.number16();
    reader.skip(4);
    ZipEntry entry;
    entry.checksum = reader.number32();
    uint64_t packedSize = reader.number32();
    entry.size = reader.number32();
    uint16_t nameSize = reader.number16(), extraSize = reader.number16(),
             commentSize = reader.number16();
    reader.skip(8);
    uint64_t offset = reader.number32();
    entry.name = reader.take(nameSize);
    readZip64(ByteReader(reader.take(extraSize)), entry.size, packedSize, offset);
    reader.skip(commentSize);
    if (flags & isEncrypted)
      throw FormatError("this archive is encrypted");
    if (method != methodStored && method != methodDeflated)
      throw FormatError("'" + entry.name + "' is compressed with method " + std::to_string(method) +
                        "; write it with numpy.savez or numpy.savez_compressed");
    entry.isDeflated = method == methodDeflated;
    entry.packed = packedBytes(archive, offset, packedSize);
    entries.push_back(std::move(entry));
  }
  return entries;
}

/// zlib counts in 32 bits; so does this, in steps.
static uint32_t checksumOf(std::string_view bytes, uint32_t checksum = 0) {
  constexpr size_t step = 1 << 30;
  uLong value = checksum;
  for (size_t at = 0; at < bytes.size(); at += step)
    value = crc32(value, reinterpret_cast<const Bytef *>(bytes.data()) + at,
                  static_cast<uInt>(std::min(step, bytes.size() - at)));
  return static_cast<uint32_t>(value);
}

static void inflateInto(std::string_view packed, std::string &buffer) {
  z_stream stream = {};
  // Negative: bare deflate data, without zlib's own header.
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    throw FormatError("zlib cannot start");
  constexpr size_t step = 1 << 30;
  size_t taken = 0, made = 0;
  int state = Z_OK;
  while (state == Z_OK) {
    uInt input = static_cast<uInt>(std::min(step, packed.size() - taken));
    uInt output = static_cast<uInt>(std::min(step, buffer.size() - made));
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(packed.data() + taken));
    stream.avail_in = input;
    stream.next_out = reinterpret_cast<Bytef *>(buffer.data() + made);
    stream.avail_out = output;
    state = inflate(&stream, Z_NO_FLUSH);
    taken += input - stream.avail_in;
    made += output - stream.avail_out;
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END || made != buffer.size())
    failDamaged();
}

std::string_view unpack(const ZipEntry &entry, std::string &buffer) {
  std::string_view bytes = entry.packed;
  if (entry.isDeflated) {
    // Deflate packs no better than about 1032 to 1: a larger promise is not worth the memory.
    if (entry.size / 1100 > entry.packed.size() + 1)
      failDamaged();
    buffer.resize(entry.size);
    inflateInto(entry.packed, buffer);
    bytes = buffer;
  }
  if (bytes.size() != entry.size || checksumOf(bytes) != entry.checksum)
    failDamaged();
  return bytes;
}

namespace {

class ByteWriter {
public:
  ByteWriter &number16(uint64_t value) { return number(value, 2); }
  ByteWriter &number32(uint64_t value) { return number(value, 4); }
  ByteWriter &append(std::string_view more) {
    bytes += more;
    return *this;
  }
  std::string bytes;

private:
  ByteWriter &number(uint64_t value, int size) {
    for (int i = 0; i < size; ++i)
      bytes += static_cast<char>(value >> (8 * i) & 0xFF);
    return *this;
  }
};

} // namespace

std::string_view ZipWriter::keep(std::string text) {
  return *kept.emplace_back(std::make_unique<std::string>(std::move(text)));
}

void ZipWriter::add(const std::string &name, const std::vector<std::string_view> &content) {
  uint64_t size = 0;
  uint32_t checksum = 0;
  for (std::string_view piece : content) {
    size += piece.size();
    checksum = checksumOf(piece, checksum);
  }
  constexpr uint16_t needsVersion = 20, date1980 = 1 << 5 | 1;
  // What the local header and the directory have in common. The date is always the same, so that
  // the same arrays give the same file.
  ByteWriter common;
  common.number16(needsVersion).number16(utf8Names).number16(methodStored);
  common.number16(0).number16(date1980);
  common.number32(checksum).number32(size).number32(size).number16(name.size()).number16(0);

  if (offset + size + localSize + name.size() > inZip64 - 1 || count == 0xFFFE)
    throw FormatError(
        "archives beyond 4 GiB or 65,534 arrays are not supported yet; save in parts");
  ByteWriter entry;
  entry.number32(directorySignature).number16(needsVersion).append(common.bytes);
  entry.number16(0).number16(0).number16(0).number32(0).number32(offset).append(name);
  directory += entry.bytes;

  ByteWriter local;
  local.number32(localSignature).append(common.bytes).append(name);
  pieces.push_back(keep(local.bytes));
  pieces.insert(pieces.end(), content.begin(), content.end());
  offset += local.bytes.size() + size;
  ++count;
}

const std::vector<std::string_view> &ZipWriter::finish() {
  ByteWriter end;
  end.number32(endSignature).number16(0).number16(0).number16(count).number16(count);
  end.number32(directory.size()).number32(offset).number16(0);
  pieces.push_back(keep(std::move(directory)));
  pieces.push_back(keep(end.bytes));
  return pieces;
}

} // namespace descent
