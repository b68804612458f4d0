// Barriers of a block, and the barrier of the grid.
#include "compiler/emulator/Machine.h"

#include <algorithm>

namespace descent::emulator {

/// Reports the lanes of its warp that wait for the running thread, which will not come.
void Machine::expectNobodyWaits(const char *instead) {
  const Warp &warp = *current->warp;
  for (uint32_t lane = 0; lane < warp.count; ++lane) {
    const Thread &other = warp.lanes[lane];
    if (other.state == ThreadState::AtWarpOp && (other.mask >> current->lane & 1)) {
      reportFor(other, *other.waitsAt,
                other.waitsAt->what + " in divergent flow: its mask names lane " +
                    std::to_string(current->lane) + ", which " + instead);
      return;
    }
  }
}

/// The running thread comes to a barrier.
Barrier &Machine::arriveAt(uint32_t id, uint32_t threads, const Access &access) {
  Block &block = *current->block;
  if (id >= barrierCount || threads % warpSize != 0 || threads > block.threads.size()) {
    report(access, id >= barrierCount ? "there is no barrier " + std::to_string(id)
                                      : "a barrier for " + std::to_string(threads) +
                                            " threads of " + std::to_string(block.threads.size()) +
                                            ": it takes whole warps of the block");
    abandon();
  }
  Barrier &barrier = block.barriers[id];
  if (!threads) {
    if (block.atBarrier && (block.atBarrier != &barrier || barrier.at != &access)) {
      report(access, "a barrier in divergent flow: other threads of the block wait at another (" +
                         block.atBarrier->at->place + ")");
      abandon();
    }
    if (block.ended) {
      auto other =
          std::find_if(block.threads.begin(), block.threads.end(),
                       [](const Thread &thread) { return thread.state == ThreadState::Ended; });
      report(access, "a barrier in divergent flow: " + nameOf(other->number) + " has ended");
      abandon();
    }
    if (current->warp->awaited >> current->lane & 1) {
      expectNobodyWaits("waits at a barrier");
      abandon();
    }
  }
  if (barrier.arrived && barrier.expected != threads) {
    report(access, "this barrier is for " + std::to_string(threads) +
                       " threads, and others wait at it (" + barrier.at->place + ") for " +
                       std::to_string(barrier.expected));
    abandon();
  }
  if (!barrier.arrived) {
    barrier.expected = threads;
    barrier.at = &access;
    barrier.count = 0;
    barrier.known = nullptr;
  }
  ++barrier.arrived;
  if (!threads) {
    block.atBarrier = &barrier;
  } else {
    ++now;
    barrier.known = join(barrier.known, ownKnowledge(), floor);
  }
  return barrier;
}

/// After a barrier for all, each thread knows what one of them knew.
void Machine::joinBlock(Block &block) {
  if (onlyBarriers)
    return;
  KnowledgePtr all;
  for (const Thread &thread : block.threads)
    all = join(all, thread.known, floor);
  if (all)
    for (Thread &thread : block.threads)
      thread.known = all;
}

void Machine::completeBarrier(Block &block, Barrier &barrier, const Access &access) {
  ++now;
  idlePolls = 0;
  if (!barrier.expected) {
    block.atBarrier = nullptr;
    block.knownUpTo = now;
    joinBlock(block);
    for (Warp &warp : block.warps)
      warp.atBarrier = 0;
  } else {
    onlyBarriers = false;
    for (Thread *thread : barrier.waiting)
      thread->known = join(thread->known, barrier.known, floor);
  }
  uint64_t result = 0;
  switch (access.barrierResult) {
  case BarrierResult::None:
    break;
  case BarrierResult::Count:
    result = barrier.count;
    break;
  case BarrierResult::And:
    result = barrier.count == barrier.arrived;
    break;
  case BarrierResult::Or:
    result = barrier.count != 0;
    break;
  }
  barrier.arrived = 0;
  barrier.known = nullptr;
  for (Thread *thread : barrier.waiting) {
    thread->result = result;
    if (thread != current)
      wake(*thread);
  }
  barrier.waiting.clear();
}

uint64_t Machine::barrier(uint32_t id, uint32_t threads, uint64_t condition, const Access &access) {
  Block &block = *current->block;
  Barrier &barrier = arriveAt(id, threads, access);
  barrier.count += condition != 0;
  barrier.waiting.push_back(current);
  if (barrier.arrived == (threads ? threads : perBlock)) {
    completeBarrier(block, barrier, access);
    return current->result;
  }
  if (!threads)
    current->warp->atBarrier |= 1u << current->lane;
  wait(ThreadState::AtBarrier, access);
  return current->result;
}

void Machine::arrive(uint32_t id, uint32_t threads, const Access &access) {
  Barrier &barrier = arriveAt(id, threads, access);
  if (barrier.arrived == threads)
    completeBarrier(*current->block, barrier, access);
}

void Machine::gridArrive(const Access &access) {
  if (!work->how.cooperative && blocks > 1) {
    report(access, "the barrier of the grid in a launch that is not cooperative");
    abandon();
  }
  ++current->gridPhase;
  current->inGridBarrier = options.trustGridBarrier;
  idlePolls = 0;
  if (++gridArrived < perBlock * blocks)
    return;
  gridArrived = 0;
  ++gridPhase;
  if (options.gridWaits)
    ++*options.gridWaits;
  if (!options.trustGridBarrier)
    return;
  // Everybody knows of everything.
  floor = ++now;
  onlyBarriers = true;
}

void Machine::gridLeave(const Access &access) {
  current->inGridBarrier = false;

  if (current->gridPhase > gridPhase) {
    report(access, "leaves the barrier of the grid when " + std::to_string(gridArrived) + " of " +
                       std::to_string(perBlock * blocks) + " threads have arrived");
    abandon();
  }
}

} // namespace descent::emulator
