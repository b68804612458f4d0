#include "frontend/diagnostics/Messages.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

using namespace descent;

namespace {

TEST(Messages, IdsAreUniqueAndWellFormed) {
  std::set<std::string_view> seen;
  for (const MessageInfo &info : allMessages()) {
    EXPECT_TRUE(seen.insert(info.id).second) << info.id;
    EXPECT_EQ(info.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), info.id.npos)
        << info.id;
  }
}

TEST(Messages, ReadWell) {
  for (const MessageInfo &info : allMessages()) {
    ASSERT_FALSE(info.text.empty()) << info.id;
    EXPECT_FALSE(info.text.ends_with('.')) << info.id;
    EXPECT_FALSE(info.text[0] >= 'A' && info.text[0] <= 'Z') << info.id;
    EXPECT_TRUE(info.why.ends_with('.') || info.why.ends_with("`.")) << info.id;
    EXPECT_EQ(info.bad.empty(), info.mended.empty()) << info.id;
    if (!info.bad.empty()) {
      EXPECT_NE(info.bad, info.mended) << info.id;
      EXPECT_TRUE(info.bad.starts_with('\n') && info.bad.ends_with('\n')) << info.id;
    }
  }
}

TEST(Messages, PlacesAreNumberedFromZero) {
  for (const MessageInfo &info : allMessages()) {
    bool expected = true;
    for (char digit = '0'; digit <= '9'; ++digit) {
      bool has = info.text.find(std::string("{") + digit + "}") != info.text.npos;
      EXPECT_TRUE(!has || expected) << info.id;
      expected = has;
    }
  }
}

TEST(Messages, ThePageIsUpToDate) {
  std::ifstream in(DESCENT_ERRORS_PAGE, std::ios::binary);
  std::string committed{std::istreambuf_iterator<char>(in), {}};
  std::ostringstream made;
  writeMessageReference(made);
  EXPECT_TRUE(committed == made.str()) << "build the target errors-page to write docs/errors.md";
}

} // namespace
