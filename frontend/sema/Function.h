// Functions and modules as compile-time values, and the names that are bound while one is specialised.
#pragma once

#include "frontend/sema/Builtins.h"
#include "frontend/sema/Value.h"
#include "frontend/syntax/Ast.h"

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace descent::sema {

class Specializer;

/// A name and what it stands for.
struct Variable {
  enum class Kind : uint8_t {
    Let,
    Var,
    Parameter, ///< a `param`
    Data,
    Function,
    Module,
    Argument,
    Loop, ///< of a `for` or a comprehension
    Error ///< of an item that could not be parsed
  };

  std::string_view name;
  Kind kind = Kind::Let;
  SourceRange range;
  Value value;
  /// False for a name of a file whose item has not been reached yet.
  bool isBound = true;
  /// Where it was last assigned to.
  SourceRange assigned = {};
};

/// A file: the script, one that it imports, or one of the library.
struct Module {
  std::string name;
  const ast::Ast *tree = nullptr;
  std::unique_ptr<ast::Ast> owned; ///< the tree of a file read on behalf of another
  DType defaultFloat = DType::F32;
  bool isLibrary = false;
  /// Being read or specialised: an import of it would be a circle.
  bool isOpen = false;

  std::deque<Variable> globals;
  std::unordered_map<std::string_view, Variable *> byName;

  Variable *find(std::string_view wanted) const {
    auto found = byName.find(wanted);
    return found == byName.end() ? nullptr : found->second;
  }
};

struct ModuleValue {
  Module *module;
};

/// What a function made by a transform (`grad(f)`, a pullback) does when it is called.
using NativeCall =
    std::function<Value(Specializer &, std::span<const Argument> arguments, SourceRange range)>;

/// A function: of a script (`fn` or a lambda), built in, or made by a transform.
struct FunctionValue {
  std::string name; ///< empty for a lambda
  SourceRange range;

  // Of a script.
  Module *module = nullptr;
  ast::List<ast::Param> params;
  const ast::Type *resultType = nullptr;
  const ast::Expr *body = nullptr;
  /// The values that the body takes from around it, as they were when the function was made.
  std::vector<std::pair<std::string_view, Value>> captured;

  // Built in.
  const Builtin *builtin = nullptr;

  // Made by a transform.
  NativeCall native;
  /// The parameters of the function that it transforms, for arguments by name.
  std::vector<std::string> nativeParameters;

  bool isScript() const { return body != nullptr; }
  /// As messages name it: "`predict`", "this function".
  std::string describe() const { return name.empty() ? "this function" : "`" + name + "`"; }
};

using FunctionPointer = std::shared_ptr<FunctionValue>;

/// The parameters' names, in order; without those of `...`.
std::vector<std::string> parameterNames(const FunctionValue &function);

} // namespace descent::sema
