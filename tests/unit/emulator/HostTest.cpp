// What the host asks of the device: launches, memory, talks with a running kernel.
#include "tests/unit/emulator/Harness.h"

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

namespace descent::emulator {
namespace {

TEST(Launches, TooManyCooperativeBlocksAreRefused) {
  auto device = makeEmulator({.processors = 2, .residentBlocks = 3});
  auto program = device->load(bitcode("define ptx_kernel void @k() {\n  ret void\n}"));
  EXPECT_EQ(program->residentBlocks("k", 32, 0), 3);
  EXPECT_EQ(run(*device, *program, {.blocks = 3, .cooperative = true}, {}), "");
  EXPECT_EQ(run(*device, *program, {.blocks = 4, .cooperative = true}, {}),
            "the kernel 'k' cannot be launched: its 4 blocks are to run at the same time, and the "
            "device holds 3");
  EXPECT_EQ(run(*device, *program, {.blocks = 400}, {}), "");
  auto larger = makeEmulator({.processors = 2});
  auto same = larger->load(bitcode("define ptx_kernel void @k() {\n  ret void\n}"));
  EXPECT_EQ(same->residentBlocks("k", 1024, 0), 4);
  EXPECT_EQ(same->residentBlocks("k", 32, 0), 64);
  EXPECT_EQ(same->residentBlocks("k", 32, 100 << 10), 4);
  EXPECT_THROW(same->residentBlocks("other", 32, 0), device::DeviceError);
}

TEST(Launches, WhatCannotBeLaunchedSaysWhy) {
  auto device = makeEmulator();
  auto program = device->load(bitcode("define ptx_kernel void @k(i64 %n) {\n  ret void\n}"));
  EXPECT_EQ(run(*device, *program, {}, {}),
            "the kernel 'k' cannot be launched: it takes 1 arguments, not 0");
  EXPECT_EQ(run(*device, *program, {.threads = 2000}, {1}),
            "the kernel 'k' cannot be launched: 1 blocks of 2000 threads");
  EXPECT_EQ(run(*device, *program, {.sharedBytes = 1 << 20}, {1}),
            "the kernel 'k' cannot be launched: 0 + 1048576 bytes of shared memory");
  EXPECT_EQ(run(*device, *program, {}, {1}, "j"), "there is no kernel 'j' in the program");
}

/// Answers each number that the host writes with its double, until it is 0.
const char *const echo = R"(
define ptx_kernel void @k(ptr %box) {
entry:
  %answer = getelementptr i32, ptr %box, i32 1
  br label %wait
wait:
  %x = load atomic i32, ptr %box acquire, align 4
  %none = icmp eq i32 %x, -1
  br i1 %none, label %sleep, label %got
sleep:
  call void @llvm.nvvm.nanosleep(i32 100)
  br label %wait
got:
  %end = icmp eq i32 %x, 0
  br i1 %end, label %done, label %tell
tell:
  %y = mul i32 %x, 2
  store volatile i32 -1, ptr %box
  call void @llvm.nvvm.membar.sys()
  store volatile i32 %y, ptr %answer
  br label %wait
done:
  ret void
})";

TEST(Mailbox, ARunningKernelTalksToTheHost) {
  auto device = makeEmulator();
  auto program = device->load(bitcode(echo));
  auto box = device->allocateMailbox(8);
  auto *words = static_cast<int32_t *>(box.host);
  std::atomic_ref<int32_t> ask(words[0]), answer(words[1]);
  ask = -1;
  uint64_t arguments[] = {box.device};
  program->launch("k", {.threads = 1}, arguments);
  for (int32_t value : {21, 5, 1000}) {
    answer = -1;
    ask = value;
    while (answer == -1)
      std::this_thread::yield();
    EXPECT_EQ(answer, 2 * value);
    EXPECT_FALSE(device->isIdle());
  }
  ask = 0;
  device->wait();
  EXPECT_TRUE(device->isIdle());
  device->releaseMailbox(box);
}

TEST(Mailbox, CopiesSeeWhatAKernelHasWritten) {
  const char *text = R"(
define ptx_kernel void @k(ptr %data, ptr %box) {
entry:
  store i32 42, ptr %data
  call void @llvm.nvvm.membar.sys()
  store volatile i32 1, ptr %box
  br label %wait
wait:
  %x = load volatile i32, ptr %box
  %go = icmp eq i32 %x, 2
  br i1 %go, label %done, label %wait
done:
  store i32 43, ptr %data
  ret void
})";
  auto device = makeEmulator();
  auto program = device->load(bitcode(text));
  Array data(*device, std::vector<int32_t>{0});
  auto box = device->allocateMailbox(4);
  std::atomic_ref<int32_t> word(*static_cast<int32_t *>(box.host));
  uint64_t arguments[] = {data, box.device};
  program->launch("k", {.threads = 1}, arguments);
  while (word != 1)
    std::this_thread::yield();
  EXPECT_EQ(data.values()[0], 42);
  word = 2;
  device->wait();
  EXPECT_EQ(data.values()[0], 43);
  device->releaseMailbox(box);
}

