#include "compiler/gpu/Gpu.h"

#include "compiler/cpu/Math.h"
#include "compiler/gpu/Steps.h"
#include "compiler/kernel/RowReads.h"
#include "runtime/device/Device.h"
#include "runtime/device/Messages.h"

#include "descent/Error.h"

#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Transforms/IPO/AlwaysInliner.h>
#include <llvm/Transforms/IPO/GlobalDCE.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/InferAlignment.h>
#include <llvm/Transforms/Scalar/LICM.h>
#include <llvm/Transforms/Scalar/LoopPassManager.h>
#include <llvm/Transforms/Scalar/LoopUnrollPass.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Vectorize/LoadStoreVectorizer.h>
#include <mlir/Dialect/Func/IR/FuncOps.h>

extern "C" {
void LLVMInitializeNVPTXTargetInfo();
void LLVMInitializeNVPTXTarget();
void LLVMInitializeNVPTXTargetMC();
void LLVMInitializeNVPTXAsmPrinter();
}

namespace descent::gpu {

namespace {

constexpr const char *kKernel = "descent_program";

/// 80 for compute capability 8.0.
int capabilityOf(const llvm::TargetMachine &machine) {
  llvm::StringRef name = machine.getTargetCPU();
  int number = 0;
  return name.consume_front("sm_") && !name.consumeInteger(10, number) ? number : 0;
}

constexpr const char *kInputs = "descent.inputs";
/// Parameters of a kernel may take 4,352 bytes (before PTX 8.1), and five are ours.
constexpr int64_t kMostArrays = 4352 / 8 - 5;

/// The arrays that the caller gives: what a program reads, or the arguments and results of a
/// function.
int64_t givenTo(mlir::func::FuncOp function) {
  if (auto inputs = function->getAttrOfType<mlir::IntegerAttr>(kInputs))
    return inputs.getInt();
  int64_t count = function.getNumArguments() + function.getNumResults();
  function->walk(
      [&](ir::InputOp input) { count = std::max(count, int64_t(input.getIndex()) + 1); });
  return count;
}

/// Whether nobody writes to what a parameter points at while the kernel runs.
bool isRead(const llvm::Argument &parameter, int64_t read) {
  return parameter.getArgNo() >= 2 && parameter.getArgNo() < 2 + unsigned(read);
}

/// `given`: arrays that the caller gives, of which the first are only read.
llvm::Function *declare(llvm::Module &module, int64_t given, int64_t read, int threads) {
  llvm::LLVMContext &context = module.getContext();
  auto *pointer = llvm::PointerType::get(context, 0);
  llvm::SmallVector<llvm::Type *> parameters(size_t(given) + 3, pointer);
  parameters.push_back(llvm::Type::getInt64Ty(context));
  parameters.push_back(pointer);
  auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), parameters, false);
  auto *function = llvm::Function::Create(type, llvm::Function::ExternalLinkage, kKernel, module);
  function->setCallingConv(llvm::CallingConv::PTX_Kernel);
  function->setDoesNotThrow();
  function->addFnAttr("nvvm.maxntid", std::to_string(threads));
  // Two blocks of 256 threads on a multiprocessor: at most 128 registers for a thread.
  function->addFnAttr("nvvm.minctasm", "2");
  for (llvm::Argument &argument : function->args())
    if (argument.getType()->isPointerTy()) {
      argument.addAttr(llvm::Attribute::NoAlias);
      argument.addAttr(llvm::Attribute::getWithAlignment(context, llvm::Align(64)));
      if (isRead(argument, read))
        argument.addAttr(llvm::Attribute::ReadOnly);
    }
  return function;
}

/// LLVM takes it that nobody else touches what such a parameter points at, not even calls, as long
/// as they cannot know its address. Waits of threads for each other are calls, and others write
/// then: so the addresses are given to one, of no instructions.
void showToOthers(cpu::FunctionEmission &f, int64_t read) {
  auto *pointer = f.b.getPtrTy();
  auto *type = llvm::FunctionType::get(f.b.getVoidTy(), {pointer}, false);
  auto *nothing = llvm::InlineAsm::get(type, "", "l,~{memory}", /*hasSideEffects=*/true);
  for (llvm::Argument &argument : f.function->args())
    if (argument.getType()->isPointerTy() && !isRead(argument, read))
      f.b.CreateCall(nothing, {&argument});
}

/// Places in the script for all code: the emulator's and the profilers' messages name them.
void describe(llvm::Function &function) {
  llvm::Module &module = *function.getParent();
  llvm::DIBuilder builder(module);
  auto *file = builder.createFile("descent", "");
  builder.createCompileUnit(llvm::DISourceLanguageName(llvm::dwarf::DW_LANG_C), file, "descent",
                            /*isOptimized=*/true, "", 0, "",
                            llvm::DICompileUnit::DebugDirectivesOnly);
  auto *type = builder.createSubroutineType(builder.getOrCreateTypeArray({}));
  function.setSubprogram(builder.createFunction(
      file, function.getName(), function.getName(), file, 1, type, 1, llvm::DINode::FlagZero,
      llvm::DISubprogram::SPFlagDefinition | llvm::DISubprogram::SPFlagOptimized));
  builder.finalize();
  module.addModuleFlag(llvm::Module::Warning, "Debug Info Version", llvm::DEBUG_METADATA_VERSION);
}

