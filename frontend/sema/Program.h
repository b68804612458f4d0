// The typed program: what sema makes of a script and emit turns into IR.
//
// Everything a script says about types, shapes, functions, records and compile-time values has been
// resolved; what remains are operations on arrays of known type. An operation is named and shaped
// exactly as the `descent` dialect names and shapes it (compiler/dialect/*.td is the reference), so
// that emitting is mechanical. Function calls are gone (each call's body stands where it was called);
// derivatives and batching remain as operations with a region (`jvp`, `vjp`, `vmap`), and so do
// calls of which a derivative keeps nothing (`checkpoint`).
#pragma once

#include "descent/Array.h"
#include "descent/DType.h"
#include "frontend/diagnostics/Source.h"
#include "runtime/abi/Effects.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace descent::sema {

/// An array type; a scalar has no dims.
struct TensorType {
  DType dtype = DType::F32;
  std::vector<int64_t> dims;

  bool operator==(const TensorType &) const = default;
  int64_t elementCount() const {
    int64_t n = 1;
    for (int64_t d : dims)
      n *= d;
    return n;
  }
};

/// Names a value of the program: an index into Program::values.
using ValueId = uint32_t;
inline constexpr ValueId kNoValue = ~0u;

/// The elements of a `constant`, row-major; one element stands for all.
struct ConstantData {
  std::variant<std::vector<double>, std::vector<int64_t>> elements;
};

/// An attribute as the dialect has it: I64Attr, DenseI64ArrayAttr, UnitAttr (bool true), the keyword of
/// an enum (`compare`'s predicate "lt", `scatter`'s kind "add"), or the elements of a constant.
using Attribute = std::variant<int64_t, std::vector<int64_t>, bool, std::string, ConstantData>;

struct Op;

/// A block of operations with arguments and the values it yields.
struct Region {
  std::vector<ValueId> args;
  std::vector<Op> ops;
  std::vector<ValueId> yields;
};

/// One operation of the dialect.
///
/// `operands` are in the order of the dialect's arguments. Where that has several variadic groups
/// (`jvp`, `vjp`), `operandGroups` gives their lengths.
struct Op {
  std::string_view name; ///< without "descent.": a string literal
  std::vector<ValueId> operands;
  std::vector<ValueId> results;
  std::vector<std::pair<std::string_view, Attribute>> attributes;
  std::vector<int32_t> operandGroups;
  std::vector<Region> regions;
  /// Where the script says it; errors at run time and IR locations point there.
  SourceRange range;
};

/// A function kept for embedding (`export fn`).
struct Function {
  std::string name;
  std::vector<std::string> parameterNames;
  Region body;
  std::vector<std::string> resultPaths; ///< of each yield: see leafPaths
};

/// One array that the runtime provides, in the order of the `input` operation's index.
struct Input {
  std::string name; ///< as the script calls it: "points.x"
  Array data;
};

/// How exactly a device may compute products of matrices of f32 (`precision`): it may round the
/// operands where it is faster with that. Sums are of f32.
enum class ProductPrecision : uint8_t {
  Full,
  Tf32, ///< to 10 bits behind the point
  Bf16, ///< to 7 bits
};

struct Program {
  ProductPrecision products = ProductPrecision::Full;
  std::vector<TensorType> values; ///< the type of each ValueId
  Region main;
  std::vector<Function> exports;
  std::vector<Input> inputs;
  std::vector<abi::Effect> effects; ///< by the index of `effect`
  std::vector<abi::Check> checks;   ///< by the index of `check`

  ValueId addValue(TensorType type) {
    values.push_back(std::move(type));
    return static_cast<ValueId>(values.size() - 1);
  }
};

/// The program as text, one operation a line: for tests and `descent ir`.
std::string print(const Program &program);

} // namespace descent::sema
