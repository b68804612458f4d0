// What the tables of built-in functions share: reading arguments, reporting what does not fit.
#pragma once

#include "frontend/sema/Builtins.h"
#include "frontend/sema/Specializer.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace descent::sema {

using Dims = std::vector<int64_t>;

/// The range to report an argument at: its own, or the call's where it was not written.
SourceRange rangeOf(const BuiltinCall &call, const Argument &argument);

/// Reports a message and gives the error value.
template <typename... Args>
Value fail(BuiltinCall &call, SourceRange range, Msg message, Args &&...args) {
  call.sema.diagnostics.error(range, message, std::forward<Args>(args)...);
  return ErrorValue{};
}
template <typename... Args>
Value fail(BuiltinCall &call, const Argument &argument, Msg message, Args &&...args) {
  return fail(call, rangeOf(call, argument), message, std::forward<Args>(args)...);
}

/// "not supported yet: solve", at the name of the function.
Value notSupported(BuiltinCall &call);
/// The same for a part of a function: "not supported yet: repeat with an array of counts".
Value notSupported(BuiltinCall &call, const Argument &argument, std::string_view what);

/// An array of numbers. A bool counts as an i32; a key is refused.
std::optional<ArrayValue> expectNumber(BuiltinCall &call, const Argument &argument);
/// An integer array (not bool, not key).
std::optional<ArrayValue> expectInteger(BuiltinCall &call, const Argument &argument);
/// A scalar of the default float type or of the type it has.
std::optional<ArrayValue> expectFloatScalar(BuiltinCall &call, const Argument &argument);
/// An array with at least `minimum` axes; reports WrongRank as "needs {what}".
bool expectRank(BuiltinCall &call, const Argument &argument, const ArrayValue &x, int64_t minimum,
                int64_t maximum, std::string_view what);

/// A number known at compile time.
std::optional<Known> expectKnownNumber(BuiltinCall &call, const Argument &argument);
double toDouble(const Known &known);
/// In the shortest form.
std::string toText(const Known &known);

/// Integers known at compile time: one, or a list or tuple of them. Negative ones are let through.
std::optional<Dims> expectIntegers(BuiltinCall &call, const Argument &argument);
/// A shape, each size 0 or more; absent: that of a scalar.
std::optional<Dims> shapeArgument(BuiltinCall &call, const Argument &argument);
/// The element type given, or `fallback` where the argument is absent.
std::optional<DType> dtypeArgument(BuiltinCall &call, const Argument &argument, DType fallback);
/// The same, of those for which `accepts` holds; `what` says which.
std::optional<DType> floatDTypeArgument(BuiltinCall &call, const Argument &argument);
/// The axes named by an integer or a tuple, increasing; all of them where the argument is absent.
std::optional<Dims> axesArgument(BuiltinCall &call, const Argument &argument, int64_t rank);

/// The arrays of a list of arrays: those of a tuple, or the slices of an array along its first
/// axis. Each with the range to report it at.
std::optional<std::vector<Argument>> expectArrays(BuiltinCall &call, const Argument &argument);

/// Applies a function to an array, or to each array of a record or tuple (of any depth).
Value mapLeaves(const Argument &argument, const std::function<Value(const Argument &)> &apply);

/// A shape as messages show it: "2, 3".
std::string joined(const Dims &dims);
/// NumPy's broadcast of two shapes; nothing where they do not fit.
std::optional<Dims> broadcastShapes(const Dims &a, const Dims &b);
Dims withoutAxes(const Dims &dims, const Dims &axes);
/// A permutation of `rank` axes that moves one axis, keeping the order of the others.
Dims movedAxis(int64_t rank, int64_t from, int64_t to);
/// The number of elements of a shape; products that are out of all bounds stay at a number that no array
/// can have, so that the builder refuses them.
int64_t countOf(const Dims &shape);
/// a · b for sizes, likewise.
int64_t sizeProduct(int64_t a, int64_t b);
/// A number of places, kept within what can matter.
int64_t clampedOffset(int64_t offset);
/// 0, 1, … n-1.
Dims counting(int64_t n);

/// Takes elements along an axis at positions known at compile time.
ArrayValue take(Builder &builder, const ArrayValue &x, int64_t axis, const Dims &positions);
/// The part of an axis from `start` up to `limit`, every `stride`-th.
ArrayValue sliceAxis(Builder &builder, const ArrayValue &x, int64_t axis, int64_t start,
                     int64_t limit, int64_t stride = 1);
/// The diagonal of the last two axes, as the last axis; `offset` counts to the right.
ArrayValue diagonal(Builder &builder, const ArrayValue &x, int64_t offset);

} // namespace descent::sema
