#include "compiler/derivative/rules/Products.h"

namespace descent::derivative {

PairwiseProduct::PairwiseProduct(Emitter &emit, Value rows) : emit(emit) {
  while (shapeOf(rows)[1] > 1) {
    int64_t width = shapeOf(rows)[1];
    rows = evened(rows, 1);
    levels.push_back({evens(rows), odds(rows), width});
    rows = emit.times(levels.back().evens, levels.back().odds);
  }
}

Value PairwiseProduct::pushForward(Value tangent) {
  for (Level &level : levels) {
    tangent = evened(tangent, 0);
    tangent =
        emit.plus(emit.times(evens(tangent), level.odds), emit.times(level.evens, odds(tangent)));
  }
  return tangent;
}

Value PairwiseProduct::pullBack(Value cotangent) {
  for (Level &level : llvm::reverse(levels)) {
    Value even = emit.padAlong(emit.times(cotangent, level.odds), 1, 0, 1, 1);
    Value odd = emit.padAlong(emit.times(cotangent, level.evens), 1, 1, 0, 1);
    cotangent = emit.sliceAlong(emit.plus(even, odd), 1, 0, level.width);
  }
  return cotangent;
}

RunningProduct::RunningProduct(Emitter &emit, Value x, int64_t dim)
    : emit(emit), dim(dim), size(shapeOf(x)[dim]) {
  for (int64_t distance = 1; distance < size; distance *= 2) {
    Value other = delayed(x, distance, 1);
    steps.push_back({x, other, distance});
    x = emit.times(x, other);
  }
}

Value RunningProduct::pushForward(Value tangent) {
  for (Step &step : steps)
    tangent = emit.plus(emit.times(tangent, step.other),
                        emit.times(step.factor, delayed(tangent, step.distance, 0)));
  return tangent;
}

Value RunningProduct::pullBack(Value cotangent) {
  for (Step &step : llvm::reverse(steps))
    cotangent = emit.plus(emit.times(cotangent, step.other),
                          advanced(emit.times(cotangent, step.factor), step.distance));
  return cotangent;
}

} // namespace descent::derivative
