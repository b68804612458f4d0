// A shared library that is looked for while the program runs.
#pragma once

#include <string>

namespace descent::device::cuda {

/// Stays loaded: threads of a driver may run in it.
class Library {
public:
  /// Loads the file that the variable names, else `name`. A variable that is set but empty: nothing
  /// is loaded.
  Library(const char *name, const char *variable);

  explicit operator bool() const { return handle != nullptr; }
  /// Why it is not there, in the loader's words.
  const std::string &problem() const { return reason; }
  /// Null where there is none.
  void *symbol(const char *name) const;
  /// The file that has a symbol.
  static std::string fileOf(const void *symbol);

private:
  void *handle = nullptr;
  std::string reason;
};

} // namespace descent::device::cuda
