// Sums of products in Einstein's notation.
#pragma once

#include "frontend/sema/Builtins.h"

namespace descent::sema {

/// einsum(subscripts, ...): `"ij,jk->ik"`, or without `->` for the letters that occur once, in
/// alphabetical order. A letter twice in one operand takes the diagonal.
Value einsumFunction(BuiltinCall &call);

} // namespace descent::sema
