#include "compiler/gpu/OwnArrays.h"

#include "compiler/gpu/Sizes.h"

#include <map>

namespace descent::gpu {

using kernel::OpClass;
using kernel::Place;

namespace {

/// Of an array, and of all that a block has. 264 blocks of 32 KiB are 8 MiB, a sixth of an H100's
/// cache.
constexpr int64_t kMostElements = 4096, kMostBytes = 32 << 10;
/// Terms of a sum that are in most cases added up by several blocks.
constexpr int64_t kManyTerms = 64;
/// Elements that each block takes from all others, where all wait in any case.
constexpr int64_t kMostTaken = 1024;
/// Bytes of a tree's sums, which are then in the block's shared memory.
constexpr int64_t kMostSumsOfTree = 4 << 10;
constexpr int64_t kAlignment = 256;

class Choice {
public:
  explicit Choice(ProgramEmission &p) : p(p), plan(p.f.plan) {}

  void run();

private:
  /// Where versions of an array are in the arena: they have the same place, or are moved together.
  using Memory = std::pair<int64_t, int64_t>; ///< offset, bytes
  struct Array {
    llvm::SmallVector<mlir::Value, 4> versions;
    bool isOwn = true;
  };

  ProgramEmission &p;
  kernel::FunctionPlan &plan;
  std::map<Memory, Array> arrays;
  llvm::DenseMap<mlir::Operation *, const kernel::Step *> steps; ///< by what they make
  llvm::DenseSet<mlir::Value> timed;
  llvm::DenseSet<const kernel::Step *> alone;
  llvm::DenseSet<const Array *> needed;

