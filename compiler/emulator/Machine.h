// The processor of the emulated device: runs launches, one after the other, and is what the code of
// kernels calls. All but `stop` belongs to the emulator's thread.
#pragma once

#include "compiler/emulator/Access.h"
#include "compiler/emulator/Emulator.h"
#include "compiler/emulator/Grid.h"
#include "compiler/emulator/Memory.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace descent::emulator {

/// A variable in shared or local memory: where it lies in the memory of a block or a thread.
struct Variable {
  uint64_t offset = 0, bytes = 0;
};

/// What a launch needs to know of a kernel. Offsets of variables grow.
struct KernelCode {
  std::string name;
  void (*entry)(const uint64_t *arguments) = nullptr;
  size_t parameters = 0;
  const AccessTable *accesses = nullptr;
  /// Shared variables of the program; those that the kernel uses not are of no size.
  std::vector<Variable> shared;
  /// Where dynamic shared memory begins.
  uint64_t dynamicShared = 0;
  int64_t staticSharedBytes = 0; ///< on a card
  std::vector<Variable> local;
  uint64_t localBytes = 0;
};

struct Work {
  const KernelCode *kernel = nullptr;
  device::Launch how;
  uint32_t resident = 0; ///< blocks in flight
  std::vector<uint64_t> arguments;
};

/// Draws who is next (xorshift64*).
class Random {
public:
  explicit Random(uint64_t seed) : state(seed * 0x9e3779b97f4a7c15 | 1) {}
  uint32_t operator()() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return static_cast<uint32_t>(state * 0x2545f4914f6cdd1d >> 32);
  }
  uint32_t below(uint32_t count) {
    return static_cast<uint32_t>(uint64_t((*this)()) * count >> 32);
  }

private:
  uint64_t state;
};

/// "reads 4 bytes"
std::string touching(uint64_t bytes, const Access &access);

/// Space for the shared memory of a block.
constexpr uint64_t sharedSpan = uint64_t(512) << 10;

class Machine {
public:
  Machine(const EmulatorOptions &options, Memory &memory);
  ~Machine();

  /// Returns what is wrong with the kernel; empty: nothing.
  std::string run(const Work &work);
  /// From any thread: the launch that runs, and others until this is taken back, end as soon as
  /// they can.
  void stop(bool whether) { stopping = whether; }

  // What code calls. Calls that find a fault that cannot be gone on from do not return.
  void touch(uint64_t address, uint64_t bytes, const Access &access);
  /// Where accesses are not checked: atomics only, for others to run.
  void pass(const Access &access);
  void tick();
  void fence(const Access &access);
  uint64_t barrier(uint32_t id, uint32_t threads, uint64_t condition, const Access &access);
  void arrive(uint32_t id, uint32_t threads, const Access &access);
  uint64_t warpOp(uint32_t mask, uint64_t value, uint64_t operand, uint64_t clamp,
                  const Access &access);
  void gridArrive(const Access &access);
  void gridLeave(const Access &access);
  void nanosleep();
  uint64_t nanoseconds();
  DESCENT_NEVER_RETURNS [[noreturn]] void exit();
  DESCENT_NEVER_RETURNS [[noreturn]] void fault(const Access &access);
  const Thread &thread() const { return *current; }
  uint32_t threadsPerBlock() const { return perBlock; }
  uint32_t blockCount() const { return blocks; }
  uint64_t sharedVariable(uint32_t number) const;
  uint64_t dynamicShared() const;

private:
  // Scheduler.cpp
  static void threadMain(void *machine);
  void startBlock(Block &block, uint32_t index);
  void wake(Thread &thread);
  void yield();
  void wait(ThreadState state, const Access &access);
  void finishThread();
  void suspend();
  void begin(const Work &launch);
  void runBlocks();
  void endThreads();
  void preempt();
  void poll(const Access &access);
  bool runThread(Thread &thread);
  void reportDeadlock();

  // Barriers.cpp
  void completeBarrier(Block &block, Barrier &barrier, const Access &access);
  Barrier &arriveAt(uint32_t id, uint32_t threads, const Access &access);
  void expectNobodyWaits(const char *instead);
  void joinBlock(Block &block);

  // Warps.cpp
  void completeWarpOp(Warp &warp, uint32_t mask, const Access &access);
  // Products.cpp
  void completeProduct(Thread *lanes, WarpOp op);
  void completeProductF64(Thread *lanes, bool isLarge);
  void joinLanes(Warp &warp, uint32_t mask);

  // Addresses.cpp
  struct Place {
    /// Null: nobody else's business.
    Word *word = nullptr;
    bool shared = false, mailbox = false;
  };
  Place find(uint64_t address, uint64_t bytes, const Access &access);
  Place findGlobal(uint64_t address, uint64_t bytes, const Access &access);
  [[noreturn]] void outOfBounds(uint64_t address, uint64_t bytes, const Access &access);
  [[noreturn]] void overEnd(uint64_t bytes, uint64_t inside, const Access &access, const char *what,
                            uint64_t size);

  // Races.cpp
  void touchWord(Word &word, uint32_t bytes, uint64_t all, const Access &access, bool shared);
  bool isOrdered(const Touch &touch) const;
  bool areReadsOrdered(const Touch &read) const;
  void noteRead(Touch &read, uint32_t bytes, const Access &access);
  std::string offsetOf(const Word &word, uint32_t bytes, bool shared);
  void reportRace(const Word &word, const Touch &earlier, uint32_t bytes, uint64_t all,
                  const Access &access, bool shared);
  void synchronize(uint64_t address, const Access &access);
  KnowledgePtr ownKnowledge();

  // Reports.cpp
  void report(const Access &access, const std::string &what);
  void reportFor(const Thread &thread, const Access &access, const std::string &what);
  DESCENT_NEVER_RETURNS [[noreturn]] void abandon();
  std::string nameOf(uint32_t threadNumber) const;

  const EmulatorOptions options;
  Memory &memory;
  Reservation sharedMemory, sharedShadow;
  FiberPool fibers;
  Random random;
  std::atomic<bool> stopping = false;

  // The launch that runs.
  const Work *work = nullptr;
  Thread *current = nullptr;
  uint32_t perBlock = 0, blocks = 0, nextBlock = 0;
  std::vector<std::unique_ptr<Block>> slots;
  std::vector<Thread *> runnable;
  uint64_t budget = 0;
  bool aborting = false;
  /// Counts what orders threads. Times before `floor` are known to all.
  uint32_t now = 1, floor = 1;
  /// Whether only barriers ordered threads so far.
  bool onlyBarriers = true;
  Releases releases;
  uint32_t gridArrived = 0, gridPhase = 0;
  /// Reads of memory that nobody changed, one behind the other.
  uint64_t idlePolls = 0;
  uint32_t mailboxPolls = 0;

  struct CachedRegion {
    uint64_t begin = 1, bytes = 0;
    RegionKind kind = RegionKind::Global;
  };
  std::array<CachedRegion, 64> cache;
  std::vector<Variable> sharedRanges; ///< with the dynamic one
  size_t lastShared = 0;
  uint32_t cacheGeneration = 0;

  std::vector<std::string> reports;
  std::set<uint32_t> reported;
};

/// Nothing on the stack of a fiber that suspends may own anything: it may be gone when the launch
/// ends.
inline void Machine::suspend() {
  current->fiber->suspend();
  if (aborting)
    abandon();
}

inline void Machine::wait(ThreadState state, const Access &access) {
  current->state = state;
  current->waitsAt = &access;
  suspend();
}

} // namespace descent::emulator
