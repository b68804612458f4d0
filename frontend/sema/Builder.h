// Writes operations of the typed program, one at a time, into the region being built.
//
// Every method infers the result's type as the dialect does. Operands are right by the time they come
// here: whoever calls has reported what does not fit. All arithmetic on operands known at compile time
// is done here and gives a known value again, so `2 * n + 1` of known integers stays one.
#pragma once

#include "frontend/sema/Program.h"
#include "frontend/sema/Value.h"

#include <span>
#include <string_view>
#include <vector>

namespace descent::sema {

class Builder {
public:
  explicit Builder(Program &program);

  Program &program() const { return *target; }

  /// The region that operations go to. A RegionScope puts another in its place.
  Region &region() const { return *current; }

  /// The range that new operations carry; set by whoever visits an expression.
  SourceRange range;

  /// Appends an operation with results of the given types; returns the first result's id.
  Op &append(std::string_view name, std::vector<ValueId> operands, std::vector<TensorType> results);

  /// Appends an operation and gives its one result as an array.
  ArrayValue appendOne(std::string_view name, std::vector<ValueId> operands, TensorType result,
                       std::vector<std::pair<std::string_view, Attribute>> attributes = {});

  /// The program's name for an array: its id, or that of a new `constant` where it is only known.
  ValueId materialize(const ArrayValue &array);

  /// A new argument of a region.
  ArrayValue argument(Region &region, const TensorType &type);

  /// An array of more elements than kMaxElements was asked for; whoever asked reports it. The
  /// operation has a result of one element in its place.
  std::optional<TensorType> tooLarge;
  static constexpr int64_t kMaxElements = int64_t{1} << 40;

  /// Operations written so far, also those thrown away since.
  size_t operationCount = 0;

  // Constants.
  ArrayValue known(Known value, DType dtype, bool weak = false);
  ArrayValue constant(ConstantData data, TensorType type);
  /// A vector of i32 known at compile time: a shape.
  ArrayValue integers(std::vector<int64_t> elements);
  ArrayValue splat(double value, const TensorType &type);

  // Elementwise, on operands of one type (broadcast first).
  ArrayValue unary(std::string_view name, const ArrayValue &x);
  ArrayValue binary(std::string_view name, const ArrayValue &lhs, const ArrayValue &rhs);
  ArrayValue compare(std::string_view predicate, const ArrayValue &lhs, const ArrayValue &rhs);
  ArrayValue select(const ArrayValue &condition, const ArrayValue &onTrue, const ArrayValue &onFalse);
  ArrayValue convert(const ArrayValue &x, DType dtype);
  ArrayValue bitcast(const ArrayValue &x, DType dtype);

  // Shape.
  ArrayValue iota(const TensorType &type, int64_t dim);
  ArrayValue reshape(const ArrayValue &x, std::vector<int64_t> dims);
  ArrayValue transpose(const ArrayValue &x, std::vector<int64_t> permutation);
  /// As the operation: dimension i of x becomes dimension dims[i] of the result.
  ArrayValue broadcast(const ArrayValue &x, std::vector<int64_t> shape, std::vector<int64_t> dims);
  /// NumPy's broadcasting of one operand to a shape it is compatible with.
  ArrayValue broadcastTo(const ArrayValue &x, const std::vector<int64_t> &shape);
  ArrayValue slice(const ArrayValue &x, std::vector<int64_t> starts, std::vector<int64_t> limits,
                   std::vector<int64_t> strides);
  ArrayValue pad(const ArrayValue &x, const ArrayValue &value, std::vector<int64_t> low,
                 std::vector<int64_t> high, std::vector<int64_t> interior);
  ArrayValue concat(std::span<const ArrayValue> inputs, int64_t dim);
  ArrayValue reverse(const ArrayValue &x, std::vector<int64_t> dims);
  ArrayValue dynamicSlice(const ArrayValue &x, std::span<const ArrayValue> starts,
                          std::vector<int64_t> sizes);
  ArrayValue update(const ArrayValue &x, const ArrayValue &update, std::span<const ArrayValue> starts);
  ArrayValue gather(const ArrayValue &x, const ArrayValue &indices, int64_t axis, int64_t batchDims = 0);
  ArrayValue scatter(std::string_view kind, const ArrayValue &x, const ArrayValue &indices,
                     const ArrayValue &updates, int64_t axis, int64_t batchDims = 0);

  // Reductions and the like. `name` is the operation's: "reduce_sum", "cumsum", "argmax" …
  ArrayValue reduce(std::string_view name, const ArrayValue &x, std::vector<int64_t> dims);
  ArrayValue argReduce(std::string_view name, const ArrayValue &x, int64_t dim);
  ArrayValue cumulative(std::string_view name, const ArrayValue &x, int64_t dim, bool reverse = false);
  ArrayValue argsort(const ArrayValue &x, int64_t dim);
  ArrayValue dot(const ArrayValue &lhs, const ArrayValue &rhs, std::vector<int64_t> lhsBatch,
                 std::vector<int64_t> rhsBatch, std::vector<int64_t> lhsContract,
                 std::vector<int64_t> rhsContract);

  /// Sends operations to another region for as long as it lives.
  class RegionScope {
  public:
    RegionScope(Builder &builder, Region &region) : builder(builder), previous(builder.current) {
      builder.current = &region;
    }
    ~RegionScope() { builder.current = previous; }
    RegionScope(const RegionScope &) = delete;
    RegionScope &operator=(const RegionScope &) = delete;

  private:
    Builder &builder;
    Region *previous;
  };

private:
  Program *target;
  Region *current;
};

} // namespace descent::sema
