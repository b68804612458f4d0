#include "runtime/data/Csv.h"
#include "ArrayPrinter.h"
#include "DataTestSupport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <sstream>

using namespace descent;
using testing::HasSubstr;

namespace {

class Csv : public testing::Test {
protected:
  TemporaryFolder folder;

  Table read(std::string_view text, DType floatType = DType::F64, const char *name = "t.csv") {
    return readData(folder.write(name, text), floatType);
  }

  std::string complaint(std::string_view text, DType floatType = DType::F64) {
    return folder.complaint("t.csv", text, floatType);
  }

  static std::vector<std::string> names(const Table &table) {
    std::vector<std::string> result;
    for (const NamedArray &item : table.arrays)
      result.push_back(item.name);
    return result;
  }
};

Array f64(std::vector<double> values) {
  return Array::fromVector(values);
}
Array i32(std::vector<int32_t> values) {
  return Array::fromVector(values);
}

using Names = std::vector<std::string>;

} // namespace

TEST_F(Csv, ColumnsByTheirHeader) {
  Table table = read("x,y\n1,2.5\n-3,4e1\n");
  EXPECT_EQ(names(table), (Names{"x", "y"}));
  EXPECT_EQ(table.column("x"), i32({1, -3}));
  EXPECT_EQ(table.column("y"), f64({2.5, 40}));
  EXPECT_FALSE(table.isSingleArray);
}

TEST_F(Csv, FloatsAreOfTheTypeAskedFor) {
  Table table = read("x\n0.1\n", DType::F32);
  EXPECT_EQ(table.column("x"), Array::fromVector<float>({0.1f}));
}

TEST_F(Csv, WithoutAHeader) {
  Table table = read("1,2.5\n3,4.5\n");
  EXPECT_EQ(names(table), (Names{"c0", "c1"}));
  EXPECT_EQ(table.column("c0"), i32({1, 3}));
  EXPECT_EQ(read("7").column("c0"), i32({7}));
  EXPECT_EQ(read("1.5,true\n2.5,false\n").arrays.size(), 2u);
}

TEST_F(Csv, WhatIsAHeader) {
  // A row of numbers among others is none, a row of names is one.
  EXPECT_EQ(names(read("x,2019\n1,2\n")), (Names{"x", "c2019"}));
  // The last column is text in both rows: these are data.
  Table flowers = read("5.1,3.5,setosa\n4.9,3.0,setosa\n");
  EXPECT_EQ(names(flowers), (Names{"c0", "c1"}));
  EXPECT_EQ(flowers.column("c0"), f64({5.1, 4.9}));
  // Numbers in quotes over numbers without are names.
  EXPECT_EQ(names(read("\"2019\",\"2020\"\n1,2\n")), (Names{"c2019", "c2020"}));
  EXPECT_EQ(read("\"1\",\"2\"\n\"3\",\"4\"\n").column("c0"), i32({1, 3}));
  // pandas leaves the name of its index empty.
  EXPECT_EQ(names(read(",x\n0,1.5\n1,2.5\n")), (Names{"c0", "x"}));
}

TEST_F(Csv, Quotes) {
  Table table = read("\"a, \"\"b\"\"\",\"two\nlines\",c\n\"1\",2,\"3.5\"\n 4 , \"5\" ,6\n");
  EXPECT_EQ(table.arrays[0].label, "a, \"b\"");
  EXPECT_EQ(table.arrays[1].label, "two\nlines");
  EXPECT_EQ(names(table), (Names{"a_b", "two_lines", "c"}));
  EXPECT_EQ(table.column("a_b"), i32({1, 4}));
  EXPECT_EQ(table.column("a, \"b\""), i32({1, 4}));
  EXPECT_EQ(table.column("two_lines"), i32({2, 5}));
  EXPECT_EQ(table.column("c"), f64({3.5, 6}));
}

