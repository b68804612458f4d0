// A folder for a while.
#pragma once

#include <filesystem>
#include <string>

namespace descent::driver {

/// A new folder where the system has its temporary files, removed with all that is in it.
class TemporaryFolder {
public:
  /// Its name begins with that. Throws Error where none can be made.
  explicit TemporaryFolder(const std::string &name);
  ~TemporaryFolder() { remove(); }
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;

  const std::filesystem::path &path() const { return where; }
  /// Before its time: the process is about to end.
  void remove();

private:
  std::filesystem::path where;
};

} // namespace descent::driver
