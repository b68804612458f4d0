// What is bound while the body of a function, or a file, is being specialised.
#pragma once

#include "frontend/sema/Function.h"

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace descent::sema {

/// The names of one block. Variables stay where they are while others are added.
struct Scope {
  std::deque<Variable> variables;
};

/// A named size of an annotation: what it stands for in this call.
struct NamedSize {
  std::string_view name;
  int64_t size;
  uint32_t label;
  SourceRange range; ///< where it was bound
};

/// An argument of the call, for notes: what was passed and where.
struct PassedArgument {
  std::string_view name;
  SourceRange range;
  std::string type;
  std::shared_ptr<const Origin> origin;
};

struct Frame {
  Module *module = nullptr;
  /// Null: the file's top level.
  const FunctionValue *function = nullptr;
  std::deque<Scope> scopes;
  std::vector<NamedSize> sizes;
  std::vector<PassedArgument> arguments;

  /// The innermost binding of a name in this frame (not of the file), or null.
  Variable *find(std::string_view name) {
    for (size_t s = scopes.size(); s-- > 0;)
      for (Variable &variable : scopes[s].variables)
        if (variable.name == name)
          return &variable;
    return nullptr;
  }
};

/// Opens a block's scope for as long as it lives.
class ScopeGuard {
public:
  explicit ScopeGuard(Frame &frame) : frame(frame) { frame.scopes.emplace_back(); }
  ~ScopeGuard() { frame.scopes.pop_back(); }
  ScopeGuard(const ScopeGuard &) = delete;
  ScopeGuard &operator=(const ScopeGuard &) = delete;

private:
  Frame &frame;
};

} // namespace descent::sema
