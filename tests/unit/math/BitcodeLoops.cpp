#include "tests/unit/math/BitcodeLoops.h"

#include "compiler/math/Math.h"
#include "compiler/math/RareLanes.h"
#include "compiler/math/VectorCalls.h"

#include <gtest/gtest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Linker/Linker.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>

#include <optional>

namespace descent::test {
namespace {

std::string typeOf(const std::string &name) {
  return name == "f32"    ? "float"
         : name == "f64"  ? "double"
         : name == "u32"  ? "i32"
         : name == "bool" ? "i1"
                          : name;
}

/// A loop y[i] = f(a[i], b[i]) named loop_<f>, marked to be vectorised; a function's order is 2.
/// Booleans are stored as bytes.
std::string loopOf(const Function &f) {
  std::string text = "declare " + f.result + " @" + f.name + "(";
  std::string call, loads, parameters;
  for (size_t k = 0; k < f.arguments.size(); ++k) {
    std::string type = f.arguments[k], n = std::to_string(k), separator = k ? ", " : "";
    text += separator + type;
    parameters += "ptr noalias %a" + n + ", ";
    if (isOrder(f, k)) {
      call += separator + "i32 2";
      continue;
    }
    call += separator + type + " %v" + n;
    loads += "  %p" + n + " = getelementptr " + type + ", ptr %a" + n + ", i64 %i\n  %v" + n +
             " = load " + type + ", ptr %p" + n + "\n";
  }
  bool boolean = f.result == "i1";
  std::string stored = boolean ? "i8" : f.result;
  text += ")\ndefine void @loop_" + f.name + "(" + parameters +
          "ptr noalias %y, i64 %n) {\nentry:\n  br label %body\nbody:\n"
          "  %i = phi i64 [ 0, %entry ], [ %next, %body ]\n" +
          loads + "  %r = call " + f.result + " @" + f.name + "(" + call + ")\n";
  if (boolean)
    text += "  %s = zext i1 %r to i8\n";
  text += "  %q = getelementptr " + stored + ", ptr %y, i64 %i\n  store " + stored +
          (boolean ? " %s" : " %r") +
          ", ptr %q\n  %next = add i64 %i, 1\n  %done = icmp eq i64 %next, %n\n"
          "  br i1 %done, label %exit, label %body, !llvm.loop !0\nexit:\n  ret void\n}\n";
  return text;
}

std::unique_ptr<llvm::Module> parsedMath(llvm::LLVMContext &context) {
  llvm::MemoryBufferRef buffer(llvm::StringRef(mathBitcode().data(), mathBitcode().size()), "math");
  return llvm::cantFail(llvm::getLazyBitcodeModule(buffer, context));
}

} // namespace

std::vector<Function> functions() {
  std::vector<Function> list;
  auto add = [&](const char *name, std::vector<std::string> arguments, std::string result,
                 void *native) { list.push_back({name, arguments, result, native}); };
#define NATIVE(name) reinterpret_cast<void *>(&name)
#define DESCENT_MATH_FLOAT(name, arity)                                                            \
  add("descent_" #name "_f32", std::vector<std::string>(arity, "float"), "float",                  \
      NATIVE(descent_##name##_f32));                                                               \
  add("descent_" #name "_f64", std::vector<std::string>(arity, "double"), "double",                \
      NATIVE(descent_##name##_f64));
#define DESCENT_MATH_INTEGER(name, arity)                                                          \
  add("descent_" #name "_i32", std::vector<std::string>(arity, "i32"), "i32",                      \
      NATIVE(descent_##name##_i32));                                                               \
  add("descent_" #name "_i64", std::vector<std::string>(arity, "i64"), "i64",                      \
      NATIVE(descent_##name##_i64));                                                               \
  add("descent_" #name "_u32", std::vector<std::string>(arity, "i32"), "i32",                      \
      NATIVE(descent_##name##_u32));
#define DESCENT_MATH_CONVERT(from, to)                                                             \
  add("descent_" #from "_to_" #to, {typeOf(#from)}, typeOf(#to), NATIVE(descent_##from##_to_##to));
#define DESCENT_MATH_WORDS(name, arity)                                                            \
  add("descent_" #name, std::vector<std::string>(arity, "i64"), "i64", NATIVE(descent_##name));
#define DESCENT_MATH_ORDER(name)                                                                   \
  add("descent_" #name "_f32", {"i32", "float"}, "float", NATIVE(descent_##name##_f32));           \
  add("descent_" #name "_f64", {"i32", "double"}, "double", NATIVE(descent_##name##_f64));
#include "compiler/math/Math.def"
  return list;
}

std::unique_ptr<llvm::TargetMachine> machineFor(const std::string &triple, const std::string &cpu,
                                                const std::string &features) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(llvm::Triple(triple), error);
  return std::unique_ptr<llvm::TargetMachine>(
      target ? target->createTargetMachine(llvm::Triple(triple), cpu, features,
                                           llvm::TargetOptions(), llvm::Reloc::PIC_)
             : nullptr);
}

std::unique_ptr<llvm::TargetMachine> hostMachine() {
  std::string list;
  for (auto &feature : llvm::sys::getHostCPUFeatures())
    list += (list.empty() ? "" : ",") + std::string(feature.getValue() ? "+" : "-") +
            feature.getKey().str();
  return machineFor(llvm::sys::getProcessTriple(), llvm::sys::getHostCPUName().str(), list);
}

std::unique_ptr<llvm::Module> loopsFor(llvm::TargetMachine &machine, llvm::LLVMContext &context,
                                       const std::vector<Function> &list, RareCases rare) {
  // Whatever LLVM's cost model thinks of rarely taken branches; a GPU's threads need no vectors.
  bool vectors = !machine.getTargetTriple().isNVPTX();
  std::string text =
      std::string("!0 = distinct !{!0, !1}\n!1 = !{!\"llvm.loop.vectorize.enable\", i1 ") +
      (vectors ? "true" : "false") + "}\n";
  for (const Function &f : list)
    text += loopOf(f);
  llvm::SMDiagnostic diagnostic;
  std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(text, diagnostic, context);
  EXPECT_TRUE(module) << diagnostic.getMessage().str();
  module->setTargetTriple(machine.getTargetTriple());
  module->setDataLayout(machine.createDataLayout());
  for (llvm::Function &f : *module)
    if (!f.isDeclaration()) {
      f.addFnAttr("target-cpu", machine.getTargetCPU());
      f.addFnAttr("target-features", machine.getTargetFeatureString());
    }
  std::unique_ptr<llvm::Module> math = parsedMath(context);
  math->setTargetTriple(machine.getTargetTriple());
  math->setDataLayout(machine.createDataLayout());
  EXPECT_FALSE(llvm::Linker::linkModules(*module, std::move(math), llvm::Linker::LinkOnlyNeeded));
  std::optional<VectorCalls> calls;
  if (vectors)
    calls.emplace(*module);
  llvm::PassBuilder builder(&machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graph, modules);
  if (rare == RareCases::Skipped)
    builder.registerOptimizerLastEPCallback(
        [](llvm::ModulePassManager &passes, llvm::OptimizationLevel, llvm::ThinOrFullLTOPhase) {
          passes.addPass(llvm::createModuleToFunctionPassAdaptor(RareLanesPass()));
        });
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(*module, modules);
  if (calls)
    calls->finish([](llvm::Function &) {});
  EXPECT_FALSE(llvm::verifyModule(*module, &llvm::errs()));
  return module;
}

std::unique_ptr<llvm::orc::LLJIT> compiledLoops(const std::vector<Function> &list, RareCases rare) {
  std::unique_ptr<llvm::TargetMachine> machine = hostMachine();
  auto context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> module = loopsFor(*machine, *context, list, rare);
  llvm::orc::JITTargetMachineBuilder target{machine->getTargetTriple()};
  target.setCPU(machine->getTargetCPU().str());
  target.addFeatures({machine->getTargetFeatureString().str()});
  auto jit = llvm::cantFail(
      llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(std::move(target)).create());
  llvm::cantFail(
      jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(module), std::move(context))));
  return jit;
}

} // namespace descent::test
