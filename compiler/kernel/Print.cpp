// The plan as text, for `show` and for tests.
//
//   main: 640 bytes
//     kernel [1000] one loop, 6 operations
//       reads input 0 [1000] f32, input 1 [1000] f32: 8000 bytes
//       %3 = reduce_sum
//       %4 = mul [1000] f32 at 0
//       writes 4000 bytes
//     kernel [64]                                    the loop that these share
//       reads %4 [64, 100] f32: 25600 bytes
//       loop [100], 1 operations
//         %5 = reduce_max [64] f32 in a register
//       loop [100], 2 operations
//         %6 = exp …
#include "compiler/kernel/Plan.h"

#include "compiler/kernel/Forming.h"

#include <mlir/Dialect/Func/IR/FuncOps.h>

using namespace mlir;

namespace descent::kernel {

namespace {

class Printer {
public:
  Printer(const FunctionPlan &plan, raw_ostream &os) : plan(plan), os(os) {}

  void print() {
    auto function = cast<func::FuncOp>(plan.function);
    os << function.getSymName() << ": " << plan.arenaBytes << " bytes\n";
    for (Value argument : function.getArguments())
      nameOf(argument);
    printBlock(function.getBody().front(), 1);
    for (auto [index, value] : plan.results) {
      indent(1) << "result " << index << " = ";
      printArray(value);
      os << "\n";
    }
  }

private:
  const FunctionPlan &plan;
  raw_ostream &os;
  DenseMap<Value, int> names;

  raw_ostream &indent(int depth) { return os.indent(unsigned(2 * depth)); }

  int nameOf(Value value) { return names.try_emplace(value, int(names.size())).first->second; }

  void printType(Value value) {
    RankedTensorType type = tensorType(value);
    if (type.getRank()) {
      os << "[";
      llvm::interleaveComma(type.getShape(), os);
      os << "] ";
    }
    os << type.getElementType();
  }

  void printPlace(Value value) {
    const Place *place = plan.placeOf(value);
    if (!place)
      return;
    switch (place->kind) {
    case Place::Kind::Arena:
      os << " at " << place->offset;
      break;
    case Place::Kind::Frame:
      os << " in the frame";
      break;
    case Place::Kind::Result:
      os << " in result " << place->index;
      break;
    default:
      break;
    }
  }

  void printArray(Value value) {
    Value root = aliasRoot(value);
    if (auto input = root.getDefiningOp<ir::InputOp>())
      os << "input " << input.getIndex() << " ";
    else if (isTable(root))
      os << "table ";
    else if (!plan.placeOf(value))
      os << "fill ";
    else
      os << "%" << nameOf(root) << " ";
    printType(value);
    printPlace(value);
  }

  void printCopies(Operation *at, int depth) {
    auto found = plan.copies.find(at);
    if (found == plan.copies.end())
      return;
    for (const Copy &copy : found->second) {
      indent(depth) << "copy ";
      if (copy.fromParking)
        os << "parked";
      else
        printArray(copy.from);
      os << " to ";
      if (copy.toParking)
        os << "parking";
      else
        printArray(copy.to);
      os << "\n";
    }
  }

  void printResult(Operation *op, Value result) {
    if (isTape(result))
      return;
    os << "%" << nameOf(result) << " = " << op->getName().stripDialect() << " ";
    printType(result);
    printPlace(result);
  }

  void printReads(const Step &step, int depth) {
    SmallVector<Value> seen;
    int64_t bytes = 0;
    for (const Read &read : step.reads) {
      bool isOwn = llvm::any_of(step.products, [&](const RowProduct &each) {
        return each.op->getResult(0) == read.value;
      });
      if (isOwn || llvm::is_contained(seen, read.value))
        continue;
      seen.push_back(read.value);
      bytes += byteSize(read.value);
    }
    if (seen.empty())
      return;
    indent(depth) << "reads ";
    llvm::interleaveComma(seen, os, [&](Value value) {
      printArray(value);
      if (llvm::any_of(step.turned, [&](const Turned &turned) { return turned.value == value; }))
        os << " turned";
    });
    os << ": " << bytes << " bytes\n";
  }

  void printOperandApart(const char *why, int depth) {
    if (why)
      indent(depth) << "its left operand made as a whole: " << why << "\n";
  }

  void printSpace(ArrayRef<int64_t> space) {
    os << "[";
    llvm::interleaveComma(space, os);
    os << "]";
  }

  void printGuard(const Loop &loop) {
    if (!loop.guard.condition)
      return;
    os << ", where ";
    printSpace(ArrayRef(loop.space).take_front(loop.guard.level));
    os << " allow";
  }

