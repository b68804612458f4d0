#include "runtime/data/Npy.h"

#include "runtime/data/Files.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <optional>

namespace descent {

static_assert(std::endian::native == std::endian::little, "npy files are written as memory has it");

static constexpr std::string_view magic = "\x93NUMPY";

namespace {

struct Header {
  std::string type; // without the byte order: "f8"
  bool isBigEndian = false;
  bool isFortranOrder = false;
  Shape shape;
};

/// Reads the header: a Python dictionary of three items, in any order.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : rest(text) {}

  Header parse() {
    Header header;
    bool hasType = false, hasOrder = false, hasShape = false;
    expect('{');
    while (!accept('}')) {
      std::string_view key = parseString();
      expect(':');
      if (key == "descr") {
        parseType(header);
        hasType = true;
      } else if (key == "fortran_order") {
        header.isFortranOrder = parseBool();
        hasOrder = true;
      } else if (key == "shape") {
        header.shape = parseShape();
        hasShape = true;
      } else {
        fail();
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!hasType || !hasOrder || !hasShape)
      fail();
    return header;
  }

private:
  [[noreturn]] static void fail() { throw FormatError("the header of this array is damaged"); }

  void skipBlanks() {
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\n' || rest[0] == '\t'))
      rest.remove_prefix(1);
  }

  bool accept(char c) {
    skipBlanks();
    if (rest.empty() || rest[0] != c)
      return false;
    rest.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!accept(c))
      fail();
  }

  bool acceptWord(std::string_view word) {
    skipBlanks();
    if (!rest.starts_with(word))
      return false;
    rest.remove_prefix(word.size());
    return true;
  }

  std::string_view parseString() {
    skipBlanks();
    if (rest.empty() || (rest[0] != '\'' && rest[0] != '"'))
      fail();
    size_t close = rest.find(rest[0], 1);
    if (close == std::string_view::npos)
      fail();
    std::string_view text = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    return text;
  }

  void parseType(Header &header) {
    skipBlanks();
    if (rest.starts_with('['))
      throw FormatError("structured arrays are not supported yet; save each of its fields as an "
                        "array of an npz file");
    std::string_view type = parseString();
    if (!type.empty() && std::string_view("<>=|").find(type[0]) != std::string_view::npos) {
      header.isBigEndian = type[0] == '>';
      type.remove_prefix(1);
    }
    header.type = type;
  }

  bool parseBool() {
    if (acceptWord("True"))
      return true;
    if (!acceptWord("False"))
      fail();
    return false;
  }

  Shape parseShape() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      skipBlanks();
      int64_t extent = 0;
      auto result = std::from_chars(rest.data(), rest.data() + rest.size(), extent);
      if (result.ec != std::errc() || extent < 0 || shape.size() == maxRank)
        fail();
      rest.remove_prefix(result.ptr - rest.data());
      // Python 2 wrote long integers as 3L.
      acceptWord("L");
      shape.push_back(extent);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }

  static constexpr size_t maxRank = 64; // NumPy's own limit
  std::string_view rest;
};

} // namespace

static double halfToDouble(uint16_t bits) {
  int exponent = bits >> 10 & 31;
  double fraction = (bits & 1023) / 1024.0;
  double size = exponent == 0    ? std::ldexp(fraction, -14)
                : exponent != 31 ? std::ldexp(1 + fraction, exponent - 15)
                : fraction == 0  ? std::numeric_limits<double>::infinity()
                                 : std::numeric_limits<double>::quiet_NaN();
  return bits & 0x8000 ? -size : size;
}

/// The elements, converted one by one. In Fortran order the first index varies fastest in the file;
/// the array is filled in its own order and the place in the file follows along.
template <typename From, typename Convert>
static Array readElements(const Header &header, std::string_view bytes, DType dtype,
                          Convert convert) {
  Array array = Array::uninitialized(dtype, header.shape);
  size_t rank = header.shape.size();
  std::vector<int64_t> step(rank), index(rank, 0);
  int64_t count = 1;
  for (size_t i = 0; i < rank; ++i) {
    size_t axis = header.isFortranOrder ? i : rank - 1 - i;
    step[axis] = count;
    count *= header.shape[axis];
  }
  visitDType(dtype, [&](auto zero) {
    using To = decltype(zero);
    int64_t place = 0;
    for (To &element : array.mutableValues<To>()) {
      char raw[sizeof(From)];
      std::memcpy(raw, bytes.data() + place * sizeof(From), sizeof(From));
      if (header.isBigEndian)
        std::reverse(std::begin(raw), std::end(raw));
      From value;
      std::memcpy(&value, raw, sizeof(From));
      element = static_cast<To>(convert(value));
      for (size_t axis = rank; axis-- > 0;) {
        place += step[axis];
        if (++index[axis] < header.shape[axis])
          break;
        place -= index[axis] * step[axis];
        index[axis] = 0;
      }
    }
  });
  return array;
}

