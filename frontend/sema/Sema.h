// The door of sema: a parsed script in, a typed program out.
#pragma once

#include "descent/Array.h"
#include "frontend/diagnostics/Diagnostics.h"
#include "frontend/diagnostics/Source.h"
#include "frontend/sema/Program.h"
#include "frontend/syntax/Ast.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace descent::sema {

/// A named array of a data file, or a column that cannot be used and why.
struct DataColumn {
  std::string name;  ///< an identifier, as after the dot in `points.x`
  std::string label; ///< as the file has it
  Array array;
  std::string refused; ///< not empty: using the column is an error with this text
};

/// What a data file holds, or why it could not be read.
struct DataResult {
  std::vector<DataColumn> columns;
  /// The file holds one array without a name (npy): the data item is this array.
  bool isSingleArray = false;
  /// Not empty: the file could not be read; a clause with line and column where they are known.
  std::string error;
};

/// Where `data` items come from. Sema reads them while it analyses, since their shapes are types.
class DataSource {
public:
  virtual ~DataSource() = default;
  virtual DataResult load(const std::string &path, DType defaultFloat) = 0;
};

struct AnalyzeOptions {
  /// `--set`: a top-level `let` of a literal and its new value as text.
  std::vector<std::pair<std::string, std::string>> settings;
  /// `--data`: a `data` item and the path to read instead.
  std::vector<std::pair<std::string, std::string>> data;
  /// Null: `data` items are errors.
  DataSource *dataSource = nullptr;
  /// Also takes the `test` blocks into the program, after the rest.
  bool tests = false;
  /// With `tests`: those of this name alone; empty: all.
  std::string onlyTest;
  /// Compares each derivative that the script takes with finite differences, where it takes it, and
  /// gives the outcomes as effects; everything is in f64, and nothing is kept or exported.
  bool gradientCheck = false;
  /// Expressions evaluated and operations written before a program counts as too large.
  size_t maxWork = 3'000'000;
};

/// Analyses a script. What is wrong goes to `diagnostics`; nothing is returned where that has errors.
/// Files named by `import` are added to `sources`.
std::optional<Program> analyze(const ast::Ast &script, SourceManager &sources,
                               Diagnostics &diagnostics, const AnalyzeOptions &options);

} // namespace descent::sema
