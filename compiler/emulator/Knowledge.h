// What a thread knows, beyond its own block's barriers, of what others did before: pieces of
// "threads [first, first + count) up to a time", learnt from atomics and warp barriers. They never
// change once made.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

namespace descent::emulator {

struct Knowledge {
  struct Piece {
    uint32_t first, count, time;
  };
  /// By first, then count; each pair once.
  std::vector<Piece> pieces;
};

using KnowledgePtr = std::shared_ptr<const Knowledge>;

/// Both together. Pieces of times before `floor` say nothing any more.
KnowledgePtr join(const KnowledgePtr &a, const KnowledgePtr &b, uint32_t floor);

/// Up to which time what the thread did is known; 0: nothing is.
uint32_t knownUpTo(const KnowledgePtr &knowledge, uint32_t thread);

/// What was released at addresses, for those who acquire it.
class Releases {
public:
  /// `replaces`: the value that others had released is overwritten, and with it what they
  /// published.
  void publish(uint64_t address, uint32_t block, bool blockScope, const KnowledgePtr &knowledge,
               bool replaces, uint32_t floor);
  /// Null where there is nothing.
  KnowledgePtr acquire(uint64_t address, uint32_t block, bool blockScope, uint32_t floor) const;
  void clear() { variables.clear(); }

private:
  struct Variable {
    KnowledgePtr everywhere;
    std::map<uint32_t, KnowledgePtr> inBlock;
  };
  std::unordered_map<uint64_t, Variable> variables;
};

} // namespace descent::emulator
