#include "Translator.h"

#include "Reader.h"

#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/IR/IntrinsicsNVPTX.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace descent::ptx {

using namespace llvm;

static constexpr unsigned sharedSpace = 3;

Translator::Translator(const Code &code, Module &module)
    : code(code), module(module), b(module.getContext()), places(module) {}

void Translator::translate() {
  module.setTargetTriple(Triple("nvptx64-nvidia-cuda"));
  module.addModuleFlag(Module::Warning, "Debug Info Version", DEBUG_METADATA_VERSION);
  for (const auto &[number, name] : code.files)
    files[number] = places.createFile(name, "");
  if (!files.empty())
    unit = places.createCompileUnit(dwarf::DW_LANG_C, files.begin()->second, "", false, "", 0);
  for (const Variable &variable : code.variables)
    addGlobal(variable);
  for (const ptx::Function &each : code.functions)
    declare(each);
  for (const ptx::Function &each : code.functions)
    if (each.hasBody)
      define(each);
  places.finalize();
}

/// A parameter is one integer of all its bits, and so is a result.
static IntegerType *typeOf(const Variable &parameter, LLVMContext &context) {
  return IntegerType::get(context, parameter.bytes * 8);
}

void Translator::declare(const ptx::Function &each) {
  if (each.results.size() > 1)
    throw Problem(each.line, "a function with several results");
  SmallVector<llvm::Type *> parameters;
  for (const Variable &parameter : each.parameters)
    parameters.push_back(typeOf(parameter, b.getContext()));
  auto *type = FunctionType::get(each.results.empty() ? b.getVoidTy()
                                                      : typeOf(each.results[0], b.getContext()),
                                 parameters, false);
  if (const llvm::Function *before = module.getFunction(each.name)) {
    if (before->getFunctionType() != type)
      throw Problem(each.line, "`" + each.name + "` is declared in another way before");
    return;
  }
  auto *declared = llvm::Function::Create(type, GlobalValue::ExternalLinkage, each.name, module);
  if (each.isKernel)
    declared->setCallingConv(CallingConv::PTX_Kernel);
}

void Translator::addGlobal(const Variable &variable) {
  auto *type = ArrayType::get(b.getInt8Ty(), variable.bytes);
  Constant *initial = nullptr;
  unsigned space = 1;
  auto linkage = GlobalValue::InternalLinkage;
  if (variable.space == Space::Shared) {
    space = sharedSpace;
    if (variable.isDynamic)
      linkage = GlobalValue::ExternalLinkage;
    else
      initial = UndefValue::get(type);
  } else {
    std::vector<uint8_t> bytes(variable.bytes);
    unsigned each = variable.bits / 8;
    if (variable.initial.size() * each > bytes.size())
      throw Problem(variable.line, "there are more values than places");
    for (size_t i = 0; i < variable.initial.size(); ++i) {
      const std::string &text = variable.initial[i];
      char *end = nullptr;
      bool isFloat = text.starts_with("0d") || text.starts_with("0f");
      uint64_t value = text.starts_with('-') ? uint64_t(std::strtoll(text.c_str(), &end, 0))
                                             : std::strtoull(text.c_str() + (isFloat ? 2 : 0), &end,
                                                             isFloat ? 16 : 0);
      if (*end)
        throw Problem(variable.line, "`" + text + "` is no number");
      std::memcpy(bytes.data() + i * each, &value, each);
    }
    initial = ConstantDataArray::get(b.getContext(), bytes);
  }
  auto *global = new GlobalVariable(module, type, false, linkage, initial, variable.name, nullptr,
                                    GlobalValue::NotThreadLocal, space);
  global->setAlignment(Align(variable.alignment));
  auto &names = scopes.empty() ? globals : scopes.back();
  names[variable.name] = {variable, global};
}

/// How often each register is named.
static std::map<std::string, int> mentionsIn(const ptx::Function &function) {
  std::map<std::string, int> result;
  auto count = [&](const std::string &text) {
    for (size_t at = text.find('%'); at != std::string::npos; at = text.find('%', at + 1)) {
      size_t end = text.find_first_of(",]}+|) \t\n", at);
      ++result[text.substr(at, std::min(end, text.size()) - at)];
    }
  };
  for (const Statement &statement : function.body) {
    count(statement.guard);
    for (const std::string &operand : statement.operands)
      count(operand);
  }
  return result;
}

/// At the begin of a function, as all that has a place.
static AllocaInst *placeIn(llvm::Function *function, llvm::Type *type, unsigned alignment) {
  BasicBlock &entry = function->getEntryBlock();
  IRBuilder<> builder(&entry, entry.begin());
  AllocaInst *place = builder.CreateAlloca(type);
  place->setAlignment(Align(alignment));
  return place;
}

