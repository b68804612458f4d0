// Random bits: the threefry2x32 generator in the partitionable form of JAX.
//
// A key is one 64-bit word, its first half above. Element i of an array of bits is what the key
// makes of the counter i, whatever the shape: the same integers as jax.random, in any order and on
// any device.
#pragma once

#include "frontend/sema/builtins/Support.h"
#include "frontend/sema/builtins/Term.h"

namespace descent::sema {

/// A random key, a scalar; reports otherwise.
std::optional<Term> expectKey(BuiltinCall &call, const Argument &argument);

/// One 64-bit word for each element of the shape, as dtype Key.
Term randomWords(const Term &key, const Dims &shape);
/// 32 random bits for each element: u32.
Term random32(const Term &key, const Dims &shape);
/// As many keys as the shape has elements.
Term splitKeys(const Term &key, const Dims &shape);
/// Key number i of `keys`, a vector of keys.
Term keyAt(const Term &keys, int64_t i);

/// Floats in [0, 1) of a dtype.
Term uniformUnit(const Term &key, const Dims &shape, DType dtype);
/// Floats in [low, high); the bounds are arrays of the result's shape and type.
Term uniformBetween(const Term &key, const Term &low, const Term &high);
/// Floats in [low, high), of bounds known at compile time.
Term uniformBetween(const Term &key, const Dims &shape, DType dtype, double low, double high);
/// Floats of Gumbel's distribution.
Term gumbel(const Term &key, const Dims &shape, DType dtype);
/// Integers in [low, high) of the bounds' dtype and shape; `low` where the range is empty.
Term integersBetween(const Term &key, const Term &low, const Term &high);

/// The positions 0 … n−1 in random order (i32).
Term randomOrder(Term key, int64_t n);

} // namespace descent::sema
