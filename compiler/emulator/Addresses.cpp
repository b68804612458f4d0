// Where an address points: into an allocation, the shared memory of the block, the local memory of
// the thread, or nowhere.
#include "compiler/emulator/Machine.h"

#include <algorithm>

namespace descent::emulator {

void Machine::overEnd(uint64_t bytes, uint64_t inside, const Access &access, const char *what,
                      uint64_t size) {
  report(access, "out of bounds: " + touching(bytes, access) + " of which only the first " +
                     std::to_string(inside) + (inside == 1 ? " is in " : " are in ") + what +
                     " of " + std::to_string(size) + " bytes");
  abandon();
}

void Machine::outOfBounds(uint64_t address, uint64_t bytes, const Access &access) {
  std::string where;
  uint64_t offset = address - reinterpret_cast<uint64_t>(current->block->shared);
  auto nearest = [&](const std::vector<Variable> &variables, uint64_t at, const std::string &kind) {
    for (auto variable = variables.rbegin(); variable != variables.rend(); ++variable)
      if (variable->offset <= at)
        return std::to_string(at - variable->offset) + " bytes behind the start of a " + kind +
               " variable of " + std::to_string(variable->bytes) + " bytes";
    return "before the first " + kind + " variable";
  };
  if (memory.holds(address))
    where = memory.describe(address);
  else if (offset < sharedSpan)
    where = nearest(sharedRanges, offset, "shared");
  else if (address - sharedMemory.begin() < sharedMemory.size())
    where = "in the shared memory of another block";
  else if (address - reinterpret_cast<uint64_t>(current->local) < work->kernel->localBytes)
    where =
        nearest(work->kernel->local, address - reinterpret_cast<uint64_t>(current->local), "local");
  else if (address < 4096)
    where = "at the null address" + (address ? " + " + std::to_string(address) : "");
  else
    where = "where nothing is allocated";
  report(access, "out of bounds: " + touching(bytes, access) + " " + where);
  where = {}; // nothing is destroyed in abandon()
  where.shrink_to_fit();
  abandon();
}

Machine::Place Machine::findGlobal(uint64_t address, uint64_t bytes, const Access &access) {
  uint32_t generation = memory.generation().load(std::memory_order_acquire);
  if (generation != cacheGeneration) {
    cache = {};
    cacheGeneration = generation;
  }
  CachedRegion &cached = cache[address >> 8 & (cache.size() - 1)];
  uint64_t offset = address - cached.begin;
  if (offset >= cached.bytes) {
    auto region = memory.find(address);
    if (!region)
      outOfBounds(address, bytes, access);
    cached = {region->begin, region->bytes, region->kind};
    offset = address - cached.begin;
  }
  if (bytes > cached.bytes - offset)
    overEnd(bytes, cached.bytes - offset, access, "memory", cached.bytes);
  if (cached.kind == RegionKind::Global)
    return {memory.shadow(address), false, false};
  if (cached.kind == RegionKind::Table && access.writes) {
    report(access, "out of bounds: " + touching(bytes, access) + " in a constant");
    abandon();
  }
  if (cached.kind == RegionKind::Shared && access.writes) {
    report(access,
           "out of bounds: " + touching(bytes, access) + " in what the host shares to be read");
    abandon();
  }
  return {nullptr, false, cached.kind == RegionKind::Mailbox};
}

Machine::Place Machine::find(uint64_t address, uint64_t bytes, const Access &access) {
  if (memory.holds(address))
    return findGlobal(address, bytes, access);

  uint64_t offset = address - reinterpret_cast<uint64_t>(current->block->shared);
  if (offset < sharedSpan) {
    auto holds = [&](const Variable &range) { return offset - range.offset < range.bytes; };
    if (lastShared >= sharedRanges.size() || !holds(sharedRanges[lastShared])) {
      auto found = std::find_if(sharedRanges.begin(), sharedRanges.end(), holds);
      if (found == sharedRanges.end())
        outOfBounds(address, bytes, access);
      lastShared = static_cast<size_t>(found - sharedRanges.begin());
    }
    const Variable &range = sharedRanges[lastShared];
    uint64_t inside = range.bytes - (offset - range.offset);
    if (bytes > inside)
      overEnd(bytes, inside, access, "a shared variable", range.bytes);
    return {current->block->sharedShadow + (offset >> 2), true, false};
  }

  offset = address - reinterpret_cast<uint64_t>(current->local);
  if (offset < work->kernel->localBytes) {
    const std::vector<Variable> &ranges = work->kernel->local;
    auto behind = std::upper_bound(
        ranges.begin(), ranges.end(), offset,
        [](uint64_t at, const Variable &variable) { return at < variable.offset; });
    if (behind == ranges.begin() || offset - behind[-1].offset >= behind[-1].bytes)
      outOfBounds(address, bytes, access);
    uint64_t inside = behind[-1].bytes - (offset - behind[-1].offset);
    if (bytes > inside)
      overEnd(bytes, inside, access, "a local variable", behind[-1].bytes);
    return {};
  }
  outOfBounds(address, bytes, access);
}

uint64_t Machine::sharedVariable(uint32_t number) const {
  return reinterpret_cast<uint64_t>(current->block->shared) + work->kernel->shared[number].offset;
}

uint64_t Machine::dynamicShared() const {
  return reinterpret_cast<uint64_t>(current->block->shared) + work->kernel->dynamicShared;
}

} // namespace descent::emulator
