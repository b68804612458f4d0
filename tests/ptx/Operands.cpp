// Registers, numbers, addresses.
#include "Translator.h"

#include <llvm/IR/IntrinsicsNVPTX.h>

#include <algorithm>
#include <cstdlib>

namespace descent::ptx {

using namespace llvm;

Type typeOf(const std::string &word) {
  if (word == "pred")
    return {'p', 1};
  if (word.size() < 2 || std::string_view("busf").find(word[0]) == std::string_view::npos)
    return {};
  std::string_view digits = std::string_view(word).substr(1);
  for (unsigned bits : {8u, 16u, 32u, 64u})
    if (digits == std::to_string(bits))
      return {word[0], bits};
  return {};
}

void Translator::fail(const std::string &what) const {
  throw Problem(current->line, what);
}

const std::string &Translator::operandText(size_t i) const {
  if (i >= current->operands.size())
    fail("operands are missing");
  return current->operands[i];
}

bool Translator::has(const std::string &word) const {
  return std::ranges::find(current->words.begin() + 1, current->words.end(), word) !=
         current->words.end();
}

void Translator::expectWords(std::initializer_list<const char *> known) const {
  for (size_t i = 1; i < current->words.size(); ++i)
    if (typeOf(current->words[i]).bits == 0 &&
        std::ranges::find(known, current->words[i]) == known.end())
      fail("`." + current->words[i] + "` of `" + current->words[0] + "` is not known here");
}

Type Translator::lastType() const {
  Type type = typeOf(current->words.back());
  if (type.bits == 0)
    fail("`" + current->words[0] + "` has no type");
  return type;
}

llvm::Type *Translator::llvmOf(Type type) {
  if (!type.isFloat())
    return b.getIntNTy(type.bits);
  if (type.bits != 32 && type.bits != 64)
    fail("floats of " + std::to_string(type.bits) + " bits are not known here");
  return type.bits == 32 ? b.getFloatTy() : b.getDoubleTy();
}

const Variable *Translator::variableOf(const std::string &name, Value *&place) {
  auto in = [&](const std::map<std::string, Known> &names) -> const Variable * {
    auto found = names.find(name);
    if (found == names.end())
      return nullptr;
    place = found->second.place;
    return &found->second.variable;
  };
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope)
    if (const Variable *variable = in(*scope))
      return variable;
  return in(globals);
}

AllocaInst *Translator::registerOf(const std::string &name) {
  Value *place = nullptr;
  const Variable *variable = variableOf(name, place);
  if (!variable || variable->space != Space::Generic)
    return nullptr;
  return cast<AllocaInst>(place);
}

Value *Translator::addressOf(const std::string &name) {
  Value *place = nullptr;
  const Variable *variable = variableOf(name, place);
  if (!variable || variable->space == Space::Generic)
    fail("`" + name + "` is not known here");
  if (variable->space == Space::Param)
    fail("the address of the parameter `" + name + "` is taken");
  Value *address = b.CreatePtrToInt(b.CreateAddrSpaceCast(place, b.getPtrTy()), b.getInt64Ty());
  if (variable->space == Space::Shared)
    return b.CreateXor(address, sharedTag);
  return variable->space == Space::Local ? b.CreateXor(address, localTag) : address;
}

Value *Translator::specialOf(const std::string &name) {
  static const std::map<std::string, Intrinsic::ID> known{
      {"%tid.x", Intrinsic::nvvm_read_ptx_sreg_tid_x},
      {"%ntid.x", Intrinsic::nvvm_read_ptx_sreg_ntid_x},
      {"%ctaid.x", Intrinsic::nvvm_read_ptx_sreg_ctaid_x},
      {"%nctaid.x", Intrinsic::nvvm_read_ptx_sreg_nctaid_x},
      {"%laneid", Intrinsic::nvvm_read_ptx_sreg_laneid},
      {"%lanemask_lt", Intrinsic::nvvm_read_ptx_sreg_lanemask_lt},
      {"%globaltimer", Intrinsic::nvvm_read_ptx_sreg_globaltimer},
      {"%clock64", Intrinsic::nvvm_read_ptx_sreg_clock64},
  };
  auto found = known.find(name);
  return found == known.end() ? nullptr : intrinsic(found->second);
}

