#include "ArrayPrinter.h"
#include "DataTestSupport.h"
#include "runtime/data/Files.h"
#include "runtime/data/Npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

using namespace descent;
using testing::HasSubstr;

namespace {

const std::string fixtures = DESCENT_TEST_DATA "/";

/// An npy file of version 1 with such a header.
std::string npy(std::string_view dictionary, std::string_view elements) {
  std::string header(dictionary);
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += '\x01';
  bytes += '\x00';
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  return bytes + header + std::string(elements);
}

std::string reason(const Table &table, std::string_view name) {
  try {
    table.column(name);
    return "none";
  } catch (const FileError &error) {
    return error.message();
  }
}

Array randomArray(std::mt19937_64 &random, DType type) {
  Shape shape(random() % 4);
  for (int64_t &extent : shape)
    extent = static_cast<int64_t>(random() % 5);
  Array array = Array::zeros(type, shape);
  visitDType(type, [&](auto zero) {
    using T = decltype(zero);
    for (T &value : array.mutableValues<T>()) {
      if constexpr (std::is_floating_point_v<T>)
        value = static_cast<T>(static_cast<double>(random()) - 9e18);
      else
        value = static_cast<T>(random());
    }
  });
  return array;
}

constexpr DType savedTypes[] = {DType::F64, DType::F32, DType::I64,
                                DType::I32, DType::U32, DType::Bool};

} // namespace

TEST(Npy, EveryTypeAndOrderOfNumPys) {
  for (DType floats : {DType::F32, DType::F64}) {
    Table table = readData(fixtures + "types.npz", floats);
    EXPECT_TRUE(table.refused.empty());
    const std::pair<const char *, DType> types[] = {
        {"f2", floats},     {"f4", floats},     {"f8", floats},     {"i1", DType::I32},
        {"i2", DType::I32}, {"i4", DType::I32}, {"i8", DType::I64}, {"u1", DType::I32},
        {"u2", DType::I32}, {"u4", DType::U32}, {"u8", DType::I64}, {"b1", DType::Bool}};
    for (auto [name, type] : types)
      for (const char *order : {"_le_c", "_le_f", "_be_c", "_be_f"}) {
        std::vector<double> values = {0, 1, 2, 3, 4, 100};
        for (double &value : values)
          value = name[0] == 'f' ? value - 0.5 : name[0] == 'i' ? -value : value;
        EXPECT_EQ(table.column(std::string(name) + order),
                  Array::fromVector(values, {2, 3}).converted(type))
            << name << order;
      }
    std::vector<int64_t> counting(24);
    for (int i = 0; i < 24; ++i)
      counting[i] = i;
    EXPECT_EQ(table.column("cube"), Array::fromVector(counting, {2, 3, 4}));
    EXPECT_EQ(table.column("scalar"), Array::scalar(2.5).converted(floats));
    EXPECT_EQ(table.column("none"), Array::zeros(floats, {0, 3}));
  }
}

TEST(Npy, HalfPrecision) {
  Table table = readData(fixtures + "types.npz", DType::F64);
  auto half = table.column("half").values<double>();
  const double expected[] = {1, -2, 65504, std::ldexp(1, -14), std::ldexp(1, -24), 0.333251953125};
  for (size_t i = 0; i < std::size(expected); ++i)
    EXPECT_EQ(half[i], expected[i]);
  EXPECT_EQ(half[6], std::numeric_limits<double>::infinity());
  EXPECT_EQ(half[7], -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(half[8]));
  EXPECT_TRUE(half[9] == 0 && std::signbit(half[9]));
}

TEST(Npy, LaterVersions) {
  for (const char *name : {"version2", "version3"}) {
    Table table = readData(fixtures + name + ".npy", DType::F64);
    EXPECT_TRUE(table.isSingleArray);
    EXPECT_EQ(table.column(name), Array::fromVector<double>({1.5, 2.5}, {1, 2}));
  }
}

