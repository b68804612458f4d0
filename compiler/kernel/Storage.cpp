#include "compiler/kernel/Storage.h"

#include "compiler/kernel/Small.h"

using namespace mlir;

namespace descent::kernel {

namespace {

constexpr int64_t alignment = 64;

/// What a function's frame may hold of small arrays.
constexpr int64_t mostFrameBytes = 8 << 10;

/// Arrays that share memory.
struct Group {
  int parent = 0;
  Intervals alive;
  Interval hull{0, 0};
  int64_t bytes = 0;
  int64_t elements = 0;
  int result = -1; ///< the function's result that it is
  bool inFrame = false;
  int64_t offset = 0;
};

class Placement {
public:
  Placement(FunctionPlan &plan, const Materialised &materialised)
      : plan(plan), materialised(materialised), live(plan) {}

  void run();

private:
  FunctionPlan &plan;
  const Materialised &materialised;
  Liveness live;
  std::vector<Group> groups;
  DenseMap<Value, int> groupOf;

  void makeGroups();
  int groupFor(Value value);
  int find(int group);
  bool unite(Value a, Value b);
  void uniteCarried(Operation *loop);
  void uniteVersions();
  void uniteResults();
  void findCopies();
  void order(Operation *at, SmallVectorImpl<Copy> &copies, int time);
  void keepUntil(Value value, int time);
  void putInFrame();
  void assignOffsets();
  void publish();
};

Value slotOf(Value value) {
  return aliasRoot(value);
}

int Placement::find(int group) {
  while (groups[group].parent != group)
    group = groups[group].parent = groups[groups[group].parent].parent;
  return group;
}

/// The group of an array, or -1 for one whose memory is not ours (inputs, tables) or that has none.
int Placement::groupFor(Value value) {
  if (!isArray(value))
    return -1;
  auto found = groupOf.find(slotOf(value));
  return found == groupOf.end() ? -1 : find(found->second);
}

void Placement::makeGroups() {
  for (Value value : live.values()) {
    groupOf[value] = int(groups.size());
    Group group;
    group.parent = int(groups.size());
    group.alive.assign(live.of(value).begin(), live.of(value).end());
    group.bytes = byteSize(value);
    group.elements = numElements(value);
    groups.push_back(std::move(group));
  }
}

bool Placement::unite(Value a, Value b) {
  int first = groupFor(a), second = groupFor(b);
  if (first < 0 || second < 0)
    return false;
  if (first == second)
    return true;
  Group &to = groups[first], &from = groups[second];
  if (to.bytes != from.bytes || to.elements != from.elements || overlap(to.alive, from.alive))
    return false;
  to.alive = merged(to.alive, from.alive);
  from.alive.clear();
  from.parent = first;
  return true;
}

/// The values that one carried array has in a loop are one place by construction.
void Placement::uniteCarried(Operation *op) {
  auto force = [&](Value a, Value b) {
    if (!isArray(a))
      return;
    int first = groupFor(a), second = groupFor(b);
    if (first == second)
      return;
    groups[first].alive = merged(groups[first].alive, groups[second].alive);
    groups[second].alive.clear();
    groups[second].parent = first;
  };
  unsigned skip = isa<ir::ForOp>(op) ? 1 : 0;
  for (auto [i, result] : llvm::enumerate(op->getResults()))
    for (Region &region : op->getRegions())
      force(region.front().getArgument(unsigned(i) + skip), result);
}

void Placement::uniteVersions() {
  // Loops and branches first: what they carry from step to step costs most.
  plan.function->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<ir::ForOp, ir::WhileOp>(op) && plan.blocks.contains(&op->getRegion(0).front()))
      uniteCarried(op);
  });
  plan.function->walk<WalkOrder::PreOrder>([&](Operation *op) {
    switch (classOf(op)) {
    case OpClass::Update:
    case OpClass::Scatter:
      unite(op->getOperand(0), op->getResult(0));
      break;
    default:
      break;
    }
  });
  plan.function->walk<WalkOrder::PreOrder>([&](Operation *op) {
    OpClass kind = classOf(op);
    if (kind != OpClass::For && kind != OpClass::While && kind != OpClass::If)
      return;
    unsigned skip = kind == OpClass::For ? 2 : 0;
    for (auto [i, result] : llvm::enumerate(op->getResults())) {
      if (!isArray(result))
        continue;
      if (kind != OpClass::If)
        unite(result, op->getOperand(unsigned(i) + skip));
      for (Region &region : op->getRegions()) {
        if (kind == OpClass::While && region.getRegionNumber() == 0)
          continue;
        unite(result, region.front().getTerminator()->getOperand(unsigned(i)));
      }
    }
  });
}

