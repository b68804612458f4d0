// One faulty kernel for each kind of report.
#include "tests/unit/emulator/Harness.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace descent::emulator {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

/// A kernel of (ptr %data, i64 %n) that knows its thread %t, block %b, and place %p = data + t.
std::string kernel(const std::string &body, const std::string &before = "") {
  return before + R"(
define ptx_kernel void @k(ptr %data, i64 %n) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %p = getelementptr i32, ptr %data, i32 %t
  %next = add i32 %t, 1
  %q = getelementptr i32, ptr %data, i32 %next
  %isFirst = icmp eq i32 %t, 0
)" + body +
         "\n}\n";
}

const char *const tile = "@tile = internal addrspace(3) global [64 x i32] poison\n";

class Faults : public testing::TestWithParam<uint64_t> {
protected:
  Faults() : device(makeEmulator({.seed = GetParam()})), data(*device, std::vector<int32_t>(100)) {}

  std::string said(const std::string &text, int threads = 64, int blocks = 1, uint64_t n = 100) {
    return run(*device, text, {.blocks = blocks, .threads = threads}, {data, n});
  }

  std::unique_ptr<device::Device> device;
  Array<int32_t> data;
};

INSTANTIATE_TEST_SUITE_P(Seeds, Faults, testing::Values(1, 2, 3));

TEST_P(Faults, MissingBarrier) {
  std::string body = R"(
  %s = getelementptr [64 x i32], ptr addrspace(3) @tile, i32 0, i32 %t
  %o = xor i32 %t, 33
  %r = getelementptr [64 x i32], ptr addrspace(3) @tile, i32 0, i32 %o
  store i32 %t, ptr addrspace(3) %r
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  store i32 %t, ptr addrspace(3) %s @here(5)
  SYNC
  %v = load i32, ptr addrspace(3) %r @here(6)
  store i32 %v, ptr %p
  ret void)";
  auto with = [&](const std::string &sync) {
    std::string text = body;
    text.replace(text.find("SYNC"), 4, sync);
    return kernel(text, tile);
  };
  std::string text = said(with(""));
  EXPECT_THAT(text, StartsWith("the kernel 'k', thread "));
  EXPECT_THAT(text, HasSubstr("a data race in shared memory: "));
  EXPECT_THAT(text, AnyOf(HasSubstr(" of block 0, kernel.gd:6:3: a data race"),
                          HasSubstr(" of block 0, kernel.gd:5:3: a data race")));
  EXPECT_THAT(text, HasSubstr("and nothing orders the two"));
  // The lanes of a warp alone are ordered, and here it needs both warps; a fence orders nobody.
  EXPECT_THAT(said(with("call void @llvm.nvvm.bar.warp.sync(i32 -1)")), HasSubstr("data race"));
  EXPECT_THAT(said(with("call void @llvm.nvvm.membar.cta()")), HasSubstr("data race"));
  EXPECT_EQ(said(with("call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)")), "");
}

TEST_P(Faults, WarpsAreOrderedByTheirBarrierAlone) {
  std::string body = R"(
  store i32 %t, ptr %p @here(5)
  SYNC
  %o = xor i32 %t, 1
  %r = getelementptr i32, ptr %data, i32 %o
  %v = load i32, ptr %r @here(6)
  call void @llvm.nvvm.bar.warp.sync(i32 -1)
  store i32 %v, ptr %p
  ret void)";
  auto with = [&](const std::string &sync) {
    std::string text = body;
    text.replace(text.find("SYNC"), 4, sync);
    return kernel(text);
  };
  EXPECT_EQ(said(with("call void @llvm.nvvm.bar.warp.sync(i32 -1)")), "");
  EXPECT_THAT(said(with("%all = call i1 @llvm.nvvm.vote.all.sync(i32 -1, i1 true)")),
              HasSubstr("a data race in global memory: "));
}

TEST_P(Faults, SomeLanesAreOrderedByABarrierOfTheirs) {
  // Pairs of lanes: {0, 1} meet, {2, 3} do not.
  std::string text = said(kernel(R"(
  store i32 %t, ptr %p @here(5)
  %pair = lshr i32 %t, 1
  %twice = mul i32 %pair, 2
  %mask = shl i32 3, %twice
  %meets = icmp ne i32 %pair, 1
  br i1 %meets, label %meet, label %go
meet:
  call void @llvm.nvvm.bar.warp.sync(i32 %mask)
  br label %go
go:
  %o = xor i32 %t, 1
  %r = getelementptr i32, ptr %data, i32 %o
  %v = load i32, ptr %r @here(6)
  ret void)"),
                          32);
  EXPECT_THAT(text, AllOf(HasSubstr("a data race in global memory: "),
                          AnyOf(HasSubstr("thread 2 of block 0, kernel.gd"),
                                HasSubstr("thread 3 of block 0, kernel.gd"))));
}

