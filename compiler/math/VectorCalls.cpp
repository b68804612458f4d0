#include "compiler/math/VectorCalls.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/VFABIDemangler.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/ModuleUtils.h>

namespace descent {

using namespace llvm;

namespace {

/// Calls of one function in a module, above which they are not inlined: inlined copies give the
/// faster code, by what a call and its spilled registers cost (2 to 4 ns for a vector).
constexpr size_t mostInlined = 8;
/// Instructions of a function that is always inlined.
constexpr unsigned smallBody = 24;

/// The floats that all parameters and the result are of; null where they are not of one type.
Type *elementOf(const Function &function) {
  Type *type = function.getReturnType();
  bool same = !function.arg_empty() && (type->isFloatTy() || type->isDoubleTy()) &&
              all_of(function.args(), [&](const Argument &a) { return a.getType() == type; });
  return same ? type : nullptr;
}

SmallVector<CallInst *> usesOf(Function &function) {
  SmallVector<CallInst *> calls;
  for (User *user : function.users())
    if (auto *call = dyn_cast<CallInst>(user); call && call->getCalledFunction() == &function)
      calls.push_back(call);
  return calls;
}

/// The calls that may be inlined.
SmallVector<CallInst *> callsOf(Function &function) {
  SmallVector<CallInst *> calls = usesOf(function);
  erase_if(calls, [](CallInst *call) { return call->isNoInline(); });
  return calls;
}

/// Whether that is one of the math bitcode's functions for few arguments, DESCENT_MATH_RARE.
bool isRare(const Function &function) {
  return !function.isDeclaration() && function.getName().starts_with("descent_") &&
         function.hasFnAttribute(Attribute::NoInline) && elementOf(function) &&
         function.doesNotAccessMemory();
}

} // namespace

VectorCalls::VectorCalls(Module &module) : module(module) {
  SmallVector<std::pair<Function *, SmallVector<CallInst *>>> chosen;
  for (Function &function : module) {
    if (function.isDeclaration() || !function.hasFnAttribute(Attribute::AlwaysInline) ||
        !elementOf(function) || !function.doesNotAccessMemory() ||
        function.getInstructionCount() <= smallBody)
      continue;
    auto calls = callsOf(function);
    if (calls.size() > mostInlined)
      chosen.push_back({&function, std::move(calls)});
  }
  for (auto &[function, calls] : chosen)
    call(*function, calls);
  // After those above, whose variants may call the variants of these.
  for (Function &function : make_early_inc_range(module))
    if (isRare(function))
      call(function, usesOf(function));
}

void VectorCalls::call(Function &function, ArrayRef<CallInst *> calls) {
  bool rare = isRare(function);
  function.removeFnAttr(Attribute::AlwaysInline);
  function.addFnAttr(Attribute::NoInline);
  function.setDoesNotThrow();
  function.setWillReturn();
  Type *element = elementOf(function);
  SmallVector<std::string> names;
  SmallVector<GlobalValue *> kept;
  for (unsigned bits : {128u, 256u, 512u}) {
    unsigned lanes = bits / unsigned(element->getPrimitiveSizeInBits());
    auto *vector = FixedVectorType::get(element, lanes);
    SmallVector<Type *> parameters(function.arg_size(), vector);
    std::string name = (function.getName() + ".x" + Twine(lanes)).str();
    auto *variant = Function::Create(FunctionType::get(vector, parameters, false),
                                     GlobalValue::InternalLinkage, name, module);
    variant->setDoesNotAccessMemory();
    variant->setDoesNotThrow();
    variant->setWillReturn();
    variant->addFnAttr(Attribute::NoInline);
    define(*variant, function, lanes, !rare);
    variants.insert(variant);
    kept.push_back(variant);
    // As the "vector function ABI" writes it: a variant without mask, all parameters vectors.
    names.push_back(("_ZGV_LLVM_N" + Twine(lanes) + std::string(function.arg_size(), 'v') + "_" +
                     function.getName() + "(" + name + ")")
                        .str());
  }
  // The vectoriser uses them: until then nobody does.
  appendToCompilerUsed(module, kept);
  for (CallInst *call : calls)
    VFABI::setVectorVariantNames(call, names);
}

void VectorCalls::define(Function &f, Function &scalar, unsigned lanes, bool inlined) {
  LLVMContext &context = module.getContext();
  auto *entry = BasicBlock::Create(context, "", &f), *body = BasicBlock::Create(context, "", &f),
       *exit = BasicBlock::Create(context, "", &f);
  IRBuilder<> b(entry);
  Type *vector = f.getReturnType(), *element = vector->getScalarType();
  SmallVector<Value *> in;
  for (Argument &argument : f.args()) {
    in.push_back(b.CreateAlloca(vector));
    b.CreateStore(&argument, in.back());
  }
  Value *out = b.CreateAlloca(vector);
  b.CreateBr(body);
  b.SetInsertPoint(body);
  PHINode *lane = b.CreatePHI(b.getInt64Ty(), 2);
  lane->addIncoming(b.getInt64(0), entry);
  SmallVector<Value *> arguments;
  for (Value *from : in)
    arguments.push_back(b.CreateLoad(element, b.CreateInBoundsGEP(element, from, lane)));
  CallInst *call = b.CreateCall(&scalar, arguments);
  b.CreateStore(call, b.CreateInBoundsGEP(element, out, lane));
  Value *next = b.CreateAdd(lane, b.getInt64(1), "", true, true);
  lane->addIncoming(next, body);
  auto *branch = b.CreateCondBr(b.CreateICmpULT(next, b.getInt64(lanes)), body, exit);
  b.SetInsertPoint(exit);
  b.CreateRet(b.CreateLoad(vector, out));
  if (!inlined)
    return;
  auto option = [&](StringRef name, Constant *value) {
    return MDNode::get(context, {MDString::get(context, name), ConstantAsMetadata::get(value)});
  };
  auto *loop =
      MDNode::getDistinct(context, {nullptr, option("llvm.loop.vectorize.enable", b.getTrue()),
                                    option("llvm.loop.vectorize.width", b.getInt32(lanes)),
                                    option("llvm.loop.interleave.count", b.getInt32(1))});
  loop->replaceOperandWith(0, loop);
  branch->setMetadata(LLVMContext::MD_loop, loop);
  InlineFunctionInfo info;
  InlineFunction(*call, info);
}

void VectorCalls::finish(function_ref<void(Function &)> optimize) {
  removeFromUsedLists(module, [&](Constant *used) {
    auto *function = dyn_cast<Function>(used);
    return function && variants.contains(function);
  });
  for (Function *variant : variants) {
    if (variant->use_empty())
      variant->eraseFromParent();
    else
      optimize(*variant);
  }
  variants.clear();
}

} // namespace descent
