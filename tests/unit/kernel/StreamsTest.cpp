// Arrays that are stored past the caches: the same bits as otherwise, whatever the length of rows,
// where they begin and who runs the chunks; and which are stored so, for processors of each kind.
#include "compiler/Module.h"
#include "compiler/cpu/CodeGen.h"
#include "compiler/cpu/Target.h"
#include "runtime/abi/RunContext.h"
#include "tests/unit/cpu/Harness.h"

#include <llvm/Support/FormatVariadic.h>
#include <llvm/Support/Regex.h>
#include <llvm/Support/TargetSelect.h>

#include <cstdlib>

namespace descent::tests {
namespace {

compiler::CompileOptions streaming() {
  compiler::CompileOptions options;
  options.verifyEachPass = true;
  options.streamSmall = true;
  return options;
}

/// Expects of code that streams what code that does not gives, on 1, 2 and 7 threads, and that both
/// agree with the evaluator.
void expectSame(const std::string &text, const std::vector<Tensor> &arguments) {
  std::string llvm = compiler::show(parse(text), compiler::Stage::Llvm, streaming());
  EXPECT_NE(llvm.find("!nontemporal"), std::string::npos) << "does not stream:" << text;
  std::vector<Tensor> expected = evaluateFunction(text, arguments);
  std::vector<Tensor> plain = compileFunction(text)(arguments);
  for (bool shared : {false, true}) {
    compiler::CompileOptions options = streaming();
    options.shareSmall = shared;
    Compiled compiled = compileFunction(text, options);
    for (const char *threads : {"1", "2", "7"}) {
      setenv("DESCENT_THREADS", threads, 1);
      std::vector<Tensor> actual = compiled(arguments);
      unsetenv("DESCENT_THREADS");
      for (size_t i = 0; i < actual.size(); ++i) {
        EXPECT_EQ(actual[i].elements, plain[i].elements)
            << threads << " threads, result " << i << text;
        EXPECT_TRUE(reference::agree(actual[i], expected[i], 2e-6, 1e-6)) << text;
      }
    }
  }
}

/// Results of both widths.
std::string flat(int64_t size) {
  return llvm::formatv(R"(
func.func @f(%x: tensor<{0}xf32>, %y: tensor<{0}xf64>, %n: tensor<{0}xi32>)
    -> (tensor<{0}xf32>, tensor<{0}xf64>, tensor<{0}xi32>, tensor<{0}xi64>) {{
  %a = descent.add %x, %x : tensor<{0}xf32>
  %w = descent.convert %x : tensor<{0}xf32> to tensor<{0}xf64>
  %b = descent.mul %w, %y : tensor<{0}xf64>
  %c = descent.mul %n, %n : tensor<{0}xi32>
  %d = descent.convert %c : tensor<{0}xi32> to tensor<{0}xi64>
  return %a, %b, %c, %d : tensor<{0}xf32>, tensor<{0}xf64>, tensor<{0}xi32>, tensor<{0}xi64>
})",
                       size)
      .str();
}

TEST(Streams, SizesAroundBlocks) {
  for (int64_t size : {40, 47, 48, 49, 63, 64, 65, 100, 1000, 4097}) {
    std::string text = flat(size);
    auto of = [&](const char *type) { return llvm::formatv("tensor<{0}x{1}>", size, type).str(); };
    expectSame(text, {sample(of("f32"), 1), sample(of("f64"), 2), sample(of("i32"), 3)});
  }
}

// Rows that begin anywhere: a nest of its own, and one of a tree (a softmax).
TEST(Streams, Rows) {
  for (auto [rows, columns] : {std::pair(70, 33), {65, 64}, {3, 257}, {129, 100}, {1, 48}})
    for (const char *type : {"f32", "f64"}) {
      std::string text = llvm::formatv(R"(
func.func @f(%x: tensor<{0}x{1}x{2}>, %v: tensor<{1}x{2}>) -> (tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>) {{
  %m = descent.reduce_max %x [1] : tensor<{0}x{1}x{2}> to tensor<{0}x{2}>
  %mb = descent.broadcast %m [0] : tensor<{0}x{2}> to tensor<{0}x{1}x{2}>
  %d = descent.sub %x, %mb : tensor<{0}x{1}x{2}>
  %e = descent.exp %d : tensor<{0}x{1}x{2}>
  %s = descent.reduce_sum %e [1] : tensor<{0}x{1}x{2}> to tensor<{0}x{2}>
  %sb = descent.broadcast %s [0] : tensor<{0}x{2}> to tensor<{0}x{1}x{2}>
  %r = descent.div %e, %sb : tensor<{0}x{1}x{2}>
  %vb = descent.broadcast %v [1] : tensor<{1}x{2}> to tensor<{0}x{1}x{2}>
  %t = descent.mul %x, %vb : tensor<{0}x{1}x{2}>
  return %r, %t : tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>
})",
                                       rows, columns, type)
                             .str();
      auto matrix = llvm::formatv("tensor<{0}x{1}x{2}>", rows, columns, type).str();
      expectSame(text,
                 {sample(matrix, 1), sample(llvm::formatv("tensor<{0}x{1}>", columns, type), 2)});
    }
}

// A row that is stored for later and read again in its own kernel is not stored so; what the
// kernels read and write changes from one iteration to the next.
TEST(Streams, InALoop) {
  std::string text = R"(
func.func @f(%x: tensor<50x70xf32>, %n: tensor<i32>) -> (tensor<50x70xf32>, tensor<50x70xf32>) {
  %zero = descent.constant dense<0> : tensor<i32>
  %r, %q = descent.for %zero to %n iter(%x, %x) : tensor<i32>, (tensor<50x70xf32>, tensor<50x70xf32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<50x70xf32>, %b: tensor<50x70xf32>):
    %t = descent.reverse %b [1] : tensor<50x70xf32>
    %s = descent.add %a, %t : tensor<50x70xf32>
    %m = descent.reduce_max %s [1] : tensor<50x70xf32> to tensor<50xf32>
    %mb = descent.broadcast %m [0] : tensor<50xf32> to tensor<50x70xf32>
    %d = descent.sub %s, %mb : tensor<50x70xf32>
    descent.yield %s, %d : tensor<50x70xf32>, tensor<50x70xf32>
  } to (tensor<50x70xf32>, tensor<50x70xf32>)
  return %r, %q : tensor<50x70xf32>, tensor<50x70xf32>
})";
  expectSame(text, {sample("tensor<50x70xf32>", 1), i32({}, {5})});
}

