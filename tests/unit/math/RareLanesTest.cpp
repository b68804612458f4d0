// The pass that skips work no lane needs: what it moves and what it leaves, and that vectors of any
// mixture of lanes give the same bits as the functions one by one.

#include "compiler/math/RareLanes.h"
#include "compiler/math/Math.h"
#include "tests/unit/math/BitcodeLoops.h"

#include <gtest/gtest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/SourceMgr.h>

#include <cstring>
#include <limits>

namespace descent::test {
namespace {

/// A chain of multiplications: %far0 = %x * %x, … %far<length - 1>.
std::string chain(int length) {
  std::string text;
  for (int i = 0; i < length; ++i)
    text += "  %far" + std::to_string(i) + " = fmul <4 x double> %x, " +
            (i ? "%far" + std::to_string(i - 1) : "%x") + "\n";
  return text;
}

/// A function of a vector whose lanes beyond 1 are rare; `body` defines %y.
std::string rareFunction(const std::string &body) {
  return "define <4 x double> @f(<4 x double> %x, ptr %p, i1 %any) {\n"
         "  %rare = fcmp ogt <4 x double> %x, splat (double 1.0)\n" +
         body + "  ret <4 x double> %y\n}\n";
}

/// The blocks of the function after the pass: their instructions.
std::vector<std::vector<std::string>> blocksOf(const std::string &text) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic diagnostic;
  auto module = llvm::parseAssemblyString(text, diagnostic, context);
  EXPECT_TRUE(module) << diagnostic.getMessage().str() << "\n" << text;
  llvm::Function &function = *module->getFunction("f");
  llvm::FunctionAnalysisManager analyses;
  RareLanesPass().run(function, analyses);
  EXPECT_FALSE(llvm::verifyModule(*module, &llvm::errs()));
  std::vector<std::vector<std::string>> blocks;
  for (llvm::BasicBlock &block : function) {
    blocks.emplace_back();
    for (llvm::Instruction &instruction : block)
      blocks.back().push_back(instruction.getOpcodeName());
  }
  return blocks;
}

size_t blockCount(const std::string &body) {
  return blocksOf(rareFunction(body)).size();
}

const std::string choice = "  %y = select <4 x i1> %rare, <4 x double> %far39, <4 x double> %x\n";
const std::string otherChoice =
    "  %y = select <4 x i1> %rare, <4 x double> %x, <4 x double> %far39\n";

TEST(RareLanes, WorkOfOneSideGoesBehindABranch) {
  for (const std::string &select : {choice, otherChoice}) {
    auto blocks = blocksOf(rareFunction(chain(40) + select));
    ASSERT_EQ(blocks.size(), 3u);
    auto count = [&](size_t block, const std::string &name) {
      return std::count(blocks[block].begin(), blocks[block].end(), name);
    };
    EXPECT_EQ(count(0, "fmul"), 0);
    EXPECT_EQ(count(0, "call"), 1) << "one reduction over the lanes";
    EXPECT_EQ(count(0, "freeze"), 1);
    // The blocks are in the order head, rest, rare or head, rare, rest.
    size_t rare = count(1, "fmul") ? 1 : 2, rest = 3 - rare;
    EXPECT_EQ(count(rare, "fmul"), 40);
    EXPECT_EQ(count(rare, "select"), 1);
    EXPECT_EQ(count(rest, "phi"), 1);
    EXPECT_EQ(count(rest, "fmul"), 0);
  }
}

TEST(RareLanes, ShortWorkStays) {
  EXPECT_EQ(
      blockCount(chain(10) + "  %y = select <4 x i1> %rare, <4 x double> %far9, <4 x double> %x\n"),
      1u);
}

TEST(RareLanes, DivisionsCountMore) {
  std::string body = chain(20) + "  %a = fdiv <4 x double> %x, %far19\n"
                                 "  %b = fdiv <4 x double> %a, %far19\n"
                                 "  %c = fdiv <4 x double> %b, %x\n"
                                 "  %y = select <4 x i1> %rare, <4 x double> %c, <4 x double> %x\n";
  EXPECT_EQ(blockCount(body), 3u);
}

TEST(RareLanes, WorkWithAnotherUseStays) {
  EXPECT_EQ(blockCount(chain(40) +
                       "  %z = select <4 x i1> %rare, <4 x double> %far39, <4 x double> %x\n"
                       "  %y = fadd <4 x double> %z, %far39\n"),
            1u);
}

TEST(RareLanes, WhatTouchesMemoryStays) {
  std::string body = "  %loaded = load <4 x double>, ptr %p\n"
                     "  %far0 = fmul <4 x double> %loaded, %x\n";
  std::string rest = chain(40);
  body += rest.substr(rest.find('\n') + 1);
  auto blocks = blocksOf(rareFunction(body + choice));
  ASSERT_EQ(blocks.size(), 3u);
  EXPECT_EQ(std::count(blocks[0].begin(), blocks[0].end(), "load"), 1);
}

TEST(RareLanes, OneConditionForAllLanesStays) {
  EXPECT_EQ(blockCount(chain(40) + "  %y = select i1 %any, <4 x double> %far39, <4 x double> %x\n"),
            1u);
}

TEST(RareLanes, SelectsOfOneConditionShareABranch) {
  std::string body = chain(40) +
                     "  %u = select <4 x i1> %rare, <4 x double> %far38, <4 x double> %x\n"
                     "  %v = select <4 x i1> %rare, <4 x double> %far39, <4 x double> %x\n"
                     "  %y = fadd <4 x double> %u, %v\n";
  EXPECT_EQ(blockCount(body), 3u);
}

TEST(RareLanes, AResultNeededForTheOtherSideStays) {
  // %v needs %u, which the same condition chooses: there is no place for one branch around both.
  std::string body = chain(40) +
                     "  %u = select <4 x i1> %rare, <4 x double> %far39, <4 x double> %x\n"
                     "  %w = fadd <4 x double> %u, %x\n"
                     "  %v = select <4 x i1> %rare, <4 x double> %far38, <4 x double> %w\n"
                     "  %y = fadd <4 x double> %u, %v\n";
  blockCount(body); // the verifier is the judge
}

TEST(RareLanes, WorkThatNeedsAnotherChoiceHasItsOwnBranch) {
  // %w is for the rare lanes alone, and needs what %u is for them; %p comes in between.
  std::string body =
      chain(40) +
      "  %u = select <4 x i1> %rare, <4 x double> %far39, <4 x double> zeroinitializer\n"
      "  %loaded = load <4 x double>, ptr %p\n"
      "  %w = fadd <4 x double> %u, %loaded\n"
      "  %v = select <4 x i1> %rare, <4 x double> %w, <4 x double> zeroinitializer\n"
      "  %y = fadd <4 x double> %u, %v\n";
  EXPECT_EQ(blockCount(body), 3u);
  // A choice between choices.
  EXPECT_EQ(blockCount(chain(40) +
                       "  %u = select <4 x i1> %rare, <4 x double> %far39, <4 x double> %x\n"
                       "  %loaded = load <4 x double>, ptr %p\n"
                       "  %v = select <4 x i1> %rare, <4 x double> %u, <4 x double> %loaded\n"
                       "  %y = fadd <4 x double> %u, %v\n"),
            3u);
}

// ---- Results ----------------------------------------------------------------------------------

/// Arguments of which most functions make short work, and of which some make long work.
template <class T> std::vector<T> common() {
  return {T(0.5), T(-1.25), T(2.75), T(3), T(0.1), T(-0.3), T(1.5), T(7.25)};
}
template <class T> std::vector<T> rare() {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  return {T(1e30),
          T(-1e22),
          std::numeric_limits<T>::max(),
          std::numeric_limits<T>::lowest(),
          infinity,
          -infinity,
          nan,
          T(0),
          T(-0.0),
          T(1),
          T(-1),
          std::numeric_limits<T>::denorm_min(),
          -std::numeric_limits<T>::min(),
          T(-20.5),
          T(-3),
          T(170.25),
          T(-1e-40),
          T(1e-3)};
}

template <class T> class Lanes {
public:
  Lanes(const Function &f, llvm::orc::LLJIT &jit)
      : f(f), loop(llvm::cantFail(jit.lookup("loop_" + f.name)).template toPtr<void *>()) {}

  /// Each rare argument in each lane among common ones, all lanes rare, none rare, and lengths that
  /// leave a remainder.
  void check() {
    std::vector<T> usual = common<T>(), special = rare<T>();
    for (size_t lane = 0; lane < 16; ++lane)
      for (T x : special) {
        std::vector<T> a = cycled(usual, 16, 0), b = cycled(usual, 16, 3);
        a[lane] = x;
        expectSame(a, b);
        b[lane] = x;
        expectSame(cycled(usual, 16, 0), b);
        expectSame(a, b);
      }
    for (size_t length = 1; length < 70; length += 2) {
      expectSame(cycled(special, length, 0), cycled(special, length, 5));
      expectSame(cycled(usual, length, 0), cycled(usual, length, 5));
      expectSame(cycled(usual, length, 0), cycled(special, length, 0));
    }
  }

private:
  static std::vector<T> cycled(const std::vector<T> &from, size_t length, size_t first) {
    std::vector<T> result;
    for (size_t i = 0; i < length; ++i)
      result.push_back(from[(first + i) % from.size()]);
    return result;
  }

  void expectSame(const std::vector<T> &a, const std::vector<T> &b) {
    std::vector<T> y(a.size());
    bool two = f.arguments.size() == 2;
    if (two)
      reinterpret_cast<void (*)(const T *, const T *, T *, int64_t)>(loop)(
          a.data(), b.data(), y.data(), int64_t(a.size()));
    else
      reinterpret_cast<void (*)(const T *, T *, int64_t)>(loop)(a.data(), y.data(),
                                                                int64_t(a.size()));
    for (size_t i = 0; i < a.size(); ++i) {
      T expected = two ? reinterpret_cast<T (*)(T, T)>(f.native)(a[i], b[i])
                       : reinterpret_cast<T (*)(T)>(f.native)(a[i]);
      bool nan = expected != expected && y[i] != y[i];
      ASSERT_TRUE(nan || std::memcmp(&expected, &y[i], sizeof expected) == 0)
          << f.name << " lane " << i << " of " << a.size() << ": " << a[i] << " " << b[i]
          << " gives " << y[i] << " instead of " << expected;
    }
  }

  const Function &f;
  void *loop;
};

TEST(RareLanes, AnyMixtureOfLanesGivesTheSameBits) {
  std::vector<Function> floats;
  for (const Function &f : functions())
    if (!isOrder(f, 0) && f.result == f.arguments[0] && f.result != "i32" && f.result != "i64")
      floats.push_back(f);
  ASSERT_GT(floats.size(), 50u);
  auto jit = compiledLoops(floats, RareCases::Skipped);
  for (const Function &f : floats)
    f.result == "float" ? Lanes<float>(f, *jit).check() : Lanes<double>(f, *jit).check();
}

TEST(RareLanes, TrigonometricFunctionsHaveARareCase) {
  std::unique_ptr<llvm::TargetMachine> machine = hostMachine();
  for (std::string name : {"descent_sin_f64", "descent_cos_f32", "descent_tan_f64"}) {
    std::vector<Function> one;
    for (const Function &f : functions())
      if (f.name == name)
        one.push_back(f);
    auto blocks = [&](RareCases rare) {
      llvm::LLVMContext context;
      auto module = loopsFor(*machine, context, one, rare);
      return module->getFunction("loop_" + name)->size();
    };
    EXPECT_GT(blocks(RareCases::Skipped), blocks(RareCases::Computed)) << name;
  }
}

} // namespace
} // namespace descent::test
