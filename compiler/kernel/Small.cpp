// Steps on few elements are written out, index by index, so that these can be in registers: a loop
// over two numbers costs more than what it does with them, and keeps them in memory.
#include "compiler/kernel/Small.h"

using namespace mlir;

namespace descent::kernel {

namespace {

/// Few enough to be in registers.
constexpr int64_t mostElements = 16;
/// Simple operations of a step, and of all steps of a function: code that LLVM has to go through.
constexpr int64_t mostOfStep = 256, mostOfFunction = 4096;
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
  int64_t left = mostOfFunction;
  plan.function->walk<WalkOrder::PreOrder>([&](Block *block) {
    auto found = plan.blocks.find(block);
    if (found == plan.blocks.end())
      return;
    for (Step &step : found->second.steps) {
      int64_t operations = writtenOut(step);
      if (operations < 0 || operations > std::min(left, mostOfStep))
        continue;
      step.isWrittenOut = true;
      left -= operations;
    }
  });
}

} // namespace descent::kernel
