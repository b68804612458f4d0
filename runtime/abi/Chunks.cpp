#include "runtime/abi/Chunks.h"

#include "runtime/core/Threads.h"

#include <cstdlib>
#include <memory>
#include <new>

namespace descent::abi {
namespace {

/// Memory of a worker. It grows to the most that was asked for.
class Lane {
public:
  void *atLeast(int64_t wanted) {
    if (wanted > bytes) {
      memory.reset(std::aligned_alloc(64, static_cast<size_t>((wanted + 63) / 64 * 64)));
      if (!memory)
        throw std::bad_alloc();
      bytes = wanted;
    }
    return memory.get();
  }

private:
  std::unique_ptr<void, void (*)(void *)> memory{nullptr, std::free};
  int64_t bytes = 0;
};

thread_local Lane ownLane;

struct Job {
  ChunkCode code;
  void *captured;
  const Lane *caller; ///< tells the calling thread from the others
  void *callersMemory;
  int64_t laneBytes;

  void run(int64_t begin, int64_t end) const {
    bool isCaller = &ownLane == caller;
    void *memory = isCaller ? callersMemory : ownLane.atLeast(laneBytes);
    for (int64_t chunk = begin; chunk < end; ++chunk)
      code(captured, chunk, memory);
  }
};

} // namespace

void runChunks(int threads, int64_t count, ChunkCode code, void *captured, void *lane,
               int64_t laneBytes) {
  Job job{code, captured, &ownLane, lane, laneBytes};
  if (threads <= 1)
    return job.run(0, count);
  ThreadPool &pool = ThreadPool::shared();
  pool.growTo(threads);
  pool.parallelFor(
      count, 1,
      [](void *self, int64_t begin, int64_t end) { static_cast<const Job *>(self)->run(begin, end); },
      &job, threads);
}

} // namespace descent::abi
