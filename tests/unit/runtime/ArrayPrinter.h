// Arrays in GoogleTest's messages.
#pragma once

#include "descent/Format.h"

#include <ostream>

namespace descent {

inline void PrintTo(const Array &array, std::ostream *out) {
  *out << array.typeName() << " " << toText(array);
}

} // namespace descent