void Placement::uniteResults() {
  Operation *end = plan.function->getRegion(0).front().getTerminator();
  for (auto [i, value] : llvm::enumerate(end->getOperands())) {
    if (!isArray(value))
      continue;
    int group = groupFor(value);
    // Loops carry few elements in registers: these are stored at the end.
    bool isSmall = group >= 0 && plan.keepsFewInFrame && isFew(groups[group].elements);
    if (group >= 0 && groups[group].result < 0 && !isSmall)
      groups[group].result = int(i);
    else
      plan.results.push_back({int(i), value});
  }
}

void Placement::keepUntil(Value value, int time) {
  if (int group = groupFor(value); group >= 0)
    groups[group].hull.to = std::max(groups[group].hull.to, time);
}

/// Puts copies that happen at once into an order in which they can happen one after the other; a
/// circle is cut by parking one array.
void Placement::order(Operation *at, SmallVectorImpl<Copy> &copies, int time) {
  SmallVector<Copy, 2> done, left(copies.begin(), copies.end());
  int64_t parked = 0;
  while (!left.empty()) {
    auto isSource = [&](const Copy &copy) {
      int to = groupFor(copy.to);
      return llvm::any_of(left, [&](const Copy &other) {
        return &other != &copy && !other.fromParking && groupFor(other.from) == to;
      });
    };
    auto next = llvm::find_if(left, [&](const Copy &copy) { return !isSource(copy); });
    if (next == left.end()) {
      Value cut = left.front().to;
      done.push_back({.to = cut, .from = cut, .toParking = true});
      parked = std::max(parked, byteSize(cut));
      for (Copy &copy : left)
        if (groupFor(copy.from) == groupFor(cut))
          copy.fromParking = true;
      continue;
    }
    done.push_back(*next);
    left.erase(next);
  }
  if (parked) {
    plan.parking[at] = int64_t(groups.size());
    Group group;
    group.parent = int(groups.size());
    group.alive.push_back({time, time + 1});
    group.hull = group.alive.front();
    group.bytes = parked;
    groups.push_back(std::move(group));
  }
  if (!done.empty())
    plan.copies[at].assign(done.begin(), done.end());
}

void Placement::findCopies() {
  for (Group &group : groups)
    if (!group.alive.empty())
      group.hull = {group.alive.front().from, group.alive.back().to};
  // A step may write where it reads only if the two are versions of one array, element on element.
  // By chance, arrays must not even touch in one step.
  for (auto &[block, blockPlan] : plan.blocks)
    for (const Step &step : blockPlan.steps) {
      int end = 2 * step.begin + 1;
      for (const Read &read : step.reads)
        keepUntil(read.value, end);
      Operation *op = step.roots.front();
      if (isa<ir::UpdateOp, ir::ScatterOp>(op))
        keepUntil(op->getOperand(0), end);
    }
  plan.function->walk([&](Operation *op) {
    OpClass kind = classOf(op);
    if (kind != OpClass::For && kind != OpClass::While && kind != OpClass::If)
      return;
    if (!plan.blocks.contains(&op->getRegion(0).front()))
      return;
    auto collect = [&](Operation *at, ValueRange from, int time) {
      SmallVector<Copy, 2> copies;
      for (auto [to, value] : llvm::zip(op->getResults(), from)) {
        if (!isArray(to) || byteSize(to) == 0)
          continue;
        int target = groupFor(to), source = groupFor(value);
        if (target == source)
          continue;
        copies.push_back({.to = to, .from = value});
        keepUntil(value, time + 1);
      }
      order(at, copies, time);
    };
    if (kind != OpClass::If)
      collect(op, op->getOperands().drop_front(kind == OpClass::For ? 2 : 0),
              2 * live.stepOf(op).begin);
    for (Region &region : op->getRegions()) {
      if (kind == OpClass::While && region.getRegionNumber() == 0)
        continue;
      Block &block = region.front();
      collect(block.getTerminator(), block.getTerminator()->getOperands(),
              2 * plan.blocks[&block].end);
    }
  });
}

