// What must be true of every typed program.
#pragma once

#include "frontend/sema/Program.h"

#include <string>

namespace descent::sema {

/// Whether each operand is defined before it is used, in a region that its user can see; whether
/// loops, branches and transforms fit their regions; whether elementwise operands have one type.
/// Empty, or the first thing that is wrong.
std::string problemOf(const Program &program);

} // namespace descent::sema
