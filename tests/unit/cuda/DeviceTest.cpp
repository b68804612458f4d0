// The device on a fake driver: memory, copies, kernels, what is given back.
#include "Support.h"

#include "compiler/cache/DeviceStore.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

namespace descent::test {
namespace {

using namespace device;
using testing::HasSubstr;

TEST_F(CudaTest, WhatItIs) {
  fake->cards = 2;
  auto device = openCuda({.card = 1});
  const Properties &properties = device->properties();
  EXPECT_EQ(properties.name, "Fake 1");
  EXPECT_EQ(properties.driver, "13.0");
  EXPECT_EQ(properties.major, 9);
  EXPECT_EQ(properties.minor, 0);
  EXPECT_EQ(properties.processors, 4);
  EXPECT_EQ(properties.threadsPerBlock, 1024);
  EXPECT_EQ(properties.sharedBytes, 48 << 10);
  EXPECT_EQ(properties.mostSharedBytes, 100 << 10);
  EXPECT_EQ(properties.memoryBytes, int64_t{1} << 30);
  EXPECT_TRUE(properties.launchesCooperatively);
  EXPECT_EQ(device->bus(), "0000:11:00.0");
  EXPECT_EQ(device->freeBytes(), int64_t{1} << 30);
}

TEST_F(CudaTest, CopiesOfAllSizes) {
  auto device = openCuda();
  // Around the sizes of the two buffers that copies go through.
  constexpr int64_t buffer = 4 << 20;
  for (int64_t bytes : {int64_t{0}, int64_t{1}, int64_t{3}, buffer - 1, buffer, buffer + 1,
                        2 * buffer, 2 * buffer + 1, 5 * buffer + 12345}) {
    std::vector<char> from(size_t(bytes) + 2, 'x'), to(size_t(bytes) + 2, '.');
    for (int64_t i = 0; i < bytes; ++i)
      from[size_t(i)] = char(i * 31 + i / 4096);
    Address address = device->allocate(bytes + 256);
    EXPECT_EQ(address % 256, 0u);
    device->copyTo(address, from.data(), bytes);
    device->copyFrom(to.data() + 1, address, bytes);
    EXPECT_TRUE(std::equal(from.begin(), from.begin() + bytes, to.begin() + 1)) << bytes;
    EXPECT_EQ(to.front(), '.');
    EXPECT_EQ(to.back(), '.');
    Address copy = device->allocate(bytes + 1);
    device->copyWithin(copy, address, bytes);
    std::ranges::fill(to, '.');
    device->copyFrom(to.data() + 1, copy, bytes);
    EXPECT_TRUE(std::equal(from.begin(), from.begin() + bytes, to.begin() + 1)) << bytes;
    device->release(copy);
    device->release(address);
  }
}

TEST_F(CudaTest, KernelsRunInOrder) {
  addKernel();
  fake->kernels["double"] = {[](const FakeLaunch &how) {
                               *reinterpret_cast<int64_t *>(how.arguments[0]) *= 2;
                               return 0;
                             },
                             1};
  auto device = openCuda();
  Address sum = device->allocate(8);
  int64_t value = 1;
  device->copyTo(sum, &value, 8);
  auto program = device->load(ptxOf({"add", "double"}));
  std::vector<uint64_t> add{sum, 3}, twice{sum};
  program->launch("add", {}, add);
  program->launch("double", {.blocks = 2, .threads = 64}, twice);
  program->launch("add", {}, add);
  add[1] = 1000; // the arguments are those of the launch
  device->wait();
  EXPECT_TRUE(device->isIdle());
  device->copyFrom(&value, sum, 8);
  EXPECT_EQ(value, (1 + 3) * 2 + 3);
  device->release(sum);
}

/// A kernel that runs until the mailbox says stop (word 1). Meanwhile it writes each number that it
/// is asked for (word 2) to a place on the card, and then to word 0.
FakeKernel persistent() {
  return {[](const FakeLaunch &how) {
            auto *mailbox = reinterpret_cast<std::atomic<int64_t> *>(how.arguments[0]);
            auto *place = reinterpret_cast<int64_t *>(how.arguments[1]);
            while (mailbox[1] == 0) {
              if (mailbox[2] != mailbox[0]) {
                *place = mailbox[2];
                mailbox[0] = *place;
              }
              std::this_thread::yield();
            }
            return 0;
          },
          2};
}

TEST_F(CudaTest, MailboxAndCopiesWhileAKernelRuns) {
  fake->kernels["loop"] = persistent();
  auto device = openCuda();
  Device::Mailbox mailbox = device->allocateMailbox(24);
  auto *words = static_cast<std::atomic<int64_t> *>(mailbox.host);
  EXPECT_EQ(words[0], 0);
  EXPECT_EQ(words[1], 0);
  Address place = device->allocate(8), other = device->allocate(int64_t{100} << 20);
  int64_t value = 0;
  device->copyTo(place, &value, 8);
  auto program = device->load(ptxOf({"loop"}));
  program->launch("loop", {.blocks = 8, .cooperative = true},
                  std::vector<uint64_t>{mailbox.device, place});
  for (int64_t asked : {10, 20}) {
    words[2] = asked;
    while (words[0] != asked)
      std::this_thread::yield();
    EXPECT_FALSE(device->isIdle());
    device->copyFrom(&value, place, 8);
    EXPECT_EQ(value, asked);
  }
  // Neither releasing nor allocating waits for the kernel, which would be for ever.
  Address more = device->allocate(int64_t{10} << 20);
  device->copyTo(more, &value, 8);
  device->release(other);
  EXPECT_EQ(device->allocate(int64_t{100} << 20), other);
  device->release(other);
  EXPECT_EQ(device->memoryUse().heldBytes, int64_t{112} << 20);
  words[1] = 1;
  device->wait();
  EXPECT_TRUE(device->isIdle());
  // Now what is beyond the reserve goes back.
  device->release(place);
  EXPECT_EQ(device->memoryUse().heldBytes, 12 << 20);
  device->release(more);
  device->releaseMailbox(mailbox);
}

TEST_F(CudaTest, EndsAfterItsKernels) {
  // Memory of a kernel that runs is not given to others.
  fake->kernels["slow"] = {[](const FakeLaunch &how) {
                             std::this_thread::sleep_for(std::chrono::milliseconds(30));
                             *reinterpret_cast<int64_t *>(how.arguments[0]) = 7;
                             return 0;
                           },
                           1};
  auto device = openCuda();
  auto program = device->load(ptxOf({"slow"}));
  program->launch("slow", {}, std::vector<uint64_t>{device->allocate(8)});
  program.reset();
  device.reset();
}

TEST_F(CudaTest, ManyDevicesLeaveNothingBehind) {
  addKernel();
  for (int i = 0; i < 1000; ++i) {
    auto device = openCuda({.timesLaunches = i % 2 == 0});
    auto program = device->load(ptxOf({"add"}));
    Address sum = device->allocate(8);
    int64_t value = i;
    device->copyTo(sum, &value, 8);
    program->launch("add", {}, std::vector<uint64_t>{sum, 1});
    device->wait();
    device->copyFrom(&value, sum, 8);
    ASSERT_EQ(value, i + 1);
    Device::Mailbox mailbox = device->allocateMailbox(64);
    device->releaseMailbox(mailbox);
    // What is not released goes with the device.
    if (i % 3 == 0)
      device->release(sum);
    program.reset();
    device.reset();
    ASSERT_EQ(fake->memory.size(), 0u);
    ASSERT_EQ(fake->pinned + fake->streams + fake->events + fake->contexts + fake->modules, 0);
  }
}

TEST_F(CudaTest, TwoDevicesShareTheCard) {
  auto one = openCuda(), two = openCuda();
  Address a = one->allocate(1000), b = two->allocate(1000);
  int value = 5, other = 6;
  one->copyTo(a, &value, 4);
  two->copyTo(b, &other, 4);
  one.reset();
  two->copyFrom(&value, b, 4);
  EXPECT_EQ(value, 6);
}

TEST_F(CudaTest, MeasuresLaunches) {
  fake->kernels["nap"] = {[](const FakeLaunch &) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return 0;
  }};
  auto device = openCuda({.timesLaunches = true});
  EXPECT_EQ(device->lastLaunchSeconds(), std::nullopt);
  auto program = device->load(ptxOf({"nap"}));
  program->launch("nap", {}, {});
  EXPECT_GE(device->lastLaunchSeconds(), 0.019);
  EXPECT_LT(device->lastLaunchSeconds(), 5);
  program.reset();
  auto unmeasured = openCuda();
  program = unmeasured->load(ptxOf({"nap"}));
  program->launch("nap", {}, {});
  EXPECT_EQ(unmeasured->lastLaunchSeconds(), std::nullopt);
  unmeasured->wait();
  program.reset();
}

TEST_F(CudaTest, SharedMemory) {
  fake->kernels["mixed"] = {[](const FakeLaunch &) { return 0; }, 0, 1024};
  auto device = openCuda();
  auto program = device->load(ptxOf({"mixed"}));
  EXPECT_EQ(program->residentBlocks("mixed", 128, 0), 8);
  // Beyond 48 KiB the driver has to be asked, once for the largest.
  program->launch("mixed", {.threads = 32, .sharedBytes = 90 << 10}, {});
  EXPECT_EQ(fake->largestShared, 90 << 10);
  program->launch("mixed", {.threads = 32, .sharedBytes = 60 << 10}, {});
  EXPECT_EQ(program->residentBlocks("mixed", 128, 90 << 10), 8);
  EXPECT_EQ(program->residentBlocks("mixed", 128, (100 << 10) - 1024), 8);
  EXPECT_EQ(problemOf([&] { program->launch("mixed", {.sharedBytes = 100 << 10}, {}); }),
            "cannot start the kernel 'mixed' on GPU 0 (Fake 0): it asks for 102400 bytes of shared "
            "memory for each block, and 101376 can be had");
  device->wait();
}

TEST_F(CudaTest, ACardWithoutMemoryPools) {
  fake->hasMemoryPools = false;
  fake->failures = {{"cuMemAllocAsync", 801}, {"cuMemFreeAsync", 801}};
  auto device = openCuda({.reserveBytes = 0});
  device->release(device->allocate(100));
  EXPECT_EQ(device->memoryUse().heldBytes, 0);
  device->allocate(100);
}

TEST_F(CudaTest, WithoutTheNewestFunctions) {
  use(FAKE_CUDA_PLAIN);
  addKernel();
  auto device = openCuda();
  auto program = device->load(ptxOf({"add"}));
  Address sum = device->allocate(8);
  int64_t value = 1;
  device->copyTo(sum, &value, 8);
  program->launch("add", {}, std::vector<uint64_t>{sum, 41});
  device->wait();
  device->copyFrom(&value, sum, 8);
  EXPECT_EQ(value, 42);
}

TEST_F(CudaTest, MachineCodeIsKept) {
  addKernel();
  std::string folder = (std::filesystem::temp_directory_path() / "descent-cuda-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  compiler::DeviceStore store{compiler::CodeCache(folder)};
  auto runOnce = [&](const std::string &ptx) {
    auto device = openCuda({.store = &store});
    auto program = device->load(ptx);
    Address sum = device->allocate(8);
    int64_t value = 1;
    device->copyTo(sum, &value, 8);
    program->launch("add", {}, std::vector<uint64_t>{sum, 1});
    device->wait();
    device->copyFrom(&value, sum, 8);
    return value;
  };
  std::string ptx = ptxOf({"add"});
  EXPECT_EQ(runOnce(ptx), 2);
  EXPECT_EQ(fake->compilations, 1);
  EXPECT_EQ(runOnce(ptx), 2);
  EXPECT_EQ(fake->compilations, 1) << "kept";
  EXPECT_EQ(fake->loads, 2);
  EXPECT_EQ(runOnce(ptx + "// other code"), 2);
  EXPECT_EQ(fake->compilations, 2);
  fake->minor = 1;
  EXPECT_EQ(runOnce(ptx), 2);
  EXPECT_EQ(fake->compilations, 3) << "another card";
  fake->version = 13010;
  EXPECT_EQ(runOnce(ptx), 2);
  EXPECT_EQ(fake->compilations, 4) << "another driver";
  EXPECT_EQ(compiler::CodeCache(folder).usage().entries, 4u);

  // An entry that is not whole is made anew.
  for (const auto &file : std::filesystem::directory_iterator(folder))
    std::filesystem::resize_file(file, file.file_size() - 1);
  EXPECT_EQ(runOnce(ptx), 2);
  EXPECT_EQ(fake->compilations, 5);
  EXPECT_EQ(runOnce(ptx), 2);
  EXPECT_EQ(fake->compilations, 5);
  std::filesystem::remove_all(folder);
}

/// Has something for every question.
class WrongStore : public CodeStore {
public:
  std::optional<std::string> find(Parts) override { return "of another driver"; }
  void keep(Parts, std::string_view image) override { kept = image; }
  std::string kept;
};

TEST_F(CudaTest, CodeThatTheDriverDoesNotTakeIsMadeAnew) {
  addKernel();
  WrongStore store;
  auto device = openCuda({.store = &store});
  auto program = device->load(ptxOf({"add"}));
  EXPECT_EQ(program->residentBlocks("add", 32, 0), 8);
  EXPECT_EQ(fake->compilations, 1);
  EXPECT_EQ(store.kept.find("\x7f"
                            "ELF "),
            0u);
}

} // namespace
} // namespace descent::test
