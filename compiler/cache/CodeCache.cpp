#include "compiler/cache/CodeCache.h"

#include "runtime/core/Interrupt.h"

#include <llvm/Support/BLAKE3.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace descent::compiler {

namespace {

// An entry is a header and the image. All numbers are of this machine's byte order: code for
// another is of no use.
struct Header {
  std::array<char, 8> magic;
  uint64_t imageBytes;
  CodeCache::Key key;
  std::array<uint8_t, 32> checksum; ///< of the fields above and the image
};
constexpr std::array<char, 8> kMagic{'D', 'e', 's', 'c', 'e', 'n', 't', '1'};
constexpr size_t kKeyDigits = 64;
constexpr std::string_view kSuffix = ".code";
/// Files being written. A process that dies leaves one behind; it counts, and is removed some time.
constexpr std::string_view kTemporary = ".writing-";
constexpr time_t kAbandonedSeconds = 3600;

std::array<uint8_t, 32> checksumOf(const Header &header, std::string_view image) {
  llvm::BLAKE3 hash;
  hash.update(llvm::StringRef(reinterpret_cast<const char *>(&header), offsetof(Header, checksum)));
  hash.update(llvm::StringRef(image.data(), image.size()));
  return hash.final<32>();
}

/// A file descriptor that closes itself.
class File {
public:
  explicit File(int descriptor) : descriptor(descriptor) {}
  ~File() {
    if (descriptor >= 0)
      close(descriptor);
  }
  File(const File &) = delete;
  File &operator=(const File &) = delete;
  explicit operator bool() const { return descriptor >= 0; }
  int get() const { return descriptor; }

  bool read(void *to, size_t bytes) const {
    auto *next = static_cast<char *>(to);
    while (bytes > 0) {
      ssize_t got = ::read(descriptor, next, bytes);
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return false;
      next += got;
      bytes -= static_cast<size_t>(got);
    }
    return true;
  }

