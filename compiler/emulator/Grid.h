// The threads, warps and blocks of a launch that are in flight.
#pragma once

#include "compiler/emulator/Access.h"
#include "compiler/emulator/Fibers.h"
#include "compiler/emulator/Knowledge.h"
#include "compiler/emulator/Memory.h"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace descent::emulator {

constexpr uint32_t warpSize = 32;
constexpr uint32_t barrierCount = 16;

enum class ThreadState : uint8_t { Fresh, Ready, AtBarrier, AtWarpOp, Ended };

struct Warp;
struct Block;

struct Thread {
  uint32_t number = 0; ///< in the grid
  uint32_t index = 0;  ///< in its block
  uint32_t lane = 0;
  ThreadState state = ThreadState::Fresh;
  Block *block = nullptr;
  Warp *warp = nullptr;
  Fiber *fiber = nullptr;
  /// Its fiber has ended before it has.
  bool abandoned = false;
  char *local = nullptr;

  // What it waits for.
  const Access *waitsAt = nullptr;
  uint32_t barrier = 0;
  uint32_t mask = 0;
  uint64_t value = 0, operand = 0, clamp = 0;
  uint64_t result = 0;

  /// How often it has come to the grid barrier.
  uint32_t gridPhase = 0;
  bool inGridBarrier = false;
  /// Since it last ran out of accesses.
  bool polled = false;

  /// Of the threads of other warps and blocks, beside what barriers tell.
  KnowledgePtr known;
  /// Read by relaxed atomics: known after the next fence.
  KnowledgePtr pending, pendingInBlock;
  /// What a relaxed atomic publishes: what was known at the last fence.
  KnowledgePtr fenced;
  bool fencedForBlock = false;
};

struct Warp {
  Thread *lanes = nullptr;
  uint32_t count = 0;
  /// Lanes that wait in warp operations, and the lanes that they wait for.
  uint32_t waiting = 0, awaited = 0;
  /// Where the first of those waits, for whom; whether others wait elsewhere or for others.
  const Access *meetAt = nullptr;
  uint32_t meetMask = 0;
  bool mixed = false;
  /// Lanes at a barrier of the block, and those that have ended.
  uint32_t atBarrier = 0, ended = 0;
  /// All lanes know of each other up to here.
  uint32_t knownUpTo = 0;

  uint32_t all() const { return count == warpSize ? UINT32_MAX : (1u << count) - 1; }
};

struct Barrier {
  uint32_t arrived = 0;
  /// 0: all threads of the block.
  uint32_t expected = 0;
  uint32_t count = 0; ///< arrived with a true condition
  const Access *at = nullptr;
  std::vector<Thread *> waiting;
  /// Of those who have arrived, where it is not for all.
  KnowledgePtr known;
};

struct Block {
  uint32_t index = 0;
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  std::array<Barrier, barrierCount> barriers;
  /// Where threads wait for all others.
  Barrier *atBarrier = nullptr;
  uint32_t ended = 0;
  /// When it began; since when all its threads know of each other.
  uint32_t began = 0, knownUpTo = 0;
  char *shared = nullptr;
  Word *sharedShadow = nullptr;
};

} // namespace descent::emulator
