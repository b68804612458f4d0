// What people who come from other languages look for under names that are not there.
#pragma once

#include <string>
#include <string_view>

namespace descent::sema {

/// What to write instead of an undefined name: a name of NumPy or Python, or a function of a library's
/// module without the module's name. Empty where there is nothing to say.
std::string adviceForName(std::string_view name);

} // namespace descent::sema
