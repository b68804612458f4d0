// The same interface on a real card; without one, each test says why it is skipped.
#include "runtime/device/cuda/Cuda.h"
#include "runtime/device/cuda/Nvml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace descent::device {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// What waits for the host gives up after ten seconds, so that a test that fails ends.
constexpr const char *kPtx = R"(
.version 6.3
.target sm_70
.address_size 64

.extern .shared .align 8 .b8 dynamic[];

// *place += amount
.visible .entry add(.param .u64 add_place, .param .u64 add_amount) {
  .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [add_place];
  ld.param.u64 %rd2, [add_amount];
  ld.global.u64 %rd3, [%rd1];
  add.s64 %rd3, %rd3, %rd2;
  st.global.u64 [%rd1], %rd3;
  ret;
}

// Until mailbox[1] is set: the first thread writes each number of mailbox[2] to a place, then to mailbox[0].
.visible .entry serve(.param .u64 serve_mailbox, .param .u64 serve_place) {
  .reg .pred %p;
  .reg .pred %others;
  .reg .b32 %r<3>;
  .reg .b64 %rd<8>;
  mov.u32 %r1, %tid.x;
  mov.u32 %r2, %ctaid.x;
  or.b32 %r1, %r1, %r2;
  setp.ne.s32 %others, %r1, 0;
  ld.param.u64 %rd1, [serve_mailbox];
  ld.param.u64 %rd2, [serve_place];
  mov.u64 %rd3, %globaltimer;
  add.s64 %rd3, %rd3, 10000000000;
wait:
  mov.u64 %rd4, %globaltimer;
  setp.gt.u64 %p, %rd4, %rd3;
  @%p bra end;
  ld.volatile.global.u64 %rd5, [%rd1+8];
  setp.ne.s64 %p, %rd5, 0;
  @%p bra end;
  @%others bra wait;
  ld.volatile.global.u64 %rd6, [%rd1+16];
  ld.volatile.global.u64 %rd7, [%rd1];
  setp.eq.s64 %p, %rd6, %rd7;
  @%p bra wait;
  st.global.u64 [%rd2], %rd6;
  membar.sys;
  st.volatile.global.u64 [%rd1], %rd6;
  bra wait;
end:
  ret;
}

// Spins for so many nanoseconds.
.visible .entry spin(.param .u64 spin_for) {
  .reg .pred %p;
  .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [spin_for];
  mov.u64 %rd2, %globaltimer;
  add.s64 %rd2, %rd2, %rd1;
again:
  mov.u64 %rd3, %globaltimer;
  setp.lt.u64 %p, %rd3, %rd2;
  @%p bra again;
  ret;
}

// A word by way of shared memory at an offset.
.visible .entry through(.param .u64 through_place, .param .u64 through_offset) {
  .reg .b64 %rd<6>;
  ld.param.u64 %rd1, [through_place];
  ld.param.u64 %rd2, [through_offset];
  mov.u64 %rd3, dynamic;
  add.s64 %rd3, %rd3, %rd2;
  ld.global.u64 %rd4, [%rd1];
  st.shared.u64 [%rd3], %rd4;
  ld.shared.u64 %rd5, [%rd3];
  add.s64 %rd5, %rd5, 1;
  st.global.u64 [%rd1], %rd5;
  ret;
}

// Writes where nothing is.
.visible .entry stray() {
  .reg .b64 %rd<2>;
  mov.u64 %rd1, 16;
  st.global.u64 [%rd1], %rd1;
  ret;
}
)";

/// What a call throws, or "nothing".
template <class Call> std::string problemOf(Call &&call) {
  try {
    call();
  } catch (const DeviceError &error) {
    return error.what();
  }
  return "nothing";
}

using Arguments = std::vector<uint64_t>;

class CardTest : public testing::Test {
protected:
  void SetUp() override {
    if (std::string why = whyNoCuda(); !why.empty())
      GTEST_SKIP() << why;
  }
};

TEST_F(CardTest, IsDescribed) {
  CudaStatus status = findCuda();
  ASSERT_FALSE(status.cards.empty());
  const CudaCard &card = status.cards[0];
  auto device = openCuda();
  const Properties &properties = device->properties();
  RecordProperty("card", card.name);
  RecordProperty("driver", status.version);
  EXPECT_EQ(properties.name, card.name);
  EXPECT_GE(properties.major, 7);
  EXPECT_GE(properties.processors, 1);
  EXPECT_EQ(properties.threadsPerBlock, 1024);
  EXPECT_EQ(properties.sharedBytes, 48 << 10);
  EXPECT_GE(properties.mostSharedBytes, 64 << 10);
  EXPECT_TRUE(properties.launchesCooperatively);
  int64_t free = device->freeBytes();
  EXPECT_GT(free, 0);
  EXPECT_LE(free, properties.memoryBytes);
  std::string problem;
  if (auto sensors = openSensors(device->bus(), problem)) {
    EXPECT_GT(sensors->watts().value_or(1), 0);
    EXPECT_GT(sensors->processorMegahertz().value_or(1), 0);
  } else {
    EXPECT_NE(problem, "");
  }
}

