// PTX of programs is what `ptxas` takes, for old and new cards.
#include "tests/unit/emit/RandomScript.h"
#include "tests/unit/emit/ScriptProgram.h"

#include "descent/Error.h"

#include <gmock/gmock.h>
#include <llvm/Analysis/AliasAnalysis.h>
#include <llvm/Analysis/BasicAliasAnalysis.h>
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/Passes/PassBuilder.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace descent {
namespace {

using testing::HasSubstr;

/// The assembler of CUDA's toolkit; empty where there is none.
std::string assembler() {
  for (const char *path : {"/usr/local/cuda/bin/ptxas", "/usr/bin/ptxas"})
    if (access(path, X_OK) == 0)
      return path;
  return "";
}

std::string ptxOf(const Program &program, int major, int minor, int64_t libraryWork = 0) {
  compiler::DeviceTarget target;
  target.major = major;
  target.minor = minor;
  target.libraryWork = libraryWork;
  return compiler::compileForDevice(emit(*program.program, program.sources), {}, target).image.code;
}

/// What the assembler complains of; empty where it takes the code.
std::string complaint(const std::string &ptx, const std::string &processor) {
  namespace fs = std::filesystem;
  fs::path folder = fs::temp_directory_path() / ("descent-ptx-" + std::to_string(getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "code.ptx") << ptx;
  // -O0: what is asked is whether the code is right.
  std::string command = assembler() + " -O0 -arch=" + processor + " -o /dev/null " +
                        (folder / "code.ptx").string() + " >" + (folder / "log").string() + " 2>&1";
  int code = std::system(command.c_str());
  std::ifstream log(folder / "log");
  std::string text(std::istreambuf_iterator<char>(log), {});
  fs::remove_all(folder);
  if (code == 0)
    return "";
  return text.empty() ? "exit code " + std::to_string(code) : text;
}

const char *const everything = R"(
precision f64
let x = sin(1.3 * arange(500.0))
let n = arange(500)
let a = reshape(cos(0.7 * arange(2400.0)), (60, 40))
let functions = (exp(x), exp2(x), expm1(x), log(2 + x), log2(2 + x), log10(2 + x), log1p(x / 2), sqrt(1 + x), cbrt(x),
  sin(x), cos(x), tan(x), asin(x), acos(x), atan(x), atan2(x, 2 - x), sinh(x), cosh(x), tanh(x), asinh(x),
  acosh(2 + x), atanh(x / 2), erf(x), erfc(x), erfinv(x / 2), lgamma(2 + x), sigmoid(x), floor(x), ceil(x), round(x))
let wholes = (n // 7, n % 7, minimum(n, 3), maximum(n, 3))
let reduced = (sum(x), prod(x[:5]), max(x), min(x), argmax(x), all(x > -2), any(x > 2), sum(a, axis=0), max(a, axis=1))
let ordered = (sort(x), cumsum(x), sort(a, axis=1), cumprod(a, axis=0), argmax(a, axis=0), segment_sum(x, n % 7, 7), segment_sum(x, 7 * n % 400, 400))
let products = (a @ a.T, a @ ones([40]))
let soft = softmax(a, axis=1)
let drawn = normal(key(3), [100])
fn step(c) = {
  var y = x
  for i in 0..5 { y = tanh(c * y + 0.1) }
  sum(y)
}
let g = grad(step)(0.7)
)";

TEST(Ptx, IsTakenByTheAssembler) {
  Program program(everything);
  ASSERT_TRUE(program.program) << program.problems;
  std::string first = ptxOf(program, 8, 0);
  EXPECT_THAT(first, HasSubstr(".target sm_80"));
  EXPECT_THAT(first, HasSubstr(".entry descent_program"));
  if (assembler().empty())
    GTEST_SKIP() << "there is no ptxas here";
  // CUDA 13 makes machine code from sm_75 on, also of PTX for older cards.
  EXPECT_EQ(complaint(ptxOf(program, 7, 0), "sm_75"), "");
  EXPECT_EQ(complaint(ptxOf(program, 8, 0), "sm_80"), "");
  EXPECT_EQ(complaint(ptxOf(program, 9, 0), "sm_90"), "");
}

// LLVM 22 emits atomic operations without their ordering, so there have to be fences; and it gives
// up at functions that have no instruction, so none may be left.
// Which of them are in the table of those that the device makes by itself is looked up at each.
TEST(Ptx, ProgramsThatLeaveForProductsAre) {
  if (assembler().empty())
    GTEST_SKIP() << "there is no ptxas here";
  Program program("let x = sin(reshape(arange(600.0), (60, 10)))\n"
                  "fn loss(w, v) = mean((tanh(x @ w) @ v + v[0])^2)\n"
                  "var w = ones([10, 8])\n"
                  "var v = ones([8, 3])\n"
                  "for i in 0..20 {\n"
                  "  let g = grad(loss, wrt=(w, v))(w, v)\n"
                  "  w = w - 0.1 * g[0]\n"
                  "  v = v - 0.1 * g[1]\n"
                  "}\n"
                  "print w, v\n");
  ASSERT_TRUE(program.program) << program.problems;
  for (auto [major, processor] : {std::pair(8, "sm_80"), std::pair(9, "sm_90")})
    EXPECT_EQ(complaint(ptxOf(program, major, 0, 1), processor), "");
}

TEST(Ptx, HasFencesAroundTheGridBarrierAndNoCallsOfLibraries) {
  Program program("let x = arange(100000.0)\nlet s = sum(exp(x / 1e5) * log1p(x) * tanh(x))\nlet t "
                  "= sum(x * s)");
  ASSERT_TRUE(program.program) << program.problems;
  std::string ptx = ptxOf(program, 8, 0);
  EXPECT_THAT(ptx, HasSubstr("fence.acq_rel.gpu"));
  EXPECT_THAT(ptx, HasSubstr("atom"));
  EXPECT_THAT(ptx, testing::Not(HasSubstr(".extern .func")));
}

// LLVM may not keep in a register, over a wait, what others write: it has to take every wait for
// something that writes to all memory but the inputs'.
TEST(Ptx, WaitsMayWriteToWhatOthersWrite) {
  Program program("let x = arange(100000.0)\nvar s = 0.0\nvar z = x\n"
                  "for i in 0..10 { z = z[::-1] * 0.5 + s\n s = sum(z) }\n");
  ASSERT_TRUE(program.program) << program.problems;
  compiler::DeviceTarget target;
  target.asBitcode = true;
  std::string code =
      compiler::compileForDevice(emit(*program.program, program.sources), {}, target).image.code;
  llvm::LLVMContext context;
  auto module =
      cantFail(llvm::parseBitcodeFile(llvm::MemoryBufferRef(llvm::StringRef(code), ""), context));
  llvm::FunctionAnalysisManager functions;
  functions.registerPass([] {
    llvm::AAManager manager;
    manager.registerFunctionAnalysis<llvm::BasicAA>();
    return manager;
  });
  llvm::PassBuilder().registerFunctionAnalyses(functions);
  llvm::Function &kernel = *module->getFunction("descent_program");
  llvm::AAResults &aliases = functions.getResult<llvm::AAManager>(kernel);
  int waits = 0, written = 0;
  for (llvm::Instruction &instruction : llvm::instructions(kernel)) {
    auto *call = llvm::dyn_cast<llvm::CallInst>(&instruction);
    const llvm::Function *callee = call ? call->getCalledFunction() : nullptr;
    if (!callee ||
        !(callee->getName().contains("barrier") || callee->getName().contains("bar.warp")))
      continue;
    ++waits;
    for (llvm::Argument &argument : kernel.args()) {
      if (!argument.getType()->isPointerTy() || argument.hasAttribute(llvm::Attribute::ReadOnly))
        continue;
      ++written;
      EXPECT_TRUE(isModAndRefSet(
          aliases.getModRefInfo(call, llvm::MemoryLocation::getBeforeOrAfter(&argument))))
          << argument.getArgNo() << " at " << callee->getName().str();
    }
  }
  EXPECT_GT(waits, 2);
  EXPECT_EQ(written, 4 * waits) << "the mailbox, the state, the blocks' memory and the arena";
}

// As many as parameters can be, and one more.
TEST(Ptx, OfFunctionsOfManyArrays) {
  auto function = [](int arguments) {
    std::string parameters, sum;
    for (int i = 0; i < arguments; ++i) {
      std::string name = "x" + std::to_string(i);
      parameters += (i ? ", " : "") + name + ": f32[3]";
      sum += (i ? " + " : "") + name;
    }
    return Program("export fn f(" + parameters + ") = " + sum + "\n");
  };
  auto ptx = [](const Program &program) {
    return compiler::compileForDevice(emit(*program.program, program.sources), {}, {}, "f")
        .image.code;
  };
  Program most = function(538), tooMany = function(539);
  ASSERT_TRUE(most.program) << most.problems;
  ASSERT_TRUE(tooMany.program) << tooMany.problems;
  std::string code = ptx(most);
  if (!assembler().empty())
    EXPECT_EQ(complaint(code, "sm_90"), "");
  try {
    ptx(tooMany);
    FAIL();
  } catch (const descent::Error &error) {
    EXPECT_THAT(error.what(), HasSubstr("539 arrays at most, and this one is given 540;"));
  }
}

// Tensor cores, where there are some; 16 bytes at a time; and no word of a thread's sums but in
// registers.
TEST(Ptx, OfProducts) {
  const char *const units[][2] = {{"f32", "fma.rn.f32"},
                                  {"tf32", "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32"},
                                  {"bf16", "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"},
                                  {"f64", "mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64"}};
  for (auto [precision, instruction] : units) {
    SCOPED_TRACE(precision);
    std::string wide = precision == std::string("f64") ? "v2.b64" : "v4.b32";
    Program program("precision " + std::string(precision) +
                    "\nlet x = reshape(cos(0.7 * arange(1048576.0)), (1024, 1024))\n"
                    "let y = x @ x\nlet z = x.T @ x[:, ::-1].T\n");
    ASSERT_TRUE(program.program) << program.problems;
    std::string ptx = ptxOf(program, 8, 0), old = ptxOf(program, 7, 5);
    EXPECT_THAT(ptx, HasSubstr(instruction));
    EXPECT_THAT(ptx, HasSubstr("ld.global." + wide));
    EXPECT_THAT(old, testing::Not(HasSubstr("mma")));
    EXPECT_THAT(old, HasSubstr("ld.shared." + wide));
    EXPECT_THAT(ptx + old, testing::Not(HasSubstr("local")));
    if (assembler().empty())
      continue;
    if (precision == std::string("f32")) {
      EXPECT_EQ(complaint(old, "sm_75"), "");
      continue;
    }
    EXPECT_EQ(complaint(ptx, "sm_80"), "");
    EXPECT_EQ(complaint(ptxOf(program, 9, 0), "sm_90"), "");
  }
}

TEST(Ptx, OfRandomScripts) {
  if (assembler().empty())
    GTEST_SKIP() << "there is no ptxas here";
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    fuzz::RandomScript script = fuzz::randomScript(seed, seed % 2 ? "f32" : "f64");
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + script.value);
    Program program(script.value + script.derivatives);
    ASSERT_TRUE(program.program) << program.problems;
    EXPECT_EQ(complaint(ptxOf(program, 9, 0), "sm_90"), "");
  }
}

} // namespace
} // namespace descent
