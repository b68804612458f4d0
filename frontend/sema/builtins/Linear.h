// Products of arrays, for the `@` operator as well as for the functions of that family.
#pragma once

#include "frontend/sema/Value.h"

namespace descent::sema {

class Specializer;

/// The matrix product as `@`, `matmul` and NumPy have it: the last axis of `lhs` with the last but
/// one of `rhs` (its only one, where it has one axis); leading axes broadcast. Neither may be a
/// scalar. Reports what does not fit, with its carets at `pointRange`, and gives an error value
/// then.
Value matmul(Specializer &sema, const Value &lhs, const Value &rhs, SourceRange lhsRange,
             SourceRange rhsRange, SourceRange pointRange);

} // namespace descent::sema