TEST_F(Csv, LineEndsBlanksAndMarks) {
  for (const char *text : {"x,y\n1,2\n3,4", "x,y\r\n1,2\r\n3,4\r\n", "x,y\r1,2\r3,4\r",
                           "\xEF\xBB\xBFx,y\n1,2\n3,4\n\n\n", "\n\nx,y\n\n1,2\n  \n3,4\n",
                           " x , y\t\n  1,\t2 \n3 , 4 "}) {
    Table table = read(text);
    EXPECT_EQ(names(table), (Names{"x", "y"})) << text;
    EXPECT_EQ(table.column("x"), i32({1, 3})) << text;
    EXPECT_EQ(table.column("y"), i32({2, 4})) << text;
  }
}

TEST_F(Csv, Tabs) {
  Table table = read("x\ty z\n1\t2\n", DType::F64, "t.tsv");
  EXPECT_EQ(names(table), (Names{"x", "y_z"}));
  EXPECT_EQ(folder.complaint("t.tsv", "x\ty\n1\t2\n\t\n"),
            "FILE:3:1: a value is missing in column 'x'; fill it in or remove the line");
}

TEST_F(Csv, Numbers) {
  Table table = read("x\n+1.5\n.5\n2.\n-.5e+3\n1E3\ninf\n-Infinity\n007\n1e-400\n");
  constexpr double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(table.column("x"), f64({1.5, 0.5, 2, -500, 1000, inf, -inf, 7, 0}));
}

TEST_F(Csv, NumbersAreRoundedCorrectly) {
  // Halfway between two doubles, and a little more; the extremes.
  Table table = read("x\n9007199254740993\n9007199254740993.00000000000000000000000001\n"
                     "1.7976931348623157e308\n4.9406564584124654e-324\n0.1\n1.5\n");
  EXPECT_EQ(table.column("x"), f64({9007199254740992.0, 9007199254740994.0, 1.7976931348623157e308,
                                    5e-324, 0.1, 1.5}));
}

TEST_F(Csv, Integers) {
  EXPECT_EQ(read("x\n2147483647\n-2147483648\n").column("x"), i32({2147483647, -2147483647 - 1}));
  EXPECT_EQ(read("x\n1\n2147483648\n").column("x"), Array::fromVector<int64_t>({1, 2147483648}));
  EXPECT_EQ(read("x\n9223372036854775807\n-9223372036854775808\n").column("x"),
            Array::fromVector<int64_t>(
                {std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}));
  // Beyond i64 only a float can hold it.
  EXPECT_EQ(read("x\n1\n9223372036854775808\n").column("x"), f64({1, 9223372036854775808.0}));
  EXPECT_EQ(read("x\n1\n2\n2.5\n").column("x"), f64({1, 2, 2.5}));
}

TEST_F(Csv, Bools) {
  EXPECT_EQ(read("x,y\ntrue,1\nFalse,2\nTRUE,3\n").column("x"),
            Array::fromVector<bool>({true, false, true}));
  EXPECT_EQ(complaint("x\ntrue\n1\n"),
            "FILE:3:1: '1' is a number, and column 'x' has true and false above it");
  EXPECT_EQ(complaint("x\n1\ntrue\n"), "FILE:3:1: 'true' is not a number, in column 'x'");
}

TEST_F(Csv, NamesAreIdentifiersAndUnique) {
  Table table = read("sepal length (cm),x,x,θ,20 °C,%,a.b,_n\n1,2,3,4,5,6,7,8\n");
  EXPECT_EQ(names(table), (Names{"sepal_length_cm", "x", "x_2", "θ", "c20_C", "c5", "a_b", "_n"}));
  EXPECT_EQ(table.arrays[0].label, "sepal length (cm)");
  EXPECT_EQ(table.column("20 °C"), i32({5}));
}

