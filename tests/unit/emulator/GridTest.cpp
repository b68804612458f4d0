// Blocks and threads that wait for each other.
#include "tests/unit/emulator/Harness.h"

namespace descent::emulator {
namespace {

/// As the code generator makes it: the last block to come opens the gate of this phase.
const std::string gridBarrier = R"(
define internal void @descent_grid_barrier(ptr %counter) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %first = icmp eq i32 %t, 0
  br i1 %first, label %meet, label %leave
meet:
  %n = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
  fence syncscope("device") acq_rel
  %old = atomicrmw add ptr %counter, i32 1 syncscope("device") monotonic
  %phase = udiv i32 %old, %n
  %next = add i32 %phase, 1
  %goal = mul i32 %next, %n
  br label %spin
spin:
  %now = load atomic i32, ptr %counter syncscope("device") monotonic, align 4
  %ready = icmp uge i32 %now, %goal
  br i1 %ready, label %met, label %spin
met:
  fence syncscope("device") acq_rel
  br label %leave
leave:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  ret void
}
)";

/// Each thread adds its right neighbour's value to its own, `steps` times, all at once each time.
const std::string neighbours = R"(
define ptx_kernel void @k(ptr %a, ptr %b, ptr %counter, i64 %steps) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %w = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %c = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %n = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
  %cw = mul i32 %c, %w
  %i = add i32 %cw, %t
  %all = mul i32 %n, %w
  %i1 = add i32 %i, 1
  %j = urem i32 %i1, %all
  br label %loop
loop:
  %step = phi i64 [ 0, %entry ], [ %next, %loop ]
  %from = phi ptr [ %a, %entry ], [ %to, %loop ]
  %to = phi ptr [ %b, %entry ], [ %from, %loop ]
  %p = getelementptr i32, ptr %from, i32 %i
  %q = getelementptr i32, ptr %from, i32 %j
  %x = load i32, ptr %p @here(7)
  %y = load i32, ptr %q @here(8)
  %z = add i32 %x, %y
  %r = getelementptr i32, ptr %to, i32 %i
  store i32 %z, ptr %r @here(9)
  BARRIER
  %next = add i64 %step, 1
  %more = icmp ult i64 %next, %steps
  br i1 %more, label %loop, label %done
done:
  ret void
}
)";

std::string withBarrier(const std::string &barrier) {
  std::string text = neighbours;
  text.replace(text.find("BARRIER"), 7, barrier);
  return gridBarrier + text;
}

const char *const callsBarrier = "call void @descent_grid_barrier(ptr %counter) @here(10)";

class Grid : public testing::TestWithParam<uint64_t> {};

INSTANTIATE_TEST_SUITE_P(Seeds, Grid, testing::Values(1, 2, 3, 4));

TEST_P(Grid, BarriersOrderAllBlocks) {
  auto device = makeEmulator({.seed = GetParam(), .switchEvery = 16});
  constexpr int count = 8 * 48;
  std::vector<int32_t> values(count), expected(count);
  for (int i = 0; i < count; ++i)
    values[i] = expected[i] = i * i % 101;
  for (int step = 0; step < 6; ++step) {
    std::vector<int32_t> before = expected;
    for (int i = 0; i < count; ++i)
      expected[i] = before[i] + before[(i + 1) % count];
  }
  Array a(*device, values), b(*device, std::vector<int32_t>(count));
  Array counter(*device, std::vector<int32_t>{0});
  EXPECT_EQ(run(*device, withBarrier(callsBarrier),
                {.blocks = 8, .threads = 48, .cooperative = true}, {a, b, counter, 6}),
            "");
  EXPECT_EQ(a.values(), expected);
}

TEST_P(Grid, FencesAndAtomicsOrderWithoutTheName) {
  auto device = makeEmulator({.seed = GetParam(), .trustGridBarrier = false});
  Array a(*device, std::vector<int32_t>(128, 1)), b(*device, std::vector<int32_t>(128));
  Array counter(*device, std::vector<int32_t>{0});
  std::string right = withBarrier(callsBarrier), wrong = right;
  device::Launch how = {.blocks = 4, .threads = 32, .cooperative = true};
  EXPECT_EQ(run(*device, right, how, {a, b, counter, 4}), "");
  EXPECT_EQ(a.values(), std::vector<int32_t>(128, 16));
  // Without the fence before the atomic, what was written is not published.
  std::string fence = "fence syncscope(\"device\") acq_rel\n";
  wrong.replace(wrong.find(fence), fence.size(), "");
  Array again(*device, std::vector<int32_t>{0});
  EXPECT_TRUE(run(*device, wrong, how, {a, b, again, 4}).find("a data race in global memory") !=
              std::string::npos);
}

