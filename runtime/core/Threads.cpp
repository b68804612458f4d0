#include "runtime/core/Threads.h"

#include "runtime/core/Processors.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <exception>
#include <mutex>
#include <pthread.h>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace descent {

static void pauseBriefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Waits until `value` is no longer `old`: first spinning, then asleep.
static void waitWhile(const std::atomic<int> &value, int old, int spins) {
  for (int i = 0; i < spins; ++i) {
    if (value.load(std::memory_order_acquire) != old)
      return;
    pauseBriefly();
  }
  value.wait(old, std::memory_order_acquire);
}

/// Set in workers, and in a caller while its own chunks run: calls from there are nested.
static thread_local bool insideParallelFor = false;

/// How often this process was forked off: a child has none of its parent's threads.
static std::atomic<unsigned> forks{0};

static unsigned countForks() {
  [[maybe_unused]] static const int registered =
      pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
  return forks.load(std::memory_order_relaxed);
}

/// Keeps signals from this thread, and from threads it starts, while it lives: an application's
/// handlers run on the application's threads.
class SignalsBlocked {
public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }

private:
  sigset_t before;
};

struct ThreadPool::State {
  // Each worker watches a counter on a cache line of its own, so that waking some does not disturb
  // the others. The counters are int because that is what a futex waits on without a proxy.
  struct alignas(64) Worker {
    std::atomic<int> jobs{0};
    std::thread thread;
  };

  /// Consecutive chunks, meant for one thread; `next` is the first that nobody has taken.
  struct alignas(64) Part {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };

  struct Job {
    int64_t count = 0;
    int64_t grain = 1;
    int64_t chunks = 0;
    int parts = 1;
    ChunkFn fn = nullptr;
    void *context = nullptr;
  };

  Job job;
  /// 1 while there is a job, and 2 for each worker that is at it. A worker that comes late, or not
  /// at all because the system has given its processor to somebody else, is not waited for.
  alignas(64) std::atomic<int> gate{0};
  std::atomic<bool> stopping{false};
  std::mutex busy;
  std::unique_ptr<Worker[]> workers;
  std::unique_ptr<Part[]> parts;
  /// Of the first chunk that threw.
  std::mutex failing;
  std::exception_ptr error;
  int64_t failedChunk = 0;
  int workerCount = 0;
  int wanted = 1; ///< threads that were asked for; the system may have granted fewer
  int spins = 0;
  unsigned startedAfterForks = 0;

  void cutIntoParts() {
    // Written so that chunks * part cannot overflow.
    int64_t each = job.chunks / job.parts, rest = job.chunks % job.parts;
    for (int part = 0; part < job.parts; ++part) {
      int64_t first = each * part + std::min<int64_t>(part, rest);
      parts[part].next.store(first, std::memory_order_relaxed);
      parts[part].end = first + each + (part < rest ? 1 : 0);
    }
  }

  void runChunk(int64_t chunk) {
    int64_t begin = chunk * job.grain;
    try {
      job.fn(job.context, begin, begin + std::min(job.grain, job.count - begin));
    } catch (...) {
      std::lock_guard lock(failing);
      if (!error || chunk < failedChunk) {
        error = std::current_exception();
        failedChunk = chunk;
      }
    }
  }

  /// The thread's own part, then what is left of the others'.
  void runParts(int own) {
    for (int i = 0; i < job.parts; ++i) {
      Part &part = parts[(own + i) % job.parts];
      while (part.next.load(std::memory_order_relaxed) < part.end) {
        int64_t chunk = part.next.fetch_add(1, std::memory_order_relaxed);
        if (chunk >= part.end)
          break;
        runChunk(chunk);
      }
    }
  }

  void work(int index) {
    insideParallelFor = true;
    Worker &self = workers[index];
    for (int seen = 0;;) {
      waitWhile(self.jobs, seen, spins);
      int now = self.jobs.load(std::memory_order_acquire);
      if (now == seen)
        continue;
      seen = now;
      if (stopping.load(std::memory_order_relaxed))
        return;
      // Late for its own job it may be asked to none, or to one of fewer threads.
      if (gate.fetch_add(2, std::memory_order_acq_rel) & 1 && index + 1 < job.parts)
        runParts(index + 1);
      if (gate.fetch_sub(2, std::memory_order_acq_rel) == 2)
        gate.notify_one();
    }
  }