void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  auto invariants = [] {
    llvm::LoopPassManager passes;
    passes.addPass(llvm::LICMPass(llvm::LICMOptions()));
    return llvm::createFunctionToLoopPassAdaptor(std::move(passes), /*UseMemorySSA=*/true);
  };
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  passes.addPass(llvm::EarlyCSEPass());
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(invariants());
  passes.addPass(llvm::LoopUnrollPass(llvm::LoopUnrollOptions()
                                          .setPartial(false)
                                          .setPeeling(false)
                                          .setRuntime(false)
                                          .setUpperBound(false)
                                          .setFullUnrollMaxCount(16)));
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  passes.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/true));
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(invariants());
  passes.addPass(llvm::SimplifyCFGPass());
  // Before the back end turns addresses into sums that nothing is known about the alignment of.
  passes.addPass(llvm::InferAlignmentPass());
  passes.addPass(llvm::LoadStoreVectorizerPass());
  passes.addPass(llvm::InstCombinePass());
  llvm::ModulePassManager all;
  all.addPass(llvm::AlwaysInlinerPass(/*InsertLifetimeIntrinsics=*/false));
  all.addPass(llvm::GlobalDCEPass());
  all.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(passes)));
  all.addPass(llvm::GlobalDCEPass());
  all.run(module, modules);
#ifndef NDEBUG
  std::string complaint;
  llvm::raw_string_ostream os(complaint);
  if (llvm::verifyModule(module, &os))
    throw Error("internal: the optimised code is not valid: " + complaint);
#endif
}

} // namespace

void countInputs(mlir::ModuleOp module) {
  mlir::Builder builder(module.getContext());
  for (auto function : module.getOps<mlir::func::FuncOp>())
    function->setAttr(kInputs, builder.getI64IntegerAttr(givenTo(function)));
}

GpuCode generate(mlir::ModuleOp source, llvm::LLVMContext &context, llvm::TargetMachine &machine,
                 const kernel::PlanOptions &options, int threads, llvm::StringRef name,
                 int64_t libraryWork, const std::vector<device::Product> &refusedProducts) {
  kernel::PlanOptions plan = options;
  plan.forProcessor = false;
  GpuCode code;
  code.module = std::make_unique<llvm::Module>("program", context);
  code.module->setDataLayout(machine.createDataLayout());
  code.module->setTargetTriple(machine.getTargetTriple());
  code.kernel = kKernel;
  code.threads = threads;
  cpu::ModuleEmission emission(*code.module, cpu::thisHost());
  // What one thread does runs its chunks one after the other.
  emission.dividesInWords = true;
  emission.leastShared = std::numeric_limits<int64_t>::max();
  for (auto function : source.getOps<mlir::func::FuncOp>()) {
    if (function.getSymName() != name)
      continue;
    kernel::FunctionPlan planned = kernel::planFunction(function, plan);
    code.largest = kernel::largestArrays(planned, 4);
    code.byRows = kernel::readByRows(function);
    code.ahead = kernel::fetchedAhead(function);
    int64_t given = givenTo(function);
    if (given > kMostArrays)
      throw device::DeviceError("a GPU's program can be given " + std::to_string(kMostArrays) +
                                " arrays at most, and this one is given " + std::to_string(given) +
                                "; arrays of one shape can be rows of one");
    int64_t read = given - int64_t(function.getNumResults());
    llvm::Function *kernel = declare(*code.module, given, read, threads);
    describe(*kernel);
    cpu::FunctionEmission f(emission, planned, kernel);
    showToOthers(f, read);
    bool fetches =
        function->walk([](ir::FetchOp) { return mlir::WalkResult::interrupt(); }).wasInterrupted();
    ProgramEmission program(f, threads, kernel->getArg(1), kernel->getArg(0), fetches);
    program.capability = capabilityOf(machine);
    program.hasTensorCores = program.capability >= 80;
    program.libraryWork = libraryWork;
    program.refusedProducts = refusedProducts;
    leaveProductsToLibrary(program);
    program.begin();
    emitProgram(program);
    code.arenaBytes = program.arenaBytes;
    code.blockBytes = program.bytesOfBlock;
    code.stateBytes = program.finish();
    code.tapeBytes = program.tapeBytes;
    code.mailboxWords = device::mailbox::words(program.mostOperands);
    code.usefulBlocks = program.usefulBlocks + (fetches ? Grid::mostFetching : 0);
    code.products = std::move(program.products);
    code.steps = std::move(program.steps);
  }
  code.tapePlaces = emission.tapePlaces;
  cpu::linkMath(*code.module, emission.mathNames);
  optimize(*code.module, machine);
  return code;
}

std::unique_ptr<llvm::TargetMachine> makeMachine(int major, int minor) {
  [[maybe_unused]] static const bool initialised = [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    return true;
  }();
  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string problem;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, problem);
  if (!target)
    throw Error("this build of Descent makes no code for NVIDIA GPUs: " + problem);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  std::string name = "sm_" + std::to_string(major * 10 + minor);
  std::unique_ptr<llvm::MCSubtargetInfo> known(target->createMCSubtargetInfo(triple, "", ""));
  if (major < 7 || !known->isCPUStringValid(name))
    throw device::DeviceError("no code is made for GPUs of compute capability " +
                              std::to_string(major) + "." + std::to_string(minor) +
                              ", but for those of 7.0 (sm_70) or later that LLVM knows");
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, name, "", options, std::nullopt, std::nullopt, llvm::CodeGenOptLevel::Default));
  if (!machine)
    throw Error("no code can be made for the GPU " + name);
  return machine;
}

std::string emitPtx(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::SmallVector<char, 0> code;
  llvm::raw_svector_ostream stream(code);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile))
    throw Error("internal: code for GPUs cannot be written");
  passes.run(module);
  return std::string(code.begin(), code.end());
}

} // namespace descent::gpu