TEST(Identifiers, FromLabels) {
  EXPECT_EQ(identifierFromLabel("x"), "x");
  EXPECT_EQ(identifierFromLabel("  x  "), "x");
  EXPECT_EQ(identifierFromLabel("a - b"), "a_b");
  EXPECT_EQ(identifierFromLabel("1st"), "c1st");
  EXPECT_EQ(identifierFromLabel("größe µm²"), "größe_µm");
  EXPECT_EQ(identifierFromLabel("温度"), "温度");
  EXPECT_EQ(identifierFromLabel("a→b ✓ 😀"), "a_b");
  EXPECT_EQ(identifierFromLabel("a\xFF\xC3z"), "a_z");
  EXPECT_EQ(identifierFromLabel("!?"), "");
  EXPECT_EQ(identifierFromLabel(""), "");
}

TEST_F(Csv, TextColumnsAreRefusedOneByOne) {
  Table table = read("name,x\nAda,1\nBob,2\n,3\n");
  EXPECT_EQ(names(table), (Names{"x"}));
  ASSERT_EQ(table.refused.size(), 1u);
  EXPECT_EQ(table.refused[0].name, "name");
  try {
    table.column("name");
    FAIL();
  } catch (const FileError &error) {
    EXPECT_EQ(error.message(), "'Ada' is not a number; columns of text are not supported yet");
    EXPECT_EQ(error.line(), 2);
    EXPECT_EQ(error.column(), 1);
  }
  // A gap before the first text is no matter either.
  EXPECT_EQ(names(read("cabin,x\n,1\nB5,2\n")), (Names{"x"}));
  try {
    table.column("z");
    FAIL();
  } catch (const FileError &error) {
    EXPECT_EQ(error.message(), "there is no column 'z'; there are x");
  }
}

TEST_F(Csv, MissingValues) {
  EXPECT_EQ(complaint("x,y\n1,2\n3,\n"),
            "FILE:3:3: a value is missing in column 'y'; fill it in or remove the line");
  EXPECT_EQ(complaint("x,y\n1,2\n,4\n"),
            "FILE:3:1: a value is missing in column 'x'; fill it in or remove the line");
  for (const char *word : {"NA", "n/a", "NaN", "nan", "null", "None", "?", "-"})
    EXPECT_EQ(complaint("x,y\n1,2\n3.5,  " + std::string(word) + "\n"),
              "FILE:3:7: a value is missing in column 'y' ('" + std::string(word) +
                  "'); fill it in or remove the line");
  // The first one of the file is named, whatever its column.
  EXPECT_EQ(complaint("x,y\n1,2\n3,NA\nNA,4\n").substr(0, 9), "FILE:3:3:");
  EXPECT_EQ(complaint("x,y\nNA,1\nNA,2\n").substr(0, 9), "FILE:2:1:");
  EXPECT_EQ(complaint("x,y\n1,2\n\"\",4\n").substr(0, 9), "FILE:3:1:");
  // In a single column a blank line between values is one.
  EXPECT_EQ(complaint("x\n1\n\n2\n"),
            "FILE:3:1: a value is missing in column 'x'; fill it in or remove the line");
  EXPECT_EQ(complaint("x\n1\n2\n\n\n"), "none");
}

TEST_F(Csv, ColumnsInMessagesCountCharacters) {
  EXPECT_EQ(complaint("name,y\nÅsa,1\nÆble,x\n"), "FILE:3:6: 'x' is not a number, in column 'y'");
}

TEST_F(Csv, LinesInMessagesCountThoseInQuotes) {
  EXPECT_EQ(complaint("name,y\n\"a\nb\",1\n\"c\r\nd\",x\n"),
            "FILE:5:4: 'x' is not a number, in column 'y'");
}

TEST_F(Csv, RaggedLines) {
  EXPECT_EQ(complaint("x,y\n1,2\n3\n"),
            "FILE:3:1: this line has 1 field, the header (line 1) has 2");
  EXPECT_EQ(complaint("x,y\n1,2\n3,4,5,6\n"),
            "FILE:3:5: this line has 4 fields, the header (line 1) has 2");
  EXPECT_EQ(complaint("x,y\n1,2,\n"),
            "FILE:2:5: this line has 3 fields, the header (line 1) has 2; "
            "is the separator at its end one too many?");
  EXPECT_EQ(complaint("1,2\n3\n"),
            "FILE:2:1: this line has 1 field, the first line (line 1) has 2");
}

