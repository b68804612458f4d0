// Threads that wait for what does not come, and code that goes where it must not.
#include "tests/unit/emulator/Harness.h"

#include <gmock/gmock.h>

namespace descent::emulator {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Divergence : public Faulty {};

INSTANTIATE_TEST_SUITE_P(Seeds, Divergence, testing::Values(1, 2, 3));

TEST_P(Divergence, DivergentBarrier) {
  EXPECT_THAT(
      said(kernel(R"(
  br i1 %isFirst, label %leave, label %meet
leave:
  ret void
meet:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0) @here(8)
  ret void)")),
      AllOf(HasSubstr("kernel.gd:8:3: a barrier in divergent flow: "), HasSubstr("has ended")));
  EXPECT_THAT(said(kernel(R"(
  br i1 %isFirst, label %one, label %other
one:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0) @here(8)
  ret void
other:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0) @here(9)
  ret void)")),
              AllOf(HasSubstr("a barrier in divergent flow: other threads of the block wait at "
                              "another (kernel.gd:"),
                    HasSubstr("kernel.gd:8:3"), HasSubstr("kernel.gd:9:3")));
}

TEST_P(Divergence, DivergentShuffle) {
  auto shuffle = [](const std::string &otherwise) {
    return kernel(R"(
  br i1 %isFirst, label %one, label %others
one:
  )" + otherwise + R"(
  ret void
others:
  %v = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 -1, i32 %t, i32 3, i32 31) @here(8)
  ret void)");
  };
  EXPECT_THAT(
      said(shuffle(""), 32),
      HasSubstr("kernel.gd:8:3: a shuffle in divergent flow: its mask names lane 0, which has "
                "ended"));
  EXPECT_THAT(said(shuffle("call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)"), 32),
              HasSubstr("kernel.gd:8:3: a shuffle in divergent flow: its mask names lane 0, which "
                        "waits at a barrier"));
  EXPECT_THAT(said(shuffle("call void @llvm.nvvm.bar.warp.sync(i32 -1) @here(9)"), 32),
              AllOf(HasSubstr("in divergent flow: its mask names lane "),
                    HasSubstr("kernel.gd:9:3"), HasSubstr("kernel.gd:8:3")));
  EXPECT_THAT(
      said(kernel("%v = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 6, i32 %t, i32 1, i32 31) "
                  "@here(8)\n  ret void"),
           32),
      HasSubstr("kernel.gd:8:3: a shuffle whose mask leaves out its own lane"));
  EXPECT_THAT(said(kernel("%v = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 -1, i32 %t, i32 20, i32 "
                          "31) @here(8)\n  ret void"),
                   10),
              HasSubstr("kernel.gd:8:3: a shuffle reads lane 20, which does not take part"));
}

TEST_P(Divergence, Deadlock) {
  // Each half waits at a barrier for all.
  EXPECT_THAT(said(kernel(R"(
  %half = icmp ult i32 %t, 32
  br i1 %half, label %one, label %other
one:
  call void @llvm.nvvm.barrier.cta.sync.aligned.count(i32 1, i32 64) @here(8)
  ret void
other:
  call void @llvm.nvvm.barrier.cta.sync.aligned.count(i32 2, i32 64) @here(9)
  ret void)")),
              AllOf(HasSubstr("deadlock: all threads wait, this one at the barrier"),
                    HasSubstr("kernel.gd:8:3"), HasSubstr("kernel.gd:9:3")));
  // A lock that its own holder asks for.
  EXPECT_THAT(
      said(kernel(R"(
  br label %spin
spin:
  %pair = cmpxchg ptr %data, i32 0, i32 1 acquire monotonic @here(8)
  %won = extractvalue {i32, i1} %pair, 1
  br i1 %won, label %spin, label %spin)"),
           3),
      HasSubstr("kernel.gd:8:3: deadlock: all threads wait, this one for memory to change"));
}

TEST_P(Divergence, GridBarrier) {
  std::string body = R"(
define internal void @descent_grid_barrier() {
  ret void
}
)";
  std::string text = kernel("call void @descent_grid_barrier() @here(8)\n  ret void", body);
  EXPECT_THAT(said(text, 64, 2),
              HasSubstr("kernel.gd:8:3: the barrier of the grid in a launch that is not "
                        "cooperative"));
  EXPECT_THAT(run(*device, text, {.blocks = 2, .threads = 32, .cooperative = true}, {data, 0}),
              HasSubstr("kernel.gd:8:3: leaves the barrier of the grid when 1 of 64 threads have "
                        "arrived"));
}

TEST_P(Divergence, WhatWouldEndTheProcess) {
  EXPECT_THAT(said(kernel("%z = udiv i32 5, %t @here(8)\n  store i32 %z, ptr %p\n  ret void")),
              HasSubstr("thread 0 of block 0, kernel.gd:8:3: a division by zero"));
  EXPECT_THAT(said(kernel("call void @llvm.trap() @here(8)\n  unreachable"), 1),
              HasSubstr("kernel.gd:8:3: a trap"));
  EXPECT_THAT(said(kernel("unreachable"), 1),
              HasSubstr("in the function k (entry): code that must not be reached"));
}

TEST(Code, WhatCannotBeRunIsNamed) {
  auto device = makeEmulator();
  auto refused = [&](const std::string &text) -> std::string {
    try {
      device->load(bitcode(text));
    } catch (const device::DeviceError &error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refused("declare void @f()\n" + kernel("call void @f()\n  ret void")),
            "the emulator cannot run this code: a call of f, which has no body, in the function k");
  EXPECT_THAT(refused(kernel("call void asm sideeffect \"bar.sync 0;\", \"\"()\n  ret void")),
              HasSubstr("inline assembly in the function k"));
  EXPECT_THAT(refused(kernel("call void %data()\n  ret void")),
              HasSubstr("a call of a function that is not named"));
  EXPECT_THAT(refused(kernel("%l = alloca i32, i64 %n\n  ret void")),
              HasSubstr("local memory of a size that is not known"));
  EXPECT_THAT(refused("define internal void @f() {\n  call void @f()\n  ret void\n}\n" +
                      kernel("call void @f()\n  ret void")),
              HasSubstr("recursion of the function f"));
  EXPECT_THAT(refused("define ptx_kernel void @j(float %x) {\n  ret void\n}\n"),
              HasSubstr("a parameter of the kernel j is not of 64 bits"));
  EXPECT_THAT(refused("declare i32 @llvm.nvvm.activemask()\n" +
                      kernel("%m = call i32 @llvm.nvvm.activemask()\n  ret void")),
              HasSubstr("a call of llvm.nvvm.activemask in the function k"));
  EXPECT_THROW(device->load("no bitcode"), device::DeviceError);
}

} // namespace
} // namespace descent::emulator
