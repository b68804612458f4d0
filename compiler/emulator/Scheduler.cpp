// Who runs: the threads of the blocks in flight, drawn at random from those that can go on.
#include "compiler/emulator/Machine.h"

#include <chrono>
#include <cstring>
#include <thread>

namespace descent::emulator {

namespace {

/// So many reads of unchanged memory, one behind the other, are a wait for nothing.
constexpr uint64_t mostIdlePolls = 500'000;
constexpr size_t deadlockReports = 3;
/// Of the counter of times, which must not overflow during a launch.
constexpr uint32_t latestStart = 0xf000'0000;

} // namespace

Machine::Machine(const EmulatorOptions &options, Memory &memory)
    : options(options), memory(memory),
      sharedMemory(static_cast<size_t>(options.processors) * 32 * sharedSpan),
      sharedShadow(sharedMemory.size() / 4 * sizeof(Word)), random(options.seed) {}

Machine::~Machine() = default;

void Machine::startBlock(Block &block, uint32_t index) {
  block.index = index;
  block.ended = 0;
  block.atBarrier = nullptr;
  block.began = block.knownUpTo = ++now;
  for (Barrier &barrier : block.barriers) {
    barrier.arrived = 0;
    barrier.waiting.clear();
    barrier.known = nullptr;
  }
  block.threads.assign(perBlock, {});
  block.warps.assign((perBlock + warpSize - 1) / warpSize, {});
  for (uint32_t i = 0; i < block.warps.size(); ++i) {
    block.warps[i].lanes = &block.threads[i * warpSize];
    block.warps[i].count = std::min(warpSize, perBlock - i * warpSize);
  }
  for (uint32_t i = 0; i < perBlock; ++i) {
    Thread &thread = block.threads[i];
    thread.number = index * perBlock + i;
    thread.index = i;
    thread.lane = i % warpSize;
    thread.block = &block;
    thread.warp = &block.warps[i / warpSize];
    runnable.push_back(&thread);
  }
  if (!sharedRanges.empty()) {
    const Variable &last = sharedRanges.back();
    std::memset(block.shared, 0xff, last.offset + last.bytes);
  }
}

void Machine::begin(const Work &launch) {
  work = &launch;
  perBlock = static_cast<uint32_t>(launch.how.threads);
  blocks = static_cast<uint32_t>(launch.how.blocks);
  nextBlock = 0;
  if (now > latestStart) {
    memory.forget();
    sharedShadow.clear(sharedShadow.begin(), sharedShadow.size());
    now = 1;
  }
  floor = ++now;
  onlyBarriers = true;
  aborting = false;
  gridArrived = gridPhase = 0;
  idlePolls = 0;
  budget = 1;
  reports.clear();
  reported.clear();
  runnable.clear();
  releases.clear();
  sharedRanges = launch.kernel->shared;
  if (launch.how.sharedBytes > 0)
    sharedRanges.push_back(
        {launch.kernel->dynamicShared, static_cast<uint64_t>(launch.how.sharedBytes)});
  lastShared = 0;

  while (slots.size() < launch.resident) {
    slots.push_back(std::make_unique<Block>());
    uint64_t offset = (slots.size() - 1) * sharedSpan;
    slots.back()->shared = reinterpret_cast<char *>(sharedMemory.begin() + offset);
    slots.back()->sharedShadow = reinterpret_cast<Word *>(sharedShadow.begin()) + offset / 4;
  }
  for (uint32_t i = 0; i < launch.resident; ++i)
    startBlock(*slots[i], nextBlock++);
}

void Machine::runBlocks() {
  uint32_t ended = 0;
  while (ended < blocks && !aborting && !stopping) {
    if (runnable.empty()) {
      reportDeadlock();
      return;
    }
    uint32_t pick = random.below(static_cast<uint32_t>(runnable.size()));
    Thread &thread = *runnable[pick];
    runnable[pick] = runnable.back();
    runnable.pop_back();
    if (!runThread(thread) || thread.block->ended < perBlock)
      continue;
    ++ended;
    if (nextBlock < blocks)
      startBlock(*thread.block, nextBlock++);
  }
}

/// Those that are in the middle of something end where they are.
void Machine::endThreads() {
  aborting = true;
  for (uint32_t i = 0; i < work->resident; ++i)
    for (Thread &thread : slots[i]->threads)
      if (thread.fiber) {
        current = &thread;
        if (!thread.abandoned && thread.state != ThreadState::Fresh)
          thread.fiber->resume();
        fibers.giveBack(thread.fiber);
        thread.fiber = nullptr;
      }
}

std::string Machine::run(const Work &launch) {
  begin(launch);
  try {
    runBlocks();
  } catch (...) {
    endThreads();
    throw;
  }
  endThreads();
  std::string all;
  for (const std::string &text : reports)
    all += (all.empty() ? "" : "\n") + text;
  return all;
}

void Machine::threadMain(void *machine) {
  auto &self = *static_cast<Machine *>(machine);
  self.work->kernel->entry(self.work->arguments.data());
  self.finishThread();
}

/// Runs a thread until it waits, ends or loses its turn. Returns whether it has ended.
bool Machine::runThread(Thread &thread) {
  current = &thread;
  if (thread.state == ThreadState::Fresh) {
    thread.fiber = fibers.take();
    thread.fiber->start(&threadMain, this);
    thread.local = thread.fiber->localMemory(work->kernel->localBytes);
    thread.state = ThreadState::Ready;
  }
  thread.fiber->resume();
  if (thread.state == ThreadState::Ready && !aborting)
    runnable.push_back(&thread);
  if (thread.state != ThreadState::Ended)
    return false;
  fibers.giveBack(thread.fiber);
  thread.fiber = nullptr;
  idlePolls = 0;
  return true;
}

void Machine::wake(Thread &thread) {
  thread.state = ThreadState::Ready;
  thread.waitsAt = nullptr;
  runnable.push_back(&thread);
}

/// Lets others run.
void Machine::yield() {
  if (stopping || aborting)
    abandon();
  if (!runnable.empty())
    suspend();
}

void Machine::preempt() {
  uint32_t every = options.switchEvery;
  budget = every ? 1 + random.below(2 * every) : 4096;
  // It has work, and others may wait for that.
  if (!current->polled)
    idlePolls = 0;
  current->polled = false;

  if (every || stopping)
    yield();
}

void Machine::tick() {
  if (--budget == 0)
    preempt();
}

/// Before an access that a wait can consist of.
void Machine::poll(const Access &access) {
  current->polled = true;
  if (++idlePolls > mostIdlePolls) {
    report(access, "deadlock: all threads wait, this one for memory to change");
    abandon();
  }
  yield();
}

void Machine::nanosleep() {
  if (runnable.size() < 2)
    std::this_thread::yield();
  yield();
}

uint64_t Machine::nanoseconds() {
  idlePolls = 0;
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

void Machine::finishThread() {
  Thread &thread = *current;
  Block &block = *thread.block;
  if (const Barrier *barrier = block.atBarrier) {
    report(*barrier->at, "a barrier in divergent flow: this thread has ended, and " +
                             nameOf(barrier->waiting.front()->number) + " waits here");
    abandon();
  }
  if (thread.warp->awaited >> thread.lane & 1) {
    expectNobodyWaits("has ended");
    abandon();
  }
  thread.warp->ended |= 1u << thread.lane;
  ++block.ended;
  thread.state = ThreadState::Ended;
}

void Machine::exit() {
  finishThread();
  current->fiber->end();
}

void Machine::reportDeadlock() {
  size_t count = 0;
  for (uint32_t i = 0; i < work->resident && count < deadlockReports; ++i)
    for (const Thread &thread : slots[i]->threads)
      if (thread.waitsAt && count < deadlockReports && !reported.count(thread.waitsAt->id)) {
        reportFor(thread, *thread.waitsAt,
                  "deadlock: all threads wait, this one at " + thread.waitsAt->what);
        ++count;
      }
}

} // namespace descent::emulator
