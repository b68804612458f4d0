// A loop that saves something for each of its iterations takes memory for all of them at once. In
// blocks, it saves what it carries when a block begins, and in the reverse run the iterations of
// one block, which run again, are on a tape at a time: of n iterations the memory of about 2√n, for
// one run more. Where the loop runs over points (kernel/Points.h), its tapes are rows for a few of
// them and there is nothing to be saved.
//
//   y = for i = 0 to 10000 iter(x) { yield f(x) }
//   becomes
//   y = for b = 0 to 100 iter(x) {
//     z = checkpoint(b, x) { from = 100 * b
//                            w = for i = from to min(from + 100, 10000) iter(x) { yield f(x) }
//                            yield w }
//     yield z }
#include "compiler/derivative/Blocks.h"

#include "compiler/derivative/Emitter.h"
#include "compiler/derivative/Reverse.h"
#include "compiler/kernel/Points.h"

#include <mlir/IR/IRMapping.h>
#include <mlir/IR/Matchers.h>
#include <mlir/Transforms/RegionUtils.h>

#include <cmath>

using namespace mlir;

namespace descent::derivative {

namespace {

/// A loop of the region and those of the derivative that come from it have the same number here.
constexpr StringLiteral kMark = "tapes_of";
/// The most levels of blocks: 2^16 times less memory.
constexpr int mostLevels = 16;

int64_t bytesOf(RankedTensorType type) {
  return type.getNumElements() *
         std::max<int64_t>(1, type.getElementType().getIntOrFloatBitWidth() / 8);
}

int64_t carriedBytes(ir::ForOp loop) {
  int64_t bytes = 0;
  for (Value value : loop.getInits())
    bytes += bytesOf(tensorOf(value));
  return bytes;
}

/// The bytes that the tapes of a loop of the derivative get in an iteration.
int64_t pushedBytes(Operation *loop) {
  int64_t bytes = 0;
  for (Operation &op : loop->getRegions().back().front())
    if (auto push = dyn_cast<ir::TapePushOp>(op))
      bytes += bytesOf(tensorOf(push.getValue()));
  return bytes;
}

/// Bounds of a loop of which everything about blocks can be computed when it is compiled.
struct Bounds {
  int64_t lower, count;
};

std::optional<Bounds> boundsOf(ir::ForOp loop) {
  APInt lower, upper;
  if (!matchPattern(loop.getLower(), m_ConstantInt(&lower)) ||
      !matchPattern(loop.getUpper(), m_ConstantInt(&upper)))
    return std::nullopt;
  Bounds bounds{lower.getSExtValue(), upper.getSExtValue() - lower.getSExtValue()};
  // The end of the last block, before it is limited, must not overflow.
  constexpr int64_t most = std::numeric_limits<int32_t>::max() / 4;
  if (bounds.count < 4 || bounds.count > most || std::abs(bounds.lower) > most)
    return std::nullopt;
  return bounds;
}

/// Whether the tapes of a loop of the derivative are within the limit because it will run over
/// points: then they have rows for a block of them at a time. `bytes` is what an iteration saves.
bool isSmallByPoints(ir::ForOp loop, int64_t bytes, int64_t limit) {
  if (bytes <= limit / std::max<int64_t>(1, loop.getTripCount().value_or(1)))
    return false;
  std::optional<int64_t> ofBlock = kernel::pointTapeBytes(loop);
  return ofBlock && *ofBlock <= limit;
}

bool canBeSplit(ir::ForOp loop) {
  auto isAnyTape = [](Type type) { return isTape(type); };
  if (!boundsOf(loop) || llvm::any_of(loop->getResultTypes(), isAnyTape))
    return false;
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(loop.getBody(), captured);
  if (llvm::any_of(captured, [](Value value) { return isTape(value.getType()); }))
    return false;
  return !loop.getBody()
              .walk([](Operation *op) {
                return isa<ir::PollOp, ir::ClockOp, ir::EffectOp>(op) ? WalkResult::interrupt()
                                                                      : WalkResult::advance();
              })
              .wasInterrupted();
}

/// Replaces a loop by one over blocks.
class Splitting {
public:
  Splitting(ir::ForOp loop, ArrayRef<int64_t> counts)
      : loop(loop), counts(counts), emit(loop.getLoc(), loop) {
    getUsedValuesDefinedAbove(loop.getBody(), captured);
  }

  void run() {
    SmallVector<Value> outside(captured.begin(), captured.end());
    auto results = blocks(0, loop.getLower(), loop.getUpper(), loop.getInits(), outside);
    loop->replaceAllUsesWith(results);
    loop.erase();
  }

private:
  ir::ForOp loop;
  ArrayRef<int64_t> counts;
  Emitter emit;
  llvm::SetVector<Value> captured;

  Value integer(int64_t number) {
    auto type = tensorOf(loop.getLower());
    return ir::ConstantOp::create(
        emit, SplatElementsAttr::get(type, emit.getIntegerAttr(type.getElementType(), number)));
  }

  /// Iterations in a block of a level.
  int64_t sizeOf(size_t level) {
    int64_t size = 1;
    for (int64_t count : counts.drop_front(level + 1))
      size *= count;
    return size;
  }

