// Every message of the table is provoked by its own example and mended as its own example says; and
// the scripts of this folder are answered with exactly the text beside them.
#include "frontend/sema/Sema.h"
#include "frontend/syntax/Parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace descent {
namespace {

namespace fs = std::filesystem;

/// Two tables, as files would give them.
class Tables : public sema::DataSource {
public:
  sema::DataResult load(const std::string &path, DType) override {
    sema::DataResult result;
    auto column = [&](const char *name, int64_t rows) {
      result.columns.push_back({name, name, Array::zeros(DType::F32, {rows}), ""});
    };
    if (path == "points.csv") {
      column("x", 100);
      column("y", 100);
      result.columns.push_back({"name", "name", {}, "points.csv:2:7: `Ann` is not a number"});
    } else if (path == "repeated.csv") {
      column("x", 100);
      result.columns.push_back({"x_2", "x", Array::zeros(DType::F32, {100}), ""});
    } else if (path == "other.csv") {
      column("x", 90);
      column("y", 90);
    } else {
      result.error = "cannot read `" + path + "`: no such file";
    }
    return result;
  }
};

struct Answer {
  std::vector<std::string> ids;
  std::string shown;
  bool isAccepted = false;
};

/// A first line `# --set rate=fast --data points=other.csv` stands for a command line.
sema::AnalyzeOptions optionsOf(const std::string &text) {
  sema::AnalyzeOptions options;
  std::istringstream words(text.substr(0, text.find('\n')));
  for (std::string word, assignment; words >> word;) {
    if (word != "--set" && word != "--data")
      continue;
    words >> assignment;
    size_t equals = assignment.find('=');
    auto &list = word == "--set" ? options.settings : options.data;
    list.emplace_back(assignment.substr(0, equals), assignment.substr(equals + 1));
  }
  return options;
}

Answer answerTo(const std::string &name, const std::string &text) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  const SourceFile &file = sources.add(name, text);
  auto tree = parse(file, diagnostics);
  Tables tables;
  sema::AnalyzeOptions options = optionsOf(text);
  options.dataSource = &tables;
  options.tests = true;
  Answer answer;
  answer.isAccepted = sema::analyze(*tree, sources, diagnostics, options).has_value();
  for (const Diagnostic &diagnostic : diagnostics.all())
    answer.ids.emplace_back(messageInfo(diagnostic.message).id);
  std::ostringstream out;
  diagnostics.render(out);
  answer.shown = out.str();
  return answer;
}

/// The examples begin with a line break that is not theirs.
std::string exampleOf(std::string_view text) {
  return std::string(text.starts_with('\n') ? text.substr(1) : text);
}

class Message : public testing::TestWithParam<MessageInfo> {};

TEST_P(Message, IsProvokedByItsExample) {
  const MessageInfo &message = GetParam();
  Answer answer = answerTo("example.gd", exampleOf(message.bad));
  EXPECT_NE(std::ranges::find(answer.ids, message.id), answer.ids.end()) << answer.shown;
  EXPECT_EQ(answer.ids.size(), 1u) << answer.shown;
}

TEST_P(Message, IsGoneFromTheMendedExample) {
  Answer answer = answerTo("example.gd", exampleOf(GetParam().mended));
  EXPECT_EQ(answer.shown, "");
  EXPECT_TRUE(answer.isAccepted);
}

/// About what happens while a program runs: RunErrorsTest.cpp provokes these, and the last one, of
/// which no script is the cause, tests/unit/cuda/SessionTest.cpp.
const std::set<std::string> kOfRuns{
    "assert-failed", "index-out-of-range", "not-finite",           "effect-failed",
    "out-of-memory", "not-enough-memory",  "out-of-device-memory", "device-failed"};

std::vector<MessageInfo> messagesWithExamples() {
  std::vector<MessageInfo> result;
  for (const MessageInfo &message : allMessages())
    if (!message.bad.empty() && !kOfRuns.contains(std::string(message.id)))
      result.push_back(message);
  return result;
}

std::string identifier(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return text;
}

INSTANTIATE_TEST_SUITE_P(Table, Message, testing::ValuesIn(messagesWithExamples()),
                         [](const auto &info) { return identifier(std::string(info.param.id)); });

class Script : public testing::TestWithParam<std::string> {};

std::string contentsOf(const fs::path &path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_P(Script, IsAnsweredAsExpected) {
  fs::path folder(DESCENT_ERRORS);
  std::string shown = answerTo(GetParam() + ".gd", contentsOf(folder / (GetParam() + ".gd"))).shown;
  std::string expected = contentsOf(folder / (GetParam() + ".expected"));
  if (shown != expected)
    std::ofstream(fs::path(DESCENT_ACTUAL) / (GetParam() + ".expected")) << shown;
  EXPECT_EQ(shown, expected) << "what was shown is in " << DESCENT_ACTUAL;
}

std::vector<std::string> scripts() {
  std::vector<std::string> names;
  for (const fs::directory_entry &entry : fs::directory_iterator(DESCENT_ERRORS))
    if (entry.path().extension() == ".gd")
      names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

/// Every message of the table: by its own example, by a script of this folder, or, where it is
/// about what happens while a program runs, by its example in RunErrorsTest.cpp.
TEST(Messages, AreAllProvoked) {
  std::set<std::string> provoked = kOfRuns;
  for (const MessageInfo &message : messagesWithExamples())
    provoked.emplace(message.id);
  for (const std::string &name : scripts())
    for (const std::string &id :
         answerTo(name + ".gd", contentsOf(fs::path(DESCENT_ERRORS) / (name + ".gd"))).ids)
      provoked.insert(id);
  for (const MessageInfo &message : allMessages())
    EXPECT_TRUE(provoked.contains(std::string(message.id))) << message.id << " has no script";
}

INSTANTIATE_TEST_SUITE_P(Folder, Script, testing::ValuesIn(scripts()),
                         [](const auto &info) { return identifier(info.param); });

} // namespace
} // namespace descent
