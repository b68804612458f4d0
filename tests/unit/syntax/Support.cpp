#include "tests/unit/syntax/Support.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace descent::test {

Parsed::Parsed(std::string text)
    : diagnostics(sources), file(sources.add("test.gd", std::move(text))),
      ast(parse(file, diagnostics)) {}

std::string Parsed::messages() const {
  std::ostringstream out;
  diagnostics.render(out);
  return out.str();
}

std::vector<std::string> Parsed::ids() const {
  std::vector<const Diagnostic *> order;
  for (const Diagnostic &diagnostic : diagnostics.all())
    order.push_back(&diagnostic);
  std::sort(order.begin(), order.end(), [](const Diagnostic *a, const Diagnostic *b) {
    return a->range.begin < b->range.begin;
  });
  std::vector<std::string> result;
  for (const Diagnostic *diagnostic : order) {
    LineColumn place = sources.begin(diagnostic->range);
    result.push_back(std::to_string(place.line) + ":" + std::to_string(place.column) + " " +
                     std::string(messageInfo(diagnostic->message).id));
  }
  return result;
}

std::string tree(const std::string &text) {
  Parsed parsed(text);
  if (!parsed.diagnostics.all().empty())
    return parsed.messages();
  std::string result;
  for (const ast::Stmt *item : parsed.ast->items)
    result += (result.empty() ? "" : " | ") + compact(item);
  return result;
}

std::vector<std::string> scriptsIn(const std::string &folder) {
  std::vector<std::string> scripts;
  if (!std::filesystem::exists(folder))
    return scripts;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".gd")
      continue;
    std::ifstream in(entry.path(), std::ios::binary);
    scripts.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return scripts;
}

} // namespace descent::test
