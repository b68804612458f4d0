#include "compiler/cache/CodeCache.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace descent::compiler {
namespace {

namespace fs = std::filesystem;

/// A folder of the test's own.
class CodeCacheTest : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "descent-cache-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override {
    fs::permissions(folder, fs::perms::owner_all);
    fs::remove_all(folder);
  }

  std::string folder;
};

CodeCache::Key keyOf(int number) { return CodeCache::keyOf({"test", std::to_string(number)}); }

std::string imageOf(int number, size_t bytes = 1000) {
  std::string image(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i)
    image[i] = char(i * 31 + size_t(number) * 7 + i / 251);
  return image;
}

std::string contentsOf(const std::string &file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void writeTo(const std::string &file, const std::string &contents) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << contents;
}

TEST_F(CodeCacheTest, FindsWhatWasKept) {
  CodeCache cache(folder);
  EXPECT_EQ(cache.find(keyOf(1)), std::nullopt);
  EXPECT_TRUE(cache.keep(keyOf(1), imageOf(1)));
  EXPECT_TRUE(cache.keep(keyOf(2), ""));
  EXPECT_EQ(cache.find(keyOf(1)), imageOf(1));
  EXPECT_EQ(cache.find(keyOf(2)), "");
  EXPECT_EQ(cache.find(keyOf(3)), std::nullopt);
  EXPECT_TRUE(cache.keep(keyOf(1), imageOf(4)));
  EXPECT_EQ(cache.find(keyOf(1)), imageOf(4));
  EXPECT_EQ(cache.usage().entries, 2u);
  EXPECT_EQ(cache.clear(), 2u);
  EXPECT_EQ(cache.usage().entries, 0u);
  EXPECT_EQ(cache.find(keyOf(1)), std::nullopt);
}

TEST_F(CodeCacheTest, KeysTellPartsApart) {
  EXPECT_EQ(CodeCache::keyOf({"a", "b"}), CodeCache::keyOf({"a", "b"}));
  EXPECT_NE(CodeCache::keyOf({"a", "b"}), CodeCache::keyOf({"b", "a"}));
  EXPECT_NE(CodeCache::keyOf({"ab", "c"}), CodeCache::keyOf({"a", "bc"}));
  EXPECT_NE(CodeCache::keyOf({"ab"}), CodeCache::keyOf({"ab", ""}));
}

TEST_F(CodeCacheTest, EveryChangedByteIsFound) {
  CodeCache cache(folder);
  ASSERT_TRUE(cache.keep(keyOf(1), imageOf(1, 100)));
  std::string file = cache.fileOf(keyOf(1)), good = contentsOf(file);
  ASSERT_EQ(good.size(), 180u);
  for (size_t i = 0; i < good.size(); ++i)
    for (int change : {0x01, 0x80, 0xff}) {
      std::string bad = good;
      bad[i] = char(bad[i] ^ change);
      writeTo(file, bad);
      EXPECT_EQ(cache.find(keyOf(1)), std::nullopt) << "byte " << i;
      EXPECT_FALSE(fs::exists(file)) << "a broken entry is removed";
    }
  writeTo(file, good);
  chmod(file.c_str(), 0600);
  EXPECT_EQ(cache.find(keyOf(1)), imageOf(1, 100));
}

TEST_F(CodeCacheTest, EveryOtherLengthIsFound) {
  CodeCache cache(folder);
  ASSERT_TRUE(cache.keep(keyOf(1), imageOf(1, 100)));
  std::string file = cache.fileOf(keyOf(1)), good = contentsOf(file);
  for (size_t size = 0; size < good.size(); ++size) {
    writeTo(file, good.substr(0, size));
    EXPECT_EQ(cache.find(keyOf(1)), std::nullopt) << size << " bytes";
  }
  writeTo(file, good + "x");
  EXPECT_EQ(cache.find(keyOf(1)), std::nullopt);
  writeTo(file, good + good);
  EXPECT_EQ(cache.find(keyOf(1)), std::nullopt);
}

TEST_F(CodeCacheTest, AnEntryUnderAnotherNameIsForeign) {
  CodeCache cache(folder);
  ASSERT_TRUE(cache.keep(keyOf(1), imageOf(1)));
  fs::rename(cache.fileOf(keyOf(1)), cache.fileOf(keyOf(2)));
  EXPECT_EQ(cache.find(keyOf(2)), std::nullopt);
}