/// Few elements are in the function's frame, each array apart from all others.
void Placement::putInFrame() {
  int64_t bytes = 0;
  for (int i = 0; plan.keepsFewInFrame && i < int(groups.size()); ++i) {
    Group &group = groups[i];
    if (group.parent != i || group.result >= 0 || !isFew(group.elements))
      continue;
    bytes += group.bytes;
    group.inFrame = bytes <= mostFrameBytes;
    group.offset = 0;
  }
}

/// First fit, in the order of the begins of lives.
void Placement::assignOffsets() {
  std::vector<std::pair<Step *, int>> scratch;
  for (auto &[block, blockPlan] : plan.blocks)
    for (Step &step : blockPlan.steps)
      if (step.scratchBytes) {
        scratch.push_back({&step, int(groups.size())});
        Group group;
        group.parent = int(groups.size());
        group.hull = {2 * step.begin, 2 * step.begin + 1};
        group.bytes = step.scratchBytes;
        groups.push_back(std::move(group));
      }
  std::vector<int> byBegin;
  for (int i = 0; i < int(groups.size()); ++i)
    if (groups[i].parent == i && groups[i].result < 0 && groups[i].bytes > 0 && !groups[i].inFrame)
      byBegin.push_back(i);
  llvm::sort(byBegin, [&](int a, int b) {
    return std::pair(groups[a].hull.from, a) < std::pair(groups[b].hull.from, b);
  });
  std::vector<int> active; // by offset
  for (int index : byBegin) {
    Group &group = groups[index];
    std::erase_if(active, [&](int other) { return groups[other].hull.to < group.hull.from; });
    int64_t at = 0;
    auto place = active.begin();
    for (; place != active.end(); ++place) {
      const Group &other = groups[*place];
      if (at + group.bytes <= other.offset)
        break;
      at = llvm::alignTo(other.offset + other.bytes, alignment);
    }
    group.offset = at;
    active.insert(place, index);
    plan.arenaBytes = std::max(plan.arenaBytes, at + group.bytes);
  }
  plan.arenaBytes = int64_t(llvm::alignTo(plan.arenaBytes, alignment));
  for (auto [step, group] : scratch)
    step->scratchOffset = groups[group].offset;
}

void Placement::publish() {
  for (auto &[at, group] : plan.parking)
    group = groups[group].offset;
  for (Value value : materialised) {
    Value slot = slotOf(value);
    Place place;
    if (int group = groupFor(value); group >= 0) {
      const Group &where = groups[group];
      place.kind = where.result >= 0 ? Place::Kind::Result : Place::Kind::Arena;
      place.offset = where.offset;
      place.index = where.result;
      if (where.inFrame)
        place = {.kind = Place::Kind::Frame, .index = group};
    } else if (auto input = slot.getDefiningOp<ir::InputOp>()) {
      place = {.kind = Place::Kind::Input, .index = int(input.getIndex())};
    } else if (auto argument = dyn_cast<BlockArgument>(slot)) {
      place = {.kind = Place::Kind::Argument, .index = int(argument.getArgNumber())};
    } else {
      place.kind = Place::Kind::Table;
    }
    plan.places[value] = place;
  }
  for (auto &[block, blockPlan] : plan.blocks)
    for (const Step &step : blockPlan.steps)
      for (const Local &local : step.locals)
        plan.places[local.value].offset =
            step.scratchOffset + step.division.laneOffset + local.offset;
}

void Placement::run() {
  makeGroups();
  uniteVersions();
  uniteResults();
  findCopies();
  putInFrame();
  assignOffsets();
  publish();
}

} // namespace

void placeArrays(FunctionPlan &plan, const Materialised &materialised) {
  Placement(plan, materialised).run();
}

} // namespace descent::kernel
