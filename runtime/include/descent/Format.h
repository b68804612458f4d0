// How values are printed.
#pragma once

#include "descent/Array.h"

#include <optional>
#include <string>
#include <string_view>

namespace descent {

/// A value as `print` shows it.
///
/// A scalar takes the shortest form that reads back as the same value: 22, 0.1, 1e-07, true, nan.
/// An array takes NumPy's layout with NumPy's default options: up to 8 digits after the point,
/// common to the array, aligned columns, lines of at most 75 characters, and of more than 1,000
/// elements only the first and last three along each axis. A key shows its two words:
/// key(1797259609, 2579123966).
std::string toText(const Array &value);

/// A value with a format specification applied to each element; elements of an array are laid out
/// as above, without further alignment. An empty specification means toText(value).
///
///     [[fill]align][sign][#][0][width][,][.precision][type]
///
/// as in Python and C++20: align is one of < > ^, sign one of + - space, `,` separates thousands.
/// Types are e E f F g G % for numbers (integers too), d b o x X for integers and bools, and none.
/// A precision without a type means g, as in C++20. Throws Error where checkFormat has a complaint.
std::string toText(const Array &value, std::string_view spec);

/// What is wrong with a format specification for values of a type, as a sentence to go into a
/// message; nothing where toText would take it.
std::optional<std::string> checkFormat(std::string_view spec, DType dtype);

} // namespace descent
