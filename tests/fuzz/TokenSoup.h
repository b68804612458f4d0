#pragma once

#include <random>
#include <string>

namespace descent::fuzz {

/// A random text of words, signs and lines of the language: half of it grown from a grammar (so
/// that much of it parses), half of it thrown together, and now and then a byte changed.
std::string tokenSoup(std::mt19937_64 &random);

} // namespace descent::fuzz
