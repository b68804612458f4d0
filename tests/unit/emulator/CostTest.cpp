// What the emulator costs: small tests run on it by the thousand. The bounds are far off, for busy
// machines; the figures are in the test's output.
#include "tests/unit/emulator/Harness.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>

namespace descent::emulator {
namespace {

/// Seconds: the least of some runs.
double seconds(const std::function<void()> &work) {
  double least = 1e9;
  for (int i = 0; i < 5; ++i) {
    auto begin = std::chrono::steady_clock::now();
    work();
    std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    least = std::min(least, taken.count());
  }
  return least;
}

double launch(device::Device &device, device::Program &program, const device::Launch &how,
              const std::vector<uint64_t> &arguments) {
  return seconds([&] { EXPECT_EQ(run(device, program, how, arguments), ""); });
}

TEST(Cost, OfLoadingAndLaunching) {
  auto device = makeEmulator();
  std::string code = bitcode("define ptx_kernel void @k() {\n  ret void\n}");
  double load = seconds([&] { device->load(code); });
  auto program = device->load(code);
  double one = launch(*device, *program, {}, {});
  double many = launch(*device, *program, {.blocks = 64, .threads = 256}, {});
  std::printf(
      "device.load of an empty kernel %.2f ms, its launch %.1f us, of 16384 threads %.1f us "
      "(%.0f ns a thread)\n",
      1e3 * load, 1e6 * one, 1e6 * many, 1e9 * many / 16384);
  EXPECT_LT(one, 5e-3);
}

/// @k(data, n): each of 256 threads n times what `body` does, at %p.
std::string repeated(const std::string &body) {
  return R"(
define ptx_kernel void @k(ptr %data, i64 %n) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %p = getelementptr float, ptr %data, i32 %t
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
)" + body +
         R"(
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret void
})";
}

TEST(Cost, OfAccessesAndBarriers) {
  const std::pair<const char *, std::string> bodies[] = {
      {"store", "store float 1.0, ptr %p"},
      {"volatile load", "%v = load volatile float, ptr %p"},
      {"atomic add", "%v = atomicrmw add ptr %p, i32 1 monotonic"},
      {"barrier", "call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)"},
      {"shuffle", "%v = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 -1, i32 %t, i32 0, i32 31)"},
  };
  auto device = makeEmulator();
  Array data(*device, std::vector<float>(256));
  for (const auto &[name, body] : bodies) {
    auto program = device->load(bitcode(repeated(body)));
    double few = launch(*device, *program, {.threads = 256}, {data, 10});
    double many = launch(*device, *program, {.threads = 256}, {data, 210});
    double each = (many - few) / (200 * 256);
    std::printf("a %s: %.1f ns for each thread\n", name, 1e9 * each);
    EXPECT_LT(each, 5e-6) << name;
  }
}

} // namespace
} // namespace descent::emulator