TEST_F(Csv, OtherMistakes) {
  EXPECT_EQ(complaint(""), "FILE: the file is empty");
  EXPECT_EQ(complaint("\n \n"), "FILE: the file is empty");
  EXPECT_EQ(complaint("x,y\n"), "FILE:1: there are no data below the header");
  EXPECT_EQ(complaint("x\n1\nabc\n"), "FILE:3:1: 'abc' is not a number, in column 'x'");
  EXPECT_EQ(complaint("x\n1\n1.5.2\n"), "FILE:3:1: '1.5.2' is not a number, in column 'x'");
  EXPECT_EQ(complaint("x\n1\n0x10\n"), "FILE:3:1: '0x10' is not a number, in column 'x'");
  EXPECT_EQ(complaint("x\n1\n--2\n"), "FILE:3:1: '--2' is not a number, in column 'x'");
  EXPECT_EQ(complaint("x\n1.5\n\"2,5\"\n"),
            "FILE:3:1: '2,5' is not a number, in column 'x'; write the decimal point as '.'");
  EXPECT_EQ(complaint("x\n1\n1e999\n"), "FILE:3:1: '1e999' is too large for f64");
  EXPECT_EQ(complaint("x\n1\n-1e39\n", DType::F32),
            "FILE:3:1: '-1e39' is too large for f32; begin the script with 'precision f64'");
  EXPECT_EQ(complaint("x\n1\n-1e39\n", DType::F64), "none");
  EXPECT_EQ(complaint("x\n1\n\"2\n3\n"), "FILE:3:1: this quote is never closed");
  EXPECT_EQ(complaint("x\n1\n\"2\" 3\n"),
            "FILE:3:5: text after a closing quote; a quote inside a quoted field is written twice: "
            "\"\"");
  EXPECT_EQ(complaint(std::string_view("x\n1\0\n", 5)),
            "FILE: this is binary data, not text; is the file's extension right?");
  EXPECT_EQ(complaint("\xFF\xFEx"), "FILE: this is UTF-16 text; save the file as UTF-8");
  EXPECT_EQ(complaint("x\n1\n" + std::string(100, 'z') + "\n"),
            "FILE:3:1: '" + std::string(40, 'z') + "…' is not a number, in column 'x'");
  EXPECT_EQ(complaint("x\n1\n\x1b[31m\n"), "FILE:3:1: '?[31m' is not a number, in column 'x'");
}

TEST_F(Csv, Semicolons) {
  Table table = read("x;y\n1;2\n3;4\n");
  EXPECT_EQ(names(table), (Names{}));
  ASSERT_EQ(table.refused.size(), 1u);
  EXPECT_THAT(table.refused[0].reason, HasSubstr("the separator must be ','"));
}

TEST_F(Csv, ManyRowsAndColumns) {
  std::string text;
  constexpr int rows = 3000, width = 40;
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < width; ++j)
      text += (j ? "," : "") + std::to_string(i * width + j) + (j == 3 ? ".25" : "");
    text += "\n";
  }
  Table table = read(text);
  ASSERT_EQ(table.arrays.size(), size_t(width));
  for (int i = 0; i < rows; ++i) {
    EXPECT_EQ(table.column("c0").values<int32_t>()[i], i * width);
    EXPECT_EQ(table.column("c3").values<double>()[i], i * width + 3.25);
  }
}

TEST_F(Csv, RefusedColumnsKnowTheirPlaces) {
  Table table = read("a,b,c\nå,1,é\n2,2,z\n");
  ASSERT_EQ(table.refused.size(), 2u);
  EXPECT_EQ(table.refused[0].column, 1);
  EXPECT_EQ(table.refused[1].line, 2);
  EXPECT_EQ(table.refused[1].column, 5);
}

