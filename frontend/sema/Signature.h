// The parameters of built-in functions, read from their signatures as the manual shows them.
#pragma once

#include "frontend/sema/Builtins.h"

#include <string>
#include <vector>

namespace descent::sema {

struct SignatureParameter {
  std::string name;
  bool isOptional = false;
  /// The text after `=`; empty where the argument is absent without one.
  std::string defaultText;

  Value defaultValue(Specializer &sema) const;
};

struct Signature {
  std::vector<SignatureParameter> parameters;
  bool takesMore = false; ///< it ends in `...`
};

/// Read once for each function.
const Signature &signatureOf(const Builtin &builtin);

} // namespace descent::sema
