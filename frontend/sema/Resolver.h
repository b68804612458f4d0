// Looks up every name of a file before anything is specialised, also in functions that nobody calls.
#pragma once

#include "frontend/diagnostics/Diagnostics.h"
#include "frontend/syntax/Ast.h"

#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace descent::sema {

/// What a `for`, `while` or `if` does to the names around it.
struct Effects {
  /// The `var`s from outside of it that it assigns to.
  std::vector<std::string_view> assigned;
  /// Whether it contains a `train`, which assigns to params.
  bool trains = false;
};

/// What the resolver found out, by node (statement or expression).
struct Resolution {
  /// For a lambda or a `fn` inside of a function: the names that it takes from around it, without
  /// those that the file binds once and for all (its functions, `let`s, params and data).
  std::unordered_map<const void *, std::vector<std::string_view>> captures;
  std::unordered_map<const void *, Effects> effects;
};

/// The names that are there without being bound in the file.
struct OuterNames {
  std::function<bool(std::string_view)> isKnown;
  std::function<std::vector<std::string_view>()> all;
};

/// Reports undefined and doubly bound names, assignments to what is no `var`, effects inside of
/// functions, types that do not exist.
void resolve(const ast::Ast &tree, const OuterNames &outer, Diagnostics &diagnostics,
             Resolution &resolution);

/// Whether a function that transforms takes `wrt=`, whose names are parameters of another function.
bool takesWrt(std::string_view builtin);
/// Whether a call of the built-in function is an effect.
bool isEffect(std::string_view builtin);

} // namespace descent::sema