static uint64_t numberOf(const std::string &text, unsigned bits, bool &isNumber) {
  std::string digits = text;
  if (digits.ends_with('U'))
    digits.pop_back();
  char *end = nullptr;
  uint64_t value = digits.starts_with('-') ? uint64_t(std::strtoll(digits.c_str(), &end, 0))
                                           : std::strtoull(digits.c_str(), &end, 0);
  isNumber = !digits.empty() && !*end;
  return bits < 64 ? value & ((uint64_t(1) << bits) - 1) : value;
}

Value *Translator::valueOf(const std::string &text, Type type) {
  llvm::Type *wanted = llvmOf(type);
  auto as = [&](Value *value) -> Value * {
    unsigned bits = value->getType()->getIntegerBitWidth();
    if (bits < type.bits || (bits == 1) != (type.bits == 1))
      fail("`" + text + "` has " + std::to_string(bits) + " bits, not " +
           std::to_string(type.bits));
    value = b.CreateTrunc(value, b.getIntNTy(type.bits));
    return type.isFloat() ? b.CreateBitCast(value, wanted) : value;
  };
  if (AllocaInst *place = registerOf(text))
    return as(b.CreateLoad(place->getAllocatedType(), place));
  if (text.starts_with("0d") || text.starts_with("0f")) {
    unsigned bits = text[1] == 'd' ? 64 : 32;
    bool isNumber = false;
    uint64_t value = numberOf("0x" + text.substr(2), 64, isNumber);
    if (!isNumber || text.size() != 2 + bits / 4)
      fail("`" + text + "` is no number");
    if (bits != type.bits)
      fail("`" + text + "` is of " + std::to_string(bits) + " bits");
    return as(number(value, bits));
  }
  bool isNumber = false;
  if (uint64_t value = numberOf(text, type.bits, isNumber); isNumber) {
    if (type.isFloat())
      fail("`" + text + "` is no float");
    return number(value, type.bits);
  }
  if (text.starts_with('%')) {
    if (Value *special = specialOf(text))
      return as(special);
    fail("the register `" + text + "` is not known here");
  }
  size_t plus = text.find('+');
  Value *address = addressOf(text.substr(0, plus));
  if (plus != std::string::npos)
    address = b.CreateAdd(address, valueOf(text.substr(plus + 1), {'b', 64}));
  return as(address);
}

Value *Translator::operand(size_t i, Type type) {
  return valueOf(operandText(i), type);
}

void Translator::set(const std::string &name, Value *value, Type type) {
  if (name == "_")
    return;
  AllocaInst *place = registerOf(name);
  if (!place)
    fail("the register `" + name + "` is not known here");
  if (type.isFloat())
    value = b.CreateBitCast(value, b.getIntNTy(type.bits));
  unsigned bits = place->getAllocatedType()->getIntegerBitWidth();
  if (bits < value->getType()->getIntegerBitWidth() ||
      (bits == 1) != (value->getType()->getIntegerBitWidth() == 1))
    fail("`" + name + "` has " + std::to_string(bits) + " bits");
  value = type.isSigned() ? b.CreateSExt(value, place->getAllocatedType())
                          : b.CreateZExt(value, place->getAllocatedType());
  b.CreateStore(value, place);
}

std::vector<std::string> Translator::elementsOf(const std::string &text) const {
  if (!text.starts_with('{'))
    return {text};
  return parts(std::string_view(text).substr(1, text.size() - 2));
}

Value *Translator::pointerOf(const std::string &text, Space space) {
  if (!text.starts_with('[') || !text.ends_with(']'))
    fail("`" + text + "` is no address");
  std::string inside = text.substr(1, text.size() - 2);
  size_t plus = inside.find('+');
  std::string base = inside.substr(0, plus);
  Value *offset =
      plus == std::string::npos ? number(0, 64) : valueOf(inside.substr(plus + 1), {'b', 64});
  if (space == Space::Param) {
    Value *place = nullptr;
    const Variable *variable = variableOf(base, place);
    if (!variable || variable->space != Space::Param)
      fail("`" + base + "` is no parameter");
    return b.CreateGEP(b.getInt8Ty(), place, offset);
  }
  // Addresses of shared memory fit 32 bits on a card; here they do not.
  Value *address = valueOf(base, {'b', 64});
  address = b.CreateAdd(address, offset);
  if (space == Space::Shared)
    address = b.CreateXor(address, sharedTag);
  else if (space == Space::Local)
    address = b.CreateXor(address, localTag);
  return b.CreateIntToPtr(address, b.getPtrTy());
}

} // namespace descent::ptx
