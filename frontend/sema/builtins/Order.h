// Functions that run along an axis or put it in order; rows of the table in Reductions.cpp.
#pragma once

#include "frontend/sema/Builder.h"
#include "frontend/sema/Builtins.h"

namespace descent::sema {

Value cumsumFunction(BuiltinCall &call);
Value cumprodFunction(BuiltinCall &call);
Value cummaxFunction(BuiltinCall &call);
Value sortFunction(BuiltinCall &call);
Value argsortFunction(BuiltinCall &call);
Value topKFunction(BuiltinCall &call);
Value medianFunction(BuiltinCall &call);
Value quantileFunction(BuiltinCall &call);

/// The order (i32) that sorts an axis, stable, NaN last; descending: equal ones in their order, NaN
/// first.
ArrayValue sortingOrder(Builder &builder, const ArrayValue &x, int64_t axis, bool descending);
/// Takes elements along an axis by an index for each element of the result: NumPy's
/// take_along_axis.
ArrayValue takeAlong(Builder &builder, const ArrayValue &x, const ArrayValue &indices,
                     int64_t axis);

} // namespace descent::sema