TEST_F(CardTest, CopiesAndKernels) {
  auto device = openCuda();
  std::vector<char> from((20 << 20) + 13), to(from.size());
  for (size_t i = 0; i < from.size(); ++i)
    from[i] = char(i * 31 + i / 4096);
  Address address = device->allocate(int64_t(from.size()));
  EXPECT_EQ(address % 256, 0u);
  device->copyTo(address, from.data(), int64_t(from.size()));
  device->copyFrom(to.data(), address, int64_t(to.size()));
  EXPECT_TRUE(from == to);
  Address copy = device->allocate(int64_t(from.size()));
  device->copyWithin(copy, address, int64_t(from.size()));
  std::ranges::fill(to, 0);
  device->copyFrom(to.data(), copy, int64_t(to.size()));
  EXPECT_TRUE(from == to);
  device->release(copy);
  device->release(address);

  Address sum = device->allocate(8);
  int64_t value = 1;
  device->copyTo(sum, &value, 8);
  auto program = device->load(kPtx);
  Arguments add{sum, 3};
  for (int i = 0; i < 1000; ++i)
    program->launch("add", {1, 1}, add);
  device->wait();
  EXPECT_TRUE(device->isIdle());
  device->copyFrom(&value, sum, 8);
  EXPECT_EQ(value, 3001);
  device->release(sum);
}

TEST_F(CardTest, TheHostWorksWhileAKernelRuns) {
  auto device = openCuda();
  Device::Mailbox mailbox = device->allocateMailbox(24);
  auto *words = static_cast<std::atomic<int64_t> *>(mailbox.host);
  Address place = device->allocate(8);
  auto program = device->load(kPtx);
  // As many blocks as the card holds: there is no room for a copy that would be a kernel.
  int blocks = program->residentBlocks("serve", 1024, 0);
  EXPECT_GE(blocks, device->properties().processors);
  program->launch("serve", {blocks, 1024, 0, true}, Arguments{mailbox.device, place});
  auto start = std::chrono::steady_clock::now();
  std::vector<char> data(12 << 20, 'x'), back(data.size());
  for (int64_t asked : {10, 20}) {
    words[2] = asked;
    while (words[0] != asked && !device->isIdle())
      std::this_thread::yield();
    EXPECT_FALSE(device->isIdle());
    int64_t value = 0;
    device->copyFrom(&value, place, 8);
    EXPECT_EQ(value, asked);
    // Memory that was not had before, too.
    Address more = device->allocate(int64_t{100} * asked << 20 >> 3);
    device->copyTo(more, data.data(), int64_t(data.size()));
    device->copyFrom(back.data(), more, int64_t(back.size()));
    EXPECT_TRUE(data == back);
    device->release(more);
  }
  EXPECT_FALSE(device->isIdle());
  words[1] = 1;
  device->wait();
  // Else something waited for the kernel to give up.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(9));
  device->release(place);
  device->releaseMailbox(mailbox);
}

TEST_F(CardTest, TwoProcessesShareTheCard) {
  auto device = openCuda();
  auto program = device->load(kPtx);
  Address sum = device->allocate(int64_t{100} << 20);
  int64_t value = 0;
  device->copyTo(sum, &value, 8);
  std::string self = std::filesystem::read_symlink("/proc/self/exe"),
              filter = "--gtest_filter=CardTest.CopiesAndKernels:CardTest.TheHostWorks*";
  char *arguments[] = {self.data(), filter.data(), nullptr};
  pid_t other = 0;
  ASSERT_EQ(posix_spawn(&other, self.c_str(), nullptr, nullptr, arguments, environ), 0);
  int status = 0, launches = 0;
  while (waitpid(other, &status, WNOHANG) == 0) {
    program->launch("add", {1, 1}, Arguments{sum, 1});
    device->wait();
    ++launches;
  }
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  device->copyFrom(&value, sum, 8);
  EXPECT_EQ(value, launches);
}

TEST_F(CardTest, MeasuresLaunches) {
  auto device = openCuda({.timesLaunches = true});
  auto program = device->load(kPtx);
  program->launch("spin", {1, 1}, Arguments{50'000'000});
  EXPECT_GE(device->lastLaunchSeconds(), 0.049);
  EXPECT_LT(device->lastLaunchSeconds(), 1);
}