TEST_P(Grid, MissingBarriersAreRaces) {
  auto device = makeEmulator({.seed = GetParam()});
  Array a(*device, std::vector<int32_t>(128, 1)), b(*device, std::vector<int32_t>(128));
  Array counter(*device, std::vector<int32_t>{0});
  std::string said =
      run(*device, withBarrier("call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)"),
          {.blocks = 4, .threads = 32, .cooperative = true}, {a, b, counter, 4});
  EXPECT_TRUE(said.find("a data race in global memory") != std::string::npos) << said;
  EXPECT_TRUE(said.find("kernel.gd:8:3") != std::string::npos ||
              said.find("kernel.gd:9:3") != std::string::npos)
      << said;
}

TEST_P(Grid, ABlockScopeOrdersNoOtherBlock) {
  auto device = makeEmulator({.seed = GetParam(), .trustGridBarrier = false});
  std::string text = withBarrier(callsBarrier);
  for (size_t at; (at = text.find("\"device\"")) != std::string::npos;)
    text.replace(at, 8, "\"block\"");
  Array a(*device, std::vector<int32_t>(128, 1)), b(*device, std::vector<int32_t>(128));
  Array counter(*device, std::vector<int32_t>{0});
  EXPECT_TRUE(
      run(*device, text, {.blocks = 4, .threads = 32, .cooperative = true}, {a, b, counter, 4})
          .find("a data race in global memory") != std::string::npos);
}

/// The first thread adds up n numbers, the others poll a flag until it has.
const char *const worksAlone = R"(
define ptx_kernel void @k(ptr %data, i64 %n, ptr %flag) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %first = icmp eq i32 %t, 0
  br i1 %first, label %loop, label %spin
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i32 [ 0, %entry ], [ %more, %loop ]
  %j = and i64 %i, 255
  %p = getelementptr i32, ptr %data, i64 %j
  %x = load i32, ptr %p
  %more = add i32 %sum, %x
  %next = add i64 %i, 1
  %again = icmp ult i64 %next, %n
  br i1 %again, label %loop, label %tell
tell:
  store i32 %more, ptr %data
  store atomic i32 1, ptr %flag release, align 4
  ret void
spin:
  %f = load atomic i32, ptr %flag acquire, align 4
  %done = icmp eq i32 %f, 1
  br i1 %done, label %end, label %spin
end:
  ret void
})";

