// Kernels that are right: their results, whatever the order of the threads.
#include "tests/unit/emulator/Harness.h"

#include <algorithm>
#include <numeric>

namespace descent::emulator {
namespace {

class Kernels : public testing::TestWithParam<uint64_t> {
protected:
  Kernels() : device(makeEmulator({.seed = GetParam(), .switchEvery = 8})) {}
  std::unique_ptr<device::Device> device;
};

INSTANTIATE_TEST_SUITE_P(Seeds, Kernels, testing::Values(1, 2, 3, 77, 123456789));

TEST_P(Kernels, SumsABlockInSharedMemory) {
  // Each block adds up 256 numbers in a tree; the partial sums go to out[block].
  const char *text = R"(
@tile = internal addrspace(3) global [256 x i32] poison
define ptx_kernel void @k(ptr %in, ptr %out) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %n = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %bn = mul i32 %b, %n
  %i = add i32 %bn, %t
  %p = getelementptr i32, ptr %in, i32 %i
  %v = load i32, ptr %p
  %s = getelementptr [256 x i32], ptr addrspace(3) @tile, i32 0, i32 %t
  store i32 %v, ptr addrspace(3) %s
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  br label %loop
loop:
  %half = phi i32 [ 128, %entry ], [ %next, %after ]
  %active = icmp ult i32 %t, %half
  br i1 %active, label %add, label %after
add:
  %o = add i32 %t, %half
  %q = getelementptr [256 x i32], ptr addrspace(3) @tile, i32 0, i32 %o
  %x = load i32, ptr addrspace(3) %q
  %y = load i32, ptr addrspace(3) %s
  %z = add i32 %x, %y
  store i32 %z, ptr addrspace(3) %s
  br label %after
after:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %next = lshr i32 %half, 1
  %more = icmp ne i32 %next, 0
  br i1 %more, label %loop, label %done
done:
  %first = icmp eq i32 %t, 0
  br i1 %first, label %write, label %end
write:
  %sum = load i32, ptr addrspace(3) @tile
  %r = getelementptr i32, ptr %out, i32 %b
  store i32 %sum, ptr %r
  br label %end
end:
  ret void
})";
  constexpr int blocks = 40;
  std::vector<int32_t> values(blocks * 256), sums(blocks);
  std::iota(values.begin(), values.end(), -77);
  for (int i = 0; i < blocks; ++i)
    sums[i] = std::accumulate(values.begin() + i * 256, values.begin() + (i + 1) * 256, 0);
  Array in(*device, values), out(*device, std::vector<int32_t>(blocks));
  EXPECT_EQ(run(*device, text, {.blocks = blocks, .threads = 256}, {in, out}), "");
  EXPECT_EQ(out.values(), sums);
}

TEST_P(Kernels, SumsAWarpByShuffles) {
  const char *text = R"(
define ptx_kernel void @k(ptr addrspace(1) %data) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %p = getelementptr float, ptr addrspace(1) %data, i32 %t
  %v0 = load float, ptr addrspace(1) %p
  %s0 = call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1, float %v0, i32 16, i32 31)
  %v1 = fadd float %v0, %s0
  %s1 = call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1, float %v1, i32 8, i32 31)
  %v2 = fadd float %v1, %s1
  %s2 = call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1, float %v2, i32 4, i32 31)
  %v3 = fadd float %v2, %s2
  %s3 = call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1, float %v3, i32 2, i32 31)
  %v4 = fadd float %v3, %s3
  %s4 = call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1, float %v4, i32 1, i32 31)
  %v5 = fadd float %v4, %s4
  store float %v5, ptr addrspace(1) %p
  ret void
})";
  std::vector<float> values(96);
  std::iota(values.begin(), values.end(), 1.f);
  Array data(*device, values);
  EXPECT_EQ(run(*device, text, {.threads = 96}, {data}), "");
  std::vector<float> sums(96);
  for (int i = 0; i < 96; ++i)
    sums[i] = i < 32 ? 528.f : i < 64 ? 1552.f : 2576.f;
  EXPECT_EQ(data.values(), sums);
}

