// The words of a command line, before anything is done with them.
#pragma once

#include <CLI/CLI.hpp>

#include <span>
#include <string>
#include <string_view>

namespace descent::driver {

/// What is wrong with the words behind `descent`: an option that the command has not (with what may
/// have been meant), a value for one that takes none, no script or one too many. "" where none of
/// that is; what the values are worth is seen later.
std::string problemOfWords(const CLI::App &app, std::span<char *const> words);

} // namespace descent::driver
