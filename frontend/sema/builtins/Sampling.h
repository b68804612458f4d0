// Random draws from given things: rows of the table in Random.cpp.
#pragma once

#include "frontend/sema/Builtins.h"

namespace descent::sema {

Value permutationFunction(BuiltinCall &call);
Value choiceFunction(BuiltinCall &call);
Value categoricalFunction(BuiltinCall &call);

} // namespace descent::sema
