// Steps on few elements are written out, index by index, so that these can be in registers: a loop
// over two numbers costs more than what it does with them, and keeps them in memory.
#include "compiler/kernel/Small.h"

using namespace mlir;

namespace descent::kernel {

namespace {

/// Few enough to be in registers.
constexpr int64_t mostElements = 16;
/// Simple operations of a step, and of all steps of a function: LLVM's time grows faster than a
/// function of straight code and its values in registers. A larger one has loops, in functions of
/// their own, and memory.
constexpr int64_t mostOfStep = 256, mostOfFunction = 2048, mostLoops = 32;
/// At one index. What costs more (a sine) is better computed for several indices at once, by a loop
/// that becomes vectors.
constexpr int dearCost = 16;

/// Few enough to be written out: fewer than a vector, or a bit more. Eight numbers are a vector to
/// the vectoriser of loops, which is better at it than the one of straight code.
bool areWrittenOut(int64_t elements) {
  return elements <= 7;
}

int64_t elementsOf(const Loop &loop) {
  int64_t size = 1;
  for (int64_t dim : loop.space)
    size *= dim;
  return size;
}

/// Simple operations of a step without loops, or -1 where it has to have some.
int64_t writtenOut(const Step &step) {
  if (step.points || step.shared || step.division.count > 1 || !step.products.empty())
    return -1;
  switch (classOf(step.roots.front())) {
  case OpClass::Elementwise:
  case OpClass::View:
  case OpClass::Element:
  case OpClass::Constant:
  case OpClass::Reduce:
  case OpClass::Dot:
    if (!step.isKernel && !isa<ir::ConcatOp>(step.roots.front()))
      return -1;
    break;
  case OpClass::Update:
  case OpClass::Scatter:
  case OpClass::TapePush:
  case OpClass::Check:
    break;
  default:
    return -1;
  }
  int64_t operations = 0;
  for (const Loop &loop : step.loops) {
    if (!areWrittenOut(elementsOf(loop)) || loop.cost >= dearCost || loop.guard.condition ||
        loop.tile || loop.scan >= 0)
      return -1;
    for (Operation *root : loop.roots)
      if (classOf(root) == OpClass::ArgReduce)
        return -1;
    operations += elementsOf(loop) * (1 + loop.cost);
  }
  return operations;
}

} // namespace

bool isFew(int64_t elements) {
  return elements > 0 && elements <= mostElements;
}

void writeOutSmallSteps(FunctionPlan &plan) {
  SmallVector<Step *> steps;
  int64_t operations = 0, loops = 0;
  plan.function->walk<WalkOrder::PreOrder>([&](Block *block) {
    auto found = plan.blocks.find(block);
    if (found == plan.blocks.end())
      return;
    for (Step &step : found->second.steps) {
      int64_t own = writtenOut(step);
      if (own >= 0 && own <= mostOfStep) {
        steps.push_back(&step);
        operations += own;
      } else if (step.isKernel || step.points) {
        ++loops;
      }
    }
  });
  plan.keepsFewInFrame = operations <= mostOfFunction && loops <= mostLoops;
  if (plan.keepsFewInFrame)
    for (Step *step : steps)
      step->isWrittenOut = true;
}

} // namespace descent::kernel
