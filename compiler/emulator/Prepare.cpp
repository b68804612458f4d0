// What comes first: is it something that can be run here, and what of it holds for the other target
// only.
#include "compiler/emulator/Rewriter.h"

#include <llvm/ADT/SCCIterator.h>
#include <llvm/Analysis/CallGraph.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/InstIterator.h>

namespace descent::emulator {

using namespace llvm;

/// Inline assembly of no instructions tells the optimizer something.
static bool isNothing(const CallBase &call) {
  const auto *code = dyn_cast<InlineAsm>(call.getCalledOperand());
  return code && code->getAsmString().empty() && call.getType()->isVoidTy();
}

void Rewriter::refuse(const Twine &what) {
  throw device::DeviceError(("the emulator cannot run this code: " + what).str());
}

void Rewriter::refuseUnsupported() {
  for (llvm::Function &function : module) {
    Twine where = " in the function " + function.getName();
    if (function.isVarArg())
      refuse("the function " + function.getName() + " takes any number of arguments");
    if (function.getCallingConv() == CallingConv::PTX_Kernel)
      for (const Argument &argument : function.args())
        if (!argument.getType()->isPointerTy() && !argument.getType()->isIntegerTy(64))
          refuse("a parameter of the kernel " + function.getName() + " is not of 64 bits");
    for (const Argument &argument : function.args())
      if (argument.hasPassPointeeByValueCopyAttr())
        refuse("a parameter that is copied (byval)" + where);
    for (const Instruction &instruction : instructions(function)) {
      if (isa<InvokeInst, CallBrInst, IndirectBrInst, VAArgInst, LandingPadInst>(instruction))
        refuse(StringRef(instruction.getOpcodeName()) + where);
      if (const auto *alloca = dyn_cast<AllocaInst>(&instruction))
        if (!alloca->isStaticAlloca())
          refuse("local memory of a size that is not known" + where);
      const auto *call = dyn_cast<CallBase>(&instruction);
      if (!call)
        continue;
      if (isNothing(*call))
        continue;
      if (call->isInlineAsm())
        refuse("inline assembly" + where);
      const llvm::Function *callee = call->getCalledFunction();
      if (!callee)
        refuse("a call of a function that is not named" + where);
      if (callee->isDeclaration() && !callee->isIntrinsic())
        refuse("a call of " + callee->getName() + ", which has no body," + where);
    }
  }
  CallGraph graph(module);
  for (auto component = scc_begin(&graph); !component.isAtEnd(); ++component)
    if (component.hasCycle() && (*component)[0]->getFunction() &&
        !(*component)[0]->getFunction()->isDeclaration())
      refuse("recursion of the function " + (*component)[0]->getFunction()->getName());
}

void Rewriter::retarget(const DataLayout &layout) {
  module.setDataLayout(layout);
  module.setTargetTriple(Triple("x86_64-unknown-linux-gnu"));
  module.setModuleInlineAsm("");
  for (const char *name : {"nvvm.annotations", "nvvmir.version"})
    if (NamedMDNode *node = module.getNamedMetadata(name))
      node->eraseFromParent();
  for (const char *name : {"llvm.used", "llvm.compiler.used"})
    if (llvm::GlobalVariable *variable = module.getNamedGlobal(name))
      variable->eraseFromParent();
  for (llvm::Function &function : module) {
    if (function.isIntrinsic())
      continue;
    // Alignment and size of what pointers point to are promises, and kept promises only make what
    // is checked anyway faster; broken ones take the process with them.
    function.setAttributes({});
    function.setDoesNotThrow();
    function.setCallingConv(CallingConv::C);
    function.setComdat(nullptr);
    function.setSection("");
    function.setVisibility(GlobalValue::DefaultVisibility);
    for (Instruction &instruction : make_early_inc_range(instructions(function))) {
      instruction.dropUnknownNonDebugMetadata();
      if (auto *call = dyn_cast<CallBase>(&instruction)) {
        if (isa<AssumeInst>(call) || isNothing(*call)) {
          call->eraseFromParent();
          continue;
        }
        if (!call->getCalledFunction()->isIntrinsic())
          call->setAttributes({});
        call->setCallingConv(CallingConv::C);
        if (auto *plain = dyn_cast<CallInst>(call))
          plain->setTailCallKind(CallInst::TCK_None);
      }
    }
  }
}

} // namespace descent::emulator
