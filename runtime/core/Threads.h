// A pool of threads that wait close at hand.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

namespace descent {

/// No more can be asked for.
inline constexpr int kMostThreads = 1024;

/// How many threads a program uses unless it is told otherwise: $DESCENT_THREADS where that is a
/// number above 0, else one for each processor that this process may use, by its affinity and by the
/// quota of its control group.
int defaultThreads();
/// Throws Error where $DESCENT_THREADS is not a number that can be used: `defaultThreads` takes no
/// notice of it then.
void checkDefaultThreads();

/// Persistent threads for loops that are short and come again and again.
///
/// A worker spins for some tens of microseconds after its last piece of work, then sleeps: a loop
/// that is called every few microseconds finds it awake, and an idle program costs nothing.
///
/// ## Results that do not depend on the number of threads
/// Each thread is given consecutive chunks, the same ones each time for equal ranges; whoever is done takes what
/// others have not begun. So a thread that the system does not let run is not waited for.
///
/// parallelFor cuts the range into chunks of `grain` elements whose bounds depend on `count` and
/// `grain` alone, and calls the function once per chunk. Which thread runs which chunk does depend
/// on the number of threads. So a caller gets the same bits from any number of threads if
/// - each chunk writes only to places of its own (elements begin…end, or slot begin / grain), and
/// - sums over chunks are taken afterwards by the caller, in the order of the chunks.
///
/// One parallelFor runs at a time. A call from inside a chunk, or from a second thread while one
/// runs, does its chunks itself, in order, on the calling thread: always right, never a deadlock.
/// So does, until it grows, the pool of a forked process: its threads stayed behind.
class ThreadPool {
public:
  /// A chunk's work: elements begin ≤ i < end.
  using ChunkFn = void (*)(void *context, int64_t begin, int64_t end);

  /// `threads` counts the calling thread; 0 means defaultThreads().
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  /// The threads that share the work, the calling one included.
  int threadCount() const;

  /// As the constructor's argument. Not while a parallelFor runs.
  void setThreadCount(int threads);

  /// The one that compiled programs share. It has no threads until they are needed and keeps them
  /// until the process ends.
  static ThreadPool &shared();

  /// Makes sure that so many threads can share the work, unless one parallelFor is running.
  void growTo(int threads);

  /// Runs `fn` over 0 ≤ i < count in chunks of `grain` (at least 1) and returns when all are done.
  /// Of the exceptions thrown, that of the first chunk is rethrown, after all chunks have run.
  /// At most `threads` share the work (0: all there are).
  void parallelFor(int64_t count, int64_t grain, ChunkFn fn, void *context, int threads = 0);

  /// The same for a callable fn(begin, end).
  template <typename Fn> void parallelFor(int64_t count, int64_t grain, Fn &&fn) {
    using Callable = std::remove_reference_t<Fn>;
    parallelFor(
        count, grain,
        [](void *context, int64_t begin, int64_t end) {
          (*static_cast<Callable *>(context))(begin, end);
        },
        const_cast<void *>(static_cast<const void *>(&fn)));
  }

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace descent