// An answer within a second, whatever a large file is made of.
TEST_F(Csv, LargeOddFiles) {
  constexpr size_t size = 20 << 20;
  std::string commas(size, ','), quotes = "\"" + std::string(size, 'x');
  EXPECT_EQ(complaint(commas), "FILE:1:100000: more than 100000 columns are not supported");
  EXPECT_EQ(complaint(quotes), "FILE:1:1: this quote is never closed");
  EXPECT_EQ(complaint(std::string(size, 'x')), "FILE:1: there are no data below the header");
  EXPECT_EQ(complaint(std::string(size, ' ')), "FILE: the file is empty");
  EXPECT_EQ(complaint("x\n1\n" + std::string(size, '7')),
            "FILE:3:1: '" + std::string(40, '7') + "…' is too large for f64");
  // Many columns, each with something to be noted.
  std::string row(99999, ',');
  EXPECT_EQ(complaint("1" + row + "\n" + row + "\n").substr(0, 9), "FILE:1:3:");
  std::string words;
  for (int i = 0; i < 99999; ++i)
    words += "text,";
  Table table = read("1" + row + "\n" + "1," + words.substr(0, words.size() - 1) + "\n");
  EXPECT_EQ(table.refused.size(), 99999u);
  EXPECT_EQ(table.refused.back().column, 3 + 99998 * 5);
}

// Random tables, quoted and padded at random, against the values that they were made of.
TEST_F(Csv, RandomTables) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 200; ++round) {
    size_t width = 1 + random() % 5, rows = 1 + random() % 20;
    std::vector<std::vector<double>> values(width);
    const char *ending = random() % 2 ? "\r\n" : "\n";
    std::string text;
    for (size_t j = 0; j < width; ++j)
      text += (j ? "," : "") + ("v" + std::to_string(j));
    text += ending;
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < width; ++j) {
        double value = std::ldexp(static_cast<double>(random() % 1000003) - 500000.5,
                                  static_cast<int>(random() % 60) - 30);
        values[j].push_back(value);
        char buffer[64];
        std::snprintf(buffer, sizeof(buffer), random() % 2 ? "%.17g" : "%.17e", value);
        std::string field = buffer;
        if (random() % 4 == 0)
          field = "\"" + field + "\"";
        if (random() % 4 == 0)
          field = " " + field + " ";
        text += (j ? "," : "") + field;
      }
      if (i + 1 < rows || random() % 2)
        text += ending;
    }
    Table table = read(text);
    for (size_t j = 0; j < width; ++j)
      EXPECT_EQ(table.column("v" + std::to_string(j)).converted(DType::F64), f64(values[j]))
          << text;
  }
}

/// What a text comes to when it is read in blocks of so many bytes; 0: as a whole.
std::string outcome(const std::string &text, size_t blockBytes) {
  size_t taken = 0;
  auto read = [&](char *to, size_t count) {
    size_t got = text.copy(to, count, taken);
    taken += got;
    return got;
  };
  TextInput input = blockBytes ? TextInput(read, blockBytes, text.size()) : TextInput(text);
  std::ostringstream out;
  try {
    Table table = readCsv("FILE", input, ',', DType::F64);
    for (const NamedArray &item : table.arrays)
      out << item.label << ": " << item.array.typeName() << " " << toText(item.array) << "\n";
    for (const Table::RefusedColumn &item : table.refused)
      out << item.label << ":" << item.line << ":" << item.column << ": " << item.reason << "\n";
  } catch (const FileError &error) {
    out << error.what();
  }
  return out.str();
}

// Any bytes give a table or an error; nothing else may happen, and the same whatever the size of
// blocks.
TEST_F(Csv, RandomBytes) {
  std::mt19937 random(5);
  const std::string alphabet = "0123456789.,-+eE\"\n\r\t ;abnNA\xC3\xA9";
  for (int round = 0; round < 1000; ++round) {
    std::string text;
    for (size_t n = random() % 40; n > 0; --n)
      text += alphabet[random() % alphabet.size()];
    std::string whole = outcome(text, 0);
    for (size_t bytes : {3, 4, 7, 16})
      EXPECT_EQ(outcome(text, bytes), whole) << text;
    std::string result = complaint(text);
    EXPECT_TRUE(result == "none" || result.starts_with("FILE:")) << result;
  }
}

