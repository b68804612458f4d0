// Arithmetic on scalars known at compile time, as the operations of the dialect define it.
#pragma once

#include "frontend/sema/Value.h"

#include <string_view>

namespace descent::sema {

/// A known scalar as a number.
double numberOf(const Known &known);
/// A known scalar as an integer: floats towards zero, out of range to the nearest.
int64_t integerOf(const Known &known);
bool truthOf(const Known &known);

/// The value as an element of the type would hold it: rounded to f32, wrapped to 32 bits, and so on.
/// A weak one keeps its full precision within its kind.
Known rounded(Known value, DType dtype, bool weak);

/// Whether an integer is a value of the type. Floats and bool hold every one.
bool fits(int64_t value, DType dtype);

/// Each gives nothing where the result is not computed at compile time: functions whose last bit
/// the machine decides, an overflow of weak integers, a division by zero.
std::optional<Known> foldUnary(std::string_view name, const ArrayValue &x);
std::optional<Known> foldBinary(std::string_view name, const ArrayValue &lhs, const ArrayValue &rhs);
std::optional<bool> foldCompare(std::string_view predicate, const Known &lhs, const Known &rhs);

} // namespace descent::sema
