// Accesses to memory that are wrong: one faulty kernel for each kind of report.
#include "tests/unit/emulator/Harness.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace descent::emulator {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

const char *const tile = "@tile = internal addrspace(3) global [64 x i32] poison\n";

class Faults : public Faulty {};

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
  EXPECT_THAT(said(kernel("store i32 %t, ptr %data @here(4)\n  ret void")),
              AllOf(HasSubstr("kernel.gd:4:3: a data race in global memory: writes 4 bytes, at "
                              "offset 0 of 400, that thread "),
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
  auto text = [](const std::string &to) {
    return kernel("%byte = getelementptr i8, ptr %data, i32 " + to + R"(
  %v = trunc i32 %t to i8
  store i8 %v, ptr %byte
  ret void)");
  };
  EXPECT_EQ(said(text("%t")), "");
  EXPECT_THAT(said(text("2")), HasSubstr("writes 1 byte, at offset 2 of 400, that thread "));
}

TEST_P(Faults, EveryByteOfAWordThatWasWrittenCounts) {
  // One thread writes all bytes of a word, the other reads the first.
  EXPECT_THAT(said(kernel(R"(
  %one = getelementptr i8, ptr %data, i32 1
  %two = getelementptr i8, ptr %data, i32 2
  br i1 %isFirst, label %write, label %read
write:
  store i8 1, ptr %data @here(3)
  store i8 2, ptr %one @here(4)
  store i8 3, ptr %two @here(5)
  ret void
read:
  %x = load i8, ptr %data @here(6)
  ret void)"),
                   2),
              HasSubstr("a data race in global memory: "));
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
      HasSubstr(
          "of block 1, kernel.gd:8:3: reads shared memory, at offset 4 of 256, that no thread of "
          "the block has written"));
}

TEST_P(Faults, UnwrittenGlobalMemory) {
  auto checking = makeEmulator({.seed = GetParam(), .checkUnwrittenGlobal = true});
  auto memory = checking->allocate(12);
  int32_t words[2] = {1, 2};
  checking->copyTo(memory, words, 8);
  std::string text = kernel("%v = load i32, ptr %p @here(8)\n  ret void");
  EXPECT_EQ(run(*checking, text, {.threads = 2}, {memory, 0}), "");
  EXPECT_THAT(
      run(*checking, text, {.threads = 3}, {memory, 0}),
      HasSubstr("thread 2 of block 0, kernel.gd:8:3: reads global memory, at offset 8 of 12, "
                "that nobody has written"));
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

TEST_P(Faults, EachPlaceIsReportedOnceAndTenAtMost) {
  std::string body;
  for (int i = 0; i < 14; ++i)
    body += "  store volatile i32 1, ptr %q, align 4\n  %v" + std::to_string(i) +
            " = load i32, ptr %p, align 4 @here(" + std::to_string(20 + i) + ")\n";
  std::string text = said(kernel(body + "  ret void"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 9) << text;
}

} // namespace
} // namespace descent::emulator