TEST_F(Csv, BlocksThatEndAnywhere) {
  const std::string texts[] = {"a,b\n1,2\n3,4\n",
                               "a,b\r\n1,2\r\n\r\n3,4\r\n",
                               "a\r1\r2\r",
                               "\n \n\na\n1\n\n2\n\n",
                               "\"a\nb\",\"c\"\"d\"\n\"1\",2\n\"3\",\"4\"\n",
                               "x\n1\n\n\n2\n",
                               "a,b\n1,2\n3,\n5,6\n",
                               "a,b\n1,2\n3\n",
                               "a,b\nx,1\ny,2\n",
                               "a,b\n1,2\n3,\"4\n5,6\n",
                               "a\n1\n2147483647\n2147483648\n-5\n",
                               "a\n1\n9007199254740993\n0.5\n",
                               "1\n\"2\"x\n",
                               "7",
                               ""};
  for (const std::string &text : texts) {
    std::string whole = outcome(text, 0);
    for (size_t bytes = 3; bytes < text.size() + 2; ++bytes)
      EXPECT_EQ(outcome(text, bytes), whole) << text << "in blocks of " << bytes;
  }
}

TEST_F(Csv, Written) {
  std::string path = folder.path("out.csv");
  writeData(path, {{"x", f64({0.1, 2, 1e-20}), ""},
                   {"n", i32({1, -2, 3}), ""},
                   {"b", Array::fromVector<bool>({true, false, true}), ""},
                   {"m", Array::fromVector<float>({1, 2, 3, 4, 5, 0.1f}, {3, 2}), "a \"m\","}});
  EXPECT_EQ(folder.read("out.csv"), "x,n,b,\"a \"\"m\"\",_0\",\"a \"\"m\"\",_1\"\n"
                                    "0.1,1,true,1.0,2.0\n"
                                    "2.0,-2,false,3.0,4.0\n"
                                    "1e-20,3,true,5.0,0.1\n");
  Table table = readData(path, DType::F64);
  EXPECT_EQ(table.column("x"), f64({0.1, 2, 1e-20}));
  EXPECT_EQ(table.column("n"), i32({1, -2, 3}));
  EXPECT_EQ(table.column("b"), Array::fromVector<bool>({true, false, true}));
  writeData(folder.path("one.tsv"),
            {{"", Array::scalar(2.0f), ""}, {"k", Array::scalar(true), ""}});
  EXPECT_EQ(folder.read("one.tsv"), "c0\tk\n2.0\ttrue\n");
}

TEST_F(Csv, NotWritten) {
  auto complaint = [&](const std::vector<NamedArray> &arrays) {
    try {
      writeData(folder.path("out.csv"), arrays);
      return std::string("none");
    } catch (const FileError &error) {
      return error.message();
    }
  };
  EXPECT_EQ(complaint({{"x", f64({1, 2}), ""}, {"y", f64({1}), ""}}),
            "columns of different lengths: 'x' has 2 rows, 'y' has 1; npz takes arrays of any "
            "shape");
  EXPECT_EQ(complaint({{"x", Array::zeros(DType::F32, {1, 2, 3}), ""}}),
            "'x' has the type f32[1, 2, 3]; csv takes arrays of one or two axes (npy and npz take "
            "any)");
  EXPECT_EQ(complaint({{"k", Array::zeros(DType::Key, {}), ""}}),
            "'k' is a key, and keys cannot be saved as csv");
  EXPECT_EQ(complaint({}), "there is nothing to save");
  EXPECT_FALSE(std::filesystem::exists(folder.path("out.csv")));
}
