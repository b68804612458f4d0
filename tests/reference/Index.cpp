// Operations that find elements at positions known at run time only.
#include "tests/reference/Rules.h"

#include "compiler/dialect/Dialect.h"

#include <algorithm>

using namespace mlir;

namespace descent::reference {

namespace {

Tensor resultOf(Operation *op) {
  return zerosLike(op->getResult(0).getType());
}

/// Where a box of `sizes` begins: starts clamped so that it lies inside `dims`.
Dims clampedStarts(const Dims &dims, const Dims &sizes, const std::vector<Tensor> &in,
                   size_t firstStart) {
  Dims starts;
  for (size_t i = 0; i < dims.size(); ++i)
    starts.push_back(std::clamp<int64_t>(in[firstStart + i].integer(0), 0, dims[i] - sizes[i]));
  return starts;
}

Dims sum(const Dims &a, const Dims &b) {
  Dims result(a);
  for (size_t i = 0; i < b.size(); ++i)
    result[i] += b[i];
  return result;
}

Tensor dynamicSlice(Operation *op, const std::vector<Tensor> &in) {
  Tensor out = resultOf(op);
  Dims starts = clampedStarts(in[0].dims, out.dims, in, 1);
  for (int64_t i = 0; i < out.size(); ++i)
    copyElement(in[0], position(in[0].dims, sum(starts, indexAt(out.dims, i))), out, i);
  return out;
}

Tensor update(Operation *op, const std::vector<Tensor> &in) {
  Tensor out = in[0];
  const Tensor &box = in[1];
  Dims starts = clampedStarts(out.dims, box.dims, in, 2);
  for (int64_t i = 0; i < box.size(); ++i)
    copyElement(box, i, out, position(out.dims, sum(starts, indexAt(box.dims, i))));
  return out;
}

/// Where in the array the element of a gather's result at `index` comes from.
Dims gatheredFrom(const Tensor &array, const Tensor &indices, int64_t axis, int64_t batch,
                  const Dims &index) {
  // The result is [B, P, I, Q]: the index into `indices` is [B, I].
  int64_t inner = int64_t(indices.dims.size()) - batch;
  Dims lookup(index.begin(), index.begin() + batch);
  lookup.insert(lookup.end(), index.begin() + axis, index.begin() + axis + inner);
  int64_t found = indices.integer(position(indices.dims, lookup));
  Dims from(index.begin(), index.begin() + axis);
  from.push_back(std::clamp<int64_t>(found, 0, array.dims[axis] - 1));
  from.insert(from.end(), index.begin() + axis + inner, index.end());
  return from;
}

Tensor gather(Operation *op, const std::vector<Tensor> &in) {
  auto gather = cast<ir::GatherOp>(op);
  Tensor out = resultOf(op);
  if (in[0].size() == 0)
    return out;
  for (int64_t i = 0; i < out.size(); ++i) {
    Dims from =
        gatheredFrom(in[0], in[1], gather.getAxis(), gather.getBatchDims(), indexAt(out.dims, i));
    copyElement(in[0], position(in[0].dims, from), out, i);
  }
  return out;
}

/// `target[to] += source[from]`, in the element type.
void addElement(const Tensor &source, int64_t from, Tensor &target, int64_t to) {
  if (isFloat(target.dtype))
    target.set(to, static_cast<long double>(target.floats()[to]) + source.floats()[from]);
  else
    target.setInteger(to, uint64_t(target.integer(to)) + uint64_t(source.integer(from)));
}

Tensor scatter(Operation *op, const std::vector<Tensor> &in) {
  auto scatter = cast<ir::ScatterOp>(op);
  Tensor out = in[0];
  if (out.size() == 0)
    return out;
  const Tensor &updates = in[2];
  // Row-major order of the updates is, for one target element, row-major order of the indices.
  for (int64_t i = 0; i < updates.size(); ++i) {
    Dims to = gatheredFrom(out, in[1], scatter.getAxis(), scatter.getBatchDims(),
                           indexAt(updates.dims, i));
    if (scatter.getKind() == ir::ScatterKind::add)
      addElement(updates, i, out, position(out.dims, to));
    else
      copyElement(updates, i, out, position(out.dims, to));
  }
  return out;
}

} // namespace

void addIndexRules(RuleTable &table) {
  table["descent.dynamic_slice"] = dynamicSlice;
  table["descent.update"] = update;
  table["descent.gather"] = gather;
  table["descent.scatter"] = scatter;
}

} // namespace descent::reference