void Translator::addVariable(const Variable &variable) {
  if (variable.space == Space::Generic)
    return addRegisters(variable);
  if (variable.space == Space::Shared)
    return addGlobal(variable);
  auto *type = ArrayType::get(b.getInt8Ty(), variable.bytes);
  scopes.back()[variable.name] = {variable, placeIn(made, type, std::max(variable.alignment, 8u))};
}

void Translator::addRegisters(const Variable &variable) {
  auto add = [&](const std::string &name) {
    AllocaInst *place = placeIn(made, b.getIntNTy(variable.bits), std::max(1u, variable.bits / 8));
    if (!scopes.back().insert({name, {variable, place}}).second)
      fail("`" + name + "` is declared twice");
  };
  if (variable.count == 0)
    return add(variable.name);
  for (unsigned i = 0; i < variable.count; ++i)
    add(variable.name + std::to_string(i));
}

void Translator::define(const ptx::Function &each) {
  function = &each;
  made = module.getFunction(each.name);
  scopes = {{}};
  blocks.clear();
  defined.clear();
  mentions = mentionsIn(each);
  scopesOfFiles.clear();
  carry = nullptr;
  subprogram = nullptr;
  Statement first;
  first.line = each.line;
  current = &first;
  if (!made->isDeclaration())
    fail("`" + each.name + "` is defined twice");
  if (unit) {
    auto *type = places.createSubroutineType(places.getOrCreateTypeArray({}));
    subprogram = places.createFunction(unit, each.name, "", unit->getFile(), 1, type, 1,
                                       DINode::FlagZero, DISubprogram::SPFlagDefinition);
    made->setSubprogram(subprogram);
  }
  b.SetInsertPoint(BasicBlock::Create(b.getContext(), "", made));
  b.SetCurrentDebugLocation({});
  BasicBlock *start = BasicBlock::Create(b.getContext(), "start", made);
  b.CreateBr(start);
  b.SetInsertPoint(start);
  for (const Variable &result : each.results)
    addVariable(result);
  for (size_t i = 0; i < each.parameters.size(); ++i) {
    addVariable(each.parameters[i]);
    b.CreateAlignedStore(made->getArg(static_cast<unsigned>(i)),
                         scopes.back()[each.parameters[i].name].place, Align(8));
  }
  for (const Statement &next : each.body) {
    current = &next;
    statement();
  }
  if (!b.GetInsertBlock()->getTerminator())
    finish();
  for (const auto &[name, block] : blocks)
    if (std::ranges::find(defined, name) == defined.end())
      fail("there is no label `" + name + "`");
  if (subprogram)
    places.finalizeSubprogram(subprogram);
}

DILocation *Translator::placeOf(const Place &place) {
  auto file = files.find(place.file);
  if (!subprogram || place.line == 0 || file == files.end())
    return nullptr;
  DIScope *&scope = scopesOfFiles[place.file];
  if (!scope)
    scope = file->second == subprogram->getFile()
                ? static_cast<DIScope *>(subprogram)
                : places.createLexicalBlockFile(subprogram, file->second);
  return DILocation::get(b.getContext(), unsigned(place.line), unsigned(place.column), scope);
}

BasicBlock *Translator::blockOf(const std::string &label) {
  BasicBlock *&block = blocks[label];
  if (!block)
    block = BasicBlock::Create(b.getContext(), label, made);
  return block;
}

void Translator::statement() {
  switch (current->kind) {
  case Statement::Kind::Begin:
    scopes.emplace_back();
    return;
  case Statement::Kind::End:
    scopes.pop_back();
    return;
  case Statement::Kind::Targets:
    return; // branchByIndex finds them
  case Statement::Kind::Declaration:
    addVariable(current->variable);
    return;
  case Statement::Kind::Label: {
    const std::string &label = current->words[0];
    if (std::ranges::find(defined, label) != defined.end())
      fail("the label `" + label + "` is there twice");
    defined.push_back(label);
    BasicBlock *block = blockOf(label);
    if (!b.GetInsertBlock()->getTerminator())
      b.CreateBr(block);
    b.SetInsertPoint(block);
    return;
  }
  case Statement::Kind::Instruction:
    break;
  }
  // Behind a jump, where nobody comes.
  if (b.GetInsertBlock()->getTerminator())
    b.SetInsertPoint(BasicBlock::Create(b.getContext(), "", made));
  b.SetCurrentDebugLocation(placeOf(current->place));
  if (current->guard.empty())
    instruction();
  else
    guarded([&] { instruction(); });
}

