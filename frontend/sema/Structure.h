// Values as trees whose leaves are arrays: what loops, branches, transforms and effects work on.
#pragma once

#include "frontend/sema/Value.h"
#include "runtime/abi/Effects.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace descent::sema {

/// The arrays of a value, in order: of tuples and records those of their items, of a range its bounds.
void flatten(const Value &value, std::vector<ArrayValue> &leaves);
std::vector<ArrayValue> leavesOf(const Value &value);

/// A value of the same structure with other arrays in place of its own. What is no array (functions,
/// texts) stays. There are as many arrays as the value has leaves.
Value rebuilt(const Value &like, std::span<const ArrayValue> leaves);

/// Whether two values are trees of the same form; their arrays may differ in every way.
bool sameStructure(const Value &a, const Value &b);

/// Whether the value is made of arrays, tuples and records alone.
bool isData(const Value &value);

/// Whether an error value is anywhere in it; then what was wrong has been reported.
bool hasError(const Value &value);

/// Applies a function to each array of a value.
Value mapArrays(const Value &value, const std::function<Value(const ArrayValue &)> &apply);

/// The path to each array: "" for an array, ".w" or "[0]" and their chains inside.
std::vector<std::string> leafPaths(const Value &value);

/// How the arrays of a value form it, when they are operands from number `first` on.
abi::ValueLayout layoutOf(const Value &value, int &first);

} // namespace descent::sema
