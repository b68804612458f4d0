#include "compiler/kernel/IndexMaps.h"

#include "compiler/kernel/Classify.h"

#include <llvm/ADT/TypeSwitch.h>

using namespace mlir;

namespace descent::kernel {

namespace {

/// For each dimension of an operand the dimension of the result at whose index it is read, or -1.
SmallVector<int, 4> passedDims(Operation *op, unsigned operand) {
  auto type = tensorType(op->getOperand(operand));
  ArrayRef<int64_t> shape = type.getShape();
  ArrayRef<int64_t> result = tensorType(op->getResult(0)).getShape();
  SmallVector<int, 4> dims(shape.size(), -1);
  auto passIf = [&](auto holds) {
    for (size_t i = 0; i < dims.size(); ++i)
      if (holds(i))
        dims[i] = int(i);
  };
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](ir::BroadcastOp o) {
        for (auto [i, dim] : llvm::enumerate(o.getDims()))
          dims[i] = int(dim);
      })
      .Case([&](ir::TransposeOp o) {
        for (auto [i, from] : llvm::enumerate(o.getPermutation()))
          dims[size_t(from)] = int(i);
      })
      .Case([&](ir::ReshapeOp) {
        // As far as both have the same sizes, but for ones.
        size_t i = 0, j = 0;
        while (true) {
          while (i < shape.size() && shape[i] == 1)
            ++i;
          while (j < result.size() && result[j] == 1)
            ++j;
          if (i == shape.size() || j == result.size() || shape[i] != result[j])
            break;
          dims[i++] = int(j++);
        }
      })
      .Case([&](ir::SliceOp o) {
        passIf([&](size_t i) { return shape[i] == result[i] && o.getStrides()[i] == 1; });
      })
      .Case([&](ir::ReverseOp o) {
        passIf([&](size_t i) { return !llvm::is_contained(o.getDims(), int64_t(i)); });
      })
      .Case([&](ir::PadOp o) {
        if (operand == 0)
          passIf([&](size_t i) { return shape[i] == result[i] && o.getLow()[i] == 0; });
      })
      .Case([&](ir::ConcatOp o) { passIf([&](size_t i) { return i != o.getDim(); }); })
      .Case([&](ir::DynamicSliceOp o) {
        if (operand == 0)
          passIf([&](size_t i) { return shape[i] == result[i]; });
      })
      .Case([&](ir::GatherOp o) {
        size_t axis = o.getAxis(), batch = o.getBatchDims();
        size_t indexDims = size_t(o.getIndices().getType().getRank()) - batch;
        for (size_t i = 0; i < dims.size(); ++i) {
          if (operand == 1)
            dims[i] = int(i < batch ? i : axis + i - batch);
          else if (i != axis)
            dims[i] = int(i < axis ? i : i + indexDims - 1);
        }
      })
      .Case([&](ir::FetchOp o) {
        // As of a gather along axis 0.
        auto indexDims = size_t(o.getIndices().getType().getRank());
        for (size_t i = 0; i < dims.size(); ++i)
          if (operand == 1)
            dims[i] = int(i);
          else if (i > 0)
            dims[i] = int(i + indexDims - 1);
      })
      .Case([&](ir::DotOp o) {
        // In the loop over the other operand, which is the matrix.
        for (auto [i, dim] : llvm::enumerate(pairedDims(o, operand)))
          dims[i] = int(dim);
      });
  return dims;
}

} // namespace

int IndexMaps::through(int map, Operation *op, unsigned operand) {
  if (classOf(op) == OpClass::Elementwise)
    return map;
  // Operations that move elements alike share a map; all others have one for each operand.
  const void *kind = op->getName().getTypeID().getAsOpaquePointer();
  const void *how = nullptr;
  if (auto broadcast = dyn_cast<ir::BroadcastOp>(op))
    how = broadcast.getDimsAttr().getAsOpaquePointer();
  else if (auto transpose = dyn_cast<ir::TransposeOp>(op))
    how = transpose.getPermutationAttr().getAsOpaquePointer();
  else if (auto reverse = dyn_cast<ir::ReverseOp>(op))
    how = reverse.getDimsAttr().getAsOpaquePointer();
  else if (auto reshape = dyn_cast<ir::ReshapeOp>(op))
    how = reshape.getType().getAsOpaquePointer();
  else if (isa<ir::SliceOp>(op))
    kind = op->getAttrDictionary().getAsOpaquePointer();
  else
    kind = op;
  const void *from = kind == op ? reinterpret_cast<const void *>(uintptr_t(operand) + 1)
                                : op->getOperand(operand).getType().getAsOpaquePointer();
  auto [entry, isNew] = numbers.try_emplace(Key(map, kind, how, from), int(sources.size()));
  if (isNew) {
    SmallVector<int, 4> dims;
    for (int dim : passedDims(op, operand))
      dims.push_back(dim < 0 ? -1 : source(map, dim));
    sources.push_back(std::move(dims));
  }
  return entry->second;
}

} // namespace descent::kernel
