// Fibers: many stacks that take turns on one thread of the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#if __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#endif
#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#endif

/// Saves the callee's registers and the stack pointer, and goes on where `to` was saved.
extern "C" void descent_emulator_switch(void **from, void *to);

namespace descent::emulator {

/// Of functions that a fiber never returns from: ThreadSanitizer would count them as called for
/// ever.
#define DESCENT_NEVER_RETURNS __attribute__((disable_sanitizer_instrumentation, noinline))

/// A stack, and where its code stopped.
class Fiber {
public:
  Fiber();
  ~Fiber();
  Fiber(const Fiber &) = delete;
  Fiber &operator=(const Fiber &) = delete;

  /// The next resume() calls entry(argument); the fiber ends when that returns. What ran here
  /// before must have ended.
  void start(void (*entry)(void *), void *argument);
  /// From the thread's own stack: runs the fiber until it suspends or ends.
  void resume();
  /// From within the fiber: back to resume(). Returns when it is resumed again.
  void suspend();
  /// From within the fiber: back to resume(), for good.
  DESCENT_NEVER_RETURNS [[noreturn]] void end();

  /// The local memory of the thread that runs here, of at least so many bytes, aligned to 128.
  char *localMemory(size_t bytes);

private:
  static constexpr size_t guardBytes = 4096;
  /// Most threads use two pages of it. The local variables of kernels are elsewhere.
  static constexpr size_t stackBytes = size_t(1) << 20;

  DESCENT_NEVER_RETURNS void leaveForGood();

  char *memory = nullptr; ///< with the guard page, which comes first
  void *stopped = nullptr;
  void *caller = nullptr;
  void (*entry)(void *) = nullptr;
  void *argument = nullptr;
  std::unique_ptr<char[]> local; ///< with room to align it
  size_t localBytes = 0;

  // What the sanitizers must be told.
  [[maybe_unused]] void *fakeStack = nullptr, *callerFakeStack = nullptr;
  [[maybe_unused]] const void *callerStack = nullptr;
  [[maybe_unused]] size_t callerStackBytes = 0;
  [[maybe_unused]] void *sanitizerFiber = nullptr, *callerSanitizerFiber = nullptr;

  DESCENT_NEVER_RETURNS [[noreturn]] void run();
  friend void enterFiber(Fiber *fiber);
};

// Inline: each return after a switch is one that the processor has not foreseen.

inline void Fiber::resume() {
#if __has_feature(address_sanitizer)
  __sanitizer_start_switch_fiber(&callerFakeStack, memory + guardBytes, stackBytes);
#endif
#if __has_feature(thread_sanitizer)
  callerSanitizerFiber = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(sanitizerFiber, 0);
#endif
  descent_emulator_switch(&caller, stopped);
#if __has_feature(address_sanitizer)
  __sanitizer_finish_switch_fiber(callerFakeStack, nullptr, nullptr);
#endif
}

inline void Fiber::suspend() {
#if __has_feature(address_sanitizer)
  __sanitizer_start_switch_fiber(&fakeStack, callerStack, callerStackBytes);
#endif
#if __has_feature(thread_sanitizer)
  __tsan_switch_to_fiber(callerSanitizerFiber, 0);
#endif
  descent_emulator_switch(&stopped, caller);
#if __has_feature(address_sanitizer)
  __sanitizer_finish_switch_fiber(fakeStack, &callerStack, &callerStackBytes);
#endif
}

/// Fibers that wait to be used again.
class FiberPool {
public:
  Fiber *take();
  void giveBack(Fiber *fiber) { idle.push_back(fiber); }

private:
  std::vector<std::unique_ptr<Fiber>> all;
  std::vector<Fiber *> idle;
};

} // namespace descent::emulator