TEST(Mailbox, ADeviceThatGoesAwayEndsItsKernels) {
  auto device = makeEmulator();
  auto box = device->allocateMailbox(8);
  std::memset(box.host, 0xff, 8);
  auto program = device->load(bitcode(echo));
  uint64_t arguments[] = {box.device};
  program->launch("k", {.blocks = 4, .threads = 64}, arguments);
  program->launch("k", {.threads = 1}, arguments);
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  program.reset();
  EXPECT_TRUE(device->isIdle());
}

TEST(DeviceMemory, IsCounted) {
  auto device = makeEmulator({.memoryBytes = 1 << 20});
  EXPECT_EQ(device->properties().name, "the emulator");
  EXPECT_EQ(device->freeBytes(), 1 << 20);
  auto first = device->allocate(600'000);
  EXPECT_EQ(first % 256, 0u);
  EXPECT_EQ(device->freeBytes(), (1 << 20) - 600'000);
  try {
    device->allocate(500'000);
    FAIL();
  } catch (const device::OutOfDeviceMemory &error) {
    EXPECT_EQ(error.asked(), 500'000);
    EXPECT_EQ(error.free(), (1 << 20) - 600'000);
    EXPECT_STREQ(error.what(),
                 "the emulated device has no room for 500000 bytes: 448576 of 1048576 are free");
  }
  device->release(first);
  EXPECT_THROW(device->release(first), device::DeviceError);
  for (int i = 0; i < 100; ++i)
    device->release(device->allocate(1'000'000));
  EXPECT_EQ(device->freeBytes(), 1 << 20);
  char byte = 0;
  auto small = device->allocate(10);
  EXPECT_THROW(device->copyTo(small + 10, &byte, 1), device::DeviceError);
  EXPECT_THROW(device->copyFrom(&byte, 16, 1), device::DeviceError);
  device->copyTo(small + 9, &byte, 1);
  device->copyWithin(small, small + 9, 1);
  char copied = 'x';
  device->copyFrom(&copied, small, 1);
  EXPECT_EQ(copied, byte);
  EXPECT_THROW(device->copyWithin(small + 10, small, 1), device::DeviceError);
  EXPECT_THROW(device->copyWithin(small, 16, 1), device::DeviceError);
}

// Memory of the host takes no room on the device; kernels read it, and may not write to it.
TEST(DeviceMemory, OfTheHostIsReadOnly) {
  auto device = makeEmulator({.memoryBytes = 1 << 20});
  std::vector<int32_t> numbers((2 << 20) / 4);
  numbers.back() = 77;
  auto shared = device->share(numbers.data(), 2 << 20);
  ASSERT_TRUE(shared);
  EXPECT_EQ(device->freeBytes(), 1 << 20);
  auto to = device->allocate(4);
  const char *copy = R"(
define ptx_kernel void @k(ptr %from, ptr %to) {
  %x = load i32, ptr %from
  store i32 %x, ptr %to
  ret void
}
)";
  uint64_t last = *shared + (2 << 20) - 4;
  EXPECT_EQ(run(*device, copy, {.threads = 1}, {last, to}), "");
  int32_t copied = 0;
  device->copyFrom(&copied, to, 4);
  EXPECT_EQ(copied, 77);
  EXPECT_NE(
      run(*device, copy, {.threads = 1}, {to, last}).find("in what the host shares to be read"),
      std::string::npos);
  EXPECT_NE(run(*device, copy, {.threads = 1}, {last + 4, to}), "");
  EXPECT_EQ(numbers.back(), 77);
  device->unshare(numbers.data());
  EXPECT_EQ(device->freeBytes(), (1 << 20) - 4);
  EXPECT_THROW(device->unshare(numbers.data()), device::DeviceError);
  EXPECT_NE(run(*device, copy, {.threads = 1}, {last, to}), "");
}

} // namespace
} // namespace descent::emulator
