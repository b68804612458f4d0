// The array: Descent's one value type on the outside.
#pragma once

#include "descent/DType.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace descent {

/// The extents of an array, outermost first; empty for a scalar.
using Shape = std::vector<int64_t>;

/// The number of elements of a shape: the product of its extents, 1 for a scalar.
/// Throws TypeError for a negative extent or a product beyond int64.
int64_t elementCount(const Shape &shape);

/// A shape with its element type as the language writes it: "f32[3, 2]", "i32" for a scalar.
std::string typeName(DType dtype, const Shape &shape);

/// A contiguous array in row-major order; a scalar is an array without extents.
///
/// A value: copies share their elements until one of them is written to, which first gets its own
/// (so a copy costs nothing, and nobody sees another's writes). The elements begin at a multiple
/// of 64 bytes. Different arrays may be used from different threads; one array that is written to
/// may not.
class Array {
public:
  static constexpr size_t alignment = 64;

  /// An f32 scalar, 0.
  Array();

  /// An array whose elements are yet to be written. Throws as elementCount does.
  static Array uninitialized(DType dtype, Shape shape);

  /// All elements 0 (false; the key 0).
  static Array zeros(DType dtype, Shape shape);

  template <typename T> static Array scalar(T value) {
    Array result = uninitialized(dtypeOf<T>, {});
    *static_cast<T *>(result.mutableData()) = value;
    return result;
  }

  /// The elements in row-major order. Throws TypeError when there are not as many as the shape has.
  template <typename T> static Array fromVector(const std::vector<T> &values, Shape shape) {
    Array result = uninitialized(dtypeOf<T>, std::move(shape));
    result.checkCount(static_cast<int64_t>(values.size()));
    std::copy(values.begin(), values.end(), static_cast<T *>(result.mutableData()));
    return result;
  }

  /// A one-dimensional array.
  template <typename T> static Array fromVector(const std::vector<T> &values) {
    return fromVector(values, Shape{static_cast<int64_t>(values.size())});
  }

  DType dtype() const { return elementType; }
  const Shape &shape() const { return extents; }
  int64_t rank() const { return static_cast<int64_t>(extents.size()); }
  /// The number of elements.
  int64_t size() const { return count; }
  /// The bytes of all elements.
  size_t byteSize() const { return static_cast<size_t>(count) * sizeOf(elementType); }
  /// As the language writes its type: "f32[3, 2]".
  std::string typeName() const { return descent::typeName(elementType, extents); }

  /// The first element; never null, aligned to 64 bytes.
  const void *data() const { return buffer.get(); }

  /// The first element, to be written to; no other array sees what is written.
  void *mutableData();

  /// The elements, which must be of C++ type T. Throws TypeError where they are not.
  template <typename T> std::span<const T> values() const {
    checkType(dtypeOf<T>);
    return {static_cast<const T *>(data()), static_cast<size_t>(count)};
  }

  /// The elements, to be written to. Throws TypeError where they are not of type T.
  template <typename T> std::span<T> mutableValues() {
    checkType(dtypeOf<T>);
    return {static_cast<T *>(mutableData()), static_cast<size_t>(count)};
  }

  /// The only element. Throws TypeError where there are several, none, or of another type.
  template <typename T> T item() const {
    checkType(dtypeOf<T>);
    checkSingle();
    return *static_cast<const T *>(data());
  }

  /// The only element of a scalar of any number type, as a double. Throws TypeError as item() does.
  double toDouble() const;

  /// The same elements in another shape. Throws TypeError where the counts differ.
  Array reshaped(Shape shape) const;

  /// The elements converted one by one as C++ does it (floats to integers: towards zero,
  /// NaN to 0, out of range to the nearest). Throws TypeError to or from a key of another type.
  Array converted(DType dtype) const;

  /// Same element type, same shape, same elements; as in IEEE 754, NaN differs from itself and
  /// -0 equals 0.
  friend bool operator==(const Array &a, const Array &b);

private:
  Array(DType dtype, Shape shape, int64_t count, std::shared_ptr<std::byte> buffer);
  void checkType(DType wanted) const;
  void checkCount(int64_t given) const;
  void checkSingle() const;

  DType elementType;
  Shape extents;
  int64_t count;
  std::shared_ptr<std::byte> buffer;
};

} // namespace descent
