#include "frontend/driver/Outputs.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace fs = std::filesystem;

namespace descent::driver {
namespace {

/// Also under another name, and where neither is there yet.
bool isSame(const std::string &a, const std::string &b) {
  std::error_code problem;
  if (fs::equivalent(a, b, problem) && !problem)
    return true;
  // An error is no answer: the folder that this process is in may be gone.
  auto full = [&](const std::string &path) {
    return fs::weakly_canonical(fs::absolute(path, problem), problem);
  };
  return !full(a).empty() && full(a) == full(b);
}

/// Devices and pipes are written as they are; files and what is to become one are replaced.
bool isReplaced(const std::string &path) {
  std::error_code problem;
  fs::file_status status = fs::status(path, problem);
  return !fs::exists(status) || fs::is_regular_file(status);
}

/// What is replaced: a link stays a link.
std::string targetOf(const std::string &path) {
  std::error_code problem;
  if (!fs::is_symlink(fs::symlink_status(path, problem)))
    return path;
  // Also one to a file that is not there yet.
  fs::path real = fs::canonical(path, problem);
  return (problem ? fs::path(path).parent_path() / fs::read_symlink(path, problem) : real).string();
}

/// What is written first, in the folder of what it will replace.
std::string temporaryFor(const std::string &target) {
  return fmt::format("{}.part{}", target, getpid());
}

std::string whyNotWritable(const std::string &path) {
  std::error_code problem;
  if (fs::is_directory(path, problem))
    return "this is a folder";
  if (!isReplaced(path))
    return access(path.c_str(), W_OK) == 0 ? "" : std::strerror(errno);
  fs::path folder = fs::path(path).parent_path();
  if (!folder.empty() && !fs::is_directory(folder, problem))
    return fmt::format("there is no folder {}", folder.string());
  // Permissions do not tell all: a file system can be read-only, or no place for files.
  std::string temporary = temporaryFor(targetOf(path));
  int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0)
    return std::strerror(errno);
  close(file);
  unlink(temporary.c_str());
  return "";
}

} // namespace

std::string problemOfOutputs(const std::vector<NamedFile> &outputs,
                             const std::vector<NamedFile> &inputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto &[option, path] = outputs[i];
    if (path.empty())
      continue;
    if (isReplaced(path)) {
      for (const NamedFile &input : inputs)
        if (isSame(path, input.path))
          return fmt::format("{} {} would overwrite {}", option, path, input.option);
      for (size_t j = 0; j < i; ++j)
        if (!outputs[j].path.empty() && isSame(path, outputs[j].path))
          return fmt::format("{} and {} are the same file, {}", outputs[j].option, option, path);
    }
    if (std::string why = whyNotWritable(path); !why.empty())
      return fmt::format("{} cannot be written (asked for with {}): {}", path, option, why);
  }
  return "";
}

std::string replaceFile(const std::string &path, const std::string &text) {
  bool replaces = isReplaced(path);
  std::string target = targetOf(path);
  std::string written = replaces ? temporaryFor(target) : path;
  std::error_code problem;
  errno = 0;
  {
    std::ofstream out(written, std::ios::binary);
    out << text;
    out.close();
    if (!out) {
      std::string why = std::strerror(errno ? errno : EIO);
      if (replaces)
        fs::remove(written, problem);
      return why;
    }
  }
  if (!replaces)
    return "";
  if (fs::file_status before = fs::status(target, problem); fs::exists(before))
    fs::permissions(written, before.permissions(), problem);
  fs::rename(written, target, problem);
  if (!problem)
    return "";
  std::error_code ignored;
  fs::remove(written, ignored);
  return problem.message();
}

} // namespace descent::driver
