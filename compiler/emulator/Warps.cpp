// What the lanes of a warp do together: shuffles, votes, reductions, bar.warp.sync.
#include "compiler/emulator/Machine.h"

#include <algorithm>
#include <bit>

namespace descent::emulator {

namespace {

template <typename F> void forLanes(uint32_t mask, const F &f) {
  for (; mask; mask &= mask - 1)
    f(static_cast<uint32_t>(std::countr_zero(mask)));
}

/// The lane that a shuffle reads, and whether that is within the segment (PTX, "shfl.sync").
struct Source {
  uint32_t lane;
  bool inside;
};

Source shuffleSource(WarpOp op, uint32_t lane, uint32_t by, uint32_t control) {
  uint32_t segments = control >> 8 & 31, clamp = control & 31;
  uint32_t least = lane & segments, most = least | (clamp & ~segments);
  by &= 31;
  uint32_t source = lane;
  bool inside = false;
  switch (op) {
  case WarpOp::ShuffleUp:
    source = lane - by;
    inside = static_cast<int32_t>(source) >= static_cast<int32_t>(most);
    break;
  case WarpOp::ShuffleDown:
    source = lane + by;
    inside = source <= most;
    break;
  case WarpOp::ShuffleButterfly:
    source = lane ^ by;
    inside = source <= most;
    break;
  default:
    source = least | (by & ~segments);
    inside = source <= most;
    break;
  }
  return inside ? Source{source, true} : Source{lane, false};
}

uint32_t reduced(WarpOp op, uint32_t a, uint32_t b) {
  auto x = static_cast<int32_t>(a), y = static_cast<int32_t>(b);
  switch (op) {
  case WarpOp::Add:
    return a + b;
  case WarpOp::UnsignedMin:
    return std::min(a, b);
  case WarpOp::UnsignedMax:
    return std::max(a, b);
  case WarpOp::Min:
    return static_cast<uint32_t>(std::min(x, y));
  case WarpOp::Max:
    return static_cast<uint32_t>(std::max(x, y));
  case WarpOp::And:
    return a & b;
  case WarpOp::Or:
    return a | b;
  default:
    return a ^ b;
  }
}

} // namespace

/// After bar.warp.sync, each lane of the mask knows what one of them knew.
void Machine::joinLanes(Warp &warp, uint32_t mask) {
  ++now;
  KnowledgePtr all;
  if (mask == warp.all()) {
    warp.knownUpTo = now;
    forLanes(mask, [&](uint32_t lane) { all = join(all, warp.lanes[lane].known, floor); });
  } else {
    onlyBarriers = false;
    Thread *running = current;
    forLanes(mask, [&](uint32_t lane) {
      current = &warp.lanes[lane];
      all = join(all, ownKnowledge(), floor);
    });
    current = running;
  }
  if (all)
    forLanes(mask, [&](uint32_t lane) { warp.lanes[lane].known = all; });
}

void Machine::completeWarpOp(Warp &warp, uint32_t mask, const Access &access) {
  Thread *lanes = warp.lanes;
  uint64_t first = lanes[std::countr_zero(mask)].value;
  uint32_t ballot = 0, same = 0, sum = static_cast<uint32_t>(first);
  bool isFirst = true;
  forLanes(mask, [&](uint32_t lane) {
    uint64_t value = lanes[lane].value;
    ballot |= uint32_t(value != 0) << lane;
    same |= uint32_t(value == first) << lane;
    if (!isFirst)
      sum = reduced(access.warpOp, sum, static_cast<uint32_t>(value));
    isFirst = false;
  });
  switch (access.warpOp) {
  case WarpOp::Sync:
    joinLanes(warp, mask);
    break;
  case WarpOp::ShuffleUp:
  case WarpOp::ShuffleDown:
  case WarpOp::ShuffleButterfly:
  case WarpOp::ShuffleIndex:
    forLanes(mask, [&](uint32_t lane) {
      Thread &thread = lanes[lane];
      auto [source, inside] =
          shuffleSource(access.warpOp, lane, static_cast<uint32_t>(thread.operand),
                        static_cast<uint32_t>(thread.clamp));
      if (!(mask >> source & 1)) {
        reportFor(thread, access,
                  access.what + " reads lane " + std::to_string(source) +
                      ", which does not take part");
        source = lane;
      }
      thread.result = static_cast<uint32_t>(lanes[source].value) | uint64_t(inside) << 32;
    });
    break;
  case WarpOp::ProductTf32:
  case WarpOp::ProductBf16:
  case WarpOp::ProductF64:
  case WarpOp::ProductF64Large:
    completeProduct(lanes, access.warpOp);
    break;
  case WarpOp::MatchAny:
    forLanes(mask, [&](uint32_t lane) {
      uint32_t equal = 0;
      forLanes(mask, [&](uint32_t other) {
        equal |= uint32_t(lanes[other].value == lanes[lane].value) << other;
      });
      lanes[lane].result = equal;
    });
    break;
  default:
    uint64_t result = sum;
    if (access.warpOp == WarpOp::VoteAll)
      result = ballot == mask;
    else if (access.warpOp == WarpOp::VoteAny)
      result = ballot != 0;
    else if (access.warpOp == WarpOp::VoteUniform)
      result = ballot == mask || ballot == 0;
    else if (access.warpOp == WarpOp::Ballot)
      result = ballot;
    else if (access.warpOp == WarpOp::MatchAll)
      result = same == mask ? mask | uint64_t(1) << 32 : 0;
    forLanes(mask, [&](uint32_t lane) { lanes[lane].result = result; });
  }

  forLanes(mask & ~(1u << current->lane), [&](uint32_t lane) { wake(lanes[lane]); });
  warp.waiting &= ~mask;
  warp.awaited = 0;
  forLanes(warp.waiting, [&](uint32_t lane) { warp.awaited |= lanes[lane].mask; });
}

uint64_t Machine::warpOp(uint32_t named, uint64_t value, uint64_t operand, uint64_t clamp,
                         const Access &access) {
  Thread &thread = *current;
  Warp &warp = *thread.warp;
  uint32_t own = 1u << thread.lane, mask = named & warp.all();
  if (access.warpOp >= WarpOp::ProductTf32 && mask != ~0u) {
    report(access, access.what + ", which has fewer than 32 lanes");
    abandon();
  }
  if (!(mask & own)) {
    report(access, access.what + " whose mask leaves out its own lane");
    abandon();
  }
  if (uint32_t missing = mask & (warp.ended | warp.atBarrier)) {
    auto lane = static_cast<uint32_t>(std::countr_zero(missing));
    report(access, access.what + " in divergent flow: its mask names lane " + std::to_string(lane) +
                       ", which " + (warp.ended >> lane & 1 ? "has ended" : "waits at a barrier"));
    abandon();
  }
  thread.mask = mask;
  thread.value = value;
  thread.operand = operand;
  thread.clamp = clamp;
  if (!warp.waiting) {
    warp.meetAt = &access;
    warp.meetMask = mask;
    warp.mixed = false;
  } else if (warp.meetAt != &access || warp.meetMask != mask) {
    warp.mixed = true;
  }
  bool complete = (mask & ~own & ~warp.waiting) == 0;
  if (warp.mixed)
    forLanes(mask & warp.waiting, [&](uint32_t lane) {
      const Thread &other = warp.lanes[lane];
      if (other.waitsAt == &access && other.mask == mask)
        return;
      complete = false;
      // It waits for this lane, which waits for it.
      if (other.mask & own) {
        report(access, access.what + " in divergent flow: its mask names lane " +
                           std::to_string(lane) + ", which waits at " + other.waitsAt->what + " (" +
                           other.waitsAt->place + ")");
        aborting = true;
      }
    });
  if (aborting)
    abandon();
  warp.waiting |= own;
  warp.awaited |= mask;
  if (complete) {
    completeWarpOp(warp, mask, access);
    return thread.result;
  }
  wait(ThreadState::AtWarpOp, access);
  return thread.result;
}

} // namespace descent::emulator