TEST(Npz, RefusesArraysOneByOne) {
  Table table = readData(fixtures + "stored.npz", DType::F64);
  EXPECT_EQ(table.column("x"), Array::fromVector<double>({0, 1, 2}));
  EXPECT_EQ(table.column("y"), Array::fromVector<bool>({true, false}));
  EXPECT_EQ(table.column("two_words"), Array::fromVector<int64_t>({7}));
  EXPECT_EQ(table.column("two words"), Array::fromVector<int64_t>({7}));
  EXPECT_EQ(reason(table, "text"),
            "array 'text': this array holds text (U2); only numbers and bools are supported");
  EXPECT_EQ(reason(table, "dates"), "array 'dates': this array holds dates (M8[D]); convert it to "
                                    "numbers first, as with astype('int64')");
  EXPECT_EQ(reason(table, "complex"), "array 'complex': complex numbers (c16) are not supported; "
                                      "save the real and the imaginary part");
  EXPECT_EQ(reason(table, "big"), "array 'big': the value 9223372036854775808 does not fit i64; "
                                  "convert the array to int64 or to floats first");
  EXPECT_EQ(reason(table, "record"),
            "array 'record': structured arrays are not supported yet; save "
            "each of its fields as an array of an npz file");
}

TEST(Npy, DamagedFiles) {
  TemporaryFolder folder;
  auto complaint = [&](std::string_view bytes) { return folder.complaint("a.npy", bytes); };
  const std::string damaged = "FILE: the header of this array is damaged";
  EXPECT_EQ(complaint(""), "FILE: the file is empty");
  EXPECT_EQ(complaint("PK\x03\x04"), "FILE: this is not an npy file");
  EXPECT_EQ(complaint("\x93NUMPY"), "FILE: the file ends within its header");
  EXPECT_EQ(complaint("\x93NUMPY\x04\x01zzzzzzzz"),
            "FILE: version 4 of the npy format is not known; versions 1 to 3 are");
  EXPECT_EQ(complaint("\x93NUMPY\x01\x01\xFF\xFF{"), "FILE: the file ends within its header");
  EXPECT_EQ(complaint(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", "12345678")),
            "FILE: the file ends early: its header promises 3 elements, and there are 2");
  EXPECT_EQ(complaint(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "12345678")),
            "none");
  for (const char *bad :
       {"", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)",
        "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2;)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
        "{'descr: '<f4', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'order': False, 'shape': (2,)}"})
    EXPECT_EQ(complaint(npy(bad, "12345678")), damaged) << bad;
  EXPECT_THAT(complaint(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "12345678")),
              HasSubstr("this array holds Python objects"));
  EXPECT_THAT(
      complaint(npy("{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", "12345678")),
      HasSubstr("floats of the type f16 are not supported"));
  EXPECT_THAT(complaint(npy("{'descr': '<z9', 'fortran_order': False, 'shape': (1,)}", "12345678")),
              HasSubstr("elements of the type 'z9' are not supported"));
}

// Python 2 and other writers: other orders, other quotes, no blanks.
TEST(Npy, OtherWaysToWriteTheHeader) {
  TemporaryFolder folder;
  std::string path =
      folder.write("a.npy", npy("{\"shape\":(2L,1L,),\"fortran_order\":True,\"descr\":\"=u4\"}",
                                std::string_view("\x01\0\0\0\x02\0\0\0", 8)));
  EXPECT_EQ(readData(path, DType::F32).arrays[0].array,
            Array::fromVector<uint32_t>({1, 2}, {2, 1}));
}

TEST(Npy, TheHeaderIsNumPys) {
  TemporaryFolder folder;
  auto header = [&](const Array &array) {
    writeData(folder.path("a.npy"), {{"a", array, ""}});
    std::string bytes = folder.read("a.npy");
    EXPECT_EQ((bytes.size() - array.byteSize()) % 64, 0u);
    std::string text = bytes.substr(10, bytes.find('}') - 9);
    EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
    EXPECT_EQ(bytes[bytes.size() - array.byteSize() - 1], '\n');
    return text;
  };
  EXPECT_EQ(header(Array::zeros(DType::F32, {3})),
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }");
  EXPECT_EQ(header(Array::zeros(DType::I64, {})),
            "{'descr': '<i8', 'fortran_order': False, 'shape': (), }");
  EXPECT_EQ(header(Array::zeros(DType::Bool, {2, 0, 4})),
            "{'descr': '|b1', 'fortran_order': False, 'shape': (2, 0, 4), }");
}

TEST(Npy, RandomArraysComeBack) {
  TemporaryFolder folder;
  std::mt19937_64 random(2);
  for (int round = 0; round < 100; ++round)
    for (DType type : savedTypes) {
      Array array = randomArray(random, type);
      writeData(folder.path("a.npy"), {{"", array, ""}});
      DType floats = type == DType::F32 ? DType::F32 : DType::F64;
      EXPECT_EQ(readData(folder.path("a.npy"), floats).arrays[0].array, array);
    }
}

