// Code for other processors than this machine's, from the same source.
#include "compiler/Compiler.h"
#include "compiler/Module.h"
#include "compiler/cpu/CodeGen.h"
#include "compiler/cpu/Target.h"
#include "descent/Error.h"
#include "tests/unit/cpu/Harness.h"

#include <gtest/gtest.h>
#include <llvm/Support/Regex.h>
#include <llvm/Support/TargetSelect.h>

#include <string>

namespace descent::tests {
namespace {

/// A sum, an exponential, a matrix product: loops of all three sorts.
const char *const program = R"(
func.func @f(%x: tensor<1024xf32>, %a: tensor<128x128xf32>, %b: tensor<128x128xf32>)
    -> (tensor<f32>, tensor<1024xf32>, tensor<128x128xf32>) {
  %s = descent.reduce_sum %x [0] : tensor<1024xf32> to tensor<f32>
  %e = descent.exp %x : tensor<1024xf32>
  %c = descent.dot %a, %b batch [] x [] contract [1] x [0] : tensor<128x128xf32>, tensor<128x128xf32> to tensor<128x128xf32>
  return %s, %e, %c : tensor<f32>, tensor<1024xf32>, tensor<128x128xf32>
})";

std::string assemblyFor(const cpu::Processor &processor) {
  compiler::Module module = parse(program);
  cpu::Host host = cpu::hostOf(processor);
  cpu::ProgramPlan plan = cpu::planProgram(*module.state().module, {}, host);
  auto machine = cpu::makeMachine(processor);
  llvm::LLVMContext context;
  auto code =
      cpu::generate(plan, context, machine->createDataLayout(), machine->getTargetTriple(), host);
  cpu::optimize(*code, *machine);
  auto text = cpu::emitCode(*code, *machine, llvm::CodeGenFileType::AssemblyFile);
  return {text.begin(), text.end()};
}

bool has(const std::string &assembly, const char *pattern) {
  return llvm::Regex(pattern).match(assembly);
}

#ifdef __x86_64__
TEST(Processor, VectorsAreAsWideAsTheProcessors) {
  auto assembly = [](const char *name) { return assemblyFor(cpu::processorNamed(name)); };
  std::string sse = assembly("x86-64"), avx2 = assembly("haswell"), avx512 = assembly("znver4");
  EXPECT_TRUE(has(sse, "mulps.*%xmm"));
  EXPECT_FALSE(has(sse, "%ymm"));
  EXPECT_TRUE(has(avx2, "vfmadd[0-9]+ps.*%ymm"));
  EXPECT_FALSE(has(avx2, "%zmm"));
  EXPECT_TRUE(has(avx512, "vfmadd[0-9]+ps.*%zmm"));
}

TEST(Processor, CodeForAnotherRunsHereOnlyIfThisOneHasAllOfIt) {
  EXPECT_NO_THROW(compiler::checkProcessor("x86-64", true));
  EXPECT_NO_THROW(compiler::checkProcessor("native", true));
  // No processor has both AMD's FMA4 and Intel's AMX.
  EXPECT_NO_THROW(compiler::checkProcessor("bdver2", false));
  EXPECT_NO_THROW(compiler::checkProcessor("sapphirerapids", false));
  bool both = cpu::missingHere(cpu::processorNamed("bdver2")).empty() &&
              cpu::missingHere(cpu::processorNamed("sapphirerapids")).empty();
  EXPECT_FALSE(both);
}
#endif

TEST(Processor, UnknownNamesAreRefused) {
  for (const char *name : {"x86_64", "nonsense", "help"})
    EXPECT_THROW(compiler::checkProcessor(name, false), Error) << name;
}

TEST(Processor, NeonFromTheSameSource) {
  LLVMInitializeAArch64TargetInfo();
  LLVMInitializeAArch64Target();
  LLVMInitializeAArch64TargetMC();
  LLVMInitializeAArch64AsmPrinter();
  std::string neon = assemblyFor({llvm::Triple("aarch64-linux-gnu"), "neoverse-n1", ""});
  EXPECT_TRUE(has(neon, "fmla\tv[0-9]+\\.4s")) << "the product's micro-kernel";
  EXPECT_TRUE(has(neon, "fadd\tv[0-9]+\\.4s")) << "the sum";
  EXPECT_TRUE(has(neon, "fmul\tv[0-9]+\\.4s")) << "the exponential";
  EXPECT_FALSE(has(neon, "bl\texpf?\n")) << "no library's exponential";
}

} // namespace
} // namespace descent::tests
