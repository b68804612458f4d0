// What an expression of a script can be while it is being specialised.
//
// Sema runs a script abstractly: shapes, dtypes, records, tuples, functions and integers known at
// compile time are real values here; the elements of arrays are names of values in the typed program.
#pragma once

#include "frontend/sema/Program.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace descent::sema {

class Value;
struct FunctionValue;
struct ModuleValue;

/// A scalar whose value is known at compile time.
using Known = std::variant<bool, int64_t, double>;

/// An array, or a scalar.
///
/// A scalar known at compile time needs no operation until an array operation uses it
/// (Builder::materialize then makes a `constant`): `id` is kNoValue until then.
struct ArrayValue {
  TensorType type;
  ValueId id = kNoValue;
  /// A literal, or arithmetic on literals only: takes the other operand's dtype.
  bool weak = false;
  std::optional<Known> known;
  /// The elements of a short integer vector known at compile time: a shape, a list of axes.
  std::shared_ptr<const std::vector<int64_t>> elements;
  /// An array written out, as `[0.1, 2]` is: its numbers, before they were rounded to its dtype.
  std::shared_ptr<const std::vector<double>> literals;
  /// Integers: the least and the greatest value that an element can have, where that is known.
  std::optional<std::pair<int64_t, int64_t>> bounds;
  /// Which named size each dimension has (0: none); empty where none has a name. See Specializer::labels.
  std::vector<uint32_t> labels;

  int64_t rank() const { return static_cast<int64_t>(type.dims.size()); }
  bool isScalar() const { return type.dims.empty(); }
};

/// Text with its interpolated values, for print, messages, labels and paths.
struct TextValue {
  struct Piece {
    std::string literal;
    std::shared_ptr<Value> value; ///< null: the literal
    std::string format;
    SourceRange range;
  };
  std::vector<Piece> pieces;
};

struct TupleValue {
  std::vector<Value> items;
};

/// Names in order. Records of equal names in equal order have equal structure.
struct RecordValue {
  std::vector<std::pair<std::string, Value>> fields;
};

/// `a..b`, before something runs over it. Bounds are integer scalars.
struct RangeValue {
  std::shared_ptr<Value> lower, upper;
};

/// `zip(xs, ys)`: values that are run over in step.
struct ZipValue {
  std::vector<Value> items;
};

/// A column of a table that cannot be used, and why. Whoever asks for it gets the reason as an error.
struct RefusedValue {
  std::string reason;
};

/// A dtype's name used as a value: `f32`. Calling it converts.
struct DTypeValue {
  DType dtype;
};

/// The value that takes the place of one that could not be made; whoever receives it stays silent.
struct ErrorValue {};
/// What a statement or a call without a value gives.
struct NothingValue {};
/// The value of `none`-like defaults: an argument that was not given.
struct AbsentValue {};

/// Where a value came from, for notes under errors: "x is points.x: f32[100], a column of points.csv".
struct Origin {
  SourceRange range;
  std::string description;
};

class Value {
public:
  using Kind = std::variant<ErrorValue, NothingValue, AbsentValue, ArrayValue, TextValue, TupleValue,
                            RecordValue, RangeValue, DTypeValue, std::shared_ptr<FunctionValue>,
                            std::shared_ptr<ModuleValue>, ZipValue, RefusedValue>;

  Value() : kind(ErrorValue{}) {}
  template <typename T> Value(T value) : kind(std::move(value)) {}

  bool isError() const { return std::holds_alternative<ErrorValue>(kind); }
  bool isAbsent() const { return std::holds_alternative<AbsentValue>(kind); }
  template <typename T> const T *as() const { return std::get_if<T>(&kind); }
  template <typename T> T *as() { return std::get_if<T>(&kind); }
  const ArrayValue *array() const { return as<ArrayValue>(); }

  /// The integer this is known to be at compile time, if it is one.
  std::optional<int64_t> knownInteger() const;

  Kind kind;
  std::shared_ptr<const Origin> origin;
};

/// A value's type as messages show it: "f32[3, 2]", "(f32, i32)", "{w: f32[2], b: f32}", "a function".
std::string describeType(const Value &value);
std::string describe(const TensorType &type);

} // namespace descent::sema
