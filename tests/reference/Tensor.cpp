#include "tests/reference/Tensor.h"

#include <llvm/Support/ErrorHandling.h>

#include <cassert>
#include <cmath>
#include <cstdio>
#include <cstring>

using namespace mlir;

namespace descent::reference {

namespace {

/// Wraps an integer to the width and signedness of its type, as a sign- or zero-extended value.
uint64_t wrap(DType dtype, uint64_t bits) {
  switch (dtype) {
  case DType::I32:
    return uint64_t(int64_t(int32_t(uint32_t(bits))));
  case DType::U32:
    return uint32_t(bits);
  case DType::Bool:
    return bits != 0;
  default:
    return bits;
  }
}

Type elementType(DType dtype, MLIRContext *context) {
  switch (dtype) {
  case DType::F64:
    return Float64Type::get(context);
  case DType::F32:
    return Float32Type::get(context);
  case DType::I64:
    return IntegerType::get(context, 64);
  case DType::I32:
    return IntegerType::get(context, 32);
  case DType::U32:
    return IntegerType::get(context, 32, IntegerType::Unsigned);
  case DType::Key:
    return IntegerType::get(context, 64, IntegerType::Unsigned);
  case DType::Bool:
    return IntegerType::get(context, 1);
  }
  llvm_unreachable("all element types are listed");
}

} // namespace

DType dtypeOfType(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    type = tensor.getElementType();
  if (type.isF64())
    return DType::F64;
  if (type.isF32())
    return DType::F32;
  if (type.isInteger(1))
    return DType::Bool;
  if (type.isUnsignedInteger(32))
    return DType::U32;
  if (type.isUnsignedInteger(64))
    return DType::Key;
  if (type.isInteger(32))
    return DType::I32;
  assert(type.isInteger(64) && "not an element type of the dialect");
  return DType::I64;
}

Tensor zerosLike(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return Tensor::zeros(dtypeOfType(type), Dims(tensor.getShape().begin(), tensor.getShape().end()));
}

int64_t sizeOfDims(const Dims &dims) {
  int64_t size = 1;
  for (int64_t dim : dims)
    size *= dim;
  return size;
}

int64_t position(const Dims &dims, const Dims &index) {
  int64_t at = 0;
  for (size_t i = 0; i < dims.size(); ++i)
    at = at * dims[i] + index[i];
  return at;
}

Dims indexAt(const Dims &dims, int64_t position) {
  Dims index(dims.size());
  for (size_t i = dims.size(); i-- > 0;) {
    index[i] = position % dims[i];
    position /= dims[i];
  }
  return index;
}

Tensor Tensor::zeros(DType dtype, Dims dims) {
  size_t size = sizeOfDims(dims);
  Tensor result{dtype, std::move(dims), {}};
  if (isFloat(dtype))
    result.elements = std::vector<double>(size);
  else if (dtype == DType::I64 || dtype == DType::I32)
    result.elements = std::vector<int64_t>(size);
  else
    result.elements = std::vector<uint64_t>(size);
  return result;
}

Tensor Tensor::of(DType dtype, Dims dims, std::vector<double> numbers) {
  Tensor result = zeros(dtype, std::move(dims));
  assert(int64_t(numbers.size()) == result.size() && "as many numbers as the shape has elements");
  for (size_t i = 0; i < numbers.size(); ++i)
    result.set(i, numbers[i]);
  return result;
}

Tensor Tensor::key(uint64_t words) {
  Tensor result = zeros(DType::Key, {});
  result.words()[0] = words;
  return result;
}

Tensor Tensor::fromAttribute(DenseElementsAttr attribute) {
  Tensor result = zerosLike(attribute.getType());
  int64_t i = 0;
  if (isFloat(result.dtype))
    for (APFloat value : attribute.getValues<APFloat>())
      result.floats()[i++] =
          result.dtype == DType::F32 ? double(value.convertToFloat()) : value.convertToDouble();
  else
    for (APInt value : attribute.getValues<APInt>())
      result.setInteger(i++, value.getZExtValue());
  return result;
}

int64_t Tensor::size() const {
  return sizeOfDims(dims);
}

double Tensor::number(int64_t i) const {
  return std::visit([&](const auto &values) { return double(values[i]); }, elements);
}

int64_t Tensor::integer(int64_t i) const {
  if (auto *values = std::get_if<1>(&elements))
    return (*values)[i];
  return int64_t(words()[i]);
}

void Tensor::set(int64_t i, long double value) {
  if (dtype == DType::F64)
    floats()[i] = double(value);
  else if (dtype == DType::F32)
    floats()[i] = float(value);
  else
    setInteger(i, value < 0 ? uint64_t(int64_t(value)) : uint64_t(value));
}

void Tensor::setInteger(int64_t i, uint64_t bits) {
  bits = wrap(dtype, bits);
  if (auto *values = std::get_if<1>(&elements))
    (*values)[i] = int64_t(bits);
  else
    words()[i] = bits;
}

RankedTensorType Tensor::type(MLIRContext *context) const {
  return RankedTensorType::get(dims, elementType(dtype, context));
}

DenseElementsAttr Tensor::attribute(MLIRContext *context) const {
  RankedTensorType tensor = type(context);
  if (isFloat(dtype)) {
    std::vector<APFloat> values;
    for (double value : floats())
      values.push_back(dtype == DType::F32 ? APFloat(float(value)) : APFloat(value));
    return DenseElementsAttr::get(tensor, values);
  }
  unsigned width = tensor.getElementTypeBitWidth();
  std::vector<APInt> values;
  for (int64_t i = 0; i < size(); ++i)
    values.push_back(
        APInt(width, uint64_t(integer(i)), /*isSigned=*/false, /*implicitTrunc=*/true));
  return DenseElementsAttr::get(tensor, values);
}

std::string Tensor::text() const {
  std::string out(nameOf(dtype));
  out += '[';
  for (size_t i = 0; i < dims.size(); ++i)
    out += (i ? "," : "") + std::to_string(dims[i]);
  out += ']';
  for (int64_t i = 0; i < size(); ++i) {
    char digits[64];
    if (isFloat(dtype))
      std::snprintf(digits, sizeof digits, " %.*g", dtype == DType::F32 ? 8 : 16, floats()[i]);
    else if (auto *values = std::get_if<1>(&elements))
      std::snprintf(digits, sizeof digits, " %lld", static_cast<long long>((*values)[i]));
    else
      std::snprintf(digits, sizeof digits, " %llu", static_cast<unsigned long long>(words()[i]));
    out += digits;
  }
  return out;
}

void copyElement(const Tensor &source, int64_t from, Tensor &target, int64_t to) {
  std::visit(
      [&](auto &values) {
        values[to] = std::get<std::decay_t<decltype(values)>>(source.elements)[from];
      },
      target.elements);
}

bool agree(const Tensor &a, const Tensor &b, double relative, double absolute) {
  if (a.dtype != b.dtype || a.dims != b.dims)
    return false;
  if (!isFloat(a.dtype))
    return a.elements == b.elements;
  for (int64_t i = 0; i < a.size(); ++i) {
    double x = a.floats()[i], y = b.floats()[i];
    if (std::isnan(x) || std::isnan(y)) {
      if (std::isnan(x) != std::isnan(y))
        return false;
    } else if (x != y && !(std::abs(x - y) <=
                           std::max(absolute, relative * std::max(std::abs(x), std::abs(y)))))
      return false;
    else if (x != y && (std::isinf(x) || std::isinf(y)))
      return false;
  }
  return true;
}

} // namespace descent::reference
