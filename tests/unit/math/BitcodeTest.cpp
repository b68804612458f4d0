// The bitcode as the code generators use it: complete, neutral, vectorised by LLVM in loops, the
// same to the bit as the functions compiled natively, and accepted by the NVPTX backend.

#include "compiler/math/Bitcode.h"
#include "compiler/math/Math.h"
#include "tests/unit/math/BitcodeLoops.h"

#include <gtest/gtest.h>
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/TargetSelect.h>

#include <cstring>
#include <random>

namespace descent::test {
namespace {

TEST(MathBitcode, DefinesEveryFunctionAndCallsNothing) {
  llvm::LLVMContext context;
  llvm::MemoryBufferRef buffer(llvm::StringRef(mathBitcode().data(), mathBitcode().size()), "math");
  std::unique_ptr<llvm::Module> module = llvm::cantFail(llvm::parseBitcodeFile(buffer, context));
  EXPECT_FALSE(llvm::verifyModule(*module, &llvm::errs()));
  EXPECT_TRUE(module->getTargetTriple().empty());
  EXPECT_TRUE(module->getDataLayoutStr().empty());
  for (const Function &f : functions()) {
    llvm::Function *defined = module->getFunction(f.name);
    ASSERT_TRUE(defined && !defined->isDeclaration()) << f.name;
    EXPECT_TRUE(defined->hasFnAttribute(llvm::Attribute::AlwaysInline)) << f.name;
    EXPECT_TRUE(defined->doesNotAccessMemory()) << f.name;
    EXPECT_EQ(defined->arg_size(), f.arguments.size()) << f.name;
  }
#define DESCENT_MATH_SORT(type) EXPECT_TRUE(module->getFunction("descent_argsort_" #type));
#include "compiler/math/Math.def"
  for (llvm::Function &f : *module) {
    EXPECT_TRUE(!f.isDeclaration() || f.isIntrinsic()) << f.getName().str();
    EXPECT_FALSE(f.hasFnAttribute("target-features")) << f.getName().str();
    EXPECT_FALSE(f.hasFnAttribute("target-cpu")) << f.getName().str();
    // Vectors in a scalar function would keep the loop around it scalar.
    for (llvm::Instruction &instruction : llvm::instructions(f))
      EXPECT_FALSE(instruction.getType()->isVectorTy()) << f.getName().str();
  }
  for (llvm::GlobalVariable &global : module->globals())
    EXPECT_TRUE(global.isConstant() && global.hasInitializer()) << global.getName().str();
}

TEST(MathBitcode, LoopsVectorise) {
  for (const char *cpu : {"znver5", "znver4", "haswell"}) {
    std::unique_ptr<llvm::TargetMachine> machine = machineFor("x86_64-unknown-linux-gnu", cpu);
    if (!machine)
      GTEST_SKIP() << "this LLVM has no x86 backend";
    llvm::LLVMContext context;
    std::unique_ptr<llvm::Module> module = loopsFor(*machine, context, functions());
    for (const Function &f : functions()) {
      llvm::Function *loop = module->getFunction("loop_" + f.name);
      bool wide = false;
      for (llvm::Instruction &instruction : llvm::instructions(loop)) {
        if (auto *store = llvm::dyn_cast<llvm::StoreInst>(&instruction))
          wide |= store->getValueOperand()->getType()->isVectorTy();
        if (auto *call = llvm::dyn_cast<llvm::CallInst>(&instruction)) {
          llvm::Function *called = call->getCalledFunction();
          bool rare = called->getName().starts_with("descent_logaddexp_residual");
          EXPECT_TRUE(called->isIntrinsic() || rare)
              << f.name << " calls " << called->getName().str();
        }
      }
      EXPECT_TRUE(wide) << f.name << " stays scalar for " << cpu;
    }
  }
}

/// Arguments of all kinds: bit patterns, moderate numbers, special values.
template <class T> T argument(std::mt19937_64 &random) {
  uint64_t u = random();
  if constexpr (std::is_floating_point_v<T>) {
    switch (u % 8) {
    case 0: {
      T pattern;
      std::memcpy(&pattern, &u, sizeof pattern);
      return pattern;
    }
    case 1:
      return T(int64_t(u >> 8) % 20);
    case 2:
      return T(double(u >> 11) * 0x1p-53);
    default:
      return T((double(u >> 11) * 0x1p-53 - 0.5) * 60);
    }
  } else {
    return T(u >> (u % (sizeof(T) * 8)));
  }
}

constexpr int64_t count = 1003; // the vector loop and its remainder

template <class... Arguments> struct Caller {
  template <class Result> static void compare(const Function &f, void *loop) {
    std::mt19937_64 random(11);
    std::tuple<std::vector<Arguments>...> columns;
    std::apply(
        [&](auto &...column) {
          auto fill = [&](auto &one) {
            using T = typename std::decay_t<decltype(one)>::value_type;
            for (int64_t i = 0; i < count; ++i)
              one.push_back(argument<T>(random));
          };
          (fill(column), ...);
        },
        columns);
    auto native = reinterpret_cast<Result (*)(Arguments...)>(f.native);
    std::unique_ptr<Result[]> y(new Result[count]);
    std::apply(
        [&](auto &...column) {
          auto run = reinterpret_cast<void (*)(const Arguments *..., Result *, int64_t)>(loop);
          run(column.data()..., y.get(), count);
          for (int64_t i = 0; i < count; ++i) {
            Result expected = native(column[i]...);
            bool nan = expected != expected && y[i] != y[i];
            ASSERT_TRUE(nan || std::memcmp(&expected, &y[i], sizeof expected) == 0)
                << f.name << " element " << i << ": " << +y[i] << " instead of " << +expected;
          }
        },
        columns);
  }
};

class SameBits : public testing::TestWithParam<RareCases> {};

TEST_P(SameBits, CompiledForThisMachine) {
  auto jit = compiledLoops(functions(), GetParam());
  for (const Function &f : functions()) {
    void *loop = llvm::cantFail(jit->lookup("loop_" + f.name)).toPtr<void *>();
    std::string type = f.arguments.back();
    bool two = f.arguments.size() == 2;
    if (isOrder(f, 0)) {
      continue; // its order is not an array here; the next test calls it
    } else if (f.result == "i1") {
      type == "float" ? Caller<float>::compare<bool>(f, loop)
                      : Caller<double>::compare<bool>(f, loop);
    } else if (f.result != type) {
      if (type == "float")
        f.result == "i32" ? Caller<float>::compare<int32_t>(f, loop)
                          : Caller<float>::compare<int64_t>(f, loop);
      else
        f.result == "i32" ? Caller<double>::compare<int32_t>(f, loop)
                          : Caller<double>::compare<int64_t>(f, loop);
    } else if (type == "float") {
      two ? Caller<float, float>::compare<float>(f, loop) : Caller<float>::compare<float>(f, loop);
    } else if (type == "double") {
      two ? Caller<double, double>::compare<double>(f, loop)
          : Caller<double>::compare<double>(f, loop);
    } else if (type == "i32") {
      Caller<int32_t, int32_t>::compare<int32_t>(f, loop);
    } else {
      Caller<int64_t, int64_t>::compare<int64_t>(f, loop);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(MathBitcode, SameBits,
                         testing::Values(RareCases::Computed, RareCases::Skipped));

TEST(MathBitcode, TheGpuBackendTakesEveryFunction) {
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargets();
  llvm::InitializeAllTargetMCs();
  llvm::InitializeAllAsmPrinters();
  std::unique_ptr<llvm::TargetMachine> machine =
      machineFor("nvptx64-nvidia-cuda", "sm_80", "+ptx78");
  if (!machine)
    GTEST_SKIP() << "this LLVM has no NVPTX backend";
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module = loopsFor(*machine, context, functions());
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  llvm::legacy::PassManager passes;
  ASSERT_FALSE(
      machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile));
  passes.run(*module);
  EXPECT_EQ(text.find(".extern"), llvm::StringRef::npos) << "calls something";
  EXPECT_NE(text.find("loop_descent_sin_f64"), llvm::StringRef::npos);
}

} // namespace
} // namespace descent::test
