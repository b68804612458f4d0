// What threads may still be reading and writing.
#pragma once

#include "compiler/kernel/Plan.h"

namespace descent::gpu {

/// Memory that threads have touched since all of them last waited for each other.
class Pending {
public:
  /// Bytes of the arena, or of another array that the caller gave.
  struct Span {
    kernel::Place::Kind kind; ///< Table: a tape
    int index;                ///< there is one arena only
    int64_t begin, end;
    /// What is written is new each time, or always written by the first thread, so that writers
    /// need not wait for each other.
    bool appends = false;
    bool ofBlock = false; ///< each block has its own (OwnArrays.h)

    bool meets(const Span &other) const {
      bool isSame =
          kind == other.kind && (kind == kernel::Place::Kind::Arena || index == other.index);
      return isSame && begin < other.end && other.begin < end;
    }
  };
  using Spans = llvm::SmallVector<Span, 8>;
  /// Who has to wait for each other.
  enum class Wait : uint8_t { Nobody, OfBlock, OfAll };

  /// What is pending where the program branches, and where ways join.
  struct State {
    Spans reads, writes;
    llvm::SmallVector<std::pair<int, Span>, 2> fetched; ///< see Fetch.h
  };

  /// Rows that are under way, by the number of their fetch: a wait of all threads does not wait for
  /// them.
  void addFetch(int fetch, const Spans &written) {
    for (const Span &span : written)
      now.fetched.push_back({fetch, span});
    for (Log &log : logs)
      if (!log.isOver)
        log.touched.writes.append(written);
  }
  /// The fetches to be waited for before these are read and those are written; they are then no
  /// longer pending.
  llvm::SmallVector<int, 2> takeFetches(const Spans &read, const Spans &written);
  /// The same for all that are not pending in `before`.
  llvm::SmallVector<int, 2> takeFetchesSince(const State &before);

  /// Who has to wait before these are read and those are written.
  Wait needed(const Spans &read, const Spans &written) const;
  void add(const Spans &read, const Spans &written);
  void clear() {
    now.reads.clear();
    now.writes.clear();
  }
  /// The threads of each block have waited.
  void clearOfBlock();

  State state() const { return now; }
  void restore(State state) { now = std::move(state); }
  void join(const State &other);

  /// What was touched from here on, until all wait for the first time: what a loop's body touches
  /// before that may still be pending from the iteration before.
  void beginLog() { logs.emplace_back(); }
  State endLog();
  /// All have waited, or the threads of each block: in each iteration, if that is not on one way of
  /// several.
  void noteWait(Wait wait) {
    if (logs.empty() || logs.back().ways)
      return;
    logs.back().isOverOfBlock = true;
    logs.back().isOver |= wait == Wait::OfAll;
  }
  void beginWay() {
    if (!logs.empty())
      ++logs.back().ways;
  }
  void endWay() {
    if (!logs.empty())
      --logs.back().ways;
  }

private:
  struct Log {
    State touched;
    bool isOver = false, isOverOfBlock = false;
    int ways = 0; ///< inner loops and branches that are being emitted
  };
  State now;
  llvm::SmallVector<Log, 2> logs;
};

} // namespace descent::gpu