  void start(int threads) {
    if (threads <= 0)
      threads = defaultThreads();
    wanted = threads;
    startedAfterForks = countForks();
    if (threads == 1)
      return;
    // With more threads than processors a spinning thread keeps a working one from its processor.
    spins = threads <= processors() ? 1000 : 0;
    stopping = false;
    SignalsBlocked blocked;
    workers = std::make_unique<Worker[]>(threads - 1);
    parts = std::make_unique<Part[]>(threads);
    try {
      for (workerCount = 0; workerCount < threads - 1; ++workerCount)
        workers[workerCount].thread = std::thread([this, i = workerCount] { work(i); });
    } catch (const std::system_error &) {
      // The system grants no more threads: go on with those that it gave.
    }
  }

  void signal(int index) {
    workers[index].jobs.fetch_add(1, std::memory_order_release);
    workers[index].jobs.notify_one();
  }

  /// In a forked process: the workers are not there, and what they left is given up.
  void forgetLost() {
    unsigned now = forks.load(std::memory_order_relaxed);
    if (std::exchange(startedAfterForks, now) == now)
      return;
    (void)workers.release();
    gate.store(0, std::memory_order_relaxed);
    workerCount = 0;
    wanted = 1;
  }

  void stop() {
    forgetLost();
    stopping = true;
    for (int i = 0; i < workerCount; ++i)
      signal(i);
    for (int i = 0; i < workerCount; ++i)
      workers[i].thread.join();
    workerCount = 0;
    workers.reset();
  }

  void runShared(const Job &wanted) {
    job = wanted;
    cutIntoParts();
    gate.fetch_or(1, std::memory_order_release);
    for (int i = 0; i < job.parts - 1; ++i)
      signal(i);

    insideParallelFor = true;
    runParts(0);
    insideParallelFor = false;

    // All chunks are taken. Those who are at one are waited for.
    gate.fetch_and(~1, std::memory_order_acq_rel);
    for (int now; (now = gate.load(std::memory_order_acquire)) != 0;)
      waitWhile(gate, now, spins);
    if (error)
      std::rethrow_exception(std::exchange(error, nullptr));
  }
};

ThreadPool::ThreadPool(int threads) : state(std::make_unique<State>()) {
  state->start(threads);
}

ThreadPool::~ThreadPool() {
  state->stop();
}

int ThreadPool::threadCount() const {
  return state->workerCount + 1;
}

void ThreadPool::setThreadCount(int threads) {
  if (threads == threadCount())
    return;
  state->stop();
  state->start(threads);
}

ThreadPool &ThreadPool::shared() {
  // Never destroyed: threads may still run when the process ends.
  static ThreadPool &pool = *new ThreadPool(1);
  return pool;
}

void ThreadPool::growTo(int threads) {
  if (insideParallelFor)
    return;
  std::unique_lock lock(state->busy, std::try_to_lock);
  if (!lock)
    return;
  state->forgetLost();
  if (state->wanted >= threads)
    return;
  state->stop();
  state->start(threads);
}

void ThreadPool::parallelFor(int64_t count, int64_t grain, ChunkFn fn, void *context, int threads) {
  if (count <= 0)
    return;
  grain = std::max<int64_t>(grain, 1);
  State::Job job{count, grain, (count - 1) / grain + 1, 1, fn, context};
  std::unique_lock lock(state->busy, std::defer_lock);
  if (job.chunks > 1 && threads != 1 && !insideParallelFor && lock.try_lock()) {
    state->forgetLost();
    int most = threads > 0 ? std::min(threads, threadCount()) : threadCount();
    job.parts = static_cast<int>(std::min<int64_t>(most, job.chunks));
    if (job.parts > 1) {
      state->runShared(job);
      return;
    }
  }
  for (int64_t begin = 0; begin < count; begin += std::min(grain, count - begin))
    fn(context, begin, begin + std::min(grain, count - begin));
}

} // namespace descent
