// Functions of numbers that the C library lacks, in long double.
#pragma once

namespace descent::reference {

/// The inverse of the error function; nan outside [-1, 1], infinite at its ends.
long double inverseErf(long double x);

/// The derivative of order `order` of digamma (0: digamma itself). nan at poles of odd sign changes
/// (digamma and even orders at zero and negative integers), +inf at the poles of odd orders.
long double polygamma(int order, long double x);

} // namespace descent::reference
