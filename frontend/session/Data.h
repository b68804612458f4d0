// Reads the data files that a script names, for its analysis.
#pragma once

#include "frontend/sema/Sema.h"

#include <string>
#include <vector>

namespace descent {

/// Files relative to the script's folder.
class FileData : public sema::DataSource {
public:
  /// `scriptPath` is the script's own path; its folder is where relative names begin.
  explicit FileData(const std::string &scriptPath);

  sema::DataResult load(const std::string &path, DType defaultFloat) override;

  /// What it was asked for so far.
  const std::vector<std::string> &paths() const { return asked; }

  /// Spent reading so far.
  double seconds() const { return spent; }

private:
  std::string folder;
  std::vector<std::string> asked;
  double spent = 0;
};

} // namespace descent
