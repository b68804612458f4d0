#include "runtime/data/Files.h"

#include "descent/Error.h"
#include "runtime/core/Interrupt.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace descent {

namespace {

/// A file descriptor that closes itself.
class Descriptor {
public:
  explicit Descriptor(int number) : number(number) {}
  ~Descriptor() {
    if (number >= 0)
      ::close(number);
  }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;

  int get() const { return number; }
  bool isOpen() const { return number >= 0; }
  /// Closes it now; false where the system reports that what was written did not arrive.
  bool close() { return ::close(std::exchange(number, -1)) == 0; }

private:
  int number;
};

} // namespace

[[noreturn]] static void failReading(const std::string &path, int code) {
  if (code == ENOENT)
    throw FileError(path, "there is no such file");
  if (code == EISDIR)
    throw FileError(path, "this is a folder, not a file");
  throw FileError(path, std::string("cannot be read: ") + std::strerror(code));
}

[[noreturn]] static void failWriting(const std::string &path, int code) {
  if (code == ENOENT)
    throw FileError(path, "cannot be written: its folder does not exist");
  throw FileError(path, std::string("cannot be written: ") + std::strerror(code));
}

FileReader::FileReader(const std::string &path)
    : path(path), file(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (file < 0)
    failReading(path, errno);
}

FileReader::~FileReader() {
  ::close(file);
}

size_t FileReader::read(char *to, size_t count) {
  size_t done = 0;
  while (done < count) {
    ssize_t got = ::read(file, to + done, count - done);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      failReading(path, errno);
    if (got == 0)
      break;
    done += static_cast<size_t>(got);
  }
  return done;
}

size_t FileReader::size() const {
  struct stat info;
  bool isKnown = ::fstat(file, &info) == 0 && S_ISREG(info.st_mode);
  return isKnown ? static_cast<size_t>(info.st_size) : 0;
}

FileBytes readFile(const std::string &path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info;
  if (!file.isOpen() || ::fstat(file.get(), &info) != 0)
    failReading(path, errno);
  // The size is only where to begin: a pipe has none, and a file may be growing. One byte more than
  // the size lets the end show itself without another allocation.
  size_t capacity = S_ISREG(info.st_mode) ? static_cast<size_t>(info.st_size) + 1 : 1 << 16;
  FileBytes bytes{std::make_unique_for_overwrite<char[]>(capacity), 0};
  for (;;) {
    if (bytes.size == capacity) {
      auto larger = std::make_unique_for_overwrite<char[]>(capacity * 2);
      std::memcpy(larger.get(), bytes.memory.get(), bytes.size);
      bytes.memory = std::move(larger);
      capacity *= 2;
    }
    ssize_t count = ::read(file.get(), bytes.memory.get() + bytes.size, capacity - bytes.size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      failReading(path, errno);
    if (count == 0)
      return bytes;
    bytes.size += static_cast<size_t>(count);
  }
}

/// Returns 0, or the error's code.
static int writeAll(int file, const std::vector<std::string_view> &pieces) {
  for (std::string_view piece : pieces)
    while (!piece.empty()) {
      ssize_t count = ::write(file, piece.data(), piece.size());
      if (count < 0 && errno == EINTR)
        continue;
      if (count < 0)
        return errno;
      piece.remove_prefix(static_cast<size_t>(count));
    }
  return 0;
}

/// For writing, a pipe once somebody reads it. -1, and errno, where it cannot be.
static int openInPlace(const std::string &path) {
  InterruptibleWait forReader;
  return ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
}

void writeFile(const std::string &path, const std::vector<std::string_view> &pieces) {
  InterruptGuard whole;
  std::error_code ignored;
  std::filesystem::path target = path;
  auto status = std::filesystem::status(target, ignored);
  if (std::filesystem::is_directory(status))
    throw FileError(path, "cannot be written: this is a folder");
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    Descriptor file(openInPlace(path));
    if (!file.isOpen())
      failWriting(path, errno);
    if (int code = writeAll(file.get(), pieces))
      failWriting(path, code);
    return;
  }
  // A link stays a link: what it points to is replaced.
  if (std::filesystem::is_symlink(std::filesystem::symlink_status(target, ignored)))
    if (auto real = std::filesystem::weakly_canonical(target, ignored); !ignored)
      target = real;

  std::string temporary = target.string() + ".part" + std::to_string(::getpid());
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file.isOpen())
    failWriting(path, errno);
  int code = writeAll(file.get(), pieces);
  if (code == 0 && ::fsync(file.get()) != 0 && errno != EINVAL)
    code = errno;
  if (!file.close() && code == 0)
    code = errno;
  if (code == 0 && ::rename(temporary.c_str(), target.c_str()) != 0)
    code = errno;
  if (code != 0) {
    ::unlink(temporary.c_str());
    failWriting(path, code);
  }
}

std::string extensionOf(const std::string &path) {
  std::string extension = std::filesystem::path(path).extension().string();
  if (!extension.empty())
    extension.erase(0, 1);
  for (char &c : extension)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return extension;
}

std::string quotedForMessage(std::string_view text) {
  std::string shown = "'";
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(text[i]);
    // Cut between characters, not within one.
    if (i >= 40 && (c & 0xC0) != 0x80) {
      shown += "…";
      break;
    }
    shown += c < 0x20 || c == 0x7F ? '?' : text[i];
  }
  return shown + "'";
}

} // namespace descent
