#include "runtime/core/Interrupt.h"

#include <unistd.h>

namespace descent {

std::atomic<int> detail::interruptCount{0};

// Only async-signal-safe calls are allowed here.
static void onInterrupt(int) {
  if (detail::interruptCount.fetch_add(1, std::memory_order_relaxed) > 0)
    _exit(interruptedExitCode);
}

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

} // namespace descent
