// Any bytes: analysis ends, without a crash, and what it accepts is a well-formed program.

#include "frontend/sema/Sema.h"
#include "frontend/syntax/Parser.h"
#include "tests/unit/sema/ProgramCheck.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sstream>

using namespace descent;

namespace {

/// One small table, whatever the file.
class Table : public sema::DataSource {
public:
  sema::DataResult load(const std::string &, DType dtype) override {
    sema::DataResult result;
    for (const char *name : {"x", "y"})
      result.columns.push_back({name, name, Array::zeros(dtype, {7}), ""});
    return result;
  }
};

[[noreturn]] void fail(const std::string &promise, const std::string &text) {
  std::fprintf(stderr, "broken promise: %s\n--- text ---\n%s\n------------\n", promise.c_str(),
               text.c_str());
  std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  SourceManager sources;
  Diagnostics diagnostics(sources);
  const SourceFile &file = sources.add("fuzz.gd", text);
  std::unique_ptr<ast::Ast> tree = parse(file, diagnostics);
  Table table;
  sema::AnalyzeOptions options;
  options.dataSource = &table;
  options.tests = true;
  // So that what takes long is a hang, and no program that is merely large.
  options.maxWork = 100'000;
  auto program = sema::analyze(*tree, sources, diagnostics, options);
  if (program.has_value() == diagnostics.hasErrors())
    fail("a program comes where there is no error", text);
  if (program)
    if (std::string problem = sema::problemOf(*program); !problem.empty())
      fail("the program is well-formed (" + problem + ")", text);
  std::ostringstream messages;
  diagnostics.render(messages);
  return 0;
}
