// What transforms of functions have in common: which arguments they are about, and their arrays.
#pragma once

#include "frontend/sema/Specializer.h"

#include <optional>
#include <string>
#include <vector>

namespace descent::sema {

/// What a derivative is taken with respect to: an argument of the function by position or name, or a
/// param.
struct Target {
  std::string name;           ///< empty: by position
  int64_t position = -1;
  Variable *param = nullptr;  ///< not null: a param
  SourceRange range;
};

struct Targets {
  std::vector<Target> items;
  bool isTuple = false; ///< the derivative is a tuple too
};

/// Reads `wrt=` and `argnums=`; the first argument where neither is given. Reports names that the
/// function and the file do not have.
std::optional<Targets> readTargets(Specializer &sema, const FunctionValue &function,
                                   const Argument &wrt, const Argument &argnums);

/// The values of targets at a call of the function, and the function of them alone.
class TargetCall {
public:
  /// Reports targets that the call does not give or that are no floats; then `isRight` is false.
  TargetCall(Specializer &sema, const Value &function, const Targets &targets,
             std::span<const Argument> arguments, SourceRange range, std::string_view transform);

  bool isRight = true;
  /// The value of each target, in order.
  std::vector<Value> values;
  /// All their arrays.
  Specializer::Leaves primals;

  /// The name of each of the primals: "w", "net.w1".
  std::vector<std::string> names() const;

  /// Calls the function with other arrays in place of the primals.
  Value evaluate(const Specializer::Leaves &leaves);

  /// A value of the form of the targets: one for each of the primals. A tuple where they are.
  Value assemble(std::span<const ArrayValue> leaves) const;

private:
  Specializer &sema;
  Value function;
  const Targets &targets;
  std::vector<Argument> arguments;
  std::vector<size_t> places; ///< of each target among the arguments
  SourceRange range;
};

/// The arrays of a value to be differentiated: all floats, literals given their own type. Reports
/// others; `what` names the value.
std::optional<Specializer::Leaves> floatLeaves(Specializer &sema, Value &value, SourceRange range,
                                               std::string_view transform, const std::string &what);

/// A function made by a transform.
Value makeNative(std::string name, NativeCall call, std::vector<std::string> parameters = {});

/// Zeros of a type.
ArrayValue zerosLike(Builder &builder, const ArrayValue &array);

} // namespace descent::sema
