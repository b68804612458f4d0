#include "frontend/diagnostics/Source.h"
#include "frontend/diagnostics/Utf8.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

using namespace descent;

namespace {

TEST(SourceFile, LinesOfAnEmptyText) {
  SourceFile file(0, "a.gd", "");
  EXPECT_EQ(file.lineCount(), 1u);
  EXPECT_EQ(file.lineText(1), "");
  EXPECT_EQ(file.lineColumn(0), (LineColumn{1, 1}));
  EXPECT_EQ(file.lineColumn(99), (LineColumn{1, 1}));
}

TEST(SourceFile, AllLineEndings) {
  SourceFile file(0, "a.gd", "one\ntwo\r\nthree\rfour");
  EXPECT_EQ(file.lineCount(), 4u);
  EXPECT_EQ(file.lineText(1), "one");
  EXPECT_EQ(file.lineText(2), "two");
  EXPECT_EQ(file.lineText(3), "three");
  EXPECT_EQ(file.lineText(4), "four");
  EXPECT_EQ(file.lineColumn(4), (LineColumn{2, 1}));
  EXPECT_EQ(file.lineColumn(9), (LineColumn{3, 1}));
  EXPECT_EQ(file.lineColumn(19), (LineColumn{4, 5}));
}

TEST(SourceFile, AFinalLineBreakBeginsALine) {
  SourceFile file(0, "a.gd", "one\n");
  EXPECT_EQ(file.lineCount(), 2u);
  EXPECT_EQ(file.lineColumn(4), (LineColumn{2, 1}));
}

TEST(SourceFile, DropsTheByteOrderMark) {
  SourceFile file(0, "a.gd", "\xEF\xBB\xBFlet");
  EXPECT_EQ(file.text(), "let");
}

TEST(SourceFile, ColumnsCountCodePoints) {
  SourceFile file(0, "a.gd", "θ→x\n\t日本 y");
  EXPECT_EQ(file.lineColumn(2), (LineColumn{1, 2}));
  EXPECT_EQ(file.lineColumn(5), (LineColumn{1, 3}));
  EXPECT_EQ(file.lineColumn(7 + 1 + 6 + 1), (LineColumn{2, 5}));
}

TEST(SourceFile, OffsetsOfPlaces) {
  SourceFile file(0, "a.gd", "θ→x\r\n日本 y");
  for (uint32_t offset : {0u, 2u, 5u, 8u, 11u, 14u, 15u})
    EXPECT_EQ(file.offsetOf(file.lineColumn(offset)), offset);
  EXPECT_EQ(file.offsetOf({1, 99}), 6u);
  EXPECT_EQ(file.offsetOf({9, 1}), file.text().size());
  EXPECT_EQ(file.offsetOf({0, 1}), 0u);
}

TEST(SourceRange, Join) {
  SourceRange a{0, 3, 5}, b{0, 1, 4};
  EXPECT_EQ(join(a, b), (SourceRange{0, 1, 5}));
  EXPECT_EQ(join(a, SourceRange()), a);
  EXPECT_EQ(join(SourceRange(), b), b);
  EXPECT_FALSE(join({}, {}).isValid());
}

class Loading : public testing::Test {
protected:
  Loading() : path(testing::TempDir() + "descent-source-test.gd") {}
  ~Loading() override { std::filesystem::remove(path); }

  const SourceFile *load(const std::string &text) {
    std::ofstream(path, std::ios::binary) << text;
    return sources.load(path, reason);
  }

  std::string path, reason;
  SourceManager sources;
};

TEST_F(Loading, ReadsBytesAsTheyAre) {
  const SourceFile *file = load(std::string("a\r\n\0b", 5));
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->text(), std::string_view("a\r\n\0b", 5));
  EXPECT_EQ(sources.find(path), file);
  EXPECT_EQ(sources.find("other"), nullptr);
}

TEST_F(Loading, OfTheGreatestLength) {
  ASSERT_NE(load(std::string(SourceManager::kMaxFileBytes, ' ')), nullptr);
  EXPECT_EQ(load(std::string(SourceManager::kMaxFileBytes + 1, ' ')), nullptr);
  EXPECT_NE(reason.find("longer than 4 MiB"), std::string::npos);
}

TEST_F(Loading, SaysWhyNot) {
  EXPECT_EQ(sources.load("/nowhere/at/all.gd", reason), nullptr);
  EXPECT_EQ(reason, "no such file");
  EXPECT_EQ(sources.load(testing::TempDir(), reason), nullptr);
  EXPECT_EQ(reason, "it is a directory");
}

TEST(Utf8, RefusesWhatIsNone) {
  for (std::string_view bad : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80",
                               "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFF", "\xE2\x82"}) {
    CodePoint c = decodeUtf8(bad);
    EXPECT_FALSE(c.valid) << bad;
    EXPECT_EQ(c.length, 1u);
    EXPECT_EQ(c.value, 0xFFFDu);
  }
}

TEST(Utf8, RoundTrip) {
  for (uint32_t value : {0x24u, 0x7Fu, 0x80u, 0x3B8u, 0x7FFu, 0x800u, 0x20ACu, 0xFFFDu, 0x10000u,
                         0x1F600u, 0x10FFFFu}) {
    std::string text;
    appendUtf8(text, value);
    CodePoint c = decodeUtf8(text);
    EXPECT_TRUE(c.valid);
    EXPECT_EQ(c.value, value);
    EXPECT_EQ(c.length, text.size());
  }
}

TEST(Utf8, Widths) {
  EXPECT_EQ(displayWidth('a'), 1);
  EXPECT_EQ(displayWidth(0x3B8), 1);   // θ
  EXPECT_EQ(displayWidth(0x301), 0);   // combining acute
  EXPECT_EQ(displayWidth(0x65E5), 2);  // 日
  EXPECT_EQ(displayWidth(0x1F600), 2); // an emoji
}

} // namespace