// Memory of the caller's that does not begin at a line.
TEST(Streams, ResultsAnywhere) {
  constexpr int size = 333;
  auto executable = compiler::compile(parse(llvm::formatv(R"(
func.func @f(%x: tensor<{0}xf32>) -> (tensor<{0}xf32>, tensor<{0}xf32>) {{
  %a = descent.add %x, %x : tensor<{0}xf32>
  %b = descent.mul %x, %x : tensor<{0}xf32>
  return %a, %b : tensor<{0}xf32>, tensor<{0}xf32>
})",
                                                          size)),
                                      streaming());
  std::vector<float> x(size);
  for (int i = 0; i < size; ++i)
    x[size_t(i)] = float(i) / 4;
  for (size_t first : {0, 1, 16}) {
    alignas(64) float a[size + 64], b[size + 64];
    std::fill(a, a + size + 64, -1.f);
    std::fill(b, b + size + 64, -1.f);
    const void *arguments[] = {x.data()};
    void *results[] = {a + first, b + 3 * first};
    abi::RunContext run({}, {}, {});
    executable.call("f", &run, arguments, results, nullptr);
    for (size_t i = 0; i < size; ++i) {
      ASSERT_EQ(a[first + i], x[i] * 2) << i;
      ASSERT_EQ(b[3 * first + i], x[i] * x[i]) << i;
    }
    EXPECT_EQ(a[first + size], -1);
    EXPECT_EQ(b[3 * first + size], -1);
  }
}

