#include "compiler/cpu/Emission.h"

#include "compiler/kernel/Forming.h"

#include "descent/Error.h"

#include <llvm/IR/MDBuilder.h>
#include <mlir/IR/BuiltinAttributes.h>

namespace descent::cpu {

using kernel::Place;

// ---- The module ---------------------------------------------------------------------------------

llvm::Function *ModuleEmission::mathFunction(const std::string &name, llvm::FunctionType *type) {
  mathNames.insert(name);
  return llvm::cast<llvm::Function>(module.getOrInsertFunction(name, type).getCallee());
}

llvm::Function *ModuleEmission::runtimeFunction(llvm::StringRef name) {
  std::string symbol = ("descent_" + name).str();
  if (llvm::Function *known = module.getFunction(symbol))
    return known;
  // The parameters of the table, as types.
  struct Types {
    llvm::LLVMContext &c;
    llvm::Type *of(llvm::StringRef word) const {
      return llvm::StringSwitch<llvm::Type *>(word)
          .Case("void", llvm::Type::getVoidTy(c))
          .Case("i32", llvm::Type::getInt32Ty(c))
          .Case("i64", llvm::Type::getInt64Ty(c))
          .Case("f64", llvm::Type::getDoubleTy(c))
          .Default(llvm::PointerType::get(c, 0));
    }
  } types{context()};
  llvm::StringRef result, parameters;
#define DESCENT_ABI(RESULT, NAME, PARAMETERS)                                                      \
  if (name == #NAME) {                                                                             \
    result = #RESULT;                                                                              \
    parameters = #PARAMETERS;                                                                      \
  }
#include "runtime/abi/Functions.def"
  llvm::SmallVector<llvm::Type *> parameterTypes;
  llvm::SmallVector<llvm::StringRef> words;
  parameters.trim("()").split(words, ',');
  for (llvm::StringRef word : words)
    parameterTypes.push_back(types.of(word.trim().split(' ').first));
  auto *type = llvm::FunctionType::get(types.of(result), parameterTypes, false);
  auto *function = llvm::Function::Create(type, llvm::Function::ExternalLinkage, symbol, module);
  function->setDoesNotThrow();
  return function;
}

llvm::GlobalVariable *ModuleEmission::table(mlir::Value constant) {
  auto value = constant.getDefiningOp<ir::ConstantOp>().getValue();
  auto [entry, isNew] = tables.try_emplace(value, nullptr);
  if (!isNew)
    return entry->second;
  auto elements = mlir::dyn_cast<mlir::DenseElementsAttr>(value);
  if (!elements)
    throw Error("the code generator cannot read a constant that is not dense");
  mlir::Type element = elements.getElementType();
  llvm::Type *type = memoryType(context(), element);
  llvm::Constant *data;
  if (element.isInteger(1)) {
    std::vector<uint8_t> bytes;
    for (bool bit : elements.getValues<bool>())
      bytes.push_back(bit);
    data = llvm::ConstantDataArray::get(context(), bytes);
  } else {
    llvm::ArrayRef<char> raw = elements.getRawData();
    data = llvm::ConstantDataArray::getRaw(llvm::StringRef(raw.data(), raw.size()),
                                           uint64_t(elements.getNumElements()), type);
  }
  auto *global = new llvm::GlobalVariable(module, data->getType(), /*isConstant=*/true,
                                          llvm::GlobalValue::PrivateLinkage, data, "table");
  global->setAlignment(llvm::Align(64));
  entry->second = global;
  return global;
}

// ---- Aliasing -----------------------------------------------------------------------------------

void AliasScopes::tag(llvm::Instruction *access, const Place &place) {
  Key key(int(place.kind), place.offset, place.index);
  auto found = llvm::find_if(scopes, [&](const auto &scope) { return scope.first == key; });
  size_t index = size_t(found - scopes.begin());
  if (found == scopes.end()) {
    llvm::MDBuilder builder(access->getContext());
    if (!domain)
      domain = builder.createAnonymousAliasScopeDomain();
    scopes.push_back({key, builder.createAnonymousAliasScope(domain)});
  }
  tagged.push_back({access, index});
}

void AliasScopes::apply() {
  if (scopes.size() < 2)
    return;
  for (auto [access, index] : tagged) {
    llvm::SmallVector<llvm::Metadata *> others;
    for (size_t i = 0; i < scopes.size(); ++i)
      if (i != index)
        others.push_back(scopes[i].second);
    llvm::LLVMContext &context = access->getContext();
    access->setMetadata(llvm::LLVMContext::MD_alias_scope,
                        llvm::MDNode::get(context, scopes[index].second));
    access->setMetadata(llvm::LLVMContext::MD_noalias, llvm::MDNode::get(context, others));
  }
}

// ---- The function -------------------------------------------------------------------------------

FunctionEmission::FunctionEmission(ModuleEmission &module, kernel::FunctionPlan &plan,
                                   llvm::Function *function)
    : module(module), plan(plan), function(function),
      b(llvm::BasicBlock::Create(function->getContext(), "entry", function)) {}

llvm::Value *FunctionEmission::registerOf(mlir::Value value) {
  if (auto constant = value.getDefiningOp<ir::ConstantOp>())
    return constantOf(context(), constant.getType().getElementType(),
                      *mlir::cast<mlir::DenseElementsAttr>(constant.getValue())
                           .getValues<mlir::Attribute>()
                           .begin());
  auto found = registers.find(value);
  if (found == registers.end())
    throw Error("internal: a value is used before it is computed");
  return found->second;
}

void FunctionEmission::setRegister(mlir::Value value, llvm::Value *to) {
  registers[value] = to;
}

Place FunctionEmission::placeOf(mlir::Value value) const {
  if (auto input = value.getDefiningOp<ir::InputOp>()) {
    Place place;
    place.kind = Place::Kind::Input;
    place.index = int(input.getIndex());
    return place;
  }
  if (kernel::isTable(value)) {
    Place place;
    place.kind = Place::Kind::Table;
    return place;
  }
  const Place *place = plan.placeOf(value);
  return place ? *place : Place();
}

bool FunctionEmission::isInMemory(mlir::Value value) const {
  return placeOf(value).kind != Place::Kind::Inline;
}

llvm::Value *FunctionEmission::pointerAt(int64_t offset) {
  llvm::Value *arena = function->getArg(unsigned(function->arg_size()) - 1);
  return offset ? b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), arena, uint64_t(offset)) : arena;
}

