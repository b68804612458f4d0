#include "compiler/emulator/Rewrite.h"

#include "compiler/emulator/Functions.h"
#include "compiler/emulator/Rewriter.h"

#include <llvm/IR/DebugInfo.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/ScalarizeMaskedMemIntrin.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>

#include <algorithm>

namespace descent::emulator {

using namespace llvm;

Rewriter::Rewriter(Module &module, Machine &machine, bool checks, AccessTable &accesses)
    : module(module), machine(machine), checks(checks), accesses(accesses) {}

Value *Rewriter::pointer(const void *address) {
  LLVMContext &context = module.getContext();
  return ConstantExpr::getIntToPtr(
      ConstantInt::get(Type::getInt64Ty(context), reinterpret_cast<uint64_t>(address)),
      PointerType::get(context, 0));
}

CallInst *Rewriter::call(IRBuilderBase &builder, const char *name, ArrayRef<Value *> arguments) {
  auto entry = std::find_if(functions().begin(), functions().end(), [&](const Function &function) {
    return StringRef(function.name) == name;
  });
  auto type = [&](char letter) -> Type * {
    switch (letter) {
    case 'v':
      return builder.getVoidTy();
    case 'i':
      return builder.getInt32Ty();
    case 'l':
      return builder.getInt64Ty();
    default:
      return builder.getPtrTy();
    }
  };
  llvm::Function *function = module.getFunction(name);
  if (!function) {
    SmallVector<Type *> parameters;
    for (const char *letter = entry->signature + 1; *letter; ++letter)
      parameters.push_back(type(*letter));
    function =
        llvm::Function::Create(FunctionType::get(type(entry->signature[0]), parameters, false),
                               GlobalValue::ExternalLinkage, name, module);
    function->setDoesNotThrow();
    switch (entry->effect) {
    case Function::Effect::Pure:
      function->setDoesNotAccessMemory();
      function->setWillReturn();
      break;
    case Function::Effect::Check:
      function->setOnlyAccessesInaccessibleMemory();
      break;
    case Function::Effect::Meet:
      break;
    case Function::Effect::Last:
      function->setDoesNotReturn();
      break;
    }
  }
  SmallVector<Value *> all = {pointer(&machine)};
  append_range(all, arguments);
  CallInst *made = builder.CreateCall(function, all);
  made->setDebugLoc({});
  return made;
}

Access &Rewriter::record(const Instruction &at, std::string what) {
  Access &access = accesses.add();
  access.what = std::move(what);
  if (const DILocation *place = at.getDebugLoc(); place && place->getLine())
    access.place =
        (place->getFilename() + ":" + Twine(place->getLine()) + ":" + Twine(place->getColumn()))
            .str();
  else
    access.place =
        ("in the function " + at.getFunction()->getName() + " (" + at.getParent()->getName() + ")")
            .str();
  return access;
}

/// void entry(ptr arguments): calls the kernel with what is in the array.
llvm::Function *Rewriter::makeEntry(llvm::Function &kernel) {
  IRBuilder<> builder(module.getContext());
  auto *type = FunctionType::get(builder.getVoidTy(), {builder.getPtrTy()}, false);
  auto *entry = llvm::Function::Create(type, GlobalValue::ExternalLinkage,
                                       "descent_entry_" + kernel.getName(), module);
  builder.SetInsertPoint(BasicBlock::Create(module.getContext(), "", entry));
  SmallVector<Value *> arguments;
  for (Argument &argument : kernel.args())
    arguments.push_back(builder.CreateLoad(
        argument.getType(),
        builder.CreateConstGEP1_64(builder.getInt64Ty(), entry->getArg(0), argument.getArgNo())));
  builder.CreateCall(&kernel, arguments);
  builder.CreateRetVoid();
  return entry;
}

namespace {

/// Runs passes on each function.
class Passes {
public:
  Passes() {
    PassBuilder builder;
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(components);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, components, modules);
  }
  void run(Module &module, FunctionPassManager &passes) {
    for (llvm::Function &function : module)
      if (!function.isDeclaration())
        passes.run(function, functions);
    modules.clear();
    functions.clear();
  }

private:
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
};

} // namespace

Rewritten rewrite(Module &module, const DataLayout &layout, Machine &machine, bool checks,
                  AccessTable &accesses) {
  SmallVector<llvm::Function *> kernels;
  for (llvm::Function &function : module)
    if (!function.isDeclaration() && function.getCallingConv() == CallingConv::PTX_Kernel)
      kernels.push_back(&function);

  {
    // Each element is looked at by itself.
    FunctionPassManager passes;
    passes.addPass(ScalarizeMaskedMemIntrinPass());
    Passes().run(module, passes);
  }
  Rewriter rewriter(module, machine, checks, accesses);
  rewriter.refuseUnsupported();
  rewriter.retarget(layout);
  {
    FunctionPassManager passes;
    passes.addPass(SROAPass(SROAOptions::PreserveCFG));
    Passes().run(module, passes);
  }
  std::vector<Variable> locals;
  uint64_t localBytes = 0;
  Rewritten result;
  rewriter.moveLocals(locals, localBytes);
  rewriter.moveShared();
  rewriter.moveGlobals(result.variables);
  rewriter.replaceIntrinsics();
  rewriter.instrument();
  rewriter.replaceProducts();
  for (llvm::Function *kernel : kernels) {
    RewrittenKernel made;
    made.code.name = kernel->getName().str();
    made.code.parameters = kernel->arg_size();
    made.code.accesses = &accesses;
    made.code.local = locals;
    made.code.localBytes = localBytes;
    rewriter.layOutShared(*kernel, made.code);
    made.entry = rewriter.makeEntry(*kernel)->getName().str();
    result.kernels.push_back(std::move(made));
  }
  StripDebugInfo(module);
  std::string complaint;
  raw_string_ostream os(complaint);
  if (verifyModule(module, &os))
    throw device::DeviceError("internal: the emulator's code is not valid: " + complaint);
  for (llvm::Function &function : module)
    if (!function.isDeclaration() && !StringRef(function.getName()).starts_with("descent_entry_"))
      function.setLinkage(GlobalValue::InternalLinkage);
  FunctionPassManager passes;
  passes.addPass(EarlyCSEPass());
  passes.addPass(SimplifyCFGPass());
  Passes().run(module, passes);
  return result;
}

} // namespace descent::emulator