void Translator::guarded(const std::function<void()> &then) {
  Value *condition = valueOf(current->guard, {'p', 1});
  if (current->isNegated)
    condition = b.CreateNot(condition);
  BasicBlock *taken = BasicBlock::Create(b.getContext(), "", made);
  BasicBlock *behind = BasicBlock::Create(b.getContext(), "", made);
  b.CreateCondBr(condition, taken, behind);
  b.SetInsertPoint(taken);
  then();
  if (!b.GetInsertBlock()->getTerminator())
    b.CreateBr(behind);
  b.SetInsertPoint(behind);
}

void Translator::instruction() {
  const std::string &name = current->words[0];
  if (name == "bra")
    return branch();
  if (name == "brx")
    return branchByIndex();
  if (name == "call")
    return call();
  if (name == "ret") {
    expectWords({"uni"});
    return finish();
  }
  if (name == "exit" || name == "trap") {
    expectWords({});
    intrinsic(name == "exit" ? Intrinsic::ID(Intrinsic::nvvm_exit) : Intrinsic::trap);
    b.CreateUnreachable();
    return;
  }
  if (!arithmetic() && !bits() && !conversion() && !memory() && !together())
    fail("the instruction `" + name + "` is not known here");
}

void Translator::branch() {
  expectWords({"uni"});
  b.CreateBr(blockOf(operandText(0)));
}

void Translator::branchByIndex() {
  expectWords({"idx", "uni"});
  auto targets = std::ranges::find_if(function->body, [&](const Statement &each) {
    return each.kind == Statement::Kind::Targets && each.words[0] == operandText(1);
  });
  if (targets == function->body.end())
    fail("there are no targets `" + operandText(1) + "`");
  Value *index = operand(0, {'u', 32});
  BasicBlock *nowhere = BasicBlock::Create(b.getContext(), "", made);
  SwitchInst *made = b.CreateSwitch(index, nowhere);
  for (unsigned i = 0; i < targets->operands.size(); ++i)
    made->addCase(b.getInt32(i), blockOf(targets->operands[i]));
  b.SetInsertPoint(nowhere);
  b.CreateUnreachable();
}

/// "(retval0), name, (param0, param1)", the first and the last of which may be missing.
void Translator::call() {
  expectWords({"uni"});
  size_t at = 0;
  std::string result, arguments;
  auto inside = [](const std::string &text) { return text.substr(1, text.size() - 2); };
  if (operandText(0).starts_with('('))
    result = inside(operandText(at++));
  llvm::Function *callee = module.getFunction(operandText(at));
  if (!callee)
    fail("there is no function `" + operandText(at) + "`");
  if (++at < current->operands.size())
    arguments = inside(operandText(at));
  SmallVector<Value *> values;
  for (const std::string &argument : parts(arguments)) {
    Value *place = nullptr;
    const Variable *variable = variableOf(argument, place);
    if (!variable || variable->space != Space::Param)
      fail("`" + argument + "` is no parameter");
    values.push_back(b.CreateAlignedLoad(ptx::typeOf(*variable, b.getContext()), place, Align(8)));
  }
  FunctionType *type = callee->getFunctionType();
  if (values.size() != type->getNumParams() || result.empty() != type->getReturnType()->isVoidTy())
    fail("`" + callee->getName().str() + "` is called with other parameters than it has");
  for (unsigned i = 0; i < values.size(); ++i)
    if (values[i]->getType() != type->getParamType(i))
      fail("a parameter of `" + callee->getName().str() + "` has another size");
  Value *value = b.CreateCall(callee, values);
  if (result.empty())
    return;
  Value *place = nullptr;
  const Variable *variable = variableOf(result, place);
  if (!variable || variable->bytes * 8 != type->getReturnType()->getIntegerBitWidth())
    fail("`" + result + "` has not the size of the result");
  b.CreateAlignedStore(value, place, Align(8));
}

void Translator::finish() {
  if (function->results.empty()) {
    b.CreateRetVoid();
    return;
  }
  Value *place = scopes.front()[function->results[0].name].place;
  b.CreateRet(b.CreateAlignedLoad(made->getReturnType(), place, Align(8)));
}

std::string bitcodeOf(const Code &code) {
  LLVMContext context;
  Module module("ptx", context);
  Translator(code, module).translate();
  std::string bytes;
  raw_string_ostream os(bytes);
  WriteBitcodeToFile(module, os);
  return bytes;
}

} // namespace descent::ptx
