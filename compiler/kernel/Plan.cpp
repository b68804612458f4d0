#include "compiler/kernel/Plan.h"

#include "compiler/kernel/Forming.h"
#include "compiler/kernel/Small.h"
#include "compiler/kernel/Storage.h"

using namespace mlir;

namespace descent::kernel {

namespace {

void formRegions(FunctionPlan &plan, Block &block, Materialised &materialised,
                 const PlanOptions &options) {
  std::vector<std::shared_ptr<Points>> points;
  if (options.fuse && options.forProcessor)
    points = findPoints(block, plan.notByPoints);
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
