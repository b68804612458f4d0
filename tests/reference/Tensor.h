// The arrays of the reference evaluator: wide elements, no layout, no sharing.
#pragma once

#include "descent/DType.h"

#include <mlir/IR/BuiltinAttributes.h>
#include <mlir/IR/BuiltinTypes.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <variant>
#include <vector>

namespace descent::reference {

using Dims = std::vector<int64_t>;

/// An array in row-major order. Floats are held as double (those of an f32 array are all floats),
/// signed integers as int64_t, and u32, keys and bools as uint64_t.
struct Tensor {
  using Elements = std::variant<std::vector<double>, std::vector<int64_t>, std::vector<uint64_t>>;

  DType dtype = DType::F64;
  Dims dims;
  Elements elements;

  /// An array of zeros.
  static Tensor zeros(DType dtype, Dims dims);
  /// Numbers given as double, each rounded to the element type.
  static Tensor of(DType dtype, Dims dims, std::vector<double> numbers);
  static Tensor scalar(DType dtype, double number) { return of(dtype, {}, {number}); }
  static Tensor key(uint64_t words);
  /// The elements of a constant. The type must be one of the dialect's.
  static Tensor fromAttribute(mlir::DenseElementsAttr attribute);

  int64_t size() const;
  std::vector<double> &floats() { return std::get<0>(elements); }
  std::vector<int64_t> &ints() { return std::get<1>(elements); }
  std::vector<uint64_t> &words() { return std::get<2>(elements); }
  const std::vector<double> &floats() const { return std::get<0>(elements); }
  const std::vector<int64_t> &ints() const { return std::get<1>(elements); }
  const std::vector<uint64_t> &words() const { return std::get<2>(elements); }

  /// An element as a double, whatever the type.
  double number(int64_t i) const;
  /// An element of an integer or bool array as a signed integer.
  int64_t integer(int64_t i) const;
  bool truth(int64_t i) const { return words()[i] != 0; }

  /// Stores a value, rounded (floats) or wrapped (integers) to the element type.
  void set(int64_t i, long double value);
  void setInteger(int64_t i, uint64_t bits);

  /// The type in the dialect.
  mlir::RankedTensorType type(mlir::MLIRContext *context) const;
  mlir::DenseElementsAttr attribute(mlir::MLIRContext *context) const;
  /// "f32[2,3] 1 2 3 4 5 6", with as many digits as the type has.
  std::string text() const;
};

/// The element type of a type of the dialect.
DType dtypeOfType(mlir::Type type);
/// An array of zeros of a type of the dialect.
Tensor zerosLike(mlir::Type type);

int64_t sizeOfDims(const Dims &dims);
/// Row-major position of an index.
int64_t position(const Dims &dims, const Dims &index);
/// The index at a row-major position.
Dims indexAt(const Dims &dims, int64_t position);

/// Copies element `from` of `source` to element `to` of `target` (of one element type).
void copyElement(const Tensor &source, int64_t from, Tensor &target, int64_t to);

/// Whether two arrays agree: types exactly, integers and bools exactly, floats to within `relative`
/// of the larger magnitude or `absolute`; nan agrees with nan, an infinity only with itself.
bool agree(const Tensor &a, const Tensor &b, double relative, double absolute = 0);

} // namespace descent::reference
