// Loops over points as one step: what it needs and gives, its chunks and its working memory.
#include "compiler/kernel/Former.h"

using namespace mlir;

namespace descent::kernel {

namespace {

constexpr int64_t alignment = 64;
/// Of a chunk: simple operations at least (times those of other kernels; more where there are many
/// sums, with which a chunk begins and ends, as long as there are enough chunks), points of a sum
/// of floats at most.
constexpr int64_t chunkFactor = 4, longestSum = 4096;
constexpr int64_t mostChunks = 64, enoughChunks = 16, operationsPerSum = 1024;

} // namespace

void Former::layOutPoints(Step &step) {
  Points &points = *step.points;
  int64_t bytes = 0;
  auto take = [&](int64_t size) {
    int64_t at = bytes;
    bytes += int64_t(llvm::alignTo(size, alignment));
    return at;
  };
  for (PointTape &tape : points.tapes)
    tape.offset = take((tape.rows + 1) * tape.rowBytes);
  auto typeOf = [](const PointSum &sum) { return tensorType(sum.summand()).getElementType(); };
  int64_t sumWork = 0;
  bool sumsFloats = false;
  for (PointSum &sum : points.sums) {
    sum.offset = take(sum.entries * points.lanes * elementBytes(typeOf(sum)));
    sumWork += sum.entries * points.lanes;
    sumsFloats |= sum.reduction && isa<FloatType>(typeOf(sum));
  }
  Division &division = step.division;
  division.laneBytes = bytes;

  // Whole blocks; the last chunk also has what is left.
  division.extent = std::max<int64_t>(1, points.count / points.width);
  int64_t perBlock = std::max<int64_t>(1, points.work * points.width);
  int64_t least = std::max(options.chunkOperations * chunkFactor, operationsPerSum * sumWork);
  int64_t all = perBlock * division.extent;
  least = std::min(least, std::max(options.chunkOperations * chunkFactor, all / enoughChunks));
  if (options.chunkOperations == 1)
    least = 1;
  int64_t size = std::max<int64_t>(1, int64_t(llvm::divideCeil(least, perBlock)));
  if (sumsFloats)
    size = std::min(size, std::max<int64_t>(1, longestSum / points.width));
  int64_t count = std::min(mostChunks, int64_t(llvm::divideCeil(division.extent, size)));
  division.size = int64_t(llvm::divideCeil(division.extent, count));
  division.count = int64_t(llvm::divideCeil(division.extent, division.size));
  division.operations = perBlock * division.size;

  for (PointSum &sum : points.sums) {
    int64_t element = elementBytes(typeOf(sum));
    sum.partialBytes = int64_t(llvm::alignTo(sum.entries * element, alignment));
    sum.partialOffset = take(sum.partialBytes * division.count);
    sum.totalOffset = take(sum.entries * std::max<int64_t>(8, element));
  }
  step.scratchBytes = options.forProcessor ? bytes : 0;
}

/// Called for the last member, when all uses of what they make are known.
void Former::formPoints(const std::shared_ptr<Points> &points) {
  auto isUsed = [&](Value value) { return uses.contains(value); };
  for (Operation *member : llvm::reverse(points->members))
    if (isAlias(member) && isUsed(member->getResult(0)))
      visitAlias(member);
  llvm::erase_if(points->results, [&](Value value) { return !isUsed(value); });
  if (points->results.empty() &&
      llvm::none_of(points->sums, [&](const PointSum &sum) { return isUsed(sum.result); }))
    return;
  int at = newStep(points->members.back());
  steps[at].points = points;
  steps[at].roots.append(points->members.begin(), points->members.end());
  minPosition[at] = positions[points->members.front()];
  for (Value result : points->results)
    addResult(at, result);
  for (const PointSum &sum : points->sums)
    addResult(at, sum.result);
  llvm::SmallDenseSet<Value> seen;
  for (Operation *member : points->members)
    member->walk([&](Operation *op) {
      if (points->skipped.contains(op))
        return;
      for (Value value : op->getOperands()) {
        Operation *around = value.getParentRegion()->getParentOp();
        while (around && around->getBlock() != &block)
          around = around->getParentOp();
        bool inside = (around && points->contains(around)) ||
                      (value.getDefiningOp() && points->contains(value.getDefiningOp()));
        if (inside || isTape(value) || !seen.insert(value).second)
          continue;
        bool computed = isArray(value) && (splatOf(value) || isFill(value));
        use(value, {.kind = computed ? UseKind::Captured : UseKind::Whole, .step = at});
      }
    });
  layOutPoints(steps[at]);
}

} // namespace descent::kernel
