// Instructions, each against what the manual says of it, worked out by hand; and what is refused.
#include "Reader.h"

#include "tests/unit/emulator/Harness.h"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <limits>

namespace descent::ptx {
namespace {

using emulator::Array;
using testing::AllOf;
using testing::HasSubstr;

const std::string kHead = ".version 7.8\n.target sm_90\n.address_size 64\n";

/// A kernel of an array of words of 64 bits, at %rd0, with its thread in %t.
std::string kernel(const std::string &body, const std::string &before = "") {
  return kHead + before +
         ".visible .entry k(.param .u64 k_data)\n.maxntid 64\n{\n"
         "  .reg .pred %p<5>;\n  .reg .b16 %rs<4>;\n  .reg .b32 %r<10>, %t;\n"
         "  .reg .b64 %rd<10>;\n"
         "  ld.param.u64 %rd0, [k_data];\n  mov.u32 %t, %tid.x;\n" +
         body + "\n  ret;\n}\n";
}

/// What is said against a kernel: by the reader, or by the emulator.
std::string said(const std::string &text, int threads = 1, std::vector<uint64_t> data = {0}) {
  auto device = emulator::makeEmulator({.trustGridBarrier = false});
  Array<uint64_t> array(*device, data);
  try {
    auto program = device->load(bitcodeOf(parse(text)));
    return emulator::run(*device, *program, {.blocks = 1, .threads = threads}, {array});
  } catch (const Problem &problem) {
    return "line " + std::to_string(problem.line) + ": " + problem.what();
  }
}

/// What a kernel makes of an array.
std::vector<uint64_t> made(const std::string &text, std::vector<uint64_t> data, int threads = 1) {
  auto device = emulator::makeEmulator({.trustGridBarrier = false});
  Array<uint64_t> array(*device, data);
  try {
    auto program = device->load(bitcodeOf(parse(text)));
    EXPECT_EQ(emulator::run(*device, *program, {.blocks = 1, .threads = threads}, {array}), "");
  } catch (const Problem &problem) {
    ADD_FAILURE() << "line " << problem.line << ": " << problem.what() << "\n" << text;
  }
  return array.values();
}

uint64_t wordOf(double value) {
  return std::bit_cast<uint64_t>(value);
}
uint64_t wordOf(float value) {
  return std::bit_cast<uint32_t>(value);
}

struct Case {
  /// $1, $2, $3 are the operands, $0 is the result; letters say how wide they are: "q" 64 bits, "d"
  /// 32, "p" a predicate.
  std::string code, widths;
  std::vector<uint64_t> operands;
  uint64_t expected;
};
void PrintTo(const Case &each, std::ostream *os) {
  *os << each.code;
}

class Instruction : public testing::TestWithParam<Case> {};

TEST_P(Instruction, DoesWhatTheManualSays) {
  const Case &each = GetParam();
  std::string code = each.code, body;
  std::vector<uint64_t> data = {0};
  for (size_t i = 0; i < each.widths.size(); ++i) {
    char width = each.widths[i];
    std::string name = (width == 'q' ? "%rd" : width == 'd' ? "%r" : "%p") + std::to_string(i + 1);
    for (size_t at; (at = code.find("$" + std::to_string(i))) != std::string::npos;)
      code.replace(at, 2, name);
    if (i == 0)
      continue;
    data.push_back(each.operands[i - 1]);
    std::string from = "[%rd0+" + std::to_string(i * 8) + "];\n";
    if (width == 'q')
      body += "  ld.global.b64 " + name + ", " + from;
    else
      body += "  ld.global.b32 %r" + std::to_string(i + 1) + ", " + from;
    if (width == 'p')
      body += "  setp.ne.b32 " + name + ", %r" + std::to_string(i + 1) + ", 0;\n";
  }
  body += "  " + code + "\n";
  if (each.widths[0] == 'd')
    body += "  cvt.u64.u32 %rd1, %r1;\n";
  if (each.widths[0] == 'p')
    body += "  selp.b64 %rd1, 1, 0, %p1;\n";
  body += "  st.global.b64 [%rd0], %rd1;";
  EXPECT_EQ(made(kernel(body), data)[0], each.expected) << code;
}

const double kNan = std::numeric_limits<double>::quiet_NaN();
const double kInfinity = std::numeric_limits<double>::infinity();
constexpr uint64_t kMost = ~uint64_t{0};

INSTANTIATE_TEST_SUITE_P(
    Integers, Instruction,
    testing::Values(Case{"add.s32 $0, $1, $2;", "ddd", {0xffffffff, 3}, 2},
                    Case{"sub.s64 $0, $1, -7;", "qq", {1}, 8}, //
                    Case{"mul.lo.s32 $0, $1, $2;", "ddd", {0x10001, 0x10001}, 0x20001},
                    Case{"mul.hi.u32 $0, $1, $2;", "ddd", {0xffffffff, 0xffffffff}, 0xfffffffe},
                    Case{"mul.hi.s32 $0, $1, $2;", "ddd", {0xffffffff, 5}, 0xffffffff},
                    Case{"mul.hi.u64 $0, $1, $2;", "qqq", {kMost, kMost}, kMost - 1},
                    Case{"mul.wide.s32 $0, $1, $2;", "qdd", {0xffffffff, 5}, uint64_t(-5)},
                    Case{"mul.wide.u32 $0, $1, $2;", "qdd", {0xffffffff, 5}, 0x4fffffffb},
                    Case{"mad.lo.s64 $0, $1, $2, $3;", "qqqq", {7, uint64_t(-2), 3}, uint64_t(-11)},
                    Case{"mad.wide.u32 $0, $1, 4, $2;", "qdq", {0x80000000, 1}, 0x200000001},
                    Case{"add.cc.s64 $0, $1, $2;\n  addc.cc.s64 $0, 0, 0;", "qqq", {kMost, 1}, 1},
                    Case{"sub.cc.s64 $0, $1, $2;\n  subc.s64 $0, 0, 0;", "qqq", {1, 2}, kMost},
                    Case{"min.s32 $0, $1, $2;", "ddd", {0xffffffff, 1}, 0xffffffff},
                    Case{"min.u32 $0, $1, $2;", "ddd", {0xffffffff, 1}, 1},
                    Case{"max.s64 $0, $1, $2;", "qqq", {kMost, 1}, 1},
                    Case{"abs.s32 $0, $1;", "dd", {uint32_t(-9)}, 9},
                    Case{"neg.s64 $0, $1;", "qq", {4}, uint64_t(-4)},
                    Case{"not.b32 $0, $1;", "dd", {1}, 0xfffffffe},
                    Case{"rem.u32 $0, $1, $2;", "ddd", {17, 5}, 2},
                    Case{"div.s32 $0, $1, $2;", "ddd", {uint32_t(-17), 5}, uint32_t(-3)},
                    // By as many bits as there are, and more.
                    Case{"shl.b32 $0, $1, $2;", "ddd", {1, 32}, 0},
                    Case{"shl.b64 $0, $1, 63;", "qq", {3}, 1ull << 63},
                    Case{"shr.u32 $0, $1, $2;", "ddd", {0x80000000, 31}, 1},
                    Case{"shr.u64 $0, $1, $2;", "qqd", {kMost, 64}, 0},
                    Case{"shr.s32 $0, $1, $2;", "ddd", {0x80000000, 40}, 0xffffffff},
                    Case{"setp.lt.s32 $0, $1, $2;", "pdd", {0xffffffff, 0}, 1},
                    Case{"setp.lt.u32 $0, $1, $2;", "pdd", {0xffffffff, 0}, 0},
                    Case{"and.pred $0, $1, $2;", "ppp", {1, 0}, 0},
                    Case{"xor.pred $0, $1, -1;", "pp", {1}, 0},
                    Case{"selp.b32 $0, $1, $2, $3;", "dddp", {4, 5, 0}, 5}));

INSTANTIATE_TEST_SUITE_P(
    Bits, Instruction,
    testing::Values(
        Case{"prmt.b32 $0, $1, $2, 0x5410U;", "ddd", {0x44332211, 0x88776655}, 0x66552211},
        Case{"prmt.b32 $0, $1, $2, 0x7531;", "ddd", {0x44332211, 0x88776655}, 0x88664422},
        // Of a number with the highest bit only the sign.
        Case{"prmt.b32 $0, $1, $2, 0x80fb;", "ddd", {0x84332211, 0x88776655}, 0x0011ffff},
        Case{"shf.l.wrap.b32 $0, $1, $2, 8;", "ddd", {0x11223344, 0x55667788}, 0x66778811},
        Case{"shf.r.wrap.b32 $0, $1, $2, 40;", "ddd", {0x11223344, 0x55667788}, 0x88112233},
        Case{"bfe.u32 $0, $1, 4, 8;", "dd", {0xabcdef12}, 0xf1},
        Case{"bfe.s64 $0, $1, 4, 4;", "qq", {0x80}, uint64_t(-8)},
        Case{"bfe.u64 $0, $1, 60, 30;", "qq", {kMost}, 15},
        Case{"bfi.b32 $0, $1, $2, 8, 8;", "ddd", {0xabcdef12, 0x11111111}, 0x11111211},
        Case{"popc.b64 $0, $1;", "dq", {0xff00ff}, 16},
        Case{"clz.b32 $0, $1;", "dd", {0x00800000}, 8},
        Case{"mov.b64 $0, {$1, $2};", "qdd", {1, 2}, 0x200000001},
        Case{"mov.b64 {$0, _}, $1;", "dq", {0x200000001}, 1},
        Case{"mov.b64 {_, $0}, $1;", "dq", {0x200000001}, 2}));

INSTANTIATE_TEST_SUITE_P(
    Floats, Instruction,
    testing::Values(
        Case{"add.rn.f64 $0, $1, 0d3FF0000000000000;", "qq", {wordOf(1.5)}, wordOf(2.5)},
        Case{"sub.f32 $0, $1, 0f3F800000;", "dd", {wordOf(1.5f)}, wordOf(0.5f)},
        // Rounded once: (1 + 2^-30)^2 - 1.
        Case{"fma.rn.f64 $0, $1, $1, $2;",
             "qqq",
             {wordOf(1 + 0x1p-30), wordOf(-1.0)},
             wordOf(0x1p-29 + 0x1p-60)},
        Case{"fma.rn.f32 $0, $1, $1, $2;",
             "ddd",
             {wordOf(1 + 0x1p-20f), wordOf(-1.0f)},
             wordOf(0x1p-19f + 0x1p-40f)},
        Case{"div.rn.f32 $0, $1, $2;", "ddd", {wordOf(1.0f), wordOf(3.0f)}, wordOf(1.0f / 3)},
        Case{"rcp.rn.f64 $0, $1;", "qq", {wordOf(3.0)}, wordOf(1.0 / 3)},
        Case{"sqrt.rn.f64 $0, $1;", "qq", {wordOf(2.0)}, wordOf(1.4142135623730951)},
        Case{"neg.f64 $0, $1;", "qq", {0}, wordOf(-0.0)},
        Case{"abs.f32 $0, $1;", "dd", {wordOf(-2.0f)}, wordOf(2.0f)},
        // The first has the sign.
        Case{"copysign.f64 $0, $1, $2;", "qqq", {wordOf(-1.0), wordOf(5.0)}, wordOf(-5.0)},
        Case{"max.f64 $0, $1, $2;", "qqq", {wordOf(kNan), wordOf(5.0)}, wordOf(5.0)},
        Case{"max.f64 $0, $1, $2;", "qqq", {wordOf(-0.0), wordOf(0.0)}, wordOf(0.0)},
        Case{"min.f32 $0, $1, $2;", "ddd", {wordOf(0.0f), wordOf(-0.0f)}, wordOf(-0.0f)},
        Case{"max.NaN.f64 $0, $1, $2;\n  setp.nan.f64 %p1, $0, $0;\n  selp.b64 $0, 1, 0, %p1;",
             "qqq",
             {wordOf(kNan), wordOf(5.0)},
             1},
        Case{"setp.lt.f64 $0, $1, $2;", "pqq", {wordOf(kNan), wordOf(5.0)}, 0},
        Case{"setp.ltu.f64 $0, $1, $2;", "pqq", {wordOf(kNan), wordOf(5.0)}, 1},
        Case{"setp.ne.f64 $0, $1, $1;", "pq", {wordOf(kNan)}, 0},
        Case{"setp.neu.f64 $0, $1, $1;", "pq", {wordOf(kNan)}, 1},
        Case{"setp.num.f64 $0, $1, $1;", "pq", {wordOf(kNan)}, 0}));

INSTANTIATE_TEST_SUITE_P(
    Conversions, Instruction,
    testing::Values(
        Case{"cvt.u64.u32 $0, $1;", "qd", {0xffffffff}, 0xffffffff},
        Case{"cvt.s64.s32 $0, $1;", "qd", {0xffffffff}, kMost},
        Case{"cvt.s32.s8 $0, $1;", "dd", {0x80}, 0xffffff80},
        Case{"cvt.u32.u64 $0, $1;", "dq", {0x500000007}, 7},
        Case{"cvt.rn.f32.f64 $0, $1;", "dq", {wordOf(0.1)}, wordOf(0.1f)},
        Case{"cvt.f64.f32 $0, $1;", "qd", {wordOf(0.1f)}, wordOf(double(0.1f))},
        Case{"cvt.rni.f64.f64 $0, $1;", "qq", {wordOf(2.5)}, wordOf(2.0)},
        Case{"cvt.rmi.f64.f64 $0, $1;", "qq", {wordOf(-2.5)}, wordOf(-3.0)},
        Case{"cvt.rpi.f32.f32 $0, $1;", "dd", {wordOf(-2.5f)}, wordOf(-2.0f)},
        Case{"cvt.rzi.s32.f64 $0, $1;", "dq", {wordOf(-2.9)}, uint32_t(-2)},
        Case{"cvt.rzi.s32.f64 $0, $1;", "dq", {wordOf(1e300)}, 0x7fffffff},
        Case{"cvt.rzi.u32.f32 $0, $1;", "dd", {wordOf(-5.0f)}, 0},
        // No number: zero, but the least integer where one of the two has 64 bits.
        Case{"cvt.rzi.s32.f32 $0, $1;", "dd", {wordOf(float(kNan))}, 0},
        Case{"cvt.rzi.s32.f64 $0, $1;", "dq", {wordOf(kNan)}, 0x80000000},
        Case{"cvt.rzi.u64.f64 $0, $1;", "qq", {wordOf(kNan)}, 1ull << 63},
        Case{"cvt.rzi.u64.f64 $0, $1;", "qq", {wordOf(kInfinity)}, kMost},
        Case{"cvt.rn.f64.u64 $0, $1;", "qq", {kMost}, wordOf(0x1p64)},
        Case{"cvt.rn.f32.s32 $0, $1;", "dd", {uint32_t(-3)}, wordOf(-3.0f)},
        // Ties away from zero, and to even.
        Case{"cvt.rna.tf32.f32 $0, $1;", "dd", {wordOf(1 + 0x1p-11f)}, wordOf(1 + 0x1p-10f)},
        Case{"cvt.rn.tf32.f32 $0, $1;", "dd", {wordOf(1 + 0x1p-11f)}, wordOf(1.0f)},
        Case{"cvt.rn.bf16x2.f32 $0, $1, $2;", "ddd", {wordOf(1.0f), wordOf(-2.0f)}, 0x3f80c000}));

TEST(Reader, VectorsBytesAndTables) {
  std::string before = ".global .align 16 .b8 table[16] = {1, 2, 3, 4, 5, 6, 7, 8, 255};\n"
                       ".global .align 8 .b64 doubles[2] = {0d3FF0000000000000, -1};\n";
  std::vector<uint64_t> values = made(kernel("  ld.global.v2.b32 {%r1, %r2}, [table];\n"
                                             "  st.global.v2.b32 [%rd0], {%r2, %r1};\n"
                                             "  ld.global.s8 %rs1, [table+8];\n"
                                             "  cvt.s64.s16 %rd1, %rs1;\n"
                                             "  st.global.b64 [%rd0+8], %rd1;\n"
                                             "  ld.global.b8 %rs1, [table+8];\n"
                                             "  cvt.u64.u16 %rd1, %rs1;\n"
                                             "  st.global.b64 [%rd0+16], %rd1;\n"
                                             "  mov.b64 %rd2, doubles;\n"
                                             "  ld.global.v2.b64 {%rd3, %rd4}, [%rd2];\n"
                                             "  st.b64 [%rd0+24], %rd3;\n"
                                             "  st.volatile.global.b64 [%rd0+32], %rd4;\n",
                                             before),
                                      std::vector<uint64_t>(5));
  EXPECT_EQ(values, (std::vector<uint64_t>{0x0403020108070605, kMost, 255, wordOf(1.0), kMost}));
}

TEST(Reader, WhatNobodyLooksAtIsNotRead) {
  std::string read = "  ld.global.v4.b32 {%r1, %r2, %r3, %r4}, [%rd0+16];\n",
              use = "  mov.b64 %rd1, {%r1, %r2};\n  st.global.b64 [%rd0], %rd1;\n";
  EXPECT_EQ(made(kernel(read + use), {0, 0, 5})[0], 5u);
  EXPECT_THAT(said(kernel(read + use + "  st.global.b32 [%rd0], %r4;"), 1, {0, 0, 5}),
              HasSubstr("out of bounds"));
}

TEST(Reader, SharedAndLocalMemory) {
  // Each thread writes a word, and reads that of its neighbour.
  std::string body = "  .shared .align 8 .b8 words[512];\n"
                     "  .local .align 8 .b8 own[16];\n"
                     "  mul.wide.u32 %rd1, %t, 8;\n  mov.b64 %rd2, words;\n"
                     "  add.s64 %rd3, %rd2, %rd1;\n  cvt.u64.u32 %rd4, %t;\n"
                     "  st.shared.b64 [%rd3], %rd4;\n  bar.sync 0;\n"
                     "  xor.b64 %rd5, %rd1, 8;\n  add.s64 %rd5, %rd2, %rd5;\n"
                     "  cvta.shared.u64 %rd5, %rd5;\n  ld.b64 %rd6, [%rd5];\n"
                     "  mov.b64 %rd7, own;\n  st.local.b64 [%rd7+8], %rd6;\n"
                     "  cvta.local.u64 %rd8, %rd7;\n  ld.b64 %rd9, [%rd8+8];\n"
                     "  add.s64 %rd1, %rd0, %rd1;\n  st.global.b64 [%rd1], %rd9;\n";
  std::vector<uint64_t> values = made(kernel(body), std::vector<uint64_t>(64), 64);
  for (uint64_t i = 0; i < 64; ++i)
    EXPECT_EQ(values[i], i ^ 1);
  // Without the barrier, and without the address being converted.
  auto without = [&](const std::string &part) {
    std::string changed = body;
    return kernel(changed.replace(changed.find(part), part.size(), ""));
  };
  std::vector<uint64_t> data(64);
  EXPECT_THAT(said(without("bar.sync 0;"), 64, data),
              HasSubstr("that no thread of the block has written"));
  EXPECT_THAT(said(without("cvta.shared.u64 %rd5, %rd5;"), 64, data), HasSubstr("out of bounds"));
  EXPECT_THAT(said(without("cvta.local.u64 %rd8, %rd7;") + "", 64, data),
              HasSubstr("out of bounds"));
}

TEST(Reader, CallsBranchesAndGuards) {
  // The sum of 1 to n, by a function that counts down, for each element that is not 0.
  std::string before = ".func (.param .b64 result) total(.param .b64 total_n)\n{\n"
                       "  .reg .pred %p<2>;\n  .reg .b64 %rd<3>;\n"
                       "  ld.param.b64 %rd0, [total_n];\n  mov.b64 %rd1, 0;\n"
                       "again:\n  setp.eq.b64 %p0, %rd0, 0;\n  @%p0 bra done;\n"
                       "  add.s64 %rd1, %rd1, %rd0;\n  sub.s64 %rd0, %rd0, 1;\n  bra.uni again;\n"
                       "done:\n  st.param.b64 [result], %rd1;\n  ret;\n}\n";
  std::string body = "  mul.wide.u32 %rd1, %t, 8;\n  add.s64 %rd1, %rd0, %rd1;\n"
                     "  ld.global.b64 %rd2, [%rd1];\n  setp.ne.b64 %p1, %rd2, 0;\n"
                     "  mov.b64 %rd3, 77;\n  @!%p1 bra end;\n"
                     "  {\n  .param .b64 param0;\n  st.param.b64 [param0], %rd2;\n"
                     "  .param .b64 retval0;\n  call.uni (retval0), total, (param0);\n"
                     "  ld.param.b64 %rd3, [retval0];\n  }\n"
                     "  setp.gt.u64 %p2, %rd2, 3;\n  @%p2 st.global.b64 [%rd1], %rd3;\nend:";
  EXPECT_EQ(made(kernel(body, before), {0, 3, 4, 100}, 4), (std::vector<uint64_t>{0, 3, 10, 5050}));
}

TEST(Reader, BranchesByIndex) {
  std::string body = "  mul.wide.u32 %rd1, %t, 8;\n  add.s64 %rd1, %rd0, %rd1;\n"
                     "  ld.global.b32 %r1, [%rd1];\n  mov.b64 %rd2, 0;\n"
                     "targets: .branchtargets first,\n    second, first;\n"
                     "  brx.idx %r1, targets;\n"
                     "first:\n  add.s64 %rd2, %rd2, 10;\n"
                     "second:\n  add.s64 %rd2, %rd2, 1;\n  st.global.b64 [%rd1], %rd2;\n";
  EXPECT_EQ(made(kernel(body), {0, 1, 2}, 3), (std::vector<uint64_t>{11, 1, 11}));
  EXPECT_THAT(said(kernel(body), 1, {3}), HasSubstr("code that must not be reached"));
}

TEST(Reader, Warps) {
  std::vector<uint64_t> data(32);
  for (uint64_t i = 0; i < 32; ++i)
    data[i] = i * i;
  std::string load = "  mul.wide.u32 %rd1, %t, 8;\n  add.s64 %rd1, %rd0, %rd1;\n"
                     "  ld.global.b32 %r1, [%rd1];\n",
              store = "  cvt.u64.u32 %rd2, %r2;\n  st.global.b64 [%rd1], %rd2;\n";
  auto shuffled = [&](const std::string &how) {
    return made(kernel(load + how + store), data, 32);
  };
  std::vector<uint64_t> butterfly = shuffled("  shfl.sync.bfly.b32 %r2, %r1, 4, 31, -1;\n"),
                        down = shuffled("  shfl.sync.down.b32 %r2|%p1, %r1, 3, 31, -1;\n"
                                        "  @!%p1 mov.b32 %r2, 5000;\n"),
                        index = shuffled("  shfl.sync.idx.b32 %r2, %r1, 9, 31, -1;\n"),
                        ballot = shuffled("  setp.lt.u32 %p1, %t, 3;\n"
                                          "  vote.sync.ballot.b32 %r2, %p1, -1;\n");
  for (uint64_t i = 0; i < 32; ++i) {
    EXPECT_EQ(butterfly[i], (i ^ 4) * (i ^ 4));
    EXPECT_EQ(down[i], i + 3 < 32 ? (i + 3) * (i + 3) : 5000);
    EXPECT_EQ(index[i], 81u);
    EXPECT_EQ(ballot[i], 7u);
  }
  EXPECT_THAT(said(kernel("  setp.lt.u32 %p1, %t, 3;\n  @%p1 bra end;\n"
                          "  shfl.sync.bfly.b32 %r2, %t, 1, 31, -1;\nend:"),
                   32),
              HasSubstr("shuffle"));
}

/// The order of elements is that of the manual: 9.7.14.5, "Matrix Fragments for mma.m8n8k4 with
/// .f64".
TEST(Reader, ProductsOfAWarp) {
  // Left: row lane / 4, term lane % 4. Right: term lane % 4, column lane / 4. Two sums: row lane /
  // 4, columns 2 (lane % 4) and one more.
  auto left = [](uint64_t row, uint64_t term) { return double(1 + row * 4 + term); };
  auto right = [](uint64_t term, uint64_t column) { return double(1 + term * term + column); };
  std::vector<uint64_t> data(32 * 4);
  for (uint64_t lane = 0; lane < 32; ++lane) {
    data[lane * 4] = wordOf(left(lane / 4, lane % 4));
    data[lane * 4 + 1] = wordOf(right(lane % 4, lane / 4));
    data[lane * 4 + 2] = data[lane * 4 + 3] = wordOf(0.5);
  }
  std::vector<uint64_t> values = made(
      kernel("  mul.wide.u32 %rd1, %t, 32;\n  add.s64 %rd1, %rd0, %rd1;\n"
             "  ld.global.v2.b64 {%rd2, %rd3}, [%rd1];\n"
             "  ld.global.v2.b64 {%rd4, %rd5}, [%rd1+16];\n"
             "  mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%rd6, %rd7}, {%rd2}, {%rd3},\n"
             "    {%rd4, %rd5};\n"
             "  st.global.v2.b64 [%rd1], {%rd6, %rd7};"),
      data, 32);
  for (uint64_t lane = 0; lane < 32; ++lane)
    for (uint64_t i = 0; i < 2; ++i) {
      double sum = 0.5;
      for (uint64_t term = 0; term < 4; ++term)
        sum += left(lane / 4, term) * right(term, lane % 4 * 2 + i);
      EXPECT_EQ(values[lane * 4 + i], wordOf(sum)) << lane << " " << i;
    }
}

TEST(Reader, AtomicsAndFencesOrder) {
  EXPECT_EQ(made(kernel("  atom.add.u64 %rd1, [%rd0], 3;\n  red.global.max.s64 [%rd0+8], -5;"),
                 {1, uint64_t(-9)}, 64),
            (std::vector<uint64_t>{1 + 3 * 64, uint64_t(-5)}));
  // The first thread of another warp hands something over.
  auto handed = [](const std::string &fence) {
    return kernel("  setp.eq.u32 %p1, %t, 0;\n  @%p1 bra give;\n  setp.ne.u32 %p2, %t, 32;\n"
                  "  @%p2 bra end;\nwait:\n  ld.volatile.global.b64 %rd1, [%rd0];\n"
                  "  setp.eq.b64 %p3, %rd1, 0;\n  @%p3 bra wait;\n" +
                  fence +
                  "  ld.global.b64 %rd2, [%rd0+8];\n  add.s64 %rd2, %rd2, 1;\n"
                  "  st.global.b64 [%rd0+16], %rd2;\n  bra end;\ngive:\n"
                  "  st.global.b64 [%rd0+8], 41;\n" +
                  fence + "  st.volatile.global.b64 [%rd0], 1;\nend:");
  };
  EXPECT_EQ(made(handed("  fence.acq_rel.gpu;\n"), {0, 0, 0}, 64)[2], 42u);
  EXPECT_THAT(said(handed(""), 64, {0, 0, 0}), HasSubstr("a data race in global memory"));
}

TEST(Reader, PlacesAreThoseOfTheSource) {
  std::string text = kernel("  .loc 2 7 3\n  st.global.b64 [%rd0+4], %rd0;");
  text.insert(kHead.size(), ".file 1 \"one.gd\"\n.file 2 \"two.gd\"\n");
  EXPECT_THAT(said(text), AllOf(HasSubstr("two.gd:7:3"), HasSubstr("aligned")));
}

TEST(Reader, WhatIsNotKnownIsRefused) {
  auto refused = [](const std::string &body) { return said(kernel(body)); };
  EXPECT_EQ(refused("  add.ftz.f32 %r1, %r1, %r1;"), "line 13: `.ftz` of `add` is not known here");
  EXPECT_THAT(refused("  sqrt.approx.f32 %r1, %r1;"), HasSubstr("without a rounding"));
  EXPECT_THAT(refused("  ex2.approx.f32 %r1, %r1;"), HasSubstr("`ex2` is not known here"));
  EXPECT_THAT(refused("  add.s32 %r1, %r99, 1;"), HasSubstr("`%r99` is not known here"));
  EXPECT_THAT(refused("  add.s64 %rd1, %r1, 1;"), HasSubstr("has 32 bits, not 64"));
  EXPECT_THAT(refused("  bra nowhere;"), HasSubstr("there is no label `nowhere`"));
  EXPECT_THAT(refused("  call.uni nothing;"), HasSubstr("there is no function `nothing`"));
  EXPECT_THAT(refused("  ld.global.v2.b64 {%rd1}, [%rd0];"), HasSubstr("2 registers are expected"));
  EXPECT_THAT(refused("  atom.add.f32 %r1, [%rd0], %r2;"), HasSubstr("atomics of floats"));
  EXPECT_THAT(refused("  mov.b64 %rd1, k_data;"), HasSubstr("the address of the parameter"));
  EXPECT_EQ(said(".version 7.8\n.target sm_90\nnonsense\n"),
            "line 3: `nonsense` is not known here");
}

} // namespace
} // namespace descent::ptx
