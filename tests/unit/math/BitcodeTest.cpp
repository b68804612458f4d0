// The bitcode as the code generators use it: complete, neutral, vectorised by LLVM in loops, the
// same to the bit as the functions compiled natively, and accepted by the NVPTX backend.

#include "compiler/math/Bitcode.h"
#include "compiler/math/Math.h"

#include <gtest/gtest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Linker/Linker.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>

#include <cstring>
#include <random>

namespace descent::test {
namespace {

/// One function of Math.def, its types in LLVM's spelling.
struct Function {
  std::string name;
  std::vector<std::string> arguments;
  std::string result;
  void *native;
};

std::string typeOf(const std::string &name) {
  return name == "f32"    ? "float"
         : name == "f64"  ? "double"
         : name == "u32"  ? "i32"
         : name == "bool" ? "i1"
                          : name;
}

/// The sorts are not elementwise and left out.
std::vector<Function> functions() {
  std::vector<Function> list;
  auto add = [&](const char *name, std::vector<std::string> arguments, std::string result,
                 void *native) {
    list.push_back({name, arguments, result, native});
  };
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

/// Only the order of polygamma is an i32 beside a floating argument.
bool isOrder(const Function &f, size_t argument) {
  return argument == 0 && f.arguments.size() == 2 && f.arguments[1] != f.arguments[0];
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

std::unique_ptr<llvm::TargetMachine> machineFor(const std::string &triple, const std::string &cpu,
                                                const std::string &features = "") {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(llvm::Triple(triple), error);
  return std::unique_ptr<llvm::TargetMachine>(
      target ? target->createTargetMachine(llvm::Triple(triple), cpu, features,
                                           llvm::TargetOptions(), llvm::Reloc::PIC_)
             : nullptr);
}

/// Loops over all the given functions, linked with their definitions and optimised for a machine.
std::unique_ptr<llvm::Module> loopsFor(llvm::TargetMachine &machine, llvm::LLVMContext &context,
                                       const std::vector<Function> &list) {
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
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(*module, modules);
  EXPECT_FALSE(llvm::verifyModule(*module, &llvm::errs()));
  return module;
}

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
  EXPECT_TRUE(module->global_empty());
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
          EXPECT_TRUE(call->getCalledFunction()->isIntrinsic()) << f.name << " calls";
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

TEST(MathBitcode, CompiledForThisMachineGivesTheSameBits) {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  std::string list;
  for (auto &feature : features)
    list += (list.empty() ? "" : ",") + std::string(feature.getValue() ? "+" : "-") +
            feature.getKey().str();
  std::string triple = llvm::sys::getProcessTriple();
  std::unique_ptr<llvm::TargetMachine> machine =
      machineFor(triple, llvm::sys::getHostCPUName().str(), list);
  ASSERT_TRUE(machine);
  auto context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> module = loopsFor(*machine, *context, functions());
  llvm::orc::JITTargetMachineBuilder target{llvm::Triple(triple)};
  target.setCPU(machine->getTargetCPU().str());
  target.addFeatures({list});
  auto jit = llvm::cantFail(
      llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(std::move(target)).create());
  llvm::cantFail(
      jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(module), std::move(context))));
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
