// What is said when there is no GPU, and when one fails.
#include "Support.h"

#include "runtime/device/cuda/Driver.h"
#include "runtime/device/cuda/Words.h"

#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

namespace descent::test {
namespace {

using namespace device;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// All three ways to ask say the same.
std::string whyNot() {
  std::string why = whyNoCuda();
  EXPECT_EQ(findCuda().problem, why);
  EXPECT_EQ(problemOf([] { openCuda(); }), why);
  return why;
}

TEST_F(CudaTest, AllIsWell) {
  fake->cards = 2;
  CudaStatus status = findCuda();
  EXPECT_EQ(status.problem, "");
  EXPECT_EQ(whyNoCuda(), "");
  EXPECT_EQ(whyNoCuda(1), "");
  EXPECT_THAT(status.library, HasSubstr("fake_cuda"));
  EXPECT_EQ(status.version, "13.0");
  ASSERT_EQ(status.cards.size(), 2u);
  EXPECT_EQ(status.cards[1].number, 1);
  EXPECT_EQ(status.cards[1].name, "Fake 1");
  EXPECT_EQ(status.cards[1].bus, "0000:11:00.0");
  EXPECT_EQ(status.cards[1].major, 9);
  EXPECT_EQ(status.cards[1].processors, 4);
  EXPECT_EQ(status.cards[1].memoryBytes, int64_t{1} << 30);
  EXPECT_EQ(status.cards[1].problem, "");
  EXPECT_EQ(whyNoCuda(2), "there is no GPU 2: the driver shows GPU 0 to GPU 1");
  EXPECT_EQ(problemOf([] { openCuda({.card = 2}); }), whyNoCuda(2));
  EXPECT_EQ(problemOf([] { openCuda({.card = -1}); }), whyNoCuda(-1));
  fake->cards = 1;
  EXPECT_EQ(whyNoCuda(1), "there is no GPU 1: the driver shows GPU 0 only");
}

TEST_F(CudaTest, NoLibrary) {
  environment.set("DESCENT_LIBCUDA", "/nowhere/libcuda.so.1");
  EXPECT_EQ(whyNot(), "no NVIDIA driver is installed: /nowhere/libcuda.so.1: cannot open shared "
                      "object file: No such file or directory (DESCENT_LIBCUDA names it)");
  environment.set("DESCENT_LIBCUDA", "");
  EXPECT_EQ(whyNot(), "no NVIDIA driver is installed: DESCENT_LIBCUDA is empty");
  EXPECT_EQ(findCuda().library, "");
}

TEST_F(CudaTest, AFunctionIsMissing) {
  environment.set("DESCENT_LIBCUDA", OLD_CUDA);
  EXPECT_THAT(whyNot(), AllOf(StartsWith("the NVIDIA driver is too old: "),
                              HasSubstr("has no cuGetErrorName; one for CUDA 11.0 or later")));
}

TEST_F(CudaTest, TheDriverDoesNotStart) {
  // With which code, and what the message has to say.
  const std::vector<std::pair<int, const char *>> cases{
      {3, "CUDA error 3"},
      {34, "stand-in for linking"},
      {36, "update that"},
      {102, "without a licence"},
      {100, "(CUDA_ERROR_NO_DEVICE, 100: no CUDA-capable device is detected)"},
      {304, "CUDA error 304"},
      {800, "CUDA error 800"},
      {802, "not yet set up; restart the machine"},
      {803, "are of different versions, as after an update; restart the machine"},
      {804, "library for compatibility"},
      {805, "multi-process service (MPS)"},
      {807, "not ready yet; try again"},
      {808, "wait until one of them has ended"},
      {810, "ended the work of this process"},
      {999, "CUDA error 999"},
      {1234, "cannot start the NVIDIA driver: CUDA error 1234, unknown to this driver"},
  };
  for (auto [code, expected] : cases) {
    fake->failures["cuInit"] = code;
    EXPECT_THAT(whyNot(),
                AllOf(StartsWith("cannot start the NVIDIA driver: "), HasSubstr(expected)))
        << code;
  }
}

// They come from others' advice: with the one all kernels that ask for something would hang, with
// the others nothing can be loaded.
TEST_F(CudaTest, VariablesOfTheDriver) {
  environment.set("CUDA_LAUNCH_BLOCKING", "0");
  EXPECT_EQ(whyNoCuda(), "");
  environment.set("CUDA_LAUNCH_BLOCKING", "1");
  EXPECT_EQ(whyNot(),
            "cannot start the NVIDIA driver: CUDA_LAUNCH_BLOCKING is set, and then a process does "
            "nothing while its kernels run, which here ask it for what they print and save; unset "
            "it");
  environment.set("CUDA_LAUNCH_BLOCKING", nullptr);
  auto device = openCuda();
  fake->failures["cuLinkAddData_v2"] = 223;
  EXPECT_THAT(
      problemOf([&] { device->load(ptxOf({"k"})); }),
      HasSubstr("CUDA_DISABLE_PTX_JIT is set, and then the driver compiles nothing; unset"));
  fake->failures = {{"cuModuleLoadData", 209}};
  EXPECT_THAT(problemOf([&] { device->load(ptxOf({"k"})); }), Not(HasSubstr("CUDA_FORCE_PTX_JIT")));
  environment.set("CUDA_FORCE_PTX_JIT", "1");
  EXPECT_THAT(problemOf([&] { device->load(ptxOf({"k"})); }),
              HasSubstr("cannot load kernels on GPU 0 (Fake 0): CUDA_FORCE_PTX_JIT is set"));
}

TEST_F(CudaTest, NoCard) {
  fake->cards = 0;
  EXPECT_THAT(whyNot(), StartsWith("cannot use a GPU: "));
  environment.set("CUDA_VISIBLE_DEVICES", "7");
  EXPECT_EQ(whyNot(), "cannot use a GPU: the driver finds no GPU; CUDA_VISIBLE_DEVICES is '7' and "
                      "hides those that it does not name");
  fake->cards = 1;
  fake->failures["cuInit"] = 100;
  EXPECT_THAT(whyNot(), HasSubstr("CUDA_VISIBLE_DEVICES is '7'"));
}

TEST_F(CudaTest, TheCardIsTooOld) {
  fake->major = 6;
  fake->minor = 1;
  EXPECT_EQ(whyNoCuda(), "GPU 0 (Fake 0): its compute capability is 6.1, and 7.0 (Volta, 2017) or "
                         "later is needed");
  EXPECT_EQ(findCuda().problem, whyNoCuda());
  EXPECT_EQ(problemOf([] { openCuda(); }),
            "cannot use GPU 0 (Fake 0): its compute capability is 6.1, and 7.0 (Volta, 2017) or "
            "later is needed");
  fake->major = 7;
  fake->minor = 0;
  EXPECT_EQ(whyNoCuda(), "");
}

TEST_F(CudaTest, TheCardIsTaken) {
  fake->failures["cuDevicePrimaryCtxRetain"] = 46;
  EXPECT_THAT(problemOf([] { openCuda(); }),
              AllOf(StartsWith("cannot use GPU 0 (Fake 0): "), HasSubstr("set up to serve one")));
  fake->failures["cuDevicePrimaryCtxRetain"] = 2;
  EXPECT_THAT(problemOf([] { openCuda(); }), HasSubstr("the card's memory is full"));
}

TEST_F(CudaTest, WhateverFailsWhileOpening) {
  // Each step, and nothing is left behind (TearDown).
  for (const char *symbol : {"cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName",
                             "cuDeviceGetPCIBusId", "cuDeviceTotalMem_v2", "cuDeviceGetAttribute",
                             "cuStreamCreate", "cuMemHostAlloc", "cuEventCreate"}) {
    fake->failures = {{symbol, 2}};
    EXPECT_THAT(problemOf([] { openCuda({.timesLaunches = true}); }),
                HasSubstr("(CUDA_ERROR_OUT_OF_MEMORY, 2: out of memory)"))
        << symbol;
  }
}

TEST_F(CudaTest, EachCallSaysWhatWasDone) {
  addKernel();
  auto device = openCuda({.timesLaunches = true});
  auto program = device->load(ptxOf({"add"}));
  Address sum = device->allocate(8), more = device->allocate(8);
  std::vector<uint64_t> arguments{sum, 1};
  int64_t value = 0;
  auto problem = [&](const char *symbol, auto call) {
    fake->failures = {{symbol, 555}};
    std::string text = problemOf(call);
    fake->failures.clear();
    return text;
  };
  const std::string tail = " on GPU 0 (Fake 0): CUDA error 555, unknown to this driver";
  EXPECT_EQ(problem("cuMemGetInfo_v2", [&] { device->freeBytes(); }),
            "cannot ask how much memory is free" + tail);
  EXPECT_EQ(problem("cuMemAllocAsync", [&] { device->allocate(3 << 20); }),
            "cannot allocate 4.0 MiB" + tail);
  EXPECT_EQ(problem("cuMemcpyHtoDAsync_v2", [&] { device->copyTo(sum, &value, 8); }),
            "cannot copy 8 bytes to the card" + tail);
  EXPECT_EQ(problem("cuStreamSynchronize", [&] { device->copyTo(sum, &value, 8); }),
            "cannot copy 8 bytes to the card" + tail);
  EXPECT_EQ(problem("cuMemcpyDtoHAsync_v2", [&] { device->copyFrom(&value, sum, 8); }),
            "cannot copy 8 bytes from the card" + tail);
  for (const char *symbol : {"cuMemcpyDtoDAsync_v2", "cuStreamSynchronize"})
    EXPECT_EQ(problem(symbol, [&] { device->copyWithin(sum, more, 8); }),
              "cannot copy 8 bytes within the card" + tail);
  EXPECT_EQ(problem("cuEventSynchronize", [&] { device->copyFrom(&value, sum, 8); }),
            "cannot copy 8 bytes from the card" + tail);
  EXPECT_EQ(problem("cuMemHostAlloc", [&] { device->allocateMailbox(64); }),
            "cannot share 64 bytes of the machine's memory" + tail);
  EXPECT_EQ(problem("cuMemHostGetDevicePointer_v2", [&] { device->allocateMailbox(64); }),
            "cannot share 64 bytes of the machine's memory" + tail);
  for (const char *symbol : {"cuLinkCreate_v2", "cuLinkAddData_v2", "cuLinkComplete"})
    EXPECT_EQ(problem(symbol, [&] { device->load(ptxOf({"add"})); }),
              "cannot compile kernels" + tail);
  EXPECT_EQ(problem("cuModuleLoadData", [&] { device->load(ptxOf({"add"})); }),
            "cannot load kernels" + tail);
  EXPECT_EQ(problem("cuModuleGetFunction", [&] { program->launch("add", {}, arguments); }),
            "cannot find the kernel 'add'" + tail);
  EXPECT_EQ(problem("cuFuncGetAttribute", [&] { program->launch("add", {}, arguments); }),
            "cannot find the kernel 'add'" + tail);
  EXPECT_EQ(problem("cuOccupancyMaxActiveBlocksPerMultiprocessor",
                    [&] { program->residentBlocks("add", 64, 0); }),
            "cannot ask how many blocks of the kernel 'add' run at a time" + tail);
  EXPECT_EQ(problem("cuFuncSetAttribute", [&] { program->residentBlocks("add", 64, 50000); }),
            "cannot give the kernel 'add' 50000 bytes of shared memory" + tail);
  const std::string start =
      "cannot start the kernel 'add' (3 blocks of 64 threads, 16 bytes of shared memory)" + tail;
  for (const char *symbol : {"cuLaunchKernel", "cuEventRecord"})
    EXPECT_EQ(problem(symbol, [&] { program->launch("add", {3, 64, 16}, arguments); }), start);
  EXPECT_EQ(problem("cuLaunchCooperativeKernel",
                    [&] { program->launch("add", {3, 64, 16, true}, arguments); }),
            start);
  EXPECT_EQ(problem("cuStreamQuery", [&] { device->isIdle(); }),
            "cannot see whether the kernels have ended" + tail);
  EXPECT_EQ(problem("cuStreamSynchronize", [&] { device->wait(); }),
            "cannot wait for the kernels" + tail);
  device->copyFrom(&value, sum, 8); // waits for the copies that were begun
  program->launch("add", {}, arguments);
  EXPECT_EQ(problem("cuEventElapsedTime", [&] { device->lastLaunchSeconds(); }),
            "cannot ask how long the last kernel ran" + tail);
  // After all that the device works.
  device->wait();
  device->copyFrom(&value, sum, 8);
  device->release(more);
  device->release(sum);
  EXPECT_THAT(problemOf([&] { device->release(sum); }), HasSubstr("is not allocated on GPU 0"));
}

TEST_F(CudaTest, ThereIsNoSuchKernel) {
  addKernel();
  auto device = openCuda();
  auto program = device->load(ptxOf({"add"}));
  EXPECT_EQ(
      problemOf([&] { program->launch("sub", {}, {}); }),
      "cannot find the kernel 'sub' on GPU 0 (Fake 0): CUDA_ERROR_NOT_FOUND, 500: named symbol not "
      "found");
  EXPECT_EQ(problemOf([&] { program->launch("add", {}, std::vector<uint64_t>(3)); }),
            "cannot start the kernel 'add' on GPU 0 (Fake 0): it has 2 parameters, and 3 arguments "
            "were given");
}

TEST_F(CudaTest, TheCompilerOfTheDriverComplains) {
  auto device = openCuda();
  EXPECT_EQ(
      problemOf([&] { device->load(ptxOf({}) + "mistake"); }),
      "cannot compile kernels (the driver's compiler says: ptxas application ptx input, line "
      "3; fatal: mistake) on GPU 0 (Fake 0): CUDA_ERROR_INVALID_PTX, 218: a PTX JIT compilation "
      "failed");
  fake->failures["cuLinkAddData_v2"] = 221;
  EXPECT_THAT(problemOf([&] { device->load(ptxOf({})); }), HasSubstr("libnvidia-ptxjitcompiler"));
}

TEST_F(CudaTest, TheDriverIsTooOldForTheCode) {
  fake->version = 12020;
  auto device = openCuda();
  EXPECT_EQ(
      problemOf([&] { device->load(ptxOf({"add"}, "9.0")); }),
      "cannot use GPU 0 (Fake 0): the NVIDIA driver is too old: it is for CUDA 12.2, and this "
      "code (PTX 9.0) needs one for CUDA 13.0 or later (CUDA_ERROR_UNSUPPORTED_PTX_VERSION, 222: "
      "the PTX was compiled with another toolchain)");
  EXPECT_THAT(problemOf([&] { device->load(ptxOf({"add"}, "99.0")); }),
              HasSubstr("for CUDA 12.2, is too old for this code; update it"));
}

TEST_F(CudaTest, TooManyBlocksAtOnce) {
  addKernel();
  auto device = openCuda();
  auto program = device->load(ptxOf({"add"}));
  EXPECT_EQ(
      problemOf([&] {
        program->launch("add", {.blocks = 9, .threads = 256, .cooperative = true},
                        std::vector<uint64_t>(2));
      }),
      "cannot start the kernel 'add' on GPU 0 (Fake 0): its 9 blocks of 256 threads have to "
      "run at the same time, and 8 can (CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE, 720: too many "
      "blocks in cooperative launch)");
  EXPECT_TRUE(device->isIdle());
  fake->failures["cuLaunchKernel"] = 701;
  EXPECT_THAT(problemOf([&] { program->launch("add", {}, std::vector<uint64_t>(2)); }),
              HasSubstr("needs more registers or shared memory than the card has for one"));
}

TEST_F(CudaTest, NoRoom) {
  fake->memoryBytes = size_t{100} << 20;
  auto device = openCuda();
  Address first = device->allocate(60 << 20), second = device->allocate(1000);
  try {
    device->allocate(int64_t{3} << 30);
    FAIL();
  } catch (const OutOfDeviceMemory &error) {
    EXPECT_STREQ(error.what(),
                 "GPU 0 (Fake 0) has no room for 3.00 GiB more: 40.0 MiB of its 100.0 "
                 "MiB are free, and this program has 60.0 MiB");
    EXPECT_EQ(error.asked(), int64_t{3} << 30);
    EXPECT_EQ(error.free(), (40 << 20) - 1024);
  }
  EXPECT_THROW(device->allocate(INT64_MAX), OutOfDeviceMemory);
  // What is released can be had, in other sizes, too, although the pool kept it.
  device->release(first);
  Address large = device->allocate(80 << 20);
  EXPECT_THROW(device->allocate(60 << 20), OutOfDeviceMemory);
  device->release(large);
  device->release(second);
}

TEST_F(CudaTest, AKernelFails) {
  const std::vector<std::pair<int, const char *>> cases{
      {700,
       "it read or wrote outside of its arrays (CUDA_ERROR_ILLEGAL_ADDRESS, 700: an illegal memory "
       "access was encountered)"},
      {702, "it ran for longer than a card with a display lets a kernel run"},
      {710, "a check in it failed"},
      {714, "its stack overflowed"},
      {715, "an instruction that the card does not have"},
      {716, "not aligned"},
      {717, "another kind of memory"},
      {718, "jumped out of its code"},
      {719, "it failed on the card; the kernel's messages (dmesg) may have an Xid that says more "
            "(CUDA_ERROR_LAUNCH_FAILED, 719: unspecified launch failure)"},
  };
  for (auto [code, expected] : cases)
    for (int way = 0; way < 3; ++way) {
      failingKernel("step", code);
      auto device = openCuda();
      auto program = device->load(ptxOf({"step"}));
      Address place = device->allocate(8);
      int64_t value = 0;
      program->launch("step", {}, {});
      std::string why = problemOf([&] {
        if (way == 0)
          device->wait();
        while (way == 1 && !device->isIdle())
          ;
        while (way == 2)
          device->copyFrom(&value, place, 8);
      });
      EXPECT_THAT(why, AllOf(StartsWith("the kernel 'step' failed on GPU 0 (Fake 0): "),
                             HasSubstr(expected), HasSubstr(", seen while trying to "),
                             HasSubstr("--device emulator")));
      // From then on nothing can be done, and every call says why.
      EXPECT_EQ(problemOf([&] { device->allocate(8); }), why);
      EXPECT_EQ(problemOf([&] { device->isIdle(); }), why);
      EXPECT_EQ(problemOf([&] { program->launch("step", {}, {}); }), why);
      EXPECT_EQ(problemOf([&] { device->load(ptxOf({})); }), why);
      device->release(place); // throws nothing: owners release in their destructors
      program.reset();
      device.reset();
      // The next device works.
      openCuda()->wait();
    }
}

TEST_F(CudaTest, WhichKernelFailed) {
  failingKernel("bad", 700);
  for (const char *name : {"a", "b", "c", "d"})
    failingKernel(name, 0);
  auto message = [&](std::initializer_list<const char *> names) {
    auto device = openCuda();
    auto program = device->load(ptxOf({"bad", "a", "b", "c", "d"}));
    program->launch("a", {}, {});
    program->launch("d", {}, {});
    device->wait(); // these have not failed
    std::string why = problemOf([&] {
      for (const char *name : names)
        program->launch(name, {}, {});
      device->wait();
    });
    program.reset();
    device.reset();
    return why.substr(0, why.find(" failed on"));
  };
  fake->kernels["bad"].run = [](const FakeLaunch &) {
    // Late enough for the launches after it.
    usleep(20000);
    return 700;
  };
  EXPECT_EQ(message({"bad"}), "the kernel 'bad'");
  EXPECT_EQ(message({"bad", "bad"}), "the kernel 'bad'");
  EXPECT_EQ(message({"a", "bad", "a"}), "one of the kernels 'a' and 'bad'");
  EXPECT_EQ(message({"a", "b", "bad"}), "one of the kernels 'a', 'b' and 'bad'");
  EXPECT_EQ(message({"a", "b", "c", "d", "bad"}),
            "one of the kernels 'bad', 'b', 'c' and 'd' (and others before)");
}

TEST_F(CudaTest, TheCardIsLost) {
  for (auto [code, expected] :
       std::vector<std::pair<int, const char *>>{{214, "lost data that it cannot restore"},
                                                 {46, "or it has failed"},
                                                 {226, "had a fault"},
                                                 {911, "the card is gone"}}) {
    auto device = openCuda();
    fake->fault = code;
    std::string why = problemOf([&] { device->isIdle(); });
    EXPECT_THAT(why, AllOf(StartsWith("cannot see whether the kernels have ended on GPU 0"),
                           HasSubstr(expected)));
    EXPECT_EQ(problemOf([&] { device->wait(); }), why);
    device.reset();
  }
}

/// A folder of the test's own.
struct Folder {
  Folder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "descent-files-XXXXXX").string();
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    path = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  void write(const std::string &name) {
    std::filesystem::create_directories(std::filesystem::path(path + "/" + name).parent_path());
    std::ofstream(path + "/" + name) << "x";
  }
  std::string path;
};

TEST(DeviceFiles, WhatIsMissing) {
  Folder folder;
  auto problem = [&] {
    return cuda::deviceFilesProblem(folder.path + "/dev", folder.path + "/proc");
  };
  EXPECT_THAT(problem(), StartsWith("the kernel has no NVIDIA driver loaded"));
  folder.write("proc/driver/nvidia/version");
  EXPECT_THAT(problem(), StartsWith("there is no " + folder.path + "/dev/nvidiactl;"));
  folder.write("dev/nvidiactl");
  EXPECT_THAT(problem(), StartsWith("there is no " + folder.path + "/dev/nvidia-uvm;"));
  folder.write("dev/nvidia-uvm");
  folder.write("dev/nvidia0");
  EXPECT_EQ(problem(), "");
  std::filesystem::remove_all(folder.path + "/dev");
  folder.write("dev/dxg");
  EXPECT_EQ(problem(), "");
}

TEST(DeviceFiles, WhatMayNotBeOpened) {
  Folder folder;
  for (const char *name :
       {"proc/driver/nvidia/version", "dev/nvidiactl", "dev/nvidia-uvm", "dev/nvidia1"})
    folder.write(name);
  std::filesystem::permissions(folder.path, std::filesystem::perms(0755));
  for (const char *name : {"nvidia1", "nvidiactl"}) {
    std::string file = folder.path + "/dev/" + name;
    for (const char *other : {"nvidia1", "nvidiactl", "nvidia-uvm"})
      std::filesystem::permissions(folder.path + "/dev/" + other, std::filesystem::perms(0666));
    std::filesystem::permissions(file, std::filesystem::perms(0));
    // Root may open everything: it is another user who tries.
    pid_t child = fork();
    if (child == 0) {
      if (geteuid() == 0 && setuid(65534) != 0)
        _exit(2);
      std::string problem = cuda::deviceFilesProblem(folder.path + "/dev", folder.path + "/proc");
      _exit(problem.find("this user may not open " + file + " (Permission denied)") == 0 ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << name << " " << status;
  }
}

} // namespace
} // namespace descent::test
