// Arrays of few elements, which are in registers where that is possible, beside larger ones, which
// are not.
#include "tests/unit/cpu/Harness.h"

#include <llvm/ADT/StringRef.h>
#include <string>

namespace descent::tests {
namespace {

const int64_t sizes[] = {2, 3, 4, 7, 8, 9, 15, 16, 17, 33};

/// Replaces "N" by a number.
std::string sized(std::string text, int64_t size) {
  for (size_t at; (at = text.find('N')) != std::string::npos;)
    text.replace(at, 1, std::to_string(size));
  return text;
}

/// What is between a loop's first block and its end.
std::string loopOf(const std::string &ir) {
  size_t begin = ir.find("\nfor:");
  return begin == std::string::npos ? "" : ir.substr(begin, ir.find("\ndone:") - begin);
}

// Two arrays that change places, one after the other or by halves, with what each iteration makes
// of them.
const std::string swap = R"(func.func @f(%n: tensor<i32>, %x: tensor<Nxf64>, %y: tensor<Nxf64>)
    -> (tensor<Nxf64>, tensor<Nxf64>, tensor<Nxf64>, tensor<f64>) {
  %zero = descent.constant dense<0> : tensor<i32>
  %three = descent.constant dense<3> : tensor<i32>
  %none = descent.constant dense<0.0> : tensor<f64>
  %r:4 = descent.for %zero to %n iter(%x, %y, %x, %none) : tensor<i32>, (tensor<Nxf64>, tensor<Nxf64>, tensor<Nxf64>, tensor<f64>) {
  ^bb0(%i: tensor<i32>, %a: tensor<Nxf64>, %b: tensor<Nxf64>, %c: tensor<Nxf64>, %s: tensor<f64>):
    %m = descent.mod %i, %three : tensor<i32>
    %q = descent.compare eq %m, %zero : tensor<i32>
    %p:2 = descent.if %q : tensor<i1> to (tensor<Nxf64>, tensor<Nxf64>) {
      %d = descent.sub %b, %a : tensor<Nxf64>
      %t = descent.tanh %d : tensor<Nxf64>
      descent.yield %b, %t : tensor<Nxf64>, tensor<Nxf64>
    } else {
      descent.yield %c, %a : tensor<Nxf64>, tensor<Nxf64>
    }
    %e = descent.mul %a, %b : tensor<Nxf64>
    %u = descent.reduce_sum %e [0] : tensor<Nxf64> to tensor<f64>
    %v = descent.add %s, %u : tensor<f64>
    descent.yield %p#1, %c, %p#0, %v : tensor<Nxf64>, tensor<Nxf64>, tensor<Nxf64>, tensor<f64>
  } to (tensor<Nxf64>, tensor<Nxf64>, tensor<Nxf64>, tensor<f64>)
  return %r#0, %r#1, %r#2, %r#3 : tensor<Nxf64>, tensor<Nxf64>, tensor<Nxf64>, tensor<f64>
})";

TEST(Small, ArraysThatChangePlaces) {
  for (int64_t size : sizes) {
    std::string type = "tensor<" + std::to_string(size) + "xf64>";
    for (double n : {0, 1, 2, 5, 7})
      expectAgreement(sized(swap, size), {i32({}, {n}), sample(type, 1), sample(type, 2)}, 1e-13,
                      1e-13);
  }
}

// A descent on two numbers: nothing of it is in memory.
TEST(Small, ALoopKeepsThemInRegisters) {
  for (int64_t size : {2, 3, 4, 8, 16}) {
    std::string text = sized(
        R"(func.func @f(%n: tensor<i32>, %x: tensor<Nxf64>) -> tensor<Nxf64> {
  %zero = descent.constant dense<0> : tensor<i32>
  %tenth = descent.constant dense<0.1> : tensor<Nxf64>
  %r = descent.for %zero to %n iter(%x) : tensor<i32>, (tensor<Nxf64>) {
  ^bb0(%i: tensor<i32>, %a: tensor<Nxf64>):
    %s = descent.mul %a, %a : tensor<Nxf64>
    %l = descent.reduce_sum %s [0] : tensor<Nxf64> to tensor<f64>
    %h = descent.sqrt %l : tensor<f64>
    %b = descent.broadcast %h [] : tensor<f64> to tensor<Nxf64>
    %g = descent.div %a, %b : tensor<Nxf64>
    %m = descent.mul %g, %tenth : tensor<Nxf64>
    %c = descent.sub %a, %m : tensor<Nxf64>
    descent.yield %c : tensor<Nxf64>
  } to (tensor<Nxf64>)
  return %r : tensor<Nxf64>
})",
        size);
    std::string loop = loopOf(llvmOf(text));
    EXPECT_NE(loop, "") << llvmOf(text);
    EXPECT_EQ(loop.find("load"), std::string::npos) << loop;
    EXPECT_EQ(loop.find("store"), std::string::npos) << loop;
    expectAgreement(text, {i32({}, {4}), sample("tensor<" + std::to_string(size) + "xf64>", 3)},
                    1e-13, 1e-13);
  }
}

