#include "runtime/core/Interrupt.h"

#include <cerrno>
#include <iostream>
#include <semaphore.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace descent {

std::atomic<int> detail::interruptCount{0}, detail::interruptPollers{0};

namespace {

/// What ends the process, where there is an InterruptEnding: a signal handler may not write what is
/// buffered, nor wait for a lock.
sem_t wakeEnder;
std::atomic<bool> hasEnder{false};

std::recursive_mutex &guard() {
  // Never destroyed: the ender may use it while the process exits.
  static auto *mutex = new std::recursive_mutex;
  return *mutex;
}

/// How many InterruptGuards of this thread live.
thread_local int guardsHere = 0;

std::vector<std::function<void()>> &lastActions() {
  static auto *actions = new std::vector<std::function<void()>>;
  return *actions;
}

// Only async-signal-safe calls are allowed here. The count changes before the pollers are looked
// at: whoever stops polling does it the other way round.
void onInterrupt(int) {
  if (detail::interruptCount.fetch_add(1) > 0)
    _exit(interruptedExitCode);
  if (detail::interruptPollers.load() > 0 || !hasEnder.load())
    return;
  int error = errno;
  sem_post(&wakeEnder);
  errno = error;
}

} // namespace

InterruptScope::InterruptScope() {
  clearInterrupt();
  struct sigaction action = {};
  action.sa_handler = onInterrupt;
  sigemptyset(&action.sa_mask);
  // A read or write under way goes on; the loop that polls the flag is what stops.
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &previous);
}

InterruptScope::~InterruptScope() {
  sigaction(SIGINT, &previous, nullptr);
}

InterruptEnding::InterruptEnding(std::string itsMessage) : message(std::move(itsMessage)) {
  message += '\n';
  sem_init(&wakeEnder, 0, 0);
  try {
    thread = std::thread([this] { waitAndEnd(); });
  } catch (const std::system_error &) {
    // The system grants no thread: the second SIGINT ends the process.
    return;
  }
  hasEnder = true;
}

InterruptEnding::~InterruptEnding() {
  if (!hasEnder.exchange(false))
    return;
  isOver = true;
  sem_post(&wakeEnder);
  thread.join();
}

void InterruptEnding::waitAndEnd() {
  while (sem_wait(&wakeEnder) != 0)
    ;
  if (isOver)
    return;
  InterruptGuard whole;
  for (auto action = lastActions().rbegin(); action != lastActions().rend(); ++action)
    try {
      (*action)();
    } catch (const std::exception &error) {
      std::cerr << "descent: " << error.what() << '\n';
    }
  std::cout.flush();
  std::cerr << message << std::flush;
  _exit(interruptedExitCode);
}

InterruptGuard::InterruptGuard() {
  guard().lock();
  ++guardsHere;
}

InterruptGuard::~InterruptGuard() {
  --guardsHere;
  guard().unlock();
}

InterruptibleWait::InterruptibleWait() : guards(std::exchange(guardsHere, 0)) {
  for (int i = 0; i < guards; ++i)
    guard().unlock();
}

InterruptibleWait::~InterruptibleWait() {
  for (int i = 0; i < guards; ++i)
    guard().lock();
  guardsHere = guards;
}

BeforeInterruptEnd::BeforeInterruptEnd(std::function<void()> action) {
  InterruptGuard whole;
  lastActions().push_back(std::move(action));
}

BeforeInterruptEnd::~BeforeInterruptEnd() {
  InterruptGuard whole;
  lastActions().pop_back();
}

} // namespace descent
