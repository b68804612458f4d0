// A script and what sema made of it, for tests.
#pragma once

#include "frontend/sema/Sema.h"
#include "frontend/syntax/Parser.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace descent::sema {

/// Two columns x and y of ten numbers 0 … 9 and 0, 2 … 18, integers z, text that is refused.
class TestData : public DataSource {
public:
  DataResult load(const std::string &path, DType defaultFloat) override;
  std::vector<std::string> loaded;
};

class Subject {
public:
  explicit Subject(const std::string &script, AnalyzeOptions options = {});

  /// The program as text without its trailing `keep` effects and without ids: see `ops`.
  std::string text() const;
  /// The names of the operations of the main region, nested ones in braces: "for {add yield}".
  std::string ops() const;
  /// The types of what is printed, one for each operand of each print, in order.
  std::vector<std::string> printed() const;
  /// The values known at compile time that are printed; "?" for others.
  std::vector<std::string> constants() const;
  size_t count(std::string_view op) const;

  SourceManager sources;
  Diagnostics diagnostics{sources};
  TestData data;
  std::unique_ptr<ast::Ast> tree;
  std::optional<Program> program;
  /// All diagnostics as they are shown.
  std::string shown;
  /// What is wrong with the program itself; empty where all is well.
  std::string problem;
};

} // namespace descent::sema
