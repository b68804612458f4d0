// Operations that combine elements. Sums of floats are kept in long double and rounded once.
#include "tests/reference/Rules.h"

#include "compiler/dialect/Dialect.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

using namespace mlir;

namespace descent::reference {

namespace {

Tensor resultOf(Operation *op) {
  return zerosLike(op->getResult(0).getType());
}

/// A running value of any element type.
struct Accumulator {
  long double number = 0;
  uint64_t bits = 0;
};

Accumulator load(const Tensor &tensor, int64_t i) {
  if (isFloat(tensor.dtype))
    return {tensor.floats()[i], 0};
  return {0, uint64_t(tensor.integer(i))};
}

void store(Tensor &tensor, int64_t i, Accumulator value) {
  if (isFloat(tensor.dtype))
    tensor.set(i, value.number);
  else
    tensor.setInteger(i, value.bits);
}

/// How two values combine, and what the combination of nothing is.
struct Combiner {
  Accumulator (*identity)(DType);
  Accumulator (*combine)(DType, Accumulator, Accumulator);
};

bool isBefore(DType dtype, Accumulator a, Accumulator b) {
  if (isFloat(dtype))
    return a.number < b.number;
  return dtype == DType::I32 || dtype == DType::I64 ? int64_t(a.bits) < int64_t(b.bits)
                                                    : a.bits < b.bits;
}

Accumulator least(DType dtype) {
  switch (dtype) {
  case DType::I32:
    return {0, uint64_t(int64_t(std::numeric_limits<int32_t>::min()))};
  case DType::I64:
    return {0, uint64_t(std::numeric_limits<int64_t>::min())};
  default:
    return {-std::numeric_limits<long double>::infinity(), 0};
  }
}

Accumulator most(DType dtype) {
  switch (dtype) {
  case DType::I32:
    return {0, uint64_t(std::numeric_limits<int32_t>::max())};
  case DType::I64:
    return {0, uint64_t(std::numeric_limits<int64_t>::max())};
  default:
    return {std::numeric_limits<long double>::infinity(),
            dtype == DType::U32 ? std::numeric_limits<uint32_t>::max()
                                : std::numeric_limits<uint64_t>::max()};
  }
}

Accumulator zero(DType) {
  return {0, 0};
}
Accumulator one(DType) {
  return {1, 1};
}

Accumulator add(DType, Accumulator a, Accumulator b) {
  return {a.number + b.number, a.bits + b.bits};
}
Accumulator multiply(DType, Accumulator a, Accumulator b) {
  return {a.number * b.number, a.bits * b.bits};
}
Accumulator larger(DType dtype, Accumulator a, Accumulator b) {
  if (std::isnan(a.number) || std::isnan(b.number))
    return std::isnan(a.number) ? a : b;
  return isBefore(dtype, a, b) ? b : a;
}
Accumulator smaller(DType dtype, Accumulator a, Accumulator b) {
  if (std::isnan(a.number) || std::isnan(b.number))
    return std::isnan(a.number) ? a : b;
  return isBefore(dtype, b, a) ? b : a;
}
Accumulator both(DType, Accumulator a, Accumulator b) {
  return {0, a.bits & b.bits};
}
Accumulator either(DType, Accumulator a, Accumulator b) {
  return {0, a.bits | b.bits};
}

Rule reduction(Combiner combiner) {
  return [=](Operation *op, const std::vector<Tensor> &in) {
    auto dims = cast<DenseI64ArrayAttr>(op->getAttr("dims")).asArrayRef();
    Tensor out = resultOf(op);
    std::vector<Accumulator> sums(out.size(), combiner.identity(out.dtype));
    for (int64_t i = 0; i < in[0].size(); ++i) {
      Dims index = indexAt(in[0].dims, i), kept;
      for (size_t d = 0; d < index.size(); ++d)
        if (!llvm::is_contained(dims, int64_t(d)))
          kept.push_back(index[d]);
      Accumulator &sum = sums[position(out.dims, kept)];
      sum = combiner.combine(out.dtype, sum, load(in[0], i));
    }
    for (int64_t i = 0; i < out.size(); ++i)
      store(out, i, sums[i]);
    return out;
  };
}

Rule running(Combiner combiner) {
  return [=](Operation *op, const std::vector<Tensor> &in) {
    int64_t dim = cast<IntegerAttr>(op->getAttr("dim")).getInt();
    bool reverse = op->hasAttr("reverse");
    Tensor out = resultOf(op);
    int64_t size = out.dims[dim];
    Dims lines = out.dims;
    lines[dim] = 1;
    for (int64_t line = 0; line < sizeOfDims(lines) && size > 0; ++line) {
      Dims index = indexAt(lines, line);
      Accumulator sum = combiner.identity(out.dtype);
      for (int64_t k = 0; k < size; ++k) {
        index[dim] = reverse ? size - 1 - k : k;
        int64_t at = position(out.dims, index);
        sum = combiner.combine(out.dtype, sum, load(in[0], at));
        store(out, at, sum);
      }
    }
    return out;
  };
}

/// The order of a line's elements: ascending and stable, nan last.
std::vector<int64_t> sortedLine(const Tensor &in, Dims index, int64_t dim) {
  auto at = [&](int64_t k) {
    index[dim] = k;
    return load(in, position(in.dims, index));
  };
  std::vector<int64_t> order(in.dims[dim]);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int64_t i, int64_t j) {
    Accumulator a = at(i), b = at(j);
    if (std::isnan(a.number) != std::isnan(b.number))
      return std::isnan(b.number);
    if (isBefore(in.dtype, a, b) || isBefore(in.dtype, b, a))
      return isBefore(in.dtype, a, b);
    return i < j;
  });
  return order;
}

