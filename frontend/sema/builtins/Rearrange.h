// Functions that join, cut, repeat and move parts of arrays; rows of the table in Shape.cpp.
#pragma once

#include "frontend/sema/Builtins.h"

namespace descent::sema {

Value concatFunction(BuiltinCall &call);
Value stackFunction(BuiltinCall &call);
/// Of an array: n equal parts along an axis, or parts between given places. Of a random key: new
/// keys.
Value splitFunction(BuiltinCall &call);
Value tileFunction(BuiltinCall &call);
Value repeatFunction(BuiltinCall &call);
Value flipFunction(BuiltinCall &call);
Value rollFunction(BuiltinCall &call);
Value padFunction(BuiltinCall &call);

/// `split` of a random key (Random.cpp).
Value splitKey(BuiltinCall &call);

} // namespace descent::sema
