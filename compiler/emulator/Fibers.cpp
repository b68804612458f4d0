#include "compiler/emulator/Fibers.h"

#include "runtime/device/Device.h"

#include <sys/mman.h>

#include <cstdlib>

namespace descent::emulator {

namespace {

constexpr size_t localAlignment = 128;

} // namespace

DESCENT_NEVER_RETURNS void enterFiber(Fiber *fiber);

extern "C" {
void descent_emulator_start();
DESCENT_NEVER_RETURNS void descent_emulator_enter(void *fiber) {
  enterFiber(static_cast<Fiber *>(fiber));
}
}

// The jump at its end is predicted by what was before; a return would be by the stack of the other.
asm(R"(
  .text
  .globl descent_emulator_switch
  .type descent_emulator_switch, @function
descent_emulator_switch:
  .cfi_startproc
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  popq %rcx
  jmpq *%rcx
  .cfi_endproc
  .size descent_emulator_switch, .-descent_emulator_switch

  .globl descent_emulator_start
  .type descent_emulator_start, @function
descent_emulator_start:
  .cfi_startproc
  .cfi_undefined %rip
  movq %rbx, %rdi
  call descent_emulator_enter
  ud2
  .cfi_endproc
  .size descent_emulator_start, .-descent_emulator_start
)");

Fiber::Fiber() {
  void *mapped = mmap(nullptr, guardBytes + stackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED || mprotect(mapped, guardBytes, PROT_NONE) != 0)
    throw device::DeviceError("the emulator has no room for the stack of a thread");
  memory = static_cast<char *>(mapped);
#if __has_feature(thread_sanitizer)
  sanitizerFiber = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#if __has_feature(thread_sanitizer)
  __tsan_destroy_fiber(sanitizerFiber);
#endif
  munmap(memory, guardBytes + stackBytes);
}

void Fiber::start(void (*function)(void *), void *value) {
  entry = function;
  argument = value;
  fakeStack = nullptr;
  // What descent_emulator_switch pops: r15, r14, r13, r12, rbx, rbp, the address to return to.
  auto *words = reinterpret_cast<uint64_t *>(memory + guardBytes + stackBytes) - 7;
  words[0] = words[1] = words[2] = words[3] = words[5] = 0;
  words[4] = reinterpret_cast<uint64_t>(this);
  words[6] = reinterpret_cast<uint64_t>(&descent_emulator_start);
  stopped = words;
}

void Fiber::leaveForGood() {
#if __has_feature(address_sanitizer)
  __sanitizer_start_switch_fiber(nullptr, callerStack, callerStackBytes);
#endif
#if __has_feature(thread_sanitizer)
  __tsan_switch_to_fiber(callerSanitizerFiber, 0);
#endif
  descent_emulator_switch(&stopped, caller);
}

void Fiber::end() {
  leaveForGood();
  std::abort();
}

void Fiber::run() {
#if __has_feature(address_sanitizer)
  __sanitizer_finish_switch_fiber(nullptr, &callerStack, &callerStackBytes);
#endif
  entry(argument);
  end();
}

void enterFiber(Fiber *fiber) {
  fiber->run();
}

char *Fiber::localMemory(size_t bytes) {
  if (bytes > localBytes) {
    local = std::make_unique_for_overwrite<char[]>(bytes + localAlignment);
    localBytes = bytes;
  }
  auto address = reinterpret_cast<uintptr_t>(local.get());
  return local.get() + (-address & (localAlignment - 1));
}

Fiber *FiberPool::take() {
  if (idle.empty()) {
    all.push_back(std::make_unique<Fiber>());
    return all.back().get();
  }
  Fiber *fiber = idle.back();
  idle.pop_back();
  return fiber;
}

} // namespace descent::emulator
