// Functions about what is known when a program is compiled; rows of the table in Shape.cpp.
#pragma once

#include "frontend/sema/Builtins.h"

namespace descent::sema {

Value lenFunction(BuiltinCall &call);
/// is_function(x): whether x can be called.
Value isFunctionFunction(BuiltinCall &call);
/// is_known(x): whether x is a scalar, text or dtype whose value is known at compile time.
Value isKnownFunction(BuiltinCall &call);
/// append(items, x): a tuple with one more item.
Value appendFunction(BuiltinCall &call);
/// epsilon(x): the distance from 1 to the next float of x's dtype.
Value epsilonFunction(BuiltinCall &call);
/// unsupported("what"): the error that something is not supported yet, where library code finds out.
Value unsupportedFunction(BuiltinCall &call);

/// misuse("x0", "minimize", "a number at least", x0): the error that an argument's value does not do.
Value misuseFunction(BuiltinCall &call);

} // namespace descent::sema
