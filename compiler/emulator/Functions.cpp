#include "compiler/emulator/Functions.h"

#include "compiler/emulator/Machine.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace descent::emulator {

namespace {

uint32_t threadIndex(Machine *machine) {
  return machine->thread().index;
}
uint32_t blockIndex(Machine *machine) {
  return machine->thread().block->index;
}
uint32_t threadCount(Machine *machine) {
  return machine->threadsPerBlock();
}
uint32_t blockCount(Machine *machine) {
  return machine->blockCount();
}
void *shared(Machine *machine, uint32_t number) {
  return reinterpret_cast<void *>(machine->sharedVariable(number));
}
void *dynamicShared(Machine *machine) {
  return reinterpret_cast<void *>(machine->dynamicShared());
}
void *local(Machine *machine) {
  return machine->thread().local;
}
void touch(Machine *machine, void *address, uint64_t bytes, const Access *access) {
  machine->touch(reinterpret_cast<uint64_t>(address), bytes, *access);
}
void pass(Machine *machine, const Access *access) {
  machine->pass(*access);
}
void tick(Machine *machine) {
  machine->tick();
}
void fence(Machine *machine, const Access *access) {
  machine->fence(*access);
}
uint64_t barrier(Machine *machine, uint32_t id, uint32_t threads, uint32_t condition,
                 const Access *access) {
  return machine->barrier(id, threads, condition, *access);
}
void arrive(Machine *machine, uint32_t id, uint32_t threads, const Access *access) {
  machine->arrive(id, threads, *access);
}
uint64_t warpOp(Machine *machine, uint32_t mask, uint64_t value, uint32_t operand, uint32_t clamp,
                const Access *access) {
  return machine->warpOp(mask, value, operand, clamp, *access);
}
void gridArrive(Machine *machine, const Access *access) {
  machine->gridArrive(*access);
}
void gridLeave(Machine *machine, const Access *access) {
  machine->gridLeave(*access);
}
void nanosleep(Machine *machine) {
  machine->nanosleep();
}
uint64_t clockTime(Machine *machine) {
  return machine->nanoseconds();
}
DESCENT_NEVER_RETURNS void exitThread(Machine *machine) {
  machine->exit();
}
DESCENT_NEVER_RETURNS void fault(Machine *machine, const Access *access) {
  machine->fault(*access);
}

template <typename F> void *address(F *function) {
  return reinterpret_cast<void *>(function);
}

const Function table[] = {
    {"descent_emulator_thread", address(threadIndex), "ip", Function::Effect::Pure},
    {"descent_emulator_block", address(blockIndex), "ip", Function::Effect::Pure},
    {"descent_emulator_threads", address(threadCount), "ip", Function::Effect::Pure},
    {"descent_emulator_blocks", address(blockCount), "ip", Function::Effect::Pure},
    {"descent_emulator_shared", address(shared), "ppi", Function::Effect::Pure},
    {"descent_emulator_dynamic", address(dynamicShared), "pp", Function::Effect::Pure},
    {"descent_emulator_local", address(local), "pp", Function::Effect::Pure},
    {"descent_emulator_touch", address(touch), "vpplp", Function::Effect::Check},
    {"descent_emulator_atomic", address(touch), "vpplp", Function::Effect::Meet},
    {"descent_emulator_pass", address(pass), "vpp", Function::Effect::Meet},
    {"descent_emulator_tick", address(tick), "vp", Function::Effect::Check},
    {"descent_emulator_fence", address(fence), "vpp", Function::Effect::Meet},
    {"descent_emulator_barrier", address(barrier), "lpiiip", Function::Effect::Meet},
    {"descent_emulator_arrive", address(arrive), "vpiip", Function::Effect::Meet},
    {"descent_emulator_warp", address(warpOp), "lpiliip", Function::Effect::Meet},
    {"descent_emulator_grid_arrive", address(gridArrive), "vpp", Function::Effect::Meet},
    {"descent_emulator_grid_leave", address(gridLeave), "vpp", Function::Effect::Meet},
    {"descent_emulator_nanosleep", address(nanosleep), "vp", Function::Effect::Meet},
    {"descent_emulator_clock", address(clockTime), "lp", Function::Effect::Meet},
    {"descent_emulator_exit", address(exitThread), "vp", Function::Effect::Last},
    {"descent_emulator_fault", address(fault), "vpp", Function::Effect::Last},
};

using Unary = double (*)(double);
using UnaryF = float (*)(float);
using Binary = double (*)(double, double);
using BinaryF = float (*)(float, float);

extern "C" {
_Float16 __truncsfhf2(float);
_Float16 __truncdfhf2(double);
float __extendhfsf2(_Float16);
}

/// Rounded to the nearest, ties to even.
__bf16 bfloatOf(float value) {
  auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value))
    bits |= 0x40'0000;
  else
    bits += 0x7fff + (bits >> 16 & 1);
  return std::bit_cast<__bf16>(static_cast<uint16_t>(bits >> 16));
}

__bf16 bfloatOfDouble(double value) {
  auto near = static_cast<float>(value);
  auto bits = std::bit_cast<uint32_t>(near);
  // Rounded to odd, so that rounding again is as rounding once.
  if (!std::isnan(value) && near != value && !std::isinf(near)) {
    bits -= std::fabs(static_cast<double>(near)) > std::fabs(value);
    bits |= 1;
  }
  return bfloatOf(std::bit_cast<float>(bits));
}

#define UNARY(name)                                                                                \
  {#name, address(static_cast<Unary>(&::name))}, {                                                 \
    #name "f", address(static_cast<UnaryF>(&::name##f))                                            \
  }
#define BINARY(name)                                                                               \
  {#name, address(static_cast<Binary>(&::name))}, {                                                \
    #name "f", address(static_cast<BinaryF>(&::name##f))                                           \
  }

const LibraryFunction library[] = {
    {"memcpy", address(&std::memcpy)},
    {"memmove", address(&std::memmove)},
    {"memset", address(&std::memset)},
    {"fma", address(static_cast<double (*)(double, double, double)>(&::fma))},
    {"fmaf", address(static_cast<float (*)(float, float, float)>(&::fmaf))},
    {"ldexp", address(static_cast<double (*)(double, int)>(&::ldexp))},
    {"ldexpf", address(static_cast<float (*)(float, int)>(&::ldexpf))},
    UNARY(floor),
    UNARY(ceil),
    UNARY(trunc),
    UNARY(rint),
    UNARY(nearbyint),
    UNARY(round),
    UNARY(sqrt),
    UNARY(sin),
    UNARY(cos),
    UNARY(tan),
    UNARY(exp),
    UNARY(exp2),
    UNARY(log),
    UNARY(log2),
    UNARY(log10),
    UNARY(tanh),
    BINARY(pow),
    BINARY(fmod),
    BINARY(fmin),
    BINARY(fmax),
    // In the rounding mode that everything runs in, the two are the same.
    {"roundeven", address(static_cast<Unary>(&::rint))},
    {"roundevenf", address(static_cast<UnaryF>(&::rintf))},
    {"__truncsfbf2", address(&bfloatOf)},
    {"__truncdfbf2", address(&bfloatOfDouble)},
    {"__truncsfhf2", address(&__truncsfhf2)},
    {"__truncdfhf2", address(&__truncdfhf2)},
    {"__extendhfsf2", address(&__extendhfsf2)},
};

#undef UNARY
#undef BINARY

} // namespace

std::span<const Function> functions() {
  return table;
}

std::span<const LibraryFunction> libraryFunctions() {
  return library;
}

} // namespace descent::emulator