  bool write(const void *from, size_t bytes) const {
    auto *next = static_cast<const char *>(from);
    while (bytes > 0) {
      ssize_t put = ::write(descriptor, next, bytes);
      if (put < 0 && errno == EINTR)
        continue;
      if (put <= 0)
        return false;
      next += put;
      bytes -= static_cast<size_t>(put);
    }
    return true;
  }

private:
  int descriptor;
};

/// Code is run: nobody else may have been able to write it.
bool isOurs(const struct stat &status) {
  return status.st_uid == geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool makeFolders(const std::string &path) {
  for (size_t slash = 1; slash != std::string::npos;) {
    slash = path.find('/', slash);
    std::string part = path.substr(0, slash);
    if (mkdir(part.c_str(), S_IRWXU) != 0 && errno != EEXIST)
      return false;
    if (slash != std::string::npos)
      ++slash;
  }
  return true;
}

struct Found {
  std::string name;
  uint64_t bytes = 0;
  timespec used{};
  bool isEntry = false;
};

bool isOlder(const Found &a, const Found &b) {
  return std::pair(a.used.tv_sec, a.used.tv_nsec) < std::pair(b.used.tv_sec, b.used.tv_nsec);
}

/// Our files in a folder: entries, and what is being written.
std::vector<Found> filesIn(const std::string &path) {
  std::vector<Found> files;
  std::unique_ptr<DIR, int (*)(DIR *)> folder(path.empty() ? nullptr : opendir(path.c_str()),
                                              closedir);
  if (!folder)
    return files;
  while (dirent *each = readdir(folder.get())) {
    std::string_view name = each->d_name;
    bool isEntry = name.size() == kKeyDigits + kSuffix.size() && name.ends_with(kSuffix) &&
                   name.find_first_not_of("0123456789abcdef") == kKeyDigits;
    if (!isEntry && !name.starts_with(kTemporary))
      continue;
    struct stat status{};
    if (fstatat(dirfd(folder.get()), each->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(status.st_mode))
      files.push_back(
          {std::string(name), static_cast<uint64_t>(status.st_size), status.st_mtim, isEntry});
  }
  return files;
}

/// Removes what is too much, and a good part more, so that this is not needed again at once.
void prune(const std::string &path, const CodeCache::Limits &limits) {
  std::vector<Found> files = filesIn(path);
  uint64_t bytes = 0;
  time_t abandoned = time(nullptr) - kAbandonedSeconds;
  std::erase_if(files, [&](const Found &file) {
    if (!file.isEntry && file.used.tv_sec < abandoned)
      return unlink((path + "/" + file.name).c_str()) == 0;
    bytes += file.bytes;
    return false;
  });
  if (bytes <= limits.bytes && files.size() <= limits.entries)
    return;
  std::ranges::sort(files, isOlder);
  size_t count = files.size();
  for (const Found &file : files) {
    if (bytes <= limits.bytes / 4 * 3 && count <= limits.entries - limits.entries / 4)
      return;
    if (!file.isEntry || unlink((path + "/" + file.name).c_str()) != 0)
      continue;
    bytes -= file.bytes;
    --count;
  }
}

} // namespace

CodeCache::CodeCache(std::string folder, Limits limits) : path(std::move(folder)), limits(limits) {
  while (path.size() > 1 && path.ends_with('/'))
    path.pop_back();
}

std::string CodeCache::defaultFolder() {
  auto variable = [](const char *name) -> std::string {
    const char *value = std::getenv(name);
    return value ? value : "";
  };
  if (std::getenv("DESCENT_CACHE_DIR"))
    return variable("DESCENT_CACHE_DIR");
  // A relative path there is to be ignored, says the XDG base directory specification.
  if (std::string base = variable("XDG_CACHE_HOME"); base.starts_with('/'))
    return base + "/descent";
  if (std::string home = variable("HOME"); home.starts_with('/'))
    return home + "/.cache/descent";
  return "";
}

CodeCache::Key CodeCache::keyOf(std::initializer_list<std::string_view> parts) {
  llvm::BLAKE3 hash;
  for (std::string_view part : parts) {
    // The sizes keep ("ab", "c") and ("a", "bc") apart.
    uint64_t size = part.size();
    hash.update(llvm::StringRef(reinterpret_cast<const char *>(&size), sizeof(size)));
    hash.update(llvm::StringRef(part.data(), part.size()));
  }
  return hash.final<32>();
}

std::string CodeCache::fileOf(const Key &key) const {
  std::string name = path + "/";
  for (uint8_t byte : key) {
    name += "0123456789abcdef"[byte >> 4];
    name += "0123456789abcdef"[byte & 15];
  }
  return name.append(kSuffix);
}

std::optional<std::string> CodeCache::find(const Key &key) const {
  if (path.empty())
    return std::nullopt;
  std::string name = fileOf(key);
  File file(open(name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (!file || fstat(file.get(), &status) != 0)
    return std::nullopt;
  // Read, not mapped: the file of a mapping may get shorter under it.
  auto image = [&]() -> std::optional<std::string> {
    Header header;
    if (!S_ISREG(status.st_mode) || !isOurs(status) || !file.read(&header, sizeof(header)))
      return std::nullopt;
    if (header.magic != kMagic || header.key != key ||
        header.imageBytes != static_cast<uint64_t>(status.st_size) - sizeof(header))
      return std::nullopt;
    std::string bytes(header.imageBytes, '\0');
    if (!file.read(bytes.data(), bytes.size()) || checksumOf(header, bytes) != header.checksum)
      return std::nullopt;
    return bytes;
  }();
  if (image)
    futimens(file.get(), nullptr); // used just now
  else
    unlink(name.c_str());
  return image;
}

bool CodeCache::keep(const Key &key, std::string_view image) const {
  // An entry that takes most of the room would drive out all others.
  if (path.empty() || image.size() > limits.bytes / 4 || limits.entries == 0 || !makeFolders(path))
    return false;
  struct stat status{};
  if (stat(path.c_str(), &status) != 0 || !isOurs(status))
    return false;
  InterruptGuard whole;
  Header header{kMagic, image.size(), key, {}};
  header.checksum = checksumOf(header, image);
  std::string temporary = path + "/" + std::string(kTemporary) + "XXXXXX";
  bool complete;
  {
    File file(mkostemp(temporary.data(), O_CLOEXEC)); // readable by its owner alone
    if (!file)
      return false;
    complete = file.write(&header, sizeof(header)) && file.write(image.data(), image.size());
  }
  // Not flushed to the disk: what a crash of the machine leaves, the checksum finds out.
  if (!complete || rename(temporary.c_str(), fileOf(key).c_str()) != 0) {
    unlink(temporary.c_str());
    return false;
  }
  prune(path, limits);
  return true;
}

CodeCache::Usage CodeCache::usage() const {
  Usage usage;
  for (const Found &file : filesIn(path)) {
    usage.entries += file.isEntry;
    usage.bytes += file.bytes;
  }
  return usage;
}

size_t CodeCache::clear() const {
  size_t removed = 0;
  for (const Found &file : filesIn(path))
    if (unlink((path + "/" + file.name).c_str()) == 0)
      removed += file.isEntry;
  return removed;
}

std::string CodeCache::problem() const {
  if (path.empty())
    return "there is no folder for it";
  if (!makeFolders(path))
    return "its folder cannot be made";
  struct stat status{};
  if (stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
    return "it is not a folder";
  if (!isOurs(status))
    return status.st_uid == geteuid() ? "others may write to its folder"
                                      : "its folder is another user's";
  if (access(path.c_str(), W_OK | X_OK) != 0)
    return "its folder cannot be written";
  return "";
}

} // namespace descent::compiler