llvm::Value *FunctionEmission::frameArray(int index, int64_t bytes) {
  llvm::AllocaInst *&array = frame[index];
  if (!array) {
    llvm::BasicBlock &entry = function->getEntryBlock();
    llvm::IRBuilder<> at(&entry, entry.begin());
    array = at.CreateAlloca(llvm::ArrayType::get(b.getInt8Ty(), uint64_t(bytes)));
    // A vector across two lines of the cache would be loaded late after it was stored.
    array->setAlignment(llvm::Align(std::min<uint64_t>(64, llvm::PowerOf2Ceil(uint64_t(bytes)))));
    frameArrays.insert(array);
  }
  return array;
}

llvm::Value *FunctionEmission::pointerTo(mlir::Value value) {
  Place place = placeOf(value);
  switch (place.kind) {
  case Place::Kind::Arena:
    return pointerAt(place.offset);
  case Place::Kind::Input:
    return inputs.lookup(place.index);
  case Place::Kind::Argument:
    return arguments[size_t(place.index)];
  case Place::Kind::Result:
    return results[size_t(place.index)];
  case Place::Kind::Table:
    return module.table(kernel::aliasRoot(value));
  case Place::Kind::Frame:
    return frameArray(place.index, kernel::byteSize(value));
  case Place::Kind::Row:
  case Place::Kind::Inline:
    break;
  }
  throw Error("internal: an array is needed from memory but is not there");
}

llvm::Value *FunctionEmission::address(mlir::Type element, llvm::Value *base, llvm::Value *index) {
  return b.CreateInBoundsGEP(memoryType(context(), element), base, index);
}

llvm::AllocaInst *FunctionEmission::variable(llvm::Type *type) {
  llvm::BasicBlock &entry = b.GetInsertBlock()->getParent()->getEntryBlock();
  llvm::IRBuilder<> at(&entry, entry.begin());
  return at.CreateAlloca(type);
}

llvm::Value *FunctionEmission::scratch(int64_t bytes) {
  if (!scratchArea) {
    llvm::BasicBlock &entry = function->getEntryBlock();
    llvm::IRBuilder<> at(&entry, entry.begin());
    scratchArea = at.CreateAlloca(b.getInt8Ty(), b.getInt64(0));
    scratchArea->setAlignment(llvm::Align(16));
  }
  scratchBytes = std::max(scratchBytes, bytes);
  scratchArea->setOperand(0, b.getInt64(uint64_t(scratchBytes)));
  return scratchArea;
}

llvm::BasicBlock *FunctionEmission::newBlock(const llvm::Twine &name) {
  return llvm::BasicBlock::Create(context(), name, b.GetInsertBlock()->getParent());
}

} // namespace descent::cpu