TEST_P(Grid, OneThreadMayWorkWhileAllOthersWait) {
  // So long that its reads alone would look like a deadlock to those who poll.
  auto device = makeEmulator({.seed = GetParam(), .switchEvery = 16});
  Array data(*device, std::vector<int32_t>(256, 1)), flag(*device, std::vector<int32_t>{0});
  EXPECT_EQ(run(*device, worksAlone, {.threads = 512}, {data, 40'000, flag}), "");
  EXPECT_EQ(data.values()[0], 40'000);
}

TEST(Unchecked, KernelsRunAsWell) {
  // What is wrong with them is their own business.
  auto device = makeEmulator({.checks = false, .switchEvery = 0});
  Array data(*device, std::vector<int32_t>(256, 1)), flag(*device, std::vector<int32_t>{0});
  EXPECT_EQ(run(*device, worksAlone, {.threads = 64}, {data, 1000, flag}), "");
  EXPECT_EQ(data.values()[0], 1000);
  Array a(*device, std::vector<int32_t>(128, 1)), b(*device, std::vector<int32_t>(128));
  Array counter(*device, std::vector<int32_t>{0});
  EXPECT_EQ(run(*device, withBarrier(callsBarrier),
                {.blocks = 4, .threads = 32, .cooperative = true}, {a, b, counter, 4}),
            "");
  EXPECT_EQ(a.values(), std::vector<int32_t>(128, 16));
  const char *race = "define ptx_kernel void @k(ptr %p) {\n  store i32 5, ptr %p\n  ret void\n}";
  EXPECT_EQ(run(*device, race, {.threads = 32}, {a}), "");
  EXPECT_EQ(a.values()[0], 5);
}

TEST_P(Grid, ALockOrdersItsHolders) {
  const char *text = R"(
define ptx_kernel void @k(ptr %lock, ptr %count) {
entry:
  br label %spin
spin:
  %pair = cmpxchg ptr %lock, i32 0, i32 1 syncscope("device") acquire monotonic
  %won = extractvalue {i32, i1} %pair, 1
  br i1 %won, label %held, label %spin
held:
  %x = load i32, ptr %count
  %y = add i32 %x, 1
  store i32 %y, ptr %count
  store atomic i32 0, ptr %lock syncscope("device") ORDER, align 4
  ret void
})";
  auto device = makeEmulator({.seed = GetParam(), .switchEvery = 2});
  auto with = [&](const char *order) {
    std::string copy = text;
    copy.replace(copy.find("ORDER"), 5, order);
    return copy;
  };
  Array lock(*device, std::vector<int32_t>{0}), count(*device, std::vector<int32_t>{0});
  device::Launch how = {.blocks = 3, .threads = 40};
  EXPECT_EQ(run(*device, with("release"), how, {lock, count}), "");
  EXPECT_EQ(count.values()[0], 120);
  EXPECT_TRUE(
      run(*device, with("monotonic"), how, {lock, count}).find("a data race in global memory") !=
      std::string::npos);
}

TEST_P(Grid, WhoComesLastMayWriteWhatAllHaveRead) {
  const char *text = R"(
@done = internal addrspace(1) global i32 0
define ptx_kernel void @k(ptr %value, ptr %out) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %w = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %n = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
  %bw = mul i32 %b, %w
  %i = add i32 %bw, %t
  %p = getelementptr i32, ptr %out, i32 %i
  %x = load i32, ptr %value
  store i32 %x, ptr %p
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %first = icmp eq i32 %t, 0
  br i1 %first, label %come, label %end
come:
  %old = atomicrmw add ptr addrspace(1) @done, i32 1 syncscope("device") acq_rel
  %count = add i32 %old, 1
  %last = icmp eq i32 %count, %n
  br i1 %last, label %write, label %end
write:
  store i32 -1, ptr %value
  br label %end
end:
  ret void
})";
  auto device = makeEmulator({.seed = GetParam(), .switchEvery = 3});
  Array value(*device, std::vector<int32_t>{7}), out(*device, std::vector<int32_t>(640));
  EXPECT_EQ(run(*device, text, {.blocks = 10, .threads = 64}, {value, out}), "");
  EXPECT_EQ(out.values(), std::vector<int32_t>(640, 7));
  EXPECT_EQ(value.values()[0], -1);
}

TEST_P(Grid, TheLastBlockReadsWhatOthersWrote) {
  // Each block writes a part, counts itself done, and the last one adds all parts up.
  const char *text = R"(
@done = internal addrspace(1) global i32 0
@isLast = internal addrspace(3) global i32 poison
define ptx_kernel void @k(ptr %parts, ptr %out) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %n = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
  %first = icmp eq i32 %t, 0
  br i1 %first, label %part, label %wait
part:
  %p = getelementptr i32, ptr %parts, i32 %b
  %v = add i32 %b, 100
  store i32 %v, ptr %p
  call void @llvm.nvvm.membar.gl()
  %old = atomicrmw add ptr addrspace(1) @done, i32 1 monotonic
  call void @llvm.nvvm.membar.gl()
  %count = add i32 %old, 1
  %last = icmp eq i32 %count, %n
  %l = zext i1 %last to i32
  store i32 %l, ptr addrspace(3) @isLast
  br label %wait
wait:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %flag = load i32, ptr addrspace(3) @isLast
  %mine = icmp ne i32 %flag, 0
  br i1 %mine, label %add, label %end
add:
  %in = icmp ult i32 %t, %n
  br i1 %in, label %one, label %end
one:
  %q = getelementptr i32, ptr %parts, i32 %t
  %x = load i32, ptr %q
  %o = atomicrmw add ptr %out, i32 %x monotonic
  br label %end
end:
  ret void
})";
  auto device = makeEmulator({.seed = GetParam(), .switchEvery = 4});
  Array parts(*device, std::vector<int32_t>(20)), out(*device, std::vector<int32_t>{0});
  EXPECT_EQ(run(*device, text, {.blocks = 20, .threads = 32}, {parts, out}), "");
  EXPECT_EQ(out.values()[0], 20 * 100 + 190);
}

} // namespace
} // namespace descent::emulator