// Elements at places that only running tells, and a small array that grows element by element.
TEST(Small, IndicesThatAreNotKnown) {
  for (int64_t size : sizes)
    for (double n : {0, 1, 3, 40})
      expectAgreement(
          sized(
              R"(func.func @f(%n: tensor<i32>, %x: tensor<Nxf32>) -> (tensor<Nxf32>, tensor<f32>) {
  %zero = descent.constant dense<0> : tensor<i32>
  %s = descent.constant dense<1.0> : tensor<f32>
  %r:2 = descent.for %zero to %n iter(%x, %s) : tensor<i32>, (tensor<Nxf32>, tensor<f32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<Nxf32>, %t: tensor<f32>):
    %v = descent.dynamic_slice %a[%i] sizes [1] : tensor<Nxf32>, tensor<i32> to tensor<1xf32>
    %w = descent.sin %v : tensor<1xf32>
    %u = descent.update %a, %w[%i] : tensor<Nxf32>, tensor<1xf32>, tensor<i32>
    %k = descent.reduce_max %u [0] : tensor<Nxf32> to tensor<f32>
    %e = descent.add %k, %t : tensor<f32>
    descent.yield %u, %e : tensor<Nxf32>, tensor<f32>
  } to (tensor<Nxf32>, tensor<f32>)
  return %r#0, %r#1 : tensor<Nxf32>, tensor<f32>
})",
              size),
          {i32({}, {n}), sample("tensor<" + std::to_string(size) + "xf32>", 5)});
}

// Threads add to a small array that a loop carries, and read it: they are given copies of it.
TEST(Small, SharedByThreads) {
  std::string text =
      R"(func.func @f(%n: tensor<i32>, %x: tensor<60000x3xf64>, %w: tensor<3xf64>) -> tensor<3xf64> {
  %zero = descent.constant dense<0> : tensor<i32>
  %c = descent.constant dense<1.0e-6> : tensor<3xf64>
  %r = descent.for %zero to %n iter(%w) : tensor<i32>, (tensor<3xf64>) {
  ^bb0(%i: tensor<i32>, %a: tensor<3xf64>):
    %p = descent.dot %x, %a batch [] x [] contract [1] x [0] : tensor<60000x3xf64>, tensor<3xf64> to tensor<60000xf64>
    %e = descent.tanh %p : tensor<60000xf64>
    %g = descent.dot %e, %x batch [] x [] contract [0] x [0] : tensor<60000xf64>, tensor<60000x3xf64> to tensor<3xf64>
    %m = descent.mul %g, %c : tensor<3xf64>
    %b = descent.sub %a, %m : tensor<3xf64>
    descent.yield %b : tensor<3xf64>
  } to (tensor<3xf64>)
  return %r : tensor<3xf64>
})";
  EXPECT_NE(llvmOf(text).find("descent_parallel"), std::string::npos);
  expectAgreement(text, {i32({}, {3}), sample("tensor<60000x3xf64>", 1), f64({3}, {1, -2, 0.5})},
                  1e-12, 1e-12);
}