TEST_P(Kernels, ShufflesVotesAndMatches) {
  // Nine results of each lane; figures by hand from PTX's definition.
  const char *text = R"(
define ptx_kernel void @k(ptr %out) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.laneid()
  %odd = trunc i32 %t to i1
  %square = mul i32 %t, %t
  %base = mul i32 %t, 9
  %p = getelementptr i32, ptr %out, i32 %base
  ; up by 3, from 8 lanes on segments of 8: segmask 24
  %up = call i32 @llvm.nvvm.shfl.sync.up.i32(i32 -1, i32 %square, i32 3, i32 6144)
  store i32 %up, ptr %p
  %pair = call {i32, i1} @llvm.nvvm.shfl.sync.down.i32p(i32 -1, i32 %square, i32 30, i32 31)
  %down = extractvalue {i32, i1} %pair, 0
  %inside = extractvalue {i32, i1} %pair, 1
  %p1 = getelementptr i32, ptr %p, i32 1
  store i32 %down, ptr %p1
  %p2 = getelementptr i32, ptr %p, i32 2
  %insideInt = zext i1 %inside to i32
  store i32 %insideInt, ptr %p2
  %idx = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 -1, i32 %square, i32 5, i32 31)
  %p3 = getelementptr i32, ptr %p, i32 3
  store i32 %idx, ptr %p3
  %ballot = call i32 @llvm.nvvm.vote.ballot.sync(i32 -1, i1 %odd)
  %p4 = getelementptr i32, ptr %p, i32 4
  store i32 %ballot, ptr %p4
  %all = call i1 @llvm.nvvm.vote.all.sync(i32 -1, i1 %odd)
  %any = call i1 @llvm.nvvm.vote.any.sync(i32 -1, i1 %odd)
  %uni = call i1 @llvm.nvvm.vote.uni.sync(i32 -1, i1 true)
  %a = zext i1 %all to i32
  %b = select i1 %any, i32 2, i32 0
  %c = select i1 %uni, i32 4, i32 0
  %ab = or i32 %a, %b
  %abc = or i32 %ab, %c
  %p5 = getelementptr i32, ptr %p, i32 5
  store i32 %abc, ptr %p5
  %max = call i32 @llvm.nvvm.redux.sync.max(i32 %square, i32 -1)
  %p6 = getelementptr i32, ptr %p, i32 6
  store i32 %max, ptr %p6
  %rest = urem i32 %t, 3
  %match = call i32 @llvm.nvvm.match.any.sync.i32(i32 -1, i32 %rest)
  %p7 = getelementptr i32, ptr %p, i32 7
  store i32 %match, ptr %p7
  ; odd lanes among themselves, even lanes too
  br i1 %odd, label %odds, label %evens
odds:
  %x = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 -1431655766, i32 %square, i32 31, i32 31)
  br label %end
evens:
  %y = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 1431655765, i32 %square, i32 30, i32 31)
  br label %end
end:
  %z = phi i32 [ %x, %odds ], [ %y, %evens ]
  %p8 = getelementptr i32, ptr %p, i32 8
  store i32 %z, ptr %p8
  ret void
})";
  Array out(*device, std::vector<uint32_t>(32 * 9));
  EXPECT_EQ(run(*device, text, {.threads = 32}, {out}), "");
  auto values = out.values();
  for (uint32_t t = 0; t < 32; ++t) {
    uint32_t up = t % 8 >= 3 ? t - 3 : t, down = t + 30 <= 31 ? t + 30 : t, match = 0;
    for (uint32_t other = t % 3; other < 32; other += 3)
      match |= 1u << other;
    std::vector<uint32_t> expected = {up * up, down * down, t < 2 ? 1u : 0u,
                                      25u,     0xaaaaaaaau, 6u,
                                      961u,    match,       t % 2 ? 961u : 900u};
    EXPECT_EQ(std::vector(values.begin() + t * 9, values.begin() + (t + 1) * 9), expected)
        << "lane " << t;
  }
}

TEST_P(Kernels, AddsAtomically) {
  const char *text = R"(
define ptx_kernel void @k(ptr %count, ptr %sum) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %o = atomicrmw add ptr %count, i32 1 monotonic
  %f = uitofp i32 %t to double
  %g = atomicrmw fadd ptr %sum, double %f syncscope("device") monotonic
  ret void
})";
  Array count(*device, std::vector<int32_t>{5});
  Array sum(*device, std::vector<double>{0.5});
  EXPECT_EQ(run(*device, text, {.blocks = 9, .threads = 100}, {count, sum}), "");
  EXPECT_EQ(count.values()[0], 905);
  EXPECT_EQ(sum.values()[0], 9 * 4950 + 0.5);
}

