// Ctrl-C: the first one asks for a clean stop, or ends a command that cannot be asked; the second
// one ends the process.
#pragma once

#include <atomic>
#include <csignal>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

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
extern std::atomic<int> interruptCount, interruptPollers;
static_assert(std::atomic<int>::is_always_lock_free, "signal handlers may only use such atomics");
} // namespace detail

/// Whether Ctrl-C was pressed: one relaxed load, cheap enough for every step of a loop.
inline bool interruptRequested() {
  return detail::interruptCount.load(std::memory_order_relaxed) != 0;
}

/// Forgets a Ctrl-C that has been acted upon.
inline void clearInterrupt() {
  detail::interruptCount.store(0);
}

/// Asks for a clean stop as a Ctrl-C would, for hosts that have a stop button instead.
inline void requestInterrupt() {
  detail::interruptCount.fetch_add(1);
}

/// While one of these lives, somebody looks at the flag again and again.
class InterruptPolling {
public:
  InterruptPolling() { detail::interruptPollers.fetch_add(1); }
  ~InterruptPolling() { detail::interruptPollers.fetch_sub(1); }
  InterruptPolling(const InterruptPolling &) = delete;
  InterruptPolling &operator=(const InterruptPolling &) = delete;
};

/// For a command: while it lives, a SIGINT that nobody looks for ends the process, as soon as no
/// InterruptGuard lives. What was written to standard output gets there, then a line goes to
/// standard error, and the exit code is 130. A second SIGINT does not wait for that. Where the system
/// grants no thread for it, only a second one ends the process.
///
/// One at a time per process; its threads begin later.
class InterruptEnding {
public:
  /// `message`: the line, without its end.
  explicit InterruptEnding(std::string message);
  ~InterruptEnding();
  InterruptEnding(const InterruptEnding &) = delete;
  InterruptEnding &operator=(const InterruptEnding &) = delete;

private:
  void waitAndEnd();

  std::string message;
  InterruptScope scope;
  std::atomic<bool> isOver = false;
  std::thread thread;
};

/// While one of these lives, nothing is ended by the first SIGINT: what is being written gets
/// whole. Of several threads one has it at a time.
class InterruptGuard {
public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard &) = delete;
  InterruptGuard &operator=(const InterruptGuard &) = delete;
};

/// While one of these lives, this thread's InterruptGuards do not hold: it waits for somebody else,
/// perhaps forever, and nothing is half written.
class InterruptibleWait {
public:
  InterruptibleWait();
  ~InterruptibleWait();
  InterruptibleWait(const InterruptibleWait &) = delete;
  InterruptibleWait &operator=(const InterruptibleWait &) = delete;

private:
  int guards;
};

/// What is to be done before InterruptEnding ends the process, with its guard: while this lives.
class BeforeInterruptEnd {
public:
  explicit BeforeInterruptEnd(std::function<void()> action);
  ~BeforeInterruptEnd();
  BeforeInterruptEnd(const BeforeInterruptEnd &) = delete;
  BeforeInterruptEnd &operator=(const BeforeInterruptEnd &) = delete;
};

} // namespace descent