// What an effect is given are copies; the loop goes on with its own.
TEST(Small, SeenByEffects) {
  auto seen = runProgram(R"(func.func @main() {
  %x = descent.input 0 : tensor<3xf64>
  %zero = descent.constant dense<0> : tensor<i32>
  %two = descent.constant dense<2> : tensor<i32>
  %half = descent.constant dense<0.5> : tensor<3xf64>
  %r = descent.for %zero to %two iter(%x) : tensor<i32>, (tensor<3xf64>) {
  ^bb0(%i: tensor<i32>, %a: tensor<3xf64>):
    %b = descent.mul %a, %half : tensor<3xf64>
    %l = descent.reduce_sum %b [0] : tensor<3xf64> to tensor<f64>
    descent.effect 0 (%i, %b, %l) : (tensor<i32>, tensor<3xf64>, tensor<f64>)
    descent.yield %b : tensor<3xf64>
  } to (tensor<3xf64>)
  descent.effect 1 (%r) : (tensor<3xf64>)
  return
})",
                         {f64({3}, {1, 2, 4})});
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].operands[0].number(0), 0);
  EXPECT_EQ(seen[1].operands[0].number(0), 1);
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(seen[0].operands[1].number(i), 0.5 * double(1 << i));
    EXPECT_EQ(seen[1].operands[1].number(i), 0.25 * double(1 << i));
    EXPECT_EQ(seen[2].operands[0].number(i), 0.25 * double(1 << i));
  }
  EXPECT_EQ(seen[0].operands[2].number(0), 3.5);
  EXPECT_EQ(seen[1].operands[2].number(0), 1.75);
}

// The sum that a loop carries waits for one addition an iteration, however many products that adds
// up.
TEST(Small, SumsDoNotWaitForProducts) {
  std::string ir =
      llvmOf(R"(func.func @f(%x: tensor<4000x3xf64>, %w: tensor<3xf64>) -> tensor<f64> {
  %p = descent.dot %x, %w batch [] x [] contract [1] x [0] : tensor<4000x3xf64>, tensor<3xf64> to tensor<4000xf64>
  %q = descent.mul %p, %p : tensor<4000xf64>
  %s = descent.reduce_sum %q [0] : tensor<4000xf64> to tensor<f64>
  return %s : tensor<f64>
})");
  llvm::SmallVector<llvm::StringRef> lines;
  llvm::StringRef(ir).split(lines, '\n');
  int fused = 0;
  for (llvm::StringRef line : lines) {
    if (!line.contains("fadd reassoc"))
      continue;
    // An operand that is a product is named at its definition.
    auto isProduct = [&](llvm::StringRef name) {
      return llvm::any_of(lines, [&](llvm::StringRef other) {
        return other.ltrim().starts_with((name + " = fmul").str());
      });
    };
    auto [rest, second] = line.rsplit(", ");
    llvm::StringRef first = rest.rsplit(' ').second;
    bool hasProduct = isProduct(first) || isProduct(second);
    EXPECT_EQ(line.contains("contract"), hasProduct) << line.str();
    fused += hasProduct;
  }
  EXPECT_GT(fused, 0) << ir;
}

// Divisors that are known, of all signs, against those that are not; the ends of the range.
TEST(Small, DivisionByConstants) {
  for (std::string element : {"i32", "i64", "ui32"}) {
    bool isSigned = element[0] == 'i';
    for (int64_t divisor : {1, 2, 3, 7, 10, 64, 1000, 2147483647, -1, -2, -3, -10, 0}) {
      if (divisor < 0 && !isSigned)
        continue;
      std::string type = "tensor<12x" + element + ">";
      std::string text = "func.func @f(%x: " + type + ") -> (" + type + ", " + type +
                         ") {\n  %c = descent.constant dense<" + std::to_string(divisor) +
                         "> : " + type + "\n  %q = descent.floordiv %x, %c : " + type +
                         "\n  %r = descent.mod %x, %c : " + type + "\n  return %q, %r : " + type +
                         ", " + type + "\n}";
      std::vector<double> numbers = {0, 1, 2, 3, 9, 10, 11, 63, 64, 65, 999, 2147483647};
      Tensor x = element == "i32"   ? i32({12}, numbers)
                 : element == "i64" ? i64({12}, numbers)
                                    : u32({12}, numbers);
      expectAgreement(text, {x}, 0, 0);
      if (!isSigned)
        continue;
      for (double &number : numbers)
        number = -number - 1;
      expectAgreement(text, {element == "i32" ? i32({12}, numbers) : i64({12}, numbers)}, 0, 0);
    }
  }
}

} // namespace
} // namespace descent::tests
