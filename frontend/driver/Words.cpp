#include "frontend/driver/Words.h"

#include "frontend/diagnostics/Diagnostics.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace descent::driver {
namespace {

bool asksForHelp(std::string_view word) {
  return word == "--help" || word == "-h";
}

std::vector<std::string> commandNames(const CLI::App &app) {
  std::vector<std::string> names;
  for (const CLI::App *command : app.get_subcommands([](const CLI::App *) { return true; }))
    names.push_back(command->get_name());
  return names;
}

/// What is behind the command.
class Reader {
public:
  Reader(const CLI::App &command, std::span<char *const> words) : command(command), words(words) {}

  std::string problem() {
    // Help is given whatever else there is.
    if (std::ranges::any_of(words, asksForHelp))
      return "";
    for (size_t i = 0; i < words.size(); ++i) {
      std::string_view word = words[i];
      if (onlyFiles || word.size() < 2 || !word.starts_with("-")) {
        files.push_back(word);
      } else if (word == "--") {
        onlyFiles = true;
      } else if (std::string found = problemOfOption(word, i); !found.empty()) {
        return found;
      }
    }
    return problemOfFiles();
  }

private:
  const CLI::App &command;
  std::span<char *const> words;
  std::vector<std::string_view> files;
  std::vector<std::string> given; ///< options that take a value
  bool onlyFiles = false;

  bool isOption(std::string_view word) const {
    return word == "--" ||
           (word.size() > 2 && word.starts_with("--") &&
            command.get_option_no_throw(std::string(word.substr(0, word.find('=')))));
  }

  /// `at` moves to the option's value.
  std::string problemOfOption(std::string_view word, size_t &at) {
    std::string name(word.substr(0, word.find('=')));
    const CLI::Option *option = command.get_option_no_throw(name);
    if (!option)
      return fmt::format("there is no option {}{}", name, meant(name));
    bool takesValue = option->get_items_expected_max() > 0, hasValue = name.size() < word.size();
    if (!takesValue && hasValue)
      return fmt::format("{} takes no value, and {} gives it one", name, word);
    if (!takesValue)
      return "";
    if (!hasValue && (++at == words.size() || isOption(words[at])))
      return fmt::format("{} takes a {}, and there is none{}", name, option->get_type_name(),
                         at == words.size() ? "" : fmt::format(" before {}", words[at]));
    bool isList = option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
    if (!isList && std::ranges::count(given, name))
      return fmt::format("{} is there twice", name);
    given.push_back(name);
    return "";
  }

  std::string meant(const std::string &name) const {
    std::vector<std::string> names;
    for (const CLI::Option *option : command.get_options())
      for (const std::string &each : option->get_lnames())
        names.push_back(each);
    std::string bare = name.substr(std::min(name.find_first_not_of('-'), name.size()));
    // "-set" for "--set" as well.
    if (std::ranges::count(names, bare))
      return fmt::format(". Did you mean --{}?", bare);
    if (std::optional<std::string> nearest = closestName(bare, names))
      return fmt::format(". Did you mean --{}?", *nearest);
    return fmt::format("; descent {} --help lists all", command.get_name());
  }

  std::string problemOfFiles() const {
    int least = 0, most = 0;
    std::string what;
    for (const CLI::Option *option : command.get_options())
      if (option->get_positional()) {
        least += option->get_required();
        most = option->get_items_expected_max();
        what = option->get_name(true);
      }
    if (most == 0 && !files.empty())
      return fmt::format("it takes no files, and there is {}", files.front());
    if (files.size() < size_t(least))
      return fmt::format("a script is missing: descent {} model.gd, for instance",
                         command.get_name());
    if (files.size() > size_t(most))
      return fmt::format("it takes one script, and there are {}", fmt::join(files, " and "));
    return "";
  }
};

} // namespace

std::string problemOfWords(const CLI::App &app, std::span<char *const> words) {
  if (words.empty())
    return "";
  std::string_view first = words.front();
  std::vector<std::string> names = commandNames(app);
  if (std::ranges::count(names, first)) {
    std::string problem =
        Reader(*app.get_subcommand(std::string(first)), words.subspan(1)).problem();
    return problem.empty() ? "" : fmt::format("descent {}: {}", first, problem);
  }
  if (!first.starts_with("-")) {
    std::string advice = "descent --help lists all commands";
    if (first.ends_with(".gd"))
      advice = fmt::format("To run a script: descent run {}", first);
    else if (std::optional<std::string> meant = closestName(first, names))
      advice = fmt::format("Did you mean descent {}?", *meant);
    return fmt::format("descent: there is no command {}. {}", first, advice);
  }
  if (asksForHelp(first) || first == "--version")
    return "";
  // Options first: what they belong to is missing, or behind them.
  auto command = std::ranges::find_if(
      words, [&](std::string_view word) { return std::ranges::count(names, word) > 0; });
  if (command != words.end())
    return fmt::format("descent: the command comes first: descent {} {}, for instance", *command,
                       first);
  return fmt::format("descent: a command is missing: descent run model.gd {}, for instance. There "
                     "are {}",
                     first, fmt::join(names, ", "));
}

} // namespace descent::driver
