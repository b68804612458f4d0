// Derivatives of functions with several results, and batching.
#pragma once

#include "frontend/sema/Builtins.h"

#include <optional>
#include <span>
#include <string>

namespace descent::sema {

Value jacfwd(BuiltinCall &call);
Value jacrev(BuiltinCall &call);
Value hessian(BuiltinCall &call);
Value vmap(BuiltinCall &call);

/// The one argument that a function made by a transform takes.
std::optional<Argument> soleArgument(Specializer &sema, std::span<const Argument> arguments,
                                     SourceRange range, const std::string &callee);

} // namespace descent::sema
