#include "compiler/kernel/Plan.h"

#include "compiler/kernel/Forming.h"
#include "compiler/kernel/Small.h"
#include "compiler/kernel/Storage.h"

using namespace mlir;

namespace descent::kernel {

namespace {

/// A thread has its points for itself: fewer than these are in registers anyway, and the tapes of
/// all threads are in memory.
constexpr PointLimits pointsOnDevice{.leastPoints = 17, .mostTapeBytes = 16 << 10};

void formRegions(FunctionPlan &plan, Block &block, Materialised &materialised,
                 const PlanOptions &options) {
  std::vector<std::shared_ptr<Points>> points;
  if (options.fuse)
    points =
        findPoints(block, plan.notByPoints, options.forProcessor ? PointLimits() : pointsOnDevice);
  BlockPlan formed = formBlock(block, plan.maps, materialised, options, points);
  for (Step &step : formed.steps)
    for (const Local &local : step.locals)
      plan.places[local.value].kind = Place::Kind::Row;
  for (Step &step : formed.steps)
    if (!step.points)
      for (Region &region : step.roots.front()->getRegions())
        formRegions(plan, region.front(), materialised, options);
  plan.blocks[&block] = std::move(formed);
}

} // namespace

FunctionPlan planFunction(Operation *function, const PlanOptions &options) {
  FunctionPlan plan;
  plan.function = function;
  Materialised materialised;
  formRegions(plan, function->getRegion(0).front(), materialised, options);
  if (options.fuse)
    writeOutSmallSteps(plan);
  placeArrays(plan, materialised);
  return plan;
}

} // namespace descent::kernel
