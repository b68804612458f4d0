#include "frontend/driver/TemporaryFolder.h"

#include "descent/Error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace fs = std::filesystem;

namespace descent::driver {

TemporaryFolder::TemporaryFolder(const std::string &name) {
  std::error_code problem;
  fs::path folder = fs::temp_directory_path(problem);
  if (problem) {
    const char *variable = std::getenv("TMPDIR");
    throw Error(fmt::format("there is no folder for temporary files: {}{}",
                            variable ? fmt::format("TMPDIR is {}: ", variable) : std::string(),
                            problem.message()));
  }
  std::string pattern = (folder / (name + "-XXXXXX")).string();
  if (!mkdtemp(pattern.data()))
    throw Error(
        fmt::format("no folder can be made in {}: {}", folder.string(), std::strerror(errno)));
  where = pattern;
}

void TemporaryFolder::remove() {
  std::error_code ignored;
  fs::remove_all(where, ignored);
}

} // namespace descent::driver
