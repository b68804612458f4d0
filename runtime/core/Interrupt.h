// Ctrl-C: the first one asks for a clean stop, the second one ends the process.
#pragma once

#include <atomic>
#include <csignal>

namespace descent {

/// While one of these lives, SIGINT sets a flag instead of ending the process; a second SIGINT
/// before the flag is cleared ends the process at once with exit code 130. On destruction the
/// handler that was there before comes back, so an embedding application keeps its own.
///
/// One at a time per process (a signal handler is the process's): make it where the program begins.
class InterruptScope {
public:
  InterruptScope();
  ~InterruptScope();
  InterruptScope(const InterruptScope &) = delete;
  InterruptScope &operator=(const InterruptScope &) = delete;

private:
  struct sigaction previous;
};

/// The exit code of a run that Ctrl-C ended.
inline constexpr int interruptedExitCode = 130;

namespace detail {
extern std::atomic<int> interruptCount;
static_assert(std::atomic<int>::is_always_lock_free, "signal handlers may only use such atomics");
} // namespace detail

/// Whether Ctrl-C was pressed: one relaxed load, cheap enough for every step of a loop.
inline bool interruptRequested() {
  return detail::interruptCount.load(std::memory_order_relaxed) != 0;
}

/// Forgets a Ctrl-C that has been acted upon.
inline void clearInterrupt() {
  detail::interruptCount.store(0, std::memory_order_relaxed);
}

/// Asks for a clean stop as a Ctrl-C would, for hosts that have a stop button instead.
inline void requestInterrupt() {
  detail::interruptCount.fetch_add(1, std::memory_order_relaxed);
}

} // namespace descent
