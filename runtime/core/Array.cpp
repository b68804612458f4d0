#include "descent/Array.h"

#include "descent/Error.h"
#include "runtime/core/Memory.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace descent {

int64_t elementCount(const Shape &shape) {
  int64_t count = 1;
  bool overflow = false;
  for (int64_t extent : shape) {
    if (extent < 0)
      throw TypeError("a shape has the negative extent " + std::to_string(extent));
    // An extent of 0 later on makes the whole product 0, so go on to the end.
    if (extent == 0)
      return 0;
    overflow |= __builtin_mul_overflow(count, extent, &count);
  }
  if (overflow)
    throw TypeError("a shape has more than 2^63 elements");
  return count;
}

std::string typeName(DType dtype, const Shape &shape) {
  std::string text(nameOf(dtype));
  if (shape.empty())
    return text;
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i == 0 ? "[" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

static std::shared_ptr<std::byte> allocate(DType dtype, const Shape &shape, int64_t count) {
  size_t bytes;
  void *memory = nullptr;
  static_assert(Array::alignment == 64);
  if (!__builtin_mul_overflow(static_cast<size_t>(count), sizeOf(dtype), &bytes))
    memory = descent::allocate(bytes);
  if (!memory)
    throw Error("not enough memory for an array of type " + typeName(dtype, shape));
  return {static_cast<std::byte *>(memory), [](std::byte *p) { std::free(p); }};
}

Array::Array() : Array(zeros(DType::F32, {})) {}

Array::Array(DType dtype, Shape shape, int64_t count, std::shared_ptr<std::byte> buffer)
    : elementType(dtype), extents(std::move(shape)), count(count), buffer(std::move(buffer)) {}

Array Array::uninitialized(DType dtype, Shape shape) {
  int64_t count = elementCount(shape);
  auto buffer = allocate(dtype, shape, count);
  return Array(dtype, std::move(shape), count, std::move(buffer));
}

Array Array::zeros(DType dtype, Shape shape) {
  Array result = uninitialized(dtype, std::move(shape));
  std::memset(result.buffer.get(), 0, result.byteSize());
  return result;
}

void *Array::mutableData() {
  if (buffer.use_count() > 1) {
    auto own = allocate(elementType, extents, count);
    std::memcpy(own.get(), buffer.get(), byteSize());
    buffer = std::move(own);
  }
  return buffer.get();
}

double Array::toDouble() const {
  checkSingle();
  if (elementType == DType::Key)
    throw TypeError("a key is not a number");
  return visitDType(elementType, [&](auto zero) {
    return static_cast<double>(*static_cast<const decltype(zero) *>(data()));
  });
}

Array Array::reshaped(Shape shape) const {
  int64_t newCount = elementCount(shape);
  if (newCount != count)
    throw TypeError("an array of type " + typeName() + " cannot take the shape of " +
                    descent::typeName(elementType, shape));
  return Array(elementType, std::move(shape), count, buffer);
}

/// A C++ cast that is defined for every value.
template <typename To, typename From> static To castElement(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (std::isnan(value))
      return To(0);
    // Both bounds are powers of two or 0, so exact in From.
    constexpr From upper = static_cast<From>(std::numeric_limits<To>::max() / 2 + 1) * From(2);
    if (value >= upper)
      return std::numeric_limits<To>::max();
    if (value <= static_cast<From>(std::numeric_limits<To>::min()))
      return std::numeric_limits<To>::min();
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

Array Array::converted(DType dtype) const {
  if (dtype == elementType)
    return *this;
  if (dtype == DType::Key || elementType == DType::Key)
    throw TypeError("an array of type " + typeName() + " cannot become " +
                    descent::typeName(dtype, extents));
  Array result = uninitialized(dtype, extents);
  visitDType(elementType, [&](auto from) {
    visitDType(dtype, [&](auto to) {
      using From = decltype(from);
      using To = decltype(to);
      auto source = static_cast<const From *>(data());
      std::transform(source, source + count, static_cast<To *>(result.mutableData()),
                     castElement<To, From>);
    });
  });
  return result;
}

bool operator==(const Array &a, const Array &b) {
  if (a.elementType != b.elementType || a.extents != b.extents)
    return false;
  return visitDType(a.elementType, [&](auto zero) {
    using T = decltype(zero);
    auto first = static_cast<const T *>(a.data());
    return std::equal(first, first + a.count, static_cast<const T *>(b.data()));
  });
}

void Array::checkType(DType wanted) const {
  if (wanted != elementType)
    throw TypeError("an array of type " + typeName() + " was read as " +
                    std::string(nameOf(wanted)));
}

void Array::checkCount(int64_t given) const {
  if (given != count)
    throw TypeError("the shape of " + typeName() + " has " + std::to_string(count) +
                    " elements, not " + std::to_string(given));
}

void Array::checkSingle() const {
  if (count != 1)
    throw TypeError("an array of type " + typeName() + " was read as a single value");
}

} // namespace descent