/// y = 2 x, or an array that is updated in place, n times.
std::string stored(int64_t size, bool inPlace) {
  std::string type = llvm::formatv("tensor<{0}xf32>", size);
  std::string text = llvm::formatv(R"(
func.func @f(%x: {0}, %n: tensor<i32>) -> {0} {{
  %two = descent.constant dense<2.0> : {0}
  %zero = descent.constant dense<0> : tensor<i32>
)",
                                   type);
  text += inPlace ? llvm::formatv(R"(
  %r = descent.for %zero to %n iter(%x) : tensor<i32>, ({0}) {{
  ^bb0(%i: tensor<i32>, %a: {0}):
    %m = descent.reduce_max %a [0] : {0} to tensor<f32>
    %b = descent.broadcast %m [] : tensor<f32> to {0}
    %s = descent.sub %a, %b : {0}
    descent.yield %s : {0}
  } to ({0})
)",
                                  type)
                        .str()
                  : llvm::formatv("  %r = descent.mul %x, %two : {0}\n", type).str();
  return text + llvm::formatv("  return %r : {0}\n}", type).str();
}

std::string assemblyOf(const std::string &text, const cpu::Processor &processor) {
  compiler::Module module = parse(text);
  cpu::Host host = cpu::hostOf(processor);
  host.lastLevelBytes = 1 << 20;
  cpu::ProgramPlan plan = cpu::planProgram(*module.state().module, {}, host);
  auto machine = cpu::makeMachine(processor);
  llvm::LLVMContext context;
  auto code =
      cpu::generate(plan, context, machine->createDataLayout(), machine->getTargetTriple(), host);
  cpu::optimize(*code, *machine);
  auto assembly = cpu::emitCode(*code, *machine, llvm::CodeGenFileType::AssemblyFile);
  return {assembly.begin(), assembly.end()};
}

bool has(const std::string &assembly, const char *pattern) {
  return llvm::Regex(pattern).match(assembly);
}

constexpr int64_t large = 1 << 18; // of f32: just as much as the cache of assemblyOf holds

#ifdef __x86_64__
TEST(Streams, InstructionsOfX86) {
  struct Case {
    const char *processor, *store;
  };
  for (const Case &each : {Case{"x86-64", "movntp[sd]\t%xmm"}, Case{"haswell", "vmovntp[sd]\t%ymm"},
                           Case{"znver4", "vmovntp[sd]\t%zmm"}}) {
    cpu::Processor processor = cpu::processorNamed(each.processor);
    std::string assembly = assemblyOf(stored(large, false), processor);
    EXPECT_TRUE(has(assembly, each.store)) << assembly;
    EXPECT_TRUE(has(assembly, "sfence")) << each.processor;
    // The block is in registers, not in the frame.
    EXPECT_FALSE(has(assembly, "mm[0-9]+, (-?[0-9]+)?\\(%r[sb]p\\)")) << assembly;
    for (const std::string &other : {stored(large - 16, false), stored(large, true)}) {
      assembly = assemblyOf(other, processor);
      EXPECT_FALSE(has(assembly, "movnt|sfence")) << assembly;
    }
  }
}
#endif

TEST(Streams, InstructionsOfAArch64) {
  LLVMInitializeAArch64TargetInfo();
  LLVMInitializeAArch64Target();
  LLVMInitializeAArch64TargetMC();
  LLVMInitializeAArch64AsmPrinter();
  cpu::Processor processor{llvm::Triple("aarch64-linux-gnu"), "neoverse-n1", ""};
  EXPECT_TRUE(has(assemblyOf(stored(large, false), processor), "stnp\tq[0-9]+, q[0-9]+"));
  EXPECT_FALSE(has(assemblyOf(stored(large, true), processor), "stnp"));
  EXPECT_FALSE(has(assemblyOf(stored(large - 16, false), processor), "stnp"));
}

} // namespace
} // namespace descent::tests