/// The bytes of an npy file of so many elements of a type.
std::string longFile(const std::string &type, size_t elementBytes, bool isFortranOrder,
                     const std::string &shape, size_t count) {
  std::string elements(count * elementBytes, '\0');
  std::mt19937 random(7);
  for (char &byte : elements)
    byte = static_cast<char>(random() & 0x3F); // neither nans nor numbers beyond i64
  return npy("{'descr': '" + type + "', 'fortran_order': " + (isFortranOrder ? "True" : "False") +
                 ", 'shape': " + shape + ", }",
             elements);
}

TEST(Npy, LongFilesAreReadInParts) {
  TemporaryFolder folder;
  std::string path = folder.path("long.npy");
  for (const auto &[type, size] : std::vector<std::pair<std::string, size_t>>{{"<f4", 4},
                                                                              {"<f8", 8},
                                                                              {">f8", 8},
                                                                              {"<f2", 2},
                                                                              {"<i8", 8},
                                                                              {">i4", 4},
                                                                              {"|u1", 1},
                                                                              {"|b1", 1},
                                                                              {"<u8", 8}})
    for (DType floats : {DType::F32, DType::F64})
      for (bool fortran : {false, true}) {
        // Two parts of 131,072 elements and some more.
        std::string bytes = longFile(type, size, fortran, "(1009, 301)", 1009 * 301);
        writeFile(path, {bytes});
        Table table = readData(path, floats);
        EXPECT_EQ(table.arrays[0].array, parseNpy(bytes, floats)) << type;
        EXPECT_EQ(table.arrays[0].array.shape(), (Shape{1009, 301}));
      }
  std::string bytes = longFile("<f4", 4, false, "(70000,)", 70000);
  for (size_t missing : {1, 4, 100000}) {
    writeFile(path, {std::string_view(bytes).substr(0, bytes.size() - missing)});
    EXPECT_THROW(readData(path, DType::F32), FileError) << missing;
  }
  writeFile(path, {bytes + "more"});
  EXPECT_EQ(readData(path, DType::F32).arrays[0].array, parseNpy(bytes, DType::F32));
}

TEST(Npz, RandomArraysComeBack) {
  TemporaryFolder folder;
  std::mt19937_64 random(3);
  for (int round = 0; round < 30; ++round) {
    std::vector<NamedArray> arrays;
    for (DType type : savedTypes)
      if (type != DType::F32)
        arrays.push_back({"a" + std::to_string(arrays.size()), randomArray(random, type), ""});
    writeData(folder.path("a.npz"), arrays);
    Table table = readData(folder.path("a.npz"), DType::F64);
    ASSERT_EQ(table.arrays.size(), arrays.size());
    for (size_t i = 0; i < arrays.size(); ++i) {
      EXPECT_EQ(table.arrays[i].name, arrays[i].name);
      EXPECT_EQ(table.arrays[i].array, arrays[i].array);
    }
  }
}

TEST(Npz, SameArraysSameBytes) {
  TemporaryFolder folder;
  std::vector<NamedArray> arrays = {{"x", Array::scalar(1.5f), ""}, {"", Array::scalar(2), ""}};
  writeData(folder.path("a.npz"), arrays);
  writeData(folder.path("b.npz"), arrays);
  EXPECT_EQ(folder.read("a.npz"), folder.read("b.npz"));
  EXPECT_NE(readData(folder.path("a.npz"), DType::F32).find("arr_1"), nullptr);
}

// Cut off at every byte, and with every byte changed: an answer or an error, and never a wrong
// array, because the archive has checksums.
TEST(Npz, DamageIsNoticed) {
  TemporaryFolder folder;
  std::vector<NamedArray> arrays = {{"x", Array::fromVector<double>({1, 2, 3}), ""},
                                    {"y", Array::fromVector<int32_t>({4, 5}), ""}};
  writeData(folder.path("good.npz"), arrays);
  std::string packed = TemporaryFolder::readAll(fixtures + "types.npz").substr(0, 700);
  EXPECT_NE(folder.complaint("a.npz", packed), "none");
  std::string bytes = folder.read("good.npz");
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(folder.complaint("a.npz", bytes.substr(0, size)), "none") << size;
  EXPECT_EQ(folder.complaint("a.npz", ""),
            "FILE: this is not an npz file (a zip archive), or not all of one");
  for (size_t i = 0; i < bytes.size(); ++i)
    for (unsigned char change : {0x01, 0x80, 0xFF}) {
      std::string wrong = bytes;
      wrong[i] = static_cast<char>(wrong[i] ^ change);
      std::string path = folder.write("b.npz", wrong);
      try {
        Table table = readData(path, DType::F64);
        for (const NamedArray &item : table.arrays)
          EXPECT_TRUE(item.array == arrays[0].array || item.array == arrays[1].array) << i;
      } catch (const FileError &) {
      }
    }
}