TEST_F(CodeCacheTest, CodeThatOthersCouldHaveWrittenIsNotRun) {
  CodeCache cache(folder);
  ASSERT_TRUE(cache.keep(keyOf(1), imageOf(1)));
  chmod(cache.fileOf(keyOf(1)).c_str(), 0622);
  EXPECT_EQ(cache.find(keyOf(1)), std::nullopt);
  ASSERT_TRUE(cache.keep(keyOf(1), imageOf(1)));
  fs::rename(cache.fileOf(keyOf(1)), folder + "/elsewhere");
  fs::create_symlink(folder + "/elsewhere", cache.fileOf(keyOf(1)));
  EXPECT_EQ(cache.find(keyOf(1)), std::nullopt);
  chmod(folder.c_str(), 0777);
  EXPECT_FALSE(cache.keep(keyOf(1), imageOf(1)));
  EXPECT_EQ(cache.problem(), "others may write to its folder");
}

TEST_F(CodeCacheTest, IsNotAFile) {
  CodeCache cache(folder);
  fs::create_directory(cache.fileOf(keyOf(1)));
  EXPECT_EQ(cache.find(keyOf(1)), std::nullopt);
  EXPECT_FALSE(cache.keep(keyOf(1), imageOf(1)));
  mkfifo(cache.fileOf(keyOf(2)).c_str(), 0600);
  EXPECT_EQ(cache.find(keyOf(2)), std::nullopt);
  EXPECT_TRUE(cache.keep(keyOf(2), imageOf(2)));
  EXPECT_EQ(cache.find(keyOf(2)), imageOf(2));
}

/// Makes an entry look as if it was used so many seconds ago.
void age(const CodeCache &cache, int number, int seconds) {
  fs::last_write_time(cache.fileOf(keyOf(number)),
                      fs::file_time_type::clock::now() - std::chrono::seconds(seconds));
}

TEST_F(CodeCacheTest, TheOldestGoWhenThereAreTooMany) {
  CodeCache cache(folder, {uint64_t{1} << 20, 8});
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(cache.keep(keyOf(i), imageOf(i)));
    age(cache, i, 1000 - i);
  }
  EXPECT_EQ(cache.find(keyOf(0)), imageOf(0)); // used just now
  ASSERT_TRUE(cache.keep(keyOf(8), imageOf(8)));
  EXPECT_EQ(cache.usage().entries, 6u);
  for (int gone : {1, 2, 3})
    EXPECT_EQ(cache.find(keyOf(gone)), std::nullopt) << gone;
  for (int stays : {0, 4, 5, 6, 7, 8})
    EXPECT_EQ(cache.find(keyOf(stays)), imageOf(stays)) << stays;
}

TEST_F(CodeCacheTest, StaysBelowItsSize) {
  CodeCache cache(folder, {10000, 1000});
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(cache.keep(keyOf(i), imageOf(i, size_t(500 + 13 * i))));
    EXPECT_EQ(cache.find(keyOf(i)), imageOf(i, size_t(500 + 13 * i)));
    EXPECT_LE(cache.usage().bytes, 10000u);
  }
  EXPECT_GE(cache.usage().entries, 4u);
  EXPECT_FALSE(cache.keep(keyOf(1), imageOf(1, 2501))) << "one of more than a quarter";
}

TEST_F(CodeCacheTest, OtherFilesAreLeftAlone) {
  CodeCache cache(folder, {10000, 2});
  writeTo(folder + "/letter", std::string(20000, 'x'));
  writeTo(folder + "/.writing-abcdef", "left behind");
  fs::last_write_time(folder + "/.writing-abcdef",
                      fs::file_time_type::clock::now() - std::chrono::hours(2));
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(cache.keep(keyOf(i), imageOf(i)));
  EXPECT_FALSE(fs::exists(folder + "/.writing-abcdef"));
  cache.clear();
  EXPECT_TRUE(fs::exists(folder + "/letter"));
}

TEST_F(CodeCacheTest, WithoutAFolderNothingIsKept) {
  CodeCache none("");
  EXPECT_FALSE(none.keep(keyOf(1), imageOf(1)));
  EXPECT_EQ(none.find(keyOf(1)), std::nullopt);
  EXPECT_EQ(none.usage().entries, 0u);
  EXPECT_EQ(none.clear(), 0u);
  EXPECT_EQ(none.problem(), "there is no folder for it");

  writeTo(folder + "/file", "");
  CodeCache inFile(folder + "/file/cache");
  EXPECT_FALSE(inFile.keep(keyOf(1), imageOf(1)));
  EXPECT_EQ(inFile.find(keyOf(1)), std::nullopt);
  EXPECT_EQ(inFile.problem(), "its folder cannot be made");

  CodeCache nested(folder + "/a/b//c/");
  EXPECT_EQ(nested.problem(), "");
  EXPECT_TRUE(nested.keep(keyOf(1), imageOf(1)));
  EXPECT_EQ(nested.find(keyOf(1)), imageOf(1));
  EXPECT_EQ(fs::status(folder + "/a").permissions(), fs::perms::owner_all);
}

