// Who touched a word before, and whether that is ordered before what the running thread does. The
// times of all threads come from one counter, as only one thread of the emulator runs at a time; so
// "what another did before time t is known" is one comparison, and what barriers tell is one time
// for a block.
#include "compiler/emulator/Machine.h"

#include <algorithm>
#include <bit>
#include <thread>
#include <tuple>

namespace descent::emulator {

void Machine::pass(const Access &access) {
  if (access.isPoll || (access.atomic && random.below(2)))
    yield();
  tick();
}

void Machine::touch(uint64_t address, uint64_t bytes, const Access &access) {
  tick();
  if (access.isPoll)
    poll(access);
  else if (access.atomic && random.below(2))
    yield();
  if (address & (access.alignment - 1u)) {
    report(access, "misaligned: this address is a multiple of " +
                       std::to_string(address & -address) + ", not of " +
                       std::to_string(access.alignment));
    abandon();
  }
  if (bytes == 0)
    return;
  Place place = find(address, bytes, access);
  if (access.writes && !access.isPoll)
    idlePolls = 0;
  if (place.mailbox) {
#if __has_feature(thread_sanitizer)
    // ThreadSanitizer sees nothing of the code that is run here, nor that the host is let know.
    if (access.writes)
      __tsan_release(reinterpret_cast<void *>(address));
#endif
    // The host is a thread of its own and needs a processor, too.
    idlePolls = 0;
    if (access.isPoll && (runnable.empty() || ++mailboxPolls % 16 == 0))
      std::this_thread::yield();
    return;
  }
  if (access.atomic && !current->inGridBarrier)
    synchronize(address, access);

  if (!place.word)
    return;
  uint64_t left = bytes;
  uint32_t from = address & 3;
  for (Word *word = place.word; left; ++word, from = 0) {
    uint32_t count = std::min<uint64_t>(left, 4 - from);
    touchWord(*word, ((1u << count) - 1) << from, bytes, access, place.shared);
    left -= count;
  }
}

void Machine::touchWord(Word &word, uint32_t bytes, uint64_t all, const Access &access,
                        bool shared) {
  Touch &write = word.write, &read = word.read;
  if (shared && write.time < current->block->began)
    word = {};
  if (access.reads && (bytes & ~write.written) && (shared || options.checkUnwrittenGlobal))
    report(access, std::string("reads ") + (shared ? "shared" : "global") + " memory, at offset " +
                       offsetOf(word, bytes & ~write.written, shared) +
                       (shared ? ", that no thread of the block has written"
                               : ", that nobody has written"));
  uint32_t number = current->number;
  if (write.time >= floor && write.thread != number && (write.bytes & bytes) &&
      !(write.atomic && access.atomic) && !isOrdered(write))
    reportRace(word, write, bytes, all, access, shared);
  if (!access.writes) {
    noteRead(read, bytes, access);
    return;
  }
  if (read.time >= floor && (read.bytes & bytes) && !(read.atomic && access.atomic) &&
      (read.several ? !areReadsOrdered(read) : read.thread != number && !isOrdered(read)))
    reportRace(word, read, bytes, all, access, shared);
  uint32_t written = write.written | bytes, also = bytes;
  if (write.thread == number && write.time == now && write.atomic == access.atomic)
    also |= write.bytes;
  write = {now, number, also, written, access.atomic, 0, access.id};
  if ((read.bytes & ~bytes) == 0)
    read = {};
}

bool Machine::isOrdered(const Touch &touch) const {
  const Thread &me = *current;
  uint32_t index = touch.thread - me.block->index * perBlock;
  if (index < perBlock) {
    if (touch.time < me.block->knownUpTo)
      return true;
    if (index / warpSize == me.index / warpSize && touch.time < me.warp->knownUpTo)
      return true;
  }
  return touch.time < knownUpTo(me.known, touch.thread);
}

/// Of several readers only the last is remembered, and the time is his. Where only barriers have
/// ordered threads, they order him last of all; else he alone is judged.
bool Machine::areReadsOrdered(const Touch &read) const {
  bool mine = read.thread == current->number;
  if (onlyBarriers)
    return !mine ? isOrdered(read)
                 : read.time < std::max(current->block->knownUpTo, current->warp->knownUpTo);
  return mine || isOrdered(read);
}

void Machine::noteRead(Touch &read, uint32_t bytes, const Access &access) {
  uint32_t number = current->number;
  bool alone = read.time < floor ||
               (read.several ? areReadsOrdered(read) : read.thread == number || isOrdered(read));
  if (alone) {
    // His own bytes of before are no less read.
    if (read.thread == number && read.time == now)
      bytes |= read.bytes;
    read = {now, number, bytes, 0, access.atomic, 0, access.id};
    return;
  }
  if (access.atomic && !read.atomic)
    return;
  // Of readers of different bytes only the last is remembered: none of them is to be taken for a
  // reader of another's.
  bool replaces = (read.atomic && !access.atomic) || (read.bytes & bytes) == 0;
  read = {now,       number,   replaces ? bytes : bytes | read.bytes, 0, access.atomic,
          !replaces, access.id};
}

/// "4 of 256": where in its variable or allocation the first of some bytes of a word lies.
std::string Machine::offsetOf(const Word &word, uint32_t bytes, bool shared) {
  auto first = static_cast<uint64_t>(std::countr_zero(bytes));
  if (shared) {
    const Variable &variable = sharedRanges[lastShared];
    uint64_t offset = static_cast<uint64_t>(&word - current->block->sharedShadow) * 4 + first;
    return std::to_string(offset - variable.offset) + " of " + std::to_string(variable.bytes);
  }
  uint64_t address = memory.addressOf(&word) + first;
  auto region = memory.find(address);
  return region ? std::to_string(address - region->begin) + " of " + std::to_string(region->bytes)
                : "?";
}

/// `earlier`: one of the two of the word.
void Machine::reportRace(const Word &word, const Touch &earlier, uint32_t bytes, uint64_t all,
                         const Access &access, bool shared) {
  const Access &other = work->kernel->accesses->at(earlier.access);
  report(access, std::string("a data race in ") + (shared ? "shared" : "global") +
                     " memory: " + touching(all, access) + ", at offset " +
                     offsetOf(word, bytes & earlier.bytes, shared) + ", that " +
                     nameOf(earlier.thread) + (&earlier == &word.write ? " wrote (" : " read (") +
                     other.place + "), and nothing orders the two");
}

/// What the running thread can tell another who then knows all that it knows.
KnowledgePtr Machine::ownKnowledge() {
  const Thread &me = *current;
  auto own = std::make_shared<Knowledge>();
  uint32_t warpFirst = me.number - me.lane, blockFirst = me.block->index * perBlock;
  own->pieces = {{me.number, 1, now},
                 {warpFirst, me.warp->count, me.warp->knownUpTo},
                 {blockFirst, perBlock, me.block->knownUpTo}};
  // Blocks of one warp, and of one thread, give the same range twice.
  std::sort(own->pieces.begin(), own->pieces.end(), [](const auto &a, const auto &b) {
    return std::tie(a.first, a.count, b.time) < std::tie(b.first, b.count, a.time);
  });
  auto same = [](const auto &a, const auto &b) { return a.first == b.first && a.count == b.count; };
  own->pieces.erase(std::unique(own->pieces.begin(), own->pieces.end(), same), own->pieces.end());
  return join(own, me.known, floor);
}

/// An atomic access: what it publishes, and what it learns.
void Machine::synchronize(uint64_t address, const Access &access) {
  Thread &me = *current;
  uint32_t block = me.block->index;
  if (access.reads) {
    KnowledgePtr near = releases.acquire(address, block, true, floor);
    KnowledgePtr far = releases.acquire(address, block, false, floor);
    if (near || far)
      onlyBarriers = false;
    if (access.acquires) {
      me.known = join(me.known, access.blockScope ? near : far, floor);
    } else {
      me.pendingInBlock = join(me.pendingInBlock, near, floor);
      if (!access.blockScope)
        me.pending = join(me.pending, far, floor);
    }
  }
  if (!access.writes)
    return;
  bool narrow = access.blockScope;
  KnowledgePtr told = me.fenced;
  if (access.releases) {
    ++now;
    told = ownKnowledge();
  } else {
    narrow |= me.fencedForBlock;
  }
  releases.publish(address, block, narrow, told, /*replaces=*/!access.reads, floor);
}

void Machine::fence(const Access &access) {
  Thread &me = *current;
  if (me.inGridBarrier)
    return;
  ++now;
  if (access.acquires) {
    me.known = join(me.known, me.pendingInBlock, floor);
    if (!access.blockScope)
      me.known = join(me.known, me.pending, floor);
  }
  if (access.releases) {
    me.fenced = ownKnowledge();
    me.fencedForBlock = access.blockScope;
  }
}

} // namespace descent::emulator