TEST_F(CardTest, SharedMemoryBeyondTheUsual) {
  auto device = openCuda();
  auto program = device->load(kPtx);
  Address place = device->allocate(8);
  int64_t value = 41, most = device->properties().mostSharedBytes;
  device->copyTo(place, &value, 8);
  program->launch("through", {1, 1, most}, Arguments{place, uint64_t(most) - 8});
  device->wait();
  device->copyFrom(&value, place, 8);
  EXPECT_EQ(value, 42);
  EXPECT_EQ(program->residentBlocks("through", 32, most), device->properties().processors);
  EXPECT_THAT(problemOf([&] { program->launch("through", {1, 1, most + 8}, Arguments{place, 0}); }),
              HasSubstr("bytes of shared memory for each block, and"));
}

TEST_F(CardTest, Complaints) {
  auto device = openCuda();
  auto program = device->load(kPtx);
  EXPECT_THAT(problemOf([&] { program->launch("nothing", {}, {}); }),
              AllOf(StartsWith("cannot find the kernel 'nothing' on GPU 0 ("),
                    HasSubstr("CUDA_ERROR_NOT_FOUND")));
  int blocks = program->residentBlocks("spin", 1024, 0) + 1;
  EXPECT_THAT(
      problemOf([&] { program->launch("spin", {blocks, 1024, 0, true}, Arguments{1}); }),
      HasSubstr("have to run at the same time, and " + std::to_string(blocks - 1) + " can"));
  EXPECT_THAT(problemOf([&] { program->launch("spin", {1, 2048}, Arguments{1}); }),
              HasSubstr("1 blocks of 2048 threads"));
  EXPECT_THAT(problemOf([&] { device->load(".version 6.3\n.target sm_70\nnonsense\n"); }),
              AllOf(HasSubstr("the driver's compiler says: "), HasSubstr("line 3")));
  EXPECT_THAT(problemOf([&] { device->load(".version 99.0\n.target sm_70\n"); }),
              StartsWith("cannot "));
  int64_t far = device->properties().memoryBytes * 2;
  try {
    device->allocate(far);
    FAIL();
  } catch (const OutOfDeviceMemory &error) {
    EXPECT_EQ(error.asked(), far);
    EXPECT_GT(error.free(), 0);
  }
  // None of that did any harm.
  program->launch("spin", {1, 1}, Arguments{1});
  device->wait();
}

/// Keeps the last image.
class Memory : public CodeStore {
public:
  std::optional<std::string> find(Parts) override { return image; }
  void keep(Parts, std::string_view made) override {
    image = made;
    ++count;
  }
  std::optional<std::string> image;
  int count = 0;
};

TEST_F(CardTest, MachineCodeIsTakenFromTheStore) {
  Memory store;
  auto device = openCuda({.store = &store});
  device->load(kPtx);
  EXPECT_EQ(store.count, 1);
  ASSERT_TRUE(store.image);
  EXPECT_THAT(*store.image, StartsWith("\x7f"
                                       "ELF"));
  auto program = device->load("this is not compiled");
  EXPECT_EQ(store.count, 1);
  EXPECT_GE(program->residentBlocks("add", 32, 0), 1);
  store.image = "no image";
  device->load(kPtx);
  EXPECT_EQ(store.count, 2);
}

TEST_F(CardTest, NothingIsLeftBehind) {
  auto first = openCuda();
  int64_t before = first->freeBytes();
  for (int i = 0; i < 1000; ++i) {
    auto device = openCuda();
    Address address = device->allocate(1000 + i * 1000);
    if (i % 2)
      device->release(address);
    auto mailbox = device->allocateMailbox(64);
    device->releaseMailbox(mailbox);
    if (i % 50 == 0)
      device->load(kPtx);
  }
  EXPECT_GE(first->freeBytes(), before - (int64_t{32} << 20));
}

TEST_F(CardTest, AKernelThatFails) {
  {
    auto device = openCuda();
    auto program = device->load(kPtx);
    Address place = device->allocate(8);
    program->launch("stray", {1, 1}, {});
    std::string why = problemOf([&] { device->wait(); });
    EXPECT_THAT(why, AllOf(StartsWith("the kernel 'stray' failed on GPU 0 ("),
                           HasSubstr("it read or wrote outside of its arrays"),
                           HasSubstr("CUDA_ERROR_ILLEGAL_ADDRESS")));
    EXPECT_EQ(problemOf([&] { device->allocate(8); }), why);
    device->release(place);
  }
  // The card is as new, or else the driver, whose manual promises that to another process only,
  // says what happened.
  std::string again = problemOf([] {
    auto device = openCuda();
    auto program = device->load(kPtx);
    program->launch("spin", {1, 1}, Arguments{1});
    device->wait();
  });
  RecordProperty("again", again);
  EXPECT_THAT(again, testing::AnyOf("nothing", HasSubstr("CUDA_ERROR_ILLEGAL_ADDRESS")));
}

} // namespace
} // namespace descent::device
