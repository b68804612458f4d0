// What tells two typed programs apart, for finding their code again.
#pragma once

#include "frontend/sema/Program.h"

#include <string>

namespace descent {

/// Bytes that are equal for two programs if and only if they consist of the same operations on the
/// same types: the same code serves both. Not part of it is what code does not depend on: the data,
/// the texts that are printed, and the places in the script.
std::string identityOf(const sema::Program &program);

} // namespace descent