/// The elements as they are in the file, which is as they are in memory.
static Array copyElements(const Header &header, std::string_view bytes, DType dtype) {
  Array array = Array::uninitialized(dtype, header.shape);
  if (!bytes.empty())
    std::memcpy(array.mutableData(), bytes.data(), array.byteSize());
  return array;
}

static int64_t checkedUnsigned(uint64_t value) {
  if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    throw FormatError("the value " + std::to_string(value) +
                      " does not fit i64; convert the array to int64 or to floats first");
  return static_cast<int64_t>(value);
}

/// The size of an element in the file, or a message for types that have no counterpart here.
static size_t elementSize(const std::string &type) {
  for (std::string_view known :
       {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"})
    if (type == known)
      return static_cast<size_t>(known[1] - '0');
  char kind = type.empty() ? '?' : type[0];
  switch (kind) {
  case 'c':
    throw FormatError("complex numbers (" + type +
                      ") are not supported; save the real and the imaginary part");
  case 'O':
    throw FormatError("this array holds Python objects, not numbers; save it with a numeric dtype");
  case 'U':
  case 'S':
    throw FormatError("this array holds text (" + type + "); only numbers and bools are supported");
  case 'M':
  case 'm':
    throw FormatError("this array holds dates (" + type +
                      "); convert it to numbers first, as with astype('int64')");
  case 'f':
    throw FormatError("floats of the type " + type +
                      " are not supported; convert the array to float64 first");
  default:
    throw FormatError("elements of the type '" + type + "' are not supported");
  }
}

static Array readTyped(const Header &header, std::string_view bytes, DType floatType) {
  const std::string &type = header.type;
  auto keep = [](auto value) { return value; };
  bool isInMemoryOrder = !header.isBigEndian && (!header.isFortranOrder || header.shape.size() < 2);
  auto direct = [&]<typename T>(T) {
    return isInMemoryOrder ? copyElements(header, bytes, dtypeOf<T>)
                           : readElements<T>(header, bytes, dtypeOf<T>, keep);
  };
  if (type == "f8")
    return floatType == DType::F64 ? direct(double())
                                   : readElements<double>(header, bytes, floatType, keep);
  if (type == "f4")
    return floatType == DType::F32 ? direct(float())
                                   : readElements<float>(header, bytes, floatType, keep);
  if (type == "f2")
    return readElements<uint16_t>(header, bytes, floatType, halfToDouble);
  if (type == "i8")
    return direct(int64_t());
  if (type == "i4")
    return direct(int32_t());
  if (type == "u4")
    return direct(uint32_t());
  if (type == "i1")
    return readElements<int8_t>(header, bytes, DType::I32, keep);
  if (type == "i2")
    return readElements<int16_t>(header, bytes, DType::I32, keep);
  if (type == "u1")
    return readElements<uint8_t>(header, bytes, DType::I32, keep);
  if (type == "u2")
    return readElements<uint16_t>(header, bytes, DType::I32, keep);
  if (type == "u8")
    return readElements<uint64_t>(header, bytes, DType::I64, checkedUnsigned);
  return readElements<uint8_t>(header, bytes, DType::Bool,
                               [](uint8_t value) { return value != 0; });
}

static size_t readLittleEndian(std::string_view bytes) {
  size_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

/// The header of a file of so many bytes, which begins with `bytes`; these become those after it.
static Header parseStart(std::string_view &bytes, uint64_t fileBytes) {
  uint64_t behind = fileBytes - bytes.size();
  if (!bytes.starts_with(magic))
    throw FormatError(bytes.empty() ? "the file is empty" : "this is not an npy file");
  size_t versionEnd = magic.size() + 2;
  if (bytes.size() < versionEnd)
    throw FormatError("the file ends within its header");
  int version = static_cast<unsigned char>(bytes[magic.size()]);
  if (version < 1 || version > 3)
    throw FormatError("version " + std::to_string(version) +
                      " of the npy format is not known; versions 1 to 3 are");
  size_t lengthSize = version == 1 ? 2 : 4;
  if (bytes.size() < versionEnd + lengthSize)
    throw FormatError("the file ends within its header");
  size_t length = readLittleEndian(bytes.substr(versionEnd, lengthSize));
  bytes.remove_prefix(versionEnd + lengthSize);
  if (bytes.size() < length)
    throw FormatError(behind ? "its header is too long" : "the file ends within its header");
  Header header = HeaderParser(bytes.substr(0, length)).parse();
  bytes.remove_prefix(length);

  size_t size = elementSize(header.type);
  int64_t count = 0;
  try {
    count = elementCount(header.shape);
  } catch (const TypeError &) {
    throw FormatError("the header of this array is damaged");
  }
  uint64_t present = (bytes.size() + behind) / size;
  if (static_cast<uint64_t>(count) > present)
    throw FormatError("the file ends early: its header promises " + std::to_string(count) +
                      " elements, and there are " + std::to_string(present));
  return header;
}

Array parseNpy(std::string_view bytes, DType floatType) {
  Header header = parseStart(bytes, bytes.size());
  return readTyped(header, bytes, floatType);
}

Array readNpyFile(const std::string &path, DType floatType) {
  // The longest header of version 1, which NumPy writes, and more than enough for any shape.
  constexpr size_t startBytes = 1 << 17;
  constexpr size_t blockElements = 1 << 17;
  std::error_code unknown;
  uint64_t fileBytes = std::filesystem::is_regular_file(path, unknown)
                           ? std::filesystem::file_size(path, unknown)
                           : 0;
  if (unknown || fileBytes <= startBytes)
    return parseNpy(readFile(path).view(), floatType);
  FileReader file(path);
  std::string start(startBytes, '\0');
  start.resize(file.read(start.data(), start.size()));
  std::string_view rest = start;
  Header header = parseStart(rest, fileBytes);
  if (header.isFortranOrder && header.shape.size() > 1)
    return parseNpy(readFile(path).view(), floatType);
  // A part of the elements at a time, so that there is never a second copy of them all.
  size_t size = elementSize(header.type);
  Header part = header;
  part.shape = {0};
  Array array = Array::uninitialized(readTyped(part, {}, floatType).dtype(), header.shape);
  auto *to = static_cast<char *>(array.mutableData());
  std::string block(blockElements * size, '\0');
  for (int64_t left = array.size(); left > 0;) {
    part.shape[0] = std::min<int64_t>(left, blockElements);
    size_t wanted = static_cast<size_t>(part.shape[0]) * size;
    size_t taken = rest.copy(block.data(), wanted);
    rest.remove_prefix(taken);
    if (file.read(block.data() + taken, wanted - taken) < wanted - taken)
      throw FormatError("the file became shorter while it was read");
    Array piece = readTyped(part, std::string_view(block).substr(0, wanted), floatType);
    std::memcpy(to, piece.data(), piece.byteSize());
    to += piece.byteSize();
    left -= part.shape[0];
  }
  return array;
}

std::string npyHeader(const Array &array) {
  static constexpr const char *types[dtypeCount] = {"<f8", "<f4", "<i8", "<i4", "<u4", "|b1", ""};
  if (array.dtype() == DType::Key)
    throw FormatError("keys cannot be saved to npy and npz files");
  std::string shape;
  for (size_t i = 0; i < array.shape().size(); ++i)
    shape += (i > 0 ? " " : "") + std::to_string(array.shape()[i]) + ",";
  if (array.rank() > 1)
    shape.pop_back();
  std::string text = std::string("{'descr': '") + types[static_cast<int>(array.dtype())] +
                     "', 'fortran_order': False, 'shape': (" + shape + "), }";
  // The elements begin at a multiple of 64 bytes, and a line end comes before them.
  size_t prefix = magic.size() + 4;
  size_t total = (prefix + text.size() + 1 + 63) / 64 * 64;
  text.append(total - prefix - text.size() - 1, ' ');
  text += '\n';
  std::string header(magic);
  header +=
      {'\x01', '\x00', static_cast<char>(text.size() & 0xFF), static_cast<char>(text.size() >> 8)};
  return header + text;
}

} // namespace descent
