// Turns a parsed script into a typed program by running it abstractly.
//
// This header is what the files of sema share; frontend/sema/Sema.h is the door.
#pragma once

#include "frontend/diagnostics/Diagnostics.h"
#include "frontend/sema/Builder.h"
#include "frontend/sema/Builtins.h"
#include "frontend/sema/Program.h"
#include "frontend/sema/Value.h"

namespace descent::sema {

/// Services that built-in functions and the visitors of syntax have in common.
class Specializer {
public:
  Diagnostics &diagnostics;
  Builder builder;
  /// The file's default float type (`precision`).
  DType defaultFloat = DType::F32;

  /// Calls a function value with arguments: specialises its body for them, here and now.
  Value call(const Value &function, std::span<const Argument> arguments, SourceRange range);

  // Operators, with NumPy's broadcasting and the language's promotion; they report what does not fit
  // and then give an error value. Records and tuples of equal structure go item by item.
  Value binaryOperator(std::string_view op, const Value &lhs, const Value &rhs, SourceRange lhsRange,
                       SourceRange rhsRange, SourceRange opRange);
  Value unaryOperator(std::string_view op, const Value &operand, SourceRange range);

  // What built-in functions want of their arguments. Each reports and gives nothing where it does not fit.
  std::optional<ArrayValue> expectArray(const Argument &argument);
  /// An array of floats: integers are converted to the default float type.
  std::optional<ArrayValue> expectFloat(const Argument &argument);
  std::optional<int64_t> expectKnownInteger(const Argument &argument);
  std::optional<bool> expectKnownBool(const Argument &argument);
  std::optional<std::string> expectKnownText(const Argument &argument);
  /// A shape: a known integer, or a list or tuple of them.
  std::optional<std::vector<int64_t>> expectShape(const Argument &argument);
  /// An axis in −rank … rank−1, made non-negative.
  std::optional<int64_t> expectAxis(const Argument &argument, int64_t rank);
  std::optional<DType> expectDType(const Argument &argument);

  /// Brings arrays to one dtype (promotion, weak literals) and one shape (broadcasting). Reports a
  /// shape-mismatch or dtype-mismatch with both types and where each came from.
  bool unify(std::span<ArrayValue> arrays, std::span<const SourceRange> ranges, SourceRange pointRange);
  /// The dtype that operands of these dtypes are computed in; nothing where they do not mix (key, bool).
  std::optional<DType> promote(const ArrayValue &a, const ArrayValue &b) const;
};

} // namespace descent::sema