  Array *find(mlir::Value value) {
    const Place *place = plan.placeOf(value);
    if (!place || place->kind != Place::Kind::Arena)
      return nullptr;
    auto found = arrays.find({place->offset, kernel::byteSize(value)});
    return found == arrays.end() ? nullptr : &found->second;
  }
  bool isOwn(mlir::Value value) {
    Array *array = find(value);
    return array && array->isOwn;
  }
  void findArrays();
  bool findAlone(const kernel::Step &step);
  void findAlone();
  bool canBeOwn(mlir::Value value);
  bool waitsAnyway(const kernel::Step &step);
  bool shrink();
  void place();
};

void Choice::findArrays() {
  for (auto &[block, blockPlan] : plan.blocks)
    for (const kernel::Step &step : blockPlan.steps)
      for (mlir::Operation *root : step.roots)
        steps[root] = &step;
  plan.function->walk([&](ir::ClockOp clock) {
    llvm::DenseSet<mlir::Value> into;
    if (isOfFirstThread(p, clock.getResult(), into))
      timed.insert(into.begin(), into.end());
  });
  for (auto &[value, place] : plan.places)
    if (place.kind == Place::Kind::Arena && kernel::numElements(value) <= kMostElements)
      arrays[{place.offset, kernel::byteSize(value)}].versions.push_back(value);
}

/// Whether each block can make all of it, as far as it is known now.
bool Choice::findAlone(const kernel::Step &step) {
  if (mlir::isa<ir::UpdateOp, ir::ConcatOp>(step.roots.front()) && !step.isKernel)
    return isOwn(step.roots.front()->getResult(0));
  if (!step.isKernel || step.points || !isLittle(step))
    return false;
  for (mlir::Operation *root : step.roots)
    for (mlir::Value result : root->getResults())
      if (kernel::isArray(result) && !p.isInFrame(result) && !isOwn(result) &&
          p.f.placeOf(result).kind != Place::Kind::Row)
        return false;
  return true;
}

/// What each block does for itself, and what this reads and makes.
void Choice::findAlone() {
  alone.clear();
  needed.clear();
  for (auto &[block, blockPlan] : plan.blocks)
    for (const kernel::Step &step : blockPlan.steps) {
      if (!findAlone(step))
        continue;
      alone.insert(&step);
      for (const kernel::Read &read : step.reads)
        needed.insert(find(read.value));
      for (mlir::Operation *root : step.roots)
        for (mlir::Value result : root->getResults())
          needed.insert(find(result));
    }
}

/// Whether parts of its sums have to get to all.
bool Choice::waitsAnyway(const kernel::Step &step) {
  return llvm::any_of(step.roots, [&](mlir::Operation *root) {
    mlir::Value result = root->getResult(0);
    return kernel::isReduction(root) && (kernel::isRegister(result) || p.isInFrame(result));
  });
}

bool Choice::canBeOwn(mlir::Value value) {
  mlir::Operation *op = value.getDefiningOp();
  if (op && kernel::isAlias(op))
    return canBeOwn(op->getOperand(0));
  auto found = steps.find(op ? op : value.getParentBlock()->getParentOp());
  if (found == steps.end() || found->second->points)
    return false;
  if (!op)
    return true; // what a loop carries
  const kernel::Step &step = *found->second;
  switch (kernel::classOf(op)) {
  case OpClass::For:
  case OpClass::While:
  case OpClass::If:
    return true;
  case OpClass::Update:
    return !timed.contains(value);
  default:
    break;
  }
  if (!step.isKernel)
    return mlir::isa<ir::ConcatOp>(op);
  if (llvm::any_of(step.loops, [](const kernel::Loop &loop) { return loop.scan >= 0; }))
    return false;
  if (alone.contains(&step) || (kernel::numElements(value) <= kMostTaken && waitsAnyway(step)))
    return true;
  auto *loop = llvm::find_if(
      step.loops, [&](const kernel::Loop &loop) { return llvm::is_contained(loop.roots, op); });
  return kernel::isReduction(op) && loop != step.loops.end() &&
         product(loop->space) >= kManyTerms * kernel::numElements(value);
}

/// Gives them places, and their addresses.
void Choice::place() {
  mlir::Block &body = plan.function->getRegion(0).front();
  p.firstOwn = int(body.getNumArguments());
  for (auto &[memory, array] : arrays) {
    int64_t bytes = int64_t(llvm::alignTo(uint64_t(memory.second), kAlignment));
    if (!array.isOwn)
      continue;
    int index = p.firstOwn + int(p.ownArrays.size());
    for (mlir::Value value : array.versions)
      plan.places[value] = {.kind = Place::Kind::Argument, .index = index};
    p.ownArrays.push_back(
        p.b.CreateConstInBoundsGEP1_64(p.b.getInt8Ty(), p.ofBlock, uint64_t(p.ownBytes)));
    p.ownBytes += bytes;
  }
}

/// Takes out what cannot be of a block or need not; what is made alone depends on what else is.
/// Gives whether anything was.
bool Choice::shrink() {
  findAlone();
  bool some = false;
  for (auto &[memory, array] : arrays) {
    auto can = [&](mlir::Value version) { return canBeOwn(version); };
    if (array.isOwn && (!needed.contains(&array) || !llvm::all_of(array.versions, can))) {
      array.isOwn = false;
      some = true;
    }
  }
  if (some)
    return true;
  int64_t bytes = 0;
  Array *largest = nullptr;
  for (auto &[memory, array] : arrays) {
    if (!array.isOwn)
      continue;
    bytes += memory.second;
    if (!largest || memory.second > kernel::byteSize(largest->versions.front()))
      largest = &array;
  }
  if (bytes <= kMostBytes)
    return false;
  largest->isOwn = false;
  return true;
}

void Choice::run() {
  findArrays();
  while (shrink()) {
  }
  place();
}

} // namespace

int64_t workOf(const kernel::Step &step) {
  int64_t work = 0;
  for (const kernel::Loop &loop : step.loops)
    work += product(loop.space) * std::max(loop.cost, 4);
  return work;
}

bool isLittle(const kernel::Step &step) {
  int64_t bytes = 0;
  for (mlir::Operation *root : step.roots)
    if (kernel::isReduction(root))
      for (mlir::Value result : root->getResults())
        bytes += kernel::byteSize(result);
  return workOf(step) <= kMostAlone && (!step.shared || bytes <= kMostSumsOfTree);
}

void giveBlocksTheirOwn(ProgramEmission &p) {
  Choice(p).run();
}

bool isOfFirstThread(const ProgramEmission &p, mlir::Value time,
                     llvm::DenseSet<mlir::Value> &arrays) {
  llvm::SmallVector<mlir::Value> left{time};
  llvm::DenseSet<mlir::Value> seen{time};
  auto follow = [&](mlir::Value value) {
    if (seen.insert(value).second)
      left.push_back(value);
  };
  while (!left.empty())
    for (mlir::OpOperand &use : left.pop_back_val().getUses()) {
      mlir::Operation *user = use.getOwner();
      if (mlir::isa<ir::EffectOp>(user))
        continue;
      if (auto update = mlir::dyn_cast<ir::UpdateOp>(user)) {
        bool isInMemory = p.f.placeOf(update.getResult()).kind == Place::Kind::Arena;
        if (&use != &update.getUpdateMutable() || !isInMemory)
          return false;
        arrays.insert(update.getResult());
      } else if (kernel::isElemental(kernel::classOf(user)) && user->getNumResults() == 1 &&
                 kernel::isRegister(user->getResult(0))) {
        follow(user->getResult(0));
      } else {
        return false;
      }
    }
  return true;
}

} // namespace descent::gpu
