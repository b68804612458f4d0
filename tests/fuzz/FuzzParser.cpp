// Any bytes: the parser and the formatter end, without a crash, and hold what they promise.

#include "frontend/diagnostics/Diagnostics.h"
#include "frontend/syntax/AstPrinter.h"
#include "frontend/syntax/Formatter.h"
#include "frontend/syntax/Parser.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sstream>

using namespace descent;

namespace {

[[noreturn]] void fail(const char *promise, const std::string &text) {
  std::fprintf(stderr, "broken promise: %s\n--- text ---\n%s\n------------\n", promise,
               text.c_str());
  std::abort();
}

/// Whether a line of the printed tree is an Error node.
bool hasErrorNode(const std::string &tree) {
  std::istringstream lines(tree);
  for (std::string line; std::getline(lines, line);)
    if (size_t begin = line.find_first_not_of(' ');
        begin != line.npos && line.substr(begin) == "error")
      return true;
  return false;
}

struct Read {
  std::string tree;
  bool isSound;
};

Read read(const std::string &text) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  const SourceFile &file = sources.add("fuzz.gd", text);
  std::unique_ptr<ast::Ast> ast = parse(file, diagnostics);
  std::ostringstream tree, messages;
  printAst(*ast, file, tree, AstRanges::Hide);
  std::ostringstream ranges;
  printAst(*ast, file, ranges, AstRanges::Show);
  diagnostics.render(messages);
  if (hasErrorNode(tree.str()) && !diagnostics.hasErrors())
    fail("an error node comes with an error", text);
  for (const Diagnostic &diagnostic : diagnostics.all()) {
    SourceRange range = diagnostic.range;
    if (!range.isValid() || range.begin > range.end || range.end > file.text().size())
      fail("an error lies in the text", text);
  }
  return {tree.str(), !diagnostics.hasErrors()};
}

std::optional<std::string> format(const std::string &text) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  return formatSource(sources.add("fuzz.gd", text), diagnostics);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  Read first = read(text);
  std::optional<std::string> formatted = format(text);
  if (formatted.has_value() != first.isSound)
    fail("a text is formatted if and only if it has no errors", text);
  if (!formatted)
    return 0;
  Read second = read(*formatted);
  if (!second.isSound || second.tree != first.tree)
    fail("the formatted text reads as the same tree", text + "\n--- formatted ---\n" + *formatted);
  std::optional<std::string> again = format(*formatted);
  if (!again || *again != *formatted)
    fail("formatting twice is formatting once",
         text + "\n--- once ---\n" + *formatted + "\n--- twice ---\n" + again.value_or("(none)"));
  return 0;
}