TEST_F(CodeCacheTest, AFolderThatCannotBeWritten) {
  CodeCache cache(folder + "/closed");
  ASSERT_TRUE(cache.keep(keyOf(1), imageOf(1)));
  fs::permissions(folder + "/closed", fs::perms::owner_read | fs::perms::owner_exec);
  // Root may write anywhere: it is another user who tries.
  pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && (chown((folder + "/closed").c_str(), 65534, 65534) != 0 ||
                           chown(cache.fileOf(keyOf(1)).c_str(), 65534, 65534) != 0 ||
                           chmod(folder.c_str(), 0755) != 0 || setuid(65534) != 0))
      _exit(2);
    bool right = cache.find(keyOf(1)) == imageOf(1) && !cache.keep(keyOf(2), imageOf(2)) &&
                 cache.problem() == "its folder cannot be written";
    _exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  fs::permissions(folder + "/closed", fs::perms::owner_all);
}

TEST_F(CodeCacheTest, ProcessesAtOnce) {
  // All write and read the same few entries, of different lengths, in a folder that is always full.
  std::vector<pid_t> children;
  for (int process = 0; process < 6; ++process) {
    pid_t child = fork();
    if (child == 0) {
      CodeCache cache(folder + "/shared", {60000, 8});
      int found = 0;
      for (int i = 0; i < 300; ++i) {
        int number = (i * 7 + process * 3) % 12;
        cache.keep(keyOf(number), imageOf(number, size_t(100 + 1000 * number)));
        number = (i * 5 + process) % 12;
        if (auto image = cache.find(keyOf(number))) {
          if (*image != imageOf(number, size_t(100 + 1000 * number)))
            _exit(2);
          ++found;
        }
      }
      _exit(found > 0 ? 0 : 1);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  CodeCache cache(folder + "/shared", {60000, 8});
  ASSERT_TRUE(cache.keep(keyOf(1), imageOf(1)));
  EXPECT_LE(cache.usage().bytes, 60000u);
  for (const auto &file : fs::directory_iterator(folder + "/shared"))
    EXPECT_FALSE(file.path().filename().string().starts_with(".writing-")) << file.path();
}

/// Sets variables of the environment until it dies.
class Environment {
public:
  void set(const char *name, const char *value) {
    const char *before = std::getenv(name);
    saved.emplace_back(name, before ? std::optional<std::string>(before) : std::nullopt);
    value ? setenv(name, value, 1) : unsetenv(name);
  }
  ~Environment() {
    for (auto it = saved.rbegin(); it != saved.rend(); ++it)
      it->second ? setenv(it->first, it->second->c_str(), 1) : unsetenv(it->first);
  }

private:
  std::vector<std::pair<const char *, std::optional<std::string>>> saved;
};

TEST_F(CodeCacheTest, WhereItIs) {
  Environment environment;
  environment.set("DESCENT_CACHE_DIR", nullptr);
  environment.set("XDG_CACHE_HOME", "/x/cache");
  environment.set("HOME", "/home/u");
  EXPECT_EQ(CodeCache::defaultFolder(), "/x/cache/descent");
  environment.set("XDG_CACHE_HOME", "relative");
  EXPECT_EQ(CodeCache::defaultFolder(), "/home/u/.cache/descent");
  environment.set("XDG_CACHE_HOME", nullptr);
  EXPECT_EQ(CodeCache::defaultFolder(), "/home/u/.cache/descent");
  environment.set("HOME", nullptr);
  EXPECT_EQ(CodeCache::defaultFolder(), "");
  environment.set("DESCENT_CACHE_DIR", "here");
  EXPECT_EQ(CodeCache::defaultFolder(), "here");
  environment.set("XDG_CACHE_HOME", "/x/cache");
  environment.set("DESCENT_CACHE_DIR", "");
  EXPECT_EQ(CodeCache::defaultFolder(), "");
}

} // namespace
} // namespace descent::compiler
