// A device without a card: LLVM IR made for NVPTX, run by this process, every access checked.
//
// What it takes is bitcode before the NVPTX back end: kernels (calling convention `ptx_kernel`,
// parameters of 64 bits), the functions that they call, shared variables (address space 3, also the
// one without a size for dynamic shared memory), tables and mutable variables (address spaces 0, 1
// and 4), the special registers of one dimension or more, barriers, warp operations (`shfl.sync`,
// `vote.sync`, `match.sync`, `redux.sync`, `bar.warp.sync`, `mma.sync` m16n8k8 of tf32, m16n8k16 of
// bf16 and m8n8k4 and m16n8k8 of f64), atomics, fences, volatile accesses.
// `load` refuses, with the name of what it met, whatever it cannot run: inline assembly, indirect
// calls, recursion, functions without a body, local memory of a size not known when it is compiled.
//
// How it runs. Each thread of a launch is a fiber; as many blocks as would fit a card of that many
// processors are in flight, and their threads take turns in an order drawn from `seed`. A thread
// may lose its turn at barriers, warp operations, atomics, volatile reads, `nanosleep`, and now and
// then at any access. Launches run in a thread of the emulator's own, in order, so that the host
// can talk to a kernel through a mailbox. Memory is sequentially consistent; what a weaker memory
// could make of a program is found by the check for races instead.
//
// What it reports (as DeviceError from isIdle and wait, once; launches behind the faulty one are
// dropped, and the device can be used again), each with kernel, block, thread and
// `file:line:column`:
//  - a data race: two accesses of different threads to the same bytes of shared or global memory,
//    at least one a write, not both atomic, and neither ordered before the other. What orders: a barrier for the
//    threads of a block; `bar.warp.sync` for the lanes in its mask (a shuffle or a vote orders no
//    memory); the grid barrier; a release and the acquire that reads it (orderings of atomics, or
//    fences beside relaxed or volatile ones; of scope "block" for the threads of a block only); and
//    chains of these.
//  - an access outside of every live allocation, outside of a shared or local variable, to memory
//    that was released, to the shared or local memory of others, a write to a constant;
//  - an address that is not as aligned as the instruction says;
//  - a read of shared memory that no thread of the block has written (and of global memory that
//    nobody has written, where asked for);
//  - a barrier that some threads of the block cannot reach: they have ended, or wait elsewhere; a
//    warp operation whose mask names a lane that has ended or waits elsewhere, or leaves out its
//    own; the grid barrier in a launch that is not cooperative, or left before all threads have
//    arrived;
//  - deadlock: all threads wait, or do nothing but read memory that nobody changes any more;
//  - a division by zero, a trap, code that must not be reached.
//
// What it costs (one core at 3 GHz or so, the development build): to load an empty kernel 3 ms, an
// empty launch 0.01 ms and 35 ns for each thread, a checked access 13 ns, a barrier or a warp
// operation 50 ns for each thread that takes part, an atomic 55 ns, a poll 80 ns.
//
// Not seen: a race on bytes of one 4-byte word after a third thread wrote or read other bytes of it;
// more than two concurrent readers, where atomics order some of them; local memory read before it
// is written.
#pragma once

#include "runtime/device/Device.h"

#include <cstdint>
#include <memory>

namespace descent::emulator {

struct EmulatorOptions {
  /// The order in which threads take turns.
  uint64_t seed = 1;
  /// Streaming multiprocessors: each holds 2048 threads, 32 blocks and 228 KiB of shared memory.
  int processors = 2;
  /// At most so many blocks are in flight; 0: as many as the processors hold.
  int residentBlocks = 0;
  /// The memory of the device.
  int64_t memoryBytes = int64_t(1) << 30;
  /// Whether accesses are checked. Without, a faulty kernel can take the process with it.
  bool checks = true;
  /// Whether reads of global memory that neither a kernel nor a copy has written are reported.
  bool checkUnwrittenGlobal = false;
  /// Whether `descent_grid_barrier` is known to order all that was before it. Without, only what
  /// its own atomics and fences order is ordered, as for any other function.
  bool trustGridBarrier = true;
  /// Whether kernels that leave for products are run again without the host (Device::repeat).
  bool repeats = true;
  /// A thread loses its turn at one of so many plain accesses, on average; 0: never.
  uint32_t switchEvery = 256;
  /// Where it is counted how often all threads of a launch have waited for each other; null: nowhere.
  int64_t *gridWaits = nullptr;
};

/// Throws DeviceError where this process has no room for it.
std::unique_ptr<device::Device> makeEmulator(const EmulatorOptions &options = {});

} // namespace descent::emulator