TEST(Npz, DamagedDeflatedData) {
  TemporaryFolder folder;
  std::string bytes = TemporaryFolder::readAll(fixtures + "types.npz");
  std::mt19937 random(8);
  for (int round = 0; round < 200; ++round) {
    std::string wrong = bytes;
    for (int n = 0; n < 3; ++n)
      wrong[random() % wrong.size()] = static_cast<char>(random());
    std::string result = folder.complaint("a.npz", wrong);
    EXPECT_TRUE(result == "none" || result.starts_with("FILE: ")) << result;
  }
}

TEST(Npy, TruncatedAnywhere) {
  TemporaryFolder folder;
  for (const char *name : {"version2.npy", "version3.npy"}) {
    std::string bytes = TemporaryFolder::readAll(fixtures + name);
    for (size_t size = 0; size < bytes.size(); ++size)
      EXPECT_NE(folder.complaint("a.npy", bytes.substr(0, size)), "none") << size;
  }
}

TEST(Files, ReadingGoesWrong) {
  TemporaryFolder folder;
  auto complaint = [&](const std::string &path) {
    try {
      readData(path, DType::F32);
      return std::string("none");
    } catch (const FileError &error) {
      EXPECT_EQ(error.path(), path);
      return error.message();
    }
  };
  EXPECT_EQ(complaint(folder.path("none.csv")), "there is no such file");
  std::filesystem::create_directory(folder.path("sub.csv"));
  EXPECT_EQ(complaint(folder.path("sub.csv")), "this is a folder, not a file");
  EXPECT_EQ(complaint("a.h5"),
            "reading .h5 files is not supported yet; the kinds are csv, tsv, npy and npz");
  EXPECT_EQ(complaint("a.xlsx"),
            "files of the kind .xlsx are not known; the kinds are csv, tsv, npy and npz");
  EXPECT_EQ(complaint("data"), "the kind of this file is told by its extension, and it has none; "
                               "the kinds are csv, tsv, npy and npz");
}

TEST(Files, WritingGoesWrong) {
  TemporaryFolder folder;
  auto complaint = [&](const std::string &path, const std::vector<NamedArray> &arrays) {
    try {
      writeData(path, arrays);
      return std::string("none");
    } catch (const FileError &error) {
      return error.message();
    }
  };
  NamedArray x{"x", Array::scalar(1.0), ""}, k{"k", Array::scalar(uint64_t(1)), ""};
  EXPECT_EQ(complaint("net.safetensors", {x}),
            "writing .safetensors files is not supported yet; the kinds are csv, tsv, npy and npz");
  EXPECT_EQ(complaint(folder.path("a.npy"), {x, x}),
            "npy files hold one array, and there are 2; npz files hold several");
  EXPECT_EQ(complaint(folder.path("a.npz"), {x, x}), "two arrays have the name 'x'");
  EXPECT_EQ(complaint(folder.path("a.npz"), {k}), "keys cannot be saved to npy and npz files");
  EXPECT_EQ(complaint(folder.path("no/a.npz"), {x}),
            "cannot be written: its folder does not exist");
  std::filesystem::create_directory(folder.path("sub.npz"));
  EXPECT_EQ(complaint(folder.path("sub.npz"), {x}), "cannot be written: this is a folder");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path("")), {}), 1);
}

TEST(Files, LinksStayLinks) {
  TemporaryFolder folder;
  NamedArray x{"x", Array::scalar(1.0), ""};
  folder.write("real.npy", "old");
  std::filesystem::create_symlink("real.npy", folder.path("link.npy"));
  writeData(folder.path("link.npy"), {x});
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path("link.npy")));
  EXPECT_EQ(readData(folder.path("real.npy"), DType::F64).arrays[0].array, Array::scalar(1.0));
}
