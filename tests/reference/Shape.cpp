// Operations that make arrays or move elements to places known at compile time.
#include "tests/reference/Rules.h"

#include "compiler/dialect/Dialect.h"

using namespace mlir;

namespace descent::reference {

namespace {

Tensor resultOf(Operation *op) {
  return zerosLike(op->getResult(0).getType());
}

/// Fills the result of `op` with elements of `source`: `from` maps an index of the result to one of
/// the source.
template <typename From> Tensor moved(Operation *op, const Tensor &source, From from) {
  Tensor out = resultOf(op);
  for (int64_t i = 0; i < out.size(); ++i)
    copyElement(source, position(source.dims, from(indexAt(out.dims, i))), out, i);
  return out;
}

Tensor iota(Operation *op, const std::vector<Tensor> &) {
  Tensor out = resultOf(op);
  for (int64_t i = 0; i < out.size(); ++i)
    out.set(i, indexAt(out.dims, i)[cast<ir::IotaOp>(op).getDim()]);
  return out;
}

Tensor transpose(Operation *op, const std::vector<Tensor> &in) {
  auto permutation = cast<ir::TransposeOp>(op).getPermutation();
  return moved(op, in[0], [&](const Dims &index) {
    Dims from(index.size());
    for (size_t i = 0; i < index.size(); ++i)
      from[permutation[i]] = index[i];
    return from;
  });
}

Tensor broadcast(Operation *op, const std::vector<Tensor> &in) {
  auto dims = cast<ir::BroadcastOp>(op).getDims();
  return moved(op, in[0], [&](const Dims &index) {
    Dims from;
    for (int64_t dim : dims)
      from.push_back(index[dim]);
    return from;
  });
}

Tensor slice(Operation *op, const std::vector<Tensor> &in) {
  auto box = cast<ir::SliceOp>(op);
  return moved(op, in[0], [&](const Dims &index) {
    Dims from(index);
    for (size_t i = 0; i < index.size(); ++i)
      from[i] = box.getStarts()[i] + index[i] * box.getStrides()[i];
    return from;
  });
}

Tensor pad(Operation *op, const std::vector<Tensor> &in) {
  auto pad = cast<ir::PadOp>(op);
  Tensor out = resultOf(op);
  for (int64_t i = 0; i < out.size(); ++i)
    copyElement(in[1], 0, out, i);
  for (int64_t i = 0; i < in[0].size(); ++i) {
    Dims to = indexAt(in[0].dims, i);
    for (size_t d = 0; d < to.size(); ++d)
      to[d] = pad.getLow()[d] + to[d] * (pad.getInterior()[d] + 1);
    copyElement(in[0], i, out, position(out.dims, to));
  }
  return out;
}

Tensor concat(Operation *op, const std::vector<Tensor> &in) {
  Tensor out = resultOf(op);
  int64_t dim = cast<ir::ConcatOp>(op).getDim(), before = 0;
  for (const Tensor &input : in) {
    for (int64_t i = 0; i < input.size(); ++i) {
      Dims to = indexAt(input.dims, i);
      to[dim] += before;
      copyElement(input, i, out, position(out.dims, to));
    }
    before += input.dims[dim];
  }
  return out;
}

Tensor reverse(Operation *op, const std::vector<Tensor> &in) {
  auto dims = cast<ir::ReverseOp>(op).getDims();
  return moved(op, in[0], [&](const Dims &index) {
    Dims from(index);
    for (int64_t dim : dims)
      from[dim] = in[0].dims[dim] - 1 - index[dim];
    return from;
  });
}

} // namespace

void addShapeRules(RuleTable &table) {
  table["descent.constant"] = [](Operation *op, const std::vector<Tensor> &) {
    return Tensor::fromAttribute(cast<DenseElementsAttr>(cast<ir::ConstantOp>(op).getValue()));
  };
  table["descent.iota"] = iota;
  table["descent.reshape"] = [](Operation *op, const std::vector<Tensor> &in) {
    Tensor out = in[0];
    out.dims = resultOf(op).dims;
    return out;
  };
  table["descent.transpose"] = transpose;
  table["descent.broadcast"] = broadcast;
  table["descent.slice"] = slice;
  table["descent.pad"] = pad;
  table["descent.concat"] = concat;
  table["descent.reverse"] = reverse;
}

} // namespace descent::reference