  /// The tree of loops, and below it what is counted: everything that goes to and from memory once.
  void printKernel(const Step &step, int depth) {
    bool isTree = step.loops.size() > 1;
    const Loop &first = step.loops.front();
    indent(depth) << "kernel ";
    printSpace(isTree ? ArrayRef(first.space).take_front(step.shared) : ArrayRef(first.space));
    if (step.together > 1)
      os << " by " << step.together << (step.across ? " across" : "");
    if (!isTree)
      os << (first.linear ? " one loop" : "") << ", " << first.operations << " operations";
    if (!isTree)
      printGuard(first);
    if (first.tile)
      os << ", in squares of " << first.tile;
    if (step.isWrittenOut)
      os << ", written out";
    if (step.division.count > 1)
      os << ", " << step.division.count << " chunks";
    os << "\n";
    printReads(step, depth + 1);
    int64_t written = 0;
    auto printProducts = [&](bool after) {
      for (const RowProduct &each : step.products) {
        if (each.isAfter != after)
          continue;
        Value result = each.op->getResult(0);
        indent(depth + 1);
        printResult(each.op, result);
        os << ", " << each.chunkRows
           << (each.isBatch ? " of the batch at a time" : " rows at a time");
        if (after)
          os << ", of those of %" << nameOf(each.op->getOperand(0));
        if (each.isLocal)
          os << ", not stored";
        else
          written += byteSize(result);
        os << "\n";
        if (!after)
          printOperandApart(each.operandApart, depth + 2);
      }
    };
    printProducts(false);
    for (const Loop &loop : step.loops) {
      int inside = depth + 1;
      if (isTree) {
        indent(inside++) << "loop ";
        printSpace(ArrayRef(loop.space).drop_front(step.shared));
        os << ", " << loop.operations << " operations";
        printGuard(loop);
        os << "\n";
      }
      for (Operation *root : loop.roots) {
        Value result = root->getResult(0);
        indent(inside);
        printResult(root, result);
        for (const Local &local : step.locals)
          if (local.value == result)
            os << (local.elements == 1 ? " in a register"
                   : local.ofChunk     ? " in rows of a chunk, not stored"
                                       : " in a row");
        if (isStreamed(plan, step, result))
          os << ", past the caches";
        os << "\n";
        const Place *place = plan.placeOf(result);
        if (place && place->kind != Place::Kind::Row)
          written += byteSize(result);
      }
    }
    printProducts(true);
    if (written)
      indent(depth + 1) << "writes " << written << " bytes\n";
    if (step.apart)
      indent(depth + 1) << "not in one kernel with %" << nameOf(step.neighbour->getResult(0))
                        << ": " << step.apart << "\n";
  }

  /// The loops that run for each block of points, and what of it is kept where.
  void printPoints(const Step &step, int depth) {
    const Points &points = *step.points;
    indent(depth) << "points [" << points.count << "] by " << points.width << ", "
                  << points.operations << " operations, " << points.work << " a point";
    if (step.division.count > 1)
      os << ", " << step.division.count << " chunks";
    os << "\n";
    printReads(step, depth + 1);
    for (const PointTape &tape : points.tapes)
      indent(depth + 1) << "tape of " << tape.rows << " rows of " << tape.rowBytes << " bytes\n";
    for (Operation *member : points.members)
      printPointLoop(member, depth + 1);
    int64_t written = 0;
    auto printOutput = [&](Operation *op, Value result) {
      indent(depth + 1);
      printResult(op, result);
      os << "\n";
      if (isArray(result))
        written += byteSize(result);
    };
    for (Value result : points.results)
      printOutput(result.getDefiningOp(), result);
    for (const PointSum &sum : points.sums)
      printOutput(sum.reduction ? sum.reduction : sum.result.getDefiningOp(), sum.result);
    if (written)
      indent(depth + 1) << "writes " << written << " bytes\n";
  }

  void printPointLoop(Operation *op, int depth) {
    auto loop = dyn_cast<ir::ForOp>(op);
    if (!loop)
      return;
    indent(depth) << "for";
    if (auto trips = loop.getTripCount())
      os << " " << *trips << " times";
    os << "\n";
    for (Operation &inner : loop.getBody().front())
      printPointLoop(&inner, depth + 1);
  }

  void printStep(const Step &step, int depth) {
    if (step.points)
      return printPoints(step, depth);
    Operation *op = step.roots.front();
    StringRef name = op->getName().stripDialect();
    if (op->getNumRegions()) {
      printCopies(op, depth);
      indent(depth) << name;
      for (Value result : op->getResults())
        if (isArray(result)) {
          os << ", ";
          printArray(result);
        }
      if (const char *why = plan.notByPoints.lookup(op))
        os << "; not by points: " << why;
      os << "\n";
      for (Region &region : op->getRegions()) {
        if (region.getRegionNumber())
          indent(depth) << (isa<ir::IfOp>(op) ? "else" : "do") << "\n";
        printBlock(region.front(), depth + 1);
        printCopies(region.front().getTerminator(), depth + 1);
      }
      return;
    }
    if (step.isKernel) {
      printKernel(step, depth);
      return;
    }
    indent(depth);
    if (op->getNumResults() && !isTape(op->getResult(0)))
      printResult(op, op->getResult(0));
    else
      os << name;
    if (auto dot = dyn_cast<ir::DotOp>(op); dot && partsOfTerms(dot) > 1)
      os << ", its terms in " << partsOfTerms(dot) << " parts";
    os << "\n";
    printReads(step, depth + 1);
    if (step.apart)
      indent(depth + 1) << "made as a whole: " << step.apart << "\n";
    printOperandApart(step.operandApart, depth + 1);
  }

  void printBlock(Block &block, int depth) {
    for (const Step &step : plan.blocks.find(&block)->second.steps)
      printStep(step, depth);
  }
};

} // namespace

void printPlan(const FunctionPlan &plan, raw_ostream &os) {
  Printer(plan, os).print();
}

} // namespace descent::kernel