  /// The loop over the blocks of a level, or over the iterations after the last. `known` stands for
  /// what the body captures.
  SmallVector<Value> blocks(size_t level, Value lower, Value upper, ValueRange inits,
                            ArrayRef<Value> known) {
    OpBuilder::InsertionGuard guard(emit);
    bool isLast = level + 1 == counts.size();
    auto made = ir::ForOp::create(emit, inits.getTypes(), isLast ? lower : integer(0),
                                  isLast ? upper : integer(counts[level]), inits);
    Block *block = emit.createBlock(&made.getBody());
    for (BlockArgument argument : loop.getBody().getArguments())
      block->addArgument(argument.getType(), argument.getLoc());
    if (isLast) {
      IRMapping mapping;
      mapping.map(ArrayRef(captured.getArrayRef()), known);
      mapping.map(loop.getBody().getArguments(), block->getArguments());
      for (Operation &op : loop.getBody().front())
        emit.clone(op, mapping);
      return SmallVector<Value>(made.getResults());
    }
    SmallVector<Value> inputs(block->getArguments());
    inputs.append({lower, upper});
    llvm::append_range(inputs, known);
    auto checkpoint = ir::CheckpointOp::create(emit, inits.getTypes(), inputs, /*again=*/false);
    ir::YieldOp::create(emit, checkpoint.getResults());
    fill(checkpoint, level);
    return SmallVector<Value>(made.getResults());
  }

  /// One block: its bounds, and the loop over what it consists of. Constants are known inside, too.
  void fill(ir::CheckpointOp checkpoint, size_t level) {
    Block *block = emit.createBlock(&checkpoint.getBody());
    SmallVector<Value> inside;
    for (Value input : checkpoint.getInputs()) {
      Value argument = block->addArgument(input.getType(), emit.getLoc());
      auto constant = input.getDefiningOp<ir::ConstantOp>();
      inside.push_back(constant ? emit.insert(constant->clone())->getResult(0) : argument);
    }
    ArrayRef<Value> values(inside);
    size_t carried = loop.getNumResults();
    Value lower = values[carried + 1], upper = values[carried + 2];
    Value from = emit.plus(lower, emit.times(values.front(), integer(sizeOf(level))));
    Value to = ir::MinOp::create(emit, emit.plus(from, integer(sizeOf(level))), upper);
    SmallVector<Value> results =
        blocks(level + 1, from, to, values.slice(1, carried), values.drop_front(carried + 3));
    ir::YieldOp::create(emit, results);
  }
};

} // namespace

SmallVector<int64_t> chooseBlocks(int64_t count, int64_t saved, int64_t carried, int64_t limit) {
  if (saved == 0)
    return {};
  double whole = double(count) * double(saved), least = whole / 2;
  SmallVector<int64_t> best;
  for (int levels = 2; levels <= mostLevels; ++levels) {
    // All levels take as much: of the last with `saved` bytes an iteration, of the others with
    // `carried`.
    double ratio = double(std::max<int64_t>(carried, 1)) / double(saved);
    auto each = std::max<int64_t>(2, std::llround(std::pow(double(count) / ratio, 1.0 / levels)));
    SmallVector<int64_t> counts;
    int64_t rest = count;
    double bytes = 0;
    for (int level = 0; level + 1 < levels && rest > 1; ++level) {
      counts.push_back(std::min(each, rest));
      rest = (rest + counts.back() - 1) / counts.back();
      bytes += double(counts.back()) * double(carried);
    }
    counts.push_back(rest);
    bytes += double(rest) * double(saved);
    if (bytes < least) {
      least = bytes;
      best = counts;
    }
    if (least <= double(limit))
      break;
  }
  return best;
}

LoopSplitter::LoopSplitter(Operation *function, int64_t limit) : function(function), limit(limit) {
  int64_t number = 0;
  function->walk([&](ir::ForOp loop) {
    if (canBeSplit(loop))
      loop->setAttr(kMark, IntegerAttr::get(IntegerType::get(loop.getContext(), 64), number++));
  });
}

LoopSplitter::~LoopSplitter() {
  unmark(function->getRegion(0).front());
}

void LoopSplitter::unmark(Block &derivative) {
  derivative.walk([](Operation *op) { op->removeDiscardableAttr(kMark); });
}

bool LoopSplitter::split(Block &derivative) {
  llvm::DenseMap<Attribute, int64_t> saved;
  derivative.walk([&](ir::ForOp loop) {
    if (Attribute mark = loop->getDiscardableAttr(kMark)) {
      int64_t bytes = pushedBytes(loop), &most = saved[mark];
      if (bytes > most && !isSmallByPoints(loop, bytes, limit))
        most = bytes;
    }
  });
  SmallVector<std::pair<ir::ForOp, SmallVector<int64_t>>> found;
  function->walk([&](ir::ForOp loop) {
    Attribute mark = loop->getDiscardableAttr(kMark);
    if (!mark)
      return;
    int64_t bytes = saved.lookup(mark), count = boundsOf(loop)->count;
    if (bytes <= limit / count)
      return;
    // Whatever comes of it, this is tried once.
    loop->removeDiscardableAttr(kMark);
    auto counts = chooseBlocks(count, bytes, carriedBytes(loop), limit);
    if (!counts.empty())
      found.push_back({loop, std::move(counts)});
  });
  // Inner loops come first in the walk: outer ones copy what has become of them.
  for (auto &[loop, counts] : found)
    Splitting(loop, counts).run();
  return !found.empty();
}

} // namespace descent::derivative
