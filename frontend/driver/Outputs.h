// The files that commands write.
#pragma once

#include <string>
#include <vector>

namespace descent::driver {

/// A file that a command was asked to write, or one that it reads.
struct NamedFile {
  std::string option; ///< "--json"
  std::string path;   ///< empty: not asked for
};

/// Why the outputs cannot all be written, better known before a long run than after it; empty where
/// they can. No output may be another one, or an input. Nothing is left of the attempt.
std::string problemOfOutputs(const std::vector<NamedFile> &outputs,
                             const std::vector<NamedFile> &inputs);

/// Gives a file that text: all of it, or the file stays as it was. Why that cannot be done, empty
/// where it was.
std::string replaceFile(const std::string &path, const std::string &text);

} // namespace descent::driver
