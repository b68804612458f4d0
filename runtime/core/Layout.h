// NumPy's layout of arrays: which elements are shown, and where they stand.
#pragma once

#include "descent/Array.h"

#include <functional>
#include <string>
#include <vector>

namespace descent {

/// The places, in row-major order, of the elements that are shown: all of them up to 1,000, else
/// the first and last three along each axis.
std::vector<int64_t> shownElements(const Shape &shape);

/// Brackets, line breaks and ellipses around the words of the shown elements, which are given in
/// the order of shownElements. `shape` has at least one extent.
std::string layoutWords(const Shape &shape, const std::vector<std::string> &words);

/// The words of the shown elements of an array as NumPy writes them: of equal width, the points
/// aligned, the digits and the use of exponents common to all.
std::vector<std::string> alignedWords(const Array &array, const std::vector<int64_t> &shown);

/// The number of characters of UTF-8 text.
size_t characterCount(std::string_view text);

} // namespace descent
