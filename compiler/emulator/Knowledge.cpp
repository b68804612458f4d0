#include "compiler/emulator/Knowledge.h"

#include <algorithm>
#include <tuple>

namespace descent::emulator {

KnowledgePtr join(const KnowledgePtr &a, const KnowledgePtr &b, uint32_t floor) {
  if (!a || a == b)
    return b;
  if (!b)
    return a;
  auto joined = std::make_shared<Knowledge>();
  auto add = [&](const Knowledge::Piece &piece) {
    if (piece.time >= floor)
      joined->pieces.push_back(piece);
  };
  auto key = [](const Knowledge::Piece &piece) { return std::tie(piece.first, piece.count); };
  auto x = a->pieces.begin(), y = b->pieces.begin();
  while (x != a->pieces.end() || y != b->pieces.end()) {
    if (y == b->pieces.end() || (x != a->pieces.end() && key(*x) < key(*y))) {
      add(*x++);
    } else if (x == a->pieces.end() || key(*y) < key(*x)) {
      add(*y++);
    } else {
      add({x->first, x->count, std::max(x->time, y->time)});
      ++x, ++y;
    }
  }
  return joined;
}

uint32_t knownUpTo(const KnowledgePtr &knowledge, uint32_t thread) {
  uint32_t time = 0;
  if (knowledge)
    for (const Knowledge::Piece &piece : knowledge->pieces)
      if (thread - piece.first < piece.count)
        time = std::max(time, piece.time);
  return time;
}

void Releases::publish(uint64_t address, uint32_t block, bool blockScope,
                       const KnowledgePtr &knowledge, bool replaces, uint32_t floor) {
  if (!knowledge && variables.find(address) == variables.end())
    return;
  Variable &variable = variables[address];
  if (replaces)
    variable = {};
  if (!knowledge)
    return;
  KnowledgePtr &here = variable.inBlock[block];
  here = join(here, knowledge, floor);
  if (!blockScope)
    variable.everywhere = join(variable.everywhere, knowledge, floor);
}

KnowledgePtr Releases::acquire(uint64_t address, uint32_t block, bool blockScope,
                               uint32_t floor) const {
  auto it = variables.find(address);
  if (it == variables.end())
    return nullptr;
  auto here = it->second.inBlock.find(block);
  KnowledgePtr known = here == it->second.inBlock.end() ? nullptr : here->second;
  return blockScope ? known : join(known, it->second.everywhere, floor);
}

} // namespace descent::emulator
