#include "compiler/emulator/Library.h"

#include <vector>

namespace descent::emulator {

using device::Address;
using device::Device;
using device::Product;
using device::ProductArrays;

namespace {

/// The matrices of one operand.
template <typename T> class Matrices {
public:
  Matrices(Device &device, const Product &product, const Product::Side &side, int64_t rows,
           Address from)
      : side(side) {
    int64_t outer = side.termsInner ? rows : product.k, inner = side.termsInner ? product.k : rows;
    int64_t count = (product.batch - 1) * side.batchStride + (outer - 1) * side.stride + inner;
    elements.resize(static_cast<size_t>(count));
    device.copyFrom(elements.data(), from, count * static_cast<int64_t>(sizeof(T)));
  }

  T at(int64_t batch, int64_t row, int64_t term) const {
    int64_t place = side.termsInner ? row * side.stride + term : term * side.stride + row;
    return elements[static_cast<size_t>(batch * side.batchStride + place)];
  }

private:
  const Product::Side side;
  std::vector<T> elements;
};

template <typename T> std::vector<T> elementsAt(Device &device, Address from, int64_t count) {
  std::vector<T> elements(static_cast<size_t>(count));
  device.copyFrom(elements.data(), from, count * static_cast<int64_t>(sizeof(T)));
  return elements;
}

template <typename T>
void multiplyAs(Device &device, const Product &product, const ProductArrays &arrays) {
  Matrices<T> left(device, product, product.lhs, product.m, arrays.lhs);
  Matrices<T> right(device, product, product.rhs, product.n, arrays.rhs);
  int64_t count = product.batch * product.m * product.n;
  std::vector<T> added, bias, made;
  if (product.beta != 0)
    added = elementsAt<T>(device, arrays.added, count);
  if (product.hasBias)
    bias = elementsAt<T>(device, arrays.bias, product.n);
  made.reserve(static_cast<size_t>(count));
  for (int64_t batch = 0; batch < product.batch; ++batch)
    for (int64_t row = 0; row < product.m; ++row)
      for (int64_t column = 0; column < product.n; ++column) {
        double sum = 0;
        for (int64_t term = 0; term < product.k; ++term)
          sum += static_cast<double>(left.at(batch, row, term)) * right.at(batch, column, term);
        sum *= product.alpha;
        if (!added.empty())
          sum += product.beta * added[made.size()];
        if (!bias.empty())
          sum += bias[static_cast<size_t>(column)];
        made.push_back(static_cast<T>(sum));
      }
  device.copyTo(arrays.result, made.data(), static_cast<int64_t>(made.size() * sizeof(T)));
}

} // namespace

void multiply(Device &device, const Product &product, const ProductArrays &arrays) {
  device.wait();
  if (product.element == Product::Element::F32)
    multiplyAs<float>(device, product, arrays);
  else
    multiplyAs<double>(device, product, arrays);
}

} // namespace descent::emulator
