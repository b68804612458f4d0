// Products of small matrices by a warp, against products written out here. Where a lane's elements
// belong is given by strides: for each dimension of a fragment, how far its steps lead in the
// matrix, which is column-major.
#include "tests/unit/emulator/Harness.h"

#include <gmock/gmock.h>

#include <bit>
#include <random>

namespace descent::emulator {
namespace {

using testing::HasSubstr;

/// A lane's number is four members of eight groups, that of an element bits, lowest first.
struct Fragment {
  int member, group;
  std::vector<int> bits;

  int at(int lane, int element) const {
    int place = lane % 4 * member + lane / 4 * group;
    for (size_t bit = 0; bit < bits.size(); ++bit)
      place += (element >> bit & 1) * bits[bit];
    return place;
  }
};

struct Form {
  const char *intrinsic;
  int terms;
  Fragment left;  ///< [16 rows, terms]
  Fragment right; ///< [8 columns, terms]
  Fragment sums;  ///< [16 rows, 8 columns]
};

const Form tf32{"m16n8k8.row.col.tf32", 8, {16, 1, {8, 64}}, {8, 1, {32}}, {32, 1, {16, 8}}};
const Form bf16{
    "m16n8k16.row.col.bf16", 16, {32, 1, {16, 8, 128}}, {16, 1, {8, 64}}, {32, 1, {16, 8}}};

std::string product(const Form &form, const std::string &before = "") {
  std::string text = "declare {float, float, float, float} @llvm.nvvm.mma." +
                     std::string(form.intrinsic) +
                     "(i32, i32, i32, i32, i32, i32, float, float, float, float)\n"
                     "define ptx_kernel void @k(ptr %data, ptr %sums) {\nentry:\n"
                     "  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()\n"
                     "  %isFirst = icmp eq i32 %t, 0\n"
                     "  %words = mul i32 %t, 6\n  %results = mul i32 %t, 4\n" +
                     before;
  std::string operands;
  for (int i = 0; i < 10; ++i) {
    std::string n = std::to_string(i), type = i < 6 ? "i32" : "float";
    text += "  %n" + n + " = add i32 %" + (i < 6 ? "words" : "results") + ", " +
            std::to_string(i < 6 ? i : i - 6) + "\n  %p" + n + " = getelementptr " + type +
            ", ptr %" + (i < 6 ? "data" : "sums") + ", i32 %n" + n + "\n  %v" + n + " = load " +
            type + ", ptr %p" + n + "\n";
    operands += (i ? ", " : "") + type + " %v" + n;
  }
  text += "  %d = call {float, float, float, float} @llvm.nvvm.mma." + std::string(form.intrinsic) +
          "(" + operands + ") @here(5)\n";
  for (int i = 0; i < 4; ++i) {
    std::string n = std::to_string(i);
    text += "  %d" + n + " = extractvalue {float, float, float, float} %d, " + n +
            "\n  store float %d" + n + ", ptr %p" + std::to_string(6 + i) + "\n";
  }
  return text + "  ret void\n}\n";
}

/// Eighths up to 16 in magnitude: exact with 8 bits, and so are their products and sums.
std::vector<float> numbers(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> all(count);
  for (float &each : all)
    each = float(int(random() % 255) - 127) / 8;
  return all;
}

uint32_t highOf(float value) {
  return std::bit_cast<uint32_t>(value) >> 16;
}

void expectProduct(const Form &form, uint32_t ignored, uint64_t seed) {
  constexpr int rows = 16, columns = 8;
  auto left = numbers(size_t(rows * form.terms), 1),
       right = numbers(size_t(columns * form.terms), 2);
  auto before = numbers(rows * columns, 3);
  bool paired = form.terms == 16;
  std::vector<uint32_t> words;
  std::vector<float> sums, expected;
  for (int lane = 0; lane < 32; ++lane) {
    auto add = [&](const Fragment &fragment, const std::vector<float> &from, int count) {
      for (int i = 0; i < count; ++i)
        if (paired)
          words.push_back(highOf(from[size_t(fragment.at(lane, 2 * i))]) |
                          highOf(from[size_t(fragment.at(lane, 2 * i + 1))]) << 16);
        else
          words.push_back(std::bit_cast<uint32_t>(from[size_t(fragment.at(lane, i))]) | ignored);
    };
    add(form.left, left, 4);
    add(form.right, right, 2);
    for (int i = 0; i < 4; ++i) {
      int at = form.sums.at(lane, i), row = at % rows, column = at / rows;
      sums.push_back(before[size_t(at)]);
      double sum = before[size_t(at)];
      for (int k = 0; k < form.terms; ++k)
        sum += double(left[size_t(row + rows * k)]) * double(right[size_t(column + columns * k)]);
      expected.push_back(float(sum));
    }
  }
  auto device = makeEmulator({.seed = seed, .switchEvery = 8});
  Array data(*device, words);
  Array results(*device, sums);
  EXPECT_EQ(run(*device, product(form), {.blocks = 1, .threads = 32}, {data, results}), "");
  EXPECT_EQ(results.values(), expected);
}

TEST(Products, OfTf32) {
  for (uint64_t seed : {1, 2, 3})
    expectProduct(tf32, 0, seed);
}

TEST(Products, OfTf32IgnoreLowerBits) {
  expectProduct(tf32, 0x1fff, 1);
}

TEST(Products, OfBf16) {
  for (uint64_t seed : {1, 2, 3})
    expectProduct(bf16, 0, seed);
}

struct FormF64 {
  const char *shape;
  int rows, terms, ofLeft, ofRight, ofSum; ///< the last three: of a lane
  Fragment left, right, sums;
};

TEST(Products, OfF64) {
  for (const FormF64 &form :
       {FormF64{"m8n8k4", 8, 4, 1, 1, 2, {8, 1, {}}, {8, 1, {}}, {16, 1, {8}}},
        {"m16n8k8", 16, 8, 4, 2, 4, {16, 1, {8, 64}}, {8, 1, {32}}, {32, 1, {16, 8}}}}) {
    SCOPED_TRACE(form.shape);
    constexpr int columns = 8;
    // Each lane has its words one after the other.
    std::string type = "{double", body, operands;
    for (int i = 1; i < form.ofSum; ++i)
      type += ", double";
    type += "}";
    int words = form.ofLeft + form.ofRight + form.ofSum;
    for (int i = 0; i < words; ++i) {
      std::string n = std::to_string(i);
      body += "  %n" + n + " = add i32 %first, " + n + "\n  %p" + n +
              " = getelementptr double, ptr %data, i32 %n" + n + "\n  %v" + n +
              " = load double, ptr %p" + n + "\n";
      operands += (i ? ", double %v" : "double %v") + n;
    }
    std::string name = "@llvm.nvvm.mma." + std::string(form.shape) + ".row.col.f64";
    std::string text = "declare " + type + " " + name + "(double";
    for (int i = 1; i < words; ++i)
      text += ", double";
    text += ")\ndefine ptx_kernel void @k(ptr %data) {\n"
            "  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()\n  %first = mul i32 %t, " +
            std::to_string(words) + "\n" + body + "  %z = call " + type + " " + name + "(" +
            operands + ")\n";
    for (int i = 0; i < form.ofSum; ++i) {
      std::string n = std::to_string(i);
      text += "  %s" + n + " = extractvalue " + type + " %z, " + n + "\n  store double %s" + n +
              ", ptr %p" + std::to_string(form.ofLeft + form.ofRight + i) + "\n";
    }
    text += "  ret void\n}";
    auto left = numbers(form.rows * form.terms, 1), right = numbers(columns * form.terms, 2),
         before = numbers(form.rows * columns, 3);
    std::vector<double> data, expected;
    for (int lane = 0; lane < 32; ++lane) {
      for (int i = 0; i < form.ofLeft; ++i)
        data.push_back(left[size_t(form.left.at(lane, i))]);
      for (int i = 0; i < form.ofRight; ++i)
        data.push_back(right[size_t(form.right.at(lane, i))]);
      expected.insert(expected.end(), data.end() - form.ofLeft - form.ofRight, data.end());
      for (int i = 0; i < form.ofSum; ++i) {
        int at = form.sums.at(lane, i), row = at % form.rows, column = at / form.rows;
        data.push_back(before[size_t(at)]);
        double sum = before[size_t(at)];
        for (int k = 0; k < form.terms; ++k)
          sum += double(left[size_t(row + form.rows * k)]) *
                 double(right[size_t(column + columns * k)]);
        expected.push_back(sum);
      }
    }
    auto device = makeEmulator({.switchEvery = 8});
    Array all(*device, data);
    EXPECT_EQ(run(*device, text, {.blocks = 1, .threads = 32}, {all}), "");
    EXPECT_EQ(all.values(), expected);
  }
}

TEST(Products, NeedAllLanes) {
  auto device = makeEmulator();
  Array data(*device, std::vector<uint32_t>(64 * 6));
  Array sums(*device, std::vector<float>(64 * 4));
  EXPECT_THAT(run(*device, product(tf32), {.blocks = 1, .threads = 48}, {data, sums}),
              HasSubstr("kernel.gd:5:3: a product of a warp, which has fewer than 32 lanes"));
  std::string ended = product(bf16, "  br i1 %isFirst, label %leave, label %go\n"
                                    "leave:\n  ret void\ngo:\n");
  EXPECT_THAT(run(*device, ended, {.blocks = 1, .threads = 32}, {data, sums}),
              HasSubstr("kernel.gd:5:3: a product of a warp in divergent flow: its mask names lane "
                        "0, which has ended"));
}

std::vector<uint32_t> rounded(const std::string &mode, const std::vector<uint32_t> &values) {
  std::string text = "declare i32 @llvm.nvvm.f2tf32." + mode + R"((float)
define ptx_kernel void @k(ptr %data) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %p = getelementptr float, ptr %data, i32 %t
  %v = load float, ptr %p
  %r = call i32 @llvm.nvvm.f2tf32.)" +
                     mode + R"((float %v)
  store i32 %r, ptr %p
  ret void
})";
  auto device = makeEmulator();
  Array data(*device, values);
  EXPECT_EQ(run(*device, text, {.blocks = 1, .threads = int(values.size())}, {data}), "");
  return data.values();
}

TEST(Products, AreRounded) {
  // The 13 bits that go: a half, a half above an odd number, less, more; the largest; not a number.
  std::vector<uint32_t> values{0x3f801000, 0xbf803000, 0x3f800fff, 0x3f801001,
                               0x7f7fffff, 0x7f800000, 0};
  EXPECT_EQ(rounded("rna", values), (std::vector<uint32_t>{0x3f802000, 0xbf804000, 0x3f800000,
                                                           0x3f802000, 0x7f800000, 0x7f800000, 0}));
  EXPECT_EQ(rounded("rn", values), (std::vector<uint32_t>{0x3f800000, 0xbf804000, 0x3f800000,
                                                          0x3f802000, 0x7f800000, 0x7f800000, 0}));
  for (const char *mode : {"rna", "rn"})
    for (uint32_t bits : rounded(mode, {0x7fffffff, 0xffffffff, 0x7f800001}))
      EXPECT_GT(bits & 0x7fffffff, 0x7f800000u) << mode;
}

} // namespace
} // namespace descent::emulator
