// The functions a script can call without importing anything.
//
// Each is a row of a table: its name, its parameters as a user would write them, and what it does with
// bound arguments. Arguments are bound by one routine for all of them, which reports missing, unknown
// and surplus ones.
#pragma once

#include "frontend/sema/Value.h"

#include <span>
#include <string_view>
#include <vector>

namespace descent::sema {

class Specializer;

/// An argument of a call as it was written.
struct Argument {
  std::string name; ///< empty: positional
  SourceRange nameRange;
  Value value;
  SourceRange range;
};

/// A call of a built-in function whose arguments have been bound to its parameters.
struct BuiltinCall {
  Specializer &sema;
  std::string_view name;
  SourceRange range;       ///< of the whole call
  SourceRange calleeRange; ///< of the function's name
  /// One for each parameter, in order; AbsentValue where it was not given and has no default.
  std::vector<Argument> arguments;
  /// The surplus positional arguments, where the last parameter is `...`.
  std::vector<Argument> rest;

  const Value &operator[](size_t i) const { return arguments[i].value; }
};

/// One built-in function.
struct Builtin {
  std::string_view name;
  /// As the manual shows it: "sum(x, axis=, keepdims=false)". `p=` may be absent, `p=1` has a default
  /// (an integer, float, bool, or string in quotes), a last parameter `...` takes any further ones.
  std::string_view signature;
  Value (*evaluate)(BuiltinCall &call);
};

/// The built-in function of that name, or null.
const Builtin *findBuiltin(std::string_view name);
/// All names, for suggestions and documentation.
std::vector<std::string_view> builtinNames();

// Each family is one file: builtins/Elementwise.cpp and so on.
std::span<const Builtin> elementwiseBuiltins();
std::span<const Builtin> makerBuiltins();
std::span<const Builtin> shapeBuiltins();
std::span<const Builtin> reductionBuiltins();
std::span<const Builtin> linearBuiltins();
std::span<const Builtin> randomBuiltins();
std::span<const Builtin> transformBuiltins();
std::span<const Builtin> controlBuiltins();

} // namespace descent::sema