Tensor argsort(Operation *op, const std::vector<Tensor> &in) {
  Tensor out = resultOf(op);
  int64_t dim = cast<ir::ArgSortOp>(op).getDim();
  Dims lines = out.dims;
  lines[dim] = 1;
  for (int64_t line = 0; line < sizeOfDims(lines) && out.size() > 0; ++line) {
    Dims index = indexAt(lines, line);
    std::vector<int64_t> order = sortedLine(in[0], index, dim);
    for (size_t k = 0; k < order.size(); ++k) {
      index[dim] = int64_t(k);
      out.ints()[position(out.dims, index)] = order[k];
    }
  }
  return out;
}

Rule argReduction(bool largest) {
  return [=](Operation *op, const std::vector<Tensor> &in) {
    int64_t dim = cast<IntegerAttr>(op->getAttr("dim")).getInt();
    Tensor out = resultOf(op);
    for (int64_t i = 0; i < out.size(); ++i) {
      Dims index = indexAt(out.dims, i);
      index.insert(index.begin() + dim, 0);
      int64_t best = 0;
      Accumulator bestValue = load(in[0], position(in[0].dims, index));
      for (int64_t k = 1; k < in[0].dims[dim]; ++k) {
        index[dim] = k;
        Accumulator value = load(in[0], position(in[0].dims, index));
        bool better = largest ? isBefore(in[0].dtype, bestValue, value)
                              : isBefore(in[0].dtype, value, bestValue);
        if (!std::isnan(bestValue.number) && (better || std::isnan(value.number))) {
          best = k;
          bestValue = value;
        }
      }
      out.ints()[i] = best;
    }
    return out;
  };
}

/// The dimensions of `rank` that are named in neither list.
std::vector<int64_t> freeDims(size_t rank, ArrayRef<int64_t> batch, ArrayRef<int64_t> contract) {
  std::vector<int64_t> dims;
  for (size_t i = 0; i < rank; ++i)
    if (!llvm::is_contained(batch, int64_t(i)) && !llvm::is_contained(contract, int64_t(i)))
      dims.push_back(int64_t(i));
  return dims;
}

Tensor dot(Operation *op, const std::vector<Tensor> &in) {
  auto dot = cast<ir::DotOp>(op);
  Tensor out = resultOf(op);
  auto leftFree = freeDims(in[0].dims.size(), dot.getLhsBatch(), dot.getLhsContract());
  auto rightFree = freeDims(in[1].dims.size(), dot.getRhsBatch(), dot.getRhsContract());
  Dims contracted;
  for (int64_t dim : dot.getLhsContract())
    contracted.push_back(in[0].dims[dim]);
  for (int64_t i = 0; i < out.size(); ++i) {
    Dims index = indexAt(out.dims, i), left(in[0].dims.size()), right(in[1].dims.size());
    size_t next = 0;
    for (auto [l, r] : llvm::zip(dot.getLhsBatch(), dot.getRhsBatch()))
      left[l] = right[r] = index[next++];
    for (int64_t dim : leftFree)
      left[dim] = index[next++];
    for (int64_t dim : rightFree)
      right[dim] = index[next++];
    Accumulator sum;
    for (int64_t k = 0; k < sizeOfDims(contracted); ++k) {
      Dims inner = indexAt(contracted, k);
      for (size_t d = 0; d < inner.size(); ++d) {
        left[dot.getLhsContract()[d]] = inner[d];
        right[dot.getRhsContract()[d]] = inner[d];
      }
      sum = add(out.dtype, sum,
                multiply(out.dtype, load(in[0], position(in[0].dims, left)),
                         load(in[1], position(in[1].dims, right))));
    }
    store(out, i, sum);
  }
  return out;
}

} // namespace

void addReduceRules(RuleTable &table) {
  table["descent.reduce_sum"] = reduction({zero, add});
  table["descent.reduce_prod"] = reduction({one, multiply});
  table["descent.reduce_max"] = reduction({least, larger});
  table["descent.reduce_min"] = reduction({most, smaller});
  table["descent.reduce_and"] = reduction({one, both});
  table["descent.reduce_or"] = reduction({zero, either});
  table["descent.cumsum"] = running({zero, add});
  table["descent.cumprod"] = running({one, multiply});
  table["descent.cummax"] = running({least, larger});
  table["descent.argmax"] = argReduction(true);
  table["descent.argmin"] = argReduction(false);
  table["descent.argsort"] = argsort;
  table["descent.dot"] = dot;
}

} // namespace descent::reference