TEST_P(Kernels, TellsItsThreadsApart) {
  // Local memory, tables, functions, dynamic shared memory, a copy.
  const char *text = R"(
@table = internal addrspace(4) constant [4 x i32] [i32 10, i32 20, i32 30, i32 40]
@launches = internal addrspace(1) global i32 7
@pad = internal addrspace(3) global [3 x i8] undef
@dynamic = external addrspace(3) global [0 x i32]
define internal i32 @pick(ptr %local, i32 %i) {
  %m = and i32 %i, 3
  %p = getelementptr i32, ptr %local, i32 %m
  %v = load i32, ptr %p
  ret i32 %v
}
define ptx_kernel void @k(ptr %out) {
  %local = alloca [4 x i32], align 16
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %from = addrspacecast ptr addrspace(4) @table to ptr
  call void @llvm.memcpy.p0.p0.i64(ptr align 16 %local, ptr align 4 %from, i64 16, i1 false)
  %v = call i32 @pick(ptr %local, i32 %t)
  %w = add i32 %v, %t
  %d = getelementptr i32, ptr addrspace(3) @dynamic, i32 %t
  store i32 %w, ptr addrspace(3) %d
  %e = getelementptr [3 x i8], ptr addrspace(3) @pad, i32 0, i32 1
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %n = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %last = sub i32 %n, 1
  %r = sub i32 %last, %t
  %s = getelementptr i32, ptr addrspace(3) @dynamic, i32 %r
  %x = load i32, ptr addrspace(3) %s
  %q = getelementptr i32, ptr %out, i32 %t
  store i32 %x, ptr %q
  %o = atomicrmw add ptr addrspace(1) @launches, i32 1 monotonic
  %first = icmp eq i32 %t, 0
  br i1 %first, label %note, label %end
note:
  store i8 1, ptr addrspace(3) %e
  br label %end
end:
  ret void
})";
  Array out(*device, std::vector<int32_t>(50));
  EXPECT_EQ(run(*device, text, {.threads = 50, .sharedBytes = 200}, {out}), "");
  std::vector<int32_t> expected(50);
  for (int t = 0; t < 50; ++t)
    expected[t] = (49 - t) + 10 * ((49 - t) % 4 + 1);
  EXPECT_EQ(out.values(), expected);
}

TEST_P(Kernels, CountsAtBarriers) {
  // Half of the block produces, the other half takes: barriers of their own. And how many are odd.
  const char *text = R"(
@tile = internal addrspace(3) global [64 x i32] poison
define ptx_kernel void @k(ptr %out) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %odd = trunc i32 %t to i1
  %odds = call i32 @llvm.nvvm.barrier.cta.red.popc.aligned.all(i32 0, i1 %odd)
  %makes = icmp ult i32 %t, 64
  br i1 %makes, label %maker, label %taker
maker:
  %s = getelementptr [64 x i32], ptr addrspace(3) @tile, i32 0, i32 %t
  %v = add i32 %t, %odds
  store i32 %v, ptr addrspace(3) %s
  call void @llvm.nvvm.barrier.cta.arrive.aligned.count(i32 1, i32 128)
  ret void
taker:
  call void @llvm.nvvm.barrier.cta.sync.aligned.count(i32 1, i32 128)
  %i = sub i32 %t, 64
  %j = xor i32 %i, 63
  %q = getelementptr [64 x i32], ptr addrspace(3) @tile, i32 0, i32 %j
  %x = load i32, ptr addrspace(3) %q
  %r = getelementptr i32, ptr %out, i32 %i
  store i32 %x, ptr %r
  ret void
})";
  Array out(*device, std::vector<int32_t>(64));
  EXPECT_EQ(run(*device, text, {.threads = 128}, {out}), "");
  std::vector<int32_t> expected(64);
  for (int i = 0; i < 64; ++i)
    expected[i] = (63 - i) + 64;
  EXPECT_EQ(out.values(), expected);
}

TEST_P(Kernels, KeepsTheMemoryThatWasLaunchedFor) {
  // Two launches in order, the second on what the first wrote; a thread that ends early.
  auto program = device->load(bitcode(R"(
define ptx_kernel void @k(ptr %data, i64 %n) {
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %w = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %bw = mul i32 %b, %w
  %i32 = add i32 %bw, %t
  %i = zext i32 %i32 to i64
  %out = icmp uge i64 %i, %n
  br i1 %out, label %leave, label %work
leave:
  call void @llvm.nvvm.exit()
  unreachable
work:
  %p = getelementptr i64, ptr %data, i64 %i
  %v = load i64, ptr %p
  %x = mul i64 %v, 3
  %y = add i64 %x, 1
  store i64 %y, ptr %p
  ret void
})"));
  std::vector<int64_t> values(1000), expected(1000);
  std::iota(values.begin(), values.end(), 0);
  for (int64_t i = 0; i < 1000; ++i)
    expected[i] = i < 777 ? 9 * i + 4 : i;
  Array data(*device, values);
  uint64_t arguments[] = {data, 777};
  program->launch("k", {.blocks = 8, .threads = 128}, arguments);
  program->launch("k", {.blocks = 8, .threads = 128}, arguments);
  device->wait();
  EXPECT_TRUE(device->isIdle());
  EXPECT_EQ(data.values(), expected);
}

} // namespace
} // namespace descent::emulator