TEST_P(Faults, RaceWithinABlock) {
  EXPECT_THAT(
      said(kernel("store i32 %t, ptr %data @here(4)\n  ret void")),
      AllOf(HasSubstr("kernel.gd:4:3: a data race in global memory: writes 4 bytes that thread "),
            HasSubstr(" of block 0 wrote (kernel.gd:4:3), and nothing orders the two")));
}

TEST_P(Faults, RaceBetweenBlocks) {
  // Block barriers order threads of a block only.
  EXPECT_THAT(said(kernel(R"(
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %mine = icmp eq i32 %t, %b
  br i1 %mine, label %write, label %read
write:
  %r = getelementptr i32, ptr %data, i32 %b
  store i32 %t, ptr %r @here(4)
  ret void
read:
  ret void)"),
                   32, 8),
              "");
  EXPECT_THAT(said(kernel(R"(
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  br i1 %isFirst, label %write, label %read
write:
  %old = load i32, ptr %data @here(3)
  store i32 %old, ptr %data @here(4)
  ret void
read:
  ret void)"),
                   32, 8),
              AllOf(HasSubstr("thread 0 of block "), HasSubstr("a data race in global memory: ")));
}

TEST_P(Faults, AtomicsRaceWithOthersOnly) {
  EXPECT_EQ(said(kernel("%o = atomicrmw add ptr %data, i32 1 monotonic\n"
                        "  store atomic i32 7, ptr %data monotonic, align 4\n  ret void")),
            "");
  EXPECT_THAT(said(kernel(R"(
  br i1 %isFirst, label %one, label %others
one:
  %v = load i32, ptr %data @here(3)
  ret void
others:
  %o = atomicrmw add ptr %data, i32 1 monotonic @here(4)
  ret void)")),
              HasSubstr("a data race in global memory: "));
}

TEST_P(Faults, BytesOfAWordAreApart) {
  EXPECT_EQ(said(kernel(R"(
  %byte = getelementptr i8, ptr %data, i32 %t
  %v = trunc i32 %t to i8
  store i8 %v, ptr %byte
  ret void)")),
            "");
}

TEST_P(Faults, OutOfBoundsByOne) {
  std::string text = kernel("store i32 %t, ptr %q @here(8)\n  ret void");
  EXPECT_EQ(said(text, 99), "");
  EXPECT_EQ(said(text, 100),
            "the kernel 'k', thread 99 of block 0, kernel.gd:8:3: out of bounds: writes 4 bytes at "
            "the end of memory of 400 bytes");
  EXPECT_THAT(said(kernel("%v = load <4 x i32>, ptr %q, align 4 @here(8)\n  ret void"), 98),
              HasSubstr("out of bounds: reads 16 bytes of which only the first "));
  // The device goes on.
  EXPECT_EQ(said(text, 99), "");
}

TEST_P(Faults, WildAddresses) {
  auto at = [&](const std::string &address) {
    return said(kernel("%w = inttoptr i64 " + address +
                       " to ptr\n  %v = load i32, ptr %w @here(8)\n  ret void"),
                1);
  };
  EXPECT_THAT(at("0"), HasSubstr("out of bounds: reads 4 bytes at the null address"));
  EXPECT_THAT(at("81985529216486892"), HasSubstr("reads 4 bytes where nothing is allocated"));
  EXPECT_THAT(said(kernel("%w = getelementptr i32, ptr %data, i64 -1\n"
                          "  %v = load i32, ptr %w @here(8)\n  ret void"),
                   1),
              HasSubstr("bytes before memory of 400 bytes"));
}

TEST_P(Faults, SharedAndLocalBounds) {
  EXPECT_THAT(
      said(kernel("%s = getelementptr i32, ptr addrspace(3) @tile, i32 %next\n"
                  "  store i32 %t, ptr addrspace(3) %s @here(8)\n  ret void",
                  tile)),
      HasSubstr("thread 63 of block 0, kernel.gd:8:3: out of bounds: writes 4 bytes 256 bytes "
                "behind the start of a shared variable of 256 bytes"));
  EXPECT_THAT(
      said(kernel("%local = alloca [64 x i32]\n"
                  "  %s = getelementptr i32, ptr %local, i32 %next\n"
                  "  store i32 %t, ptr %s @here(8)\n  ret void")),
      HasSubstr("thread 63 of block 0, kernel.gd:8:3: out of bounds: writes 4 bytes 256 bytes "
                "behind the start of a local variable of 256 bytes"));
}

TEST_P(Faults, ConstantsStayAsTheyAre) {
  EXPECT_THAT(said(kernel("%s = getelementptr i32, ptr @table, i32 %t\n"
                          "  store i32 %t, ptr %s @here(8)\n  ret void",
                          "@table = internal constant [64 x i32] zeroinitializer\n")),
              HasSubstr("kernel.gd:8:3: out of bounds: writes 4 bytes in a constant"));
}

TEST_P(Faults, UseAfterRelease) {
  auto memory = device->allocate(256);
  device->release(memory);
  EXPECT_THAT(
      run(*device, kernel("%v = load i32, ptr %p @here(8)\n  ret void"), {.threads = 1},
          {memory, 0}),
      HasSubstr("thread 0 of block 0, kernel.gd:8:3: out of bounds: reads 4 bytes in memory of "
                "256 bytes that was released"));
}

TEST_P(Faults, UnwrittenSharedMemory) {
  // The second block finds what the first has left, which is nothing either.
  std::string text = kernel(R"(
  br i1 %isFirst, label %write, label %join
write:
  store i32 1, ptr addrspace(3) @tile
  br label %join
join:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %i = and i32 %b, %one
  %s = getelementptr i32, ptr addrspace(3) @tile, i32 %i
  %v = load i32, ptr addrspace(3) %s @here(8)
  ret void)",
                            tile);
  auto with = [&](const char *one) {
    std::string copy = text;
    copy.replace(copy.find("%one"), 4, one);
    return copy;
  };
  EXPECT_EQ(said(with("0"), 64, 3), "");
  EXPECT_THAT(
      said(with("1"), 64, 3),
      HasSubstr("of block 1, kernel.gd:8:3: reads shared memory that no thread of the block "
                "has written"));
}

TEST_P(Faults, UnwrittenGlobalMemory) {
  auto checking = makeEmulator({.seed = GetParam(), .checkUnwrittenGlobal = true});
  auto memory = checking->allocate(12);
  int32_t words[2] = {1, 2};
  checking->copyTo(memory, words, 8);
  std::string text = kernel("%v = load i32, ptr %p @here(8)\n  ret void");
  EXPECT_EQ(run(*checking, text, {.threads = 2}, {memory, 0}), "");
  EXPECT_THAT(run(*checking, text, {.threads = 3}, {memory, 0}),
              HasSubstr("thread 2 of block 0, kernel.gd:8:3: reads global memory that nobody has "
                        "written"));
  EXPECT_EQ(run(*checking, kernel("store i32 1, ptr %p\n  ret void"), {.threads = 3}, {memory, 0}),
            "");
  EXPECT_EQ(run(*checking, text, {.threads = 3}, {memory, 0}), "");
}

TEST_P(Faults, Misaligned) {
  EXPECT_THAT(said(kernel("%v = load <4 x i32>, ptr %p, align 16 @here(8)\n  ret void"), 4),
              AllOf(HasSubstr("kernel.gd:8:3: misaligned: this address is a multiple of "),
                    HasSubstr(", not of 16")));
  EXPECT_EQ(said(kernel("%v = load <4 x i32>, ptr %p, align 4 @here(8)\n  ret void"), 4), "");
}

TEST_P(Faults, DivergentBarrier) {
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

TEST_P(Faults, DivergentShuffle) {
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

TEST_P(Faults, Deadlock) {
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

TEST_P(Faults, GridBarrier) {
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

TEST_P(Faults, WhatWouldEndTheProcess) {
  EXPECT_THAT(said(kernel("%z = udiv i32 5, %t @here(8)\n  store i32 %z, ptr %p\n  ret void")),
              HasSubstr("thread 0 of block 0, kernel.gd:8:3: a division by zero"));
  EXPECT_THAT(said(kernel("call void @llvm.trap() @here(8)\n  unreachable"), 1),
              HasSubstr("kernel.gd:8:3: a trap"));
  EXPECT_THAT(said(kernel("unreachable"), 1),
              HasSubstr("in the function k (entry): code that must not be reached"));
}

TEST_P(Faults, EachPlaceIsReportedOnceAndTenAtMost) {
  std::string body;
  for (int i = 0; i < 14; ++i)
    body += "  store volatile i32 1, ptr %q, align 4\n  %v" + std::to_string(i) +
            " = load i32, ptr %p, align 4 @here(" + std::to_string(20 + i) + ")\n";
  std::string text = said(kernel(body + "  ret void"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 9) << text;
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
