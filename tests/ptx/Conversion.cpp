// Moves, and conversions of numbers and addresses.
#include "Translator.h"

#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsNVPTX.h>

namespace descent::ptx {

using namespace llvm;

bool Translator::conversion() {
  const std::string &name = current->words[0];
  if (name == "mov") {
    expectWords({});
    move(lastType());
    return true;
  }
  if (name == "cvt") {
    convert();
    return true;
  }
  if (name == "cvta") {
    expectWords({"to", "global", "shared", "local"});
    Value *address = operand(1, {'u', 64});
    if (has("shared") || has("local"))
      address = b.CreateXor(address, has("shared") ? sharedTag : localTag);
    else if (!has("global"))
      fail("`cvta` without a space");
    set(address, {'u', 64});
    return true;
  }
  return false;
}

/// Also from several registers to one and back, the lowest bits first.
void Translator::move(Type type) {
  if (type.isFloat())
    type.kind = 'b';
  std::vector<std::string> to = elementsOf(operandText(0)), from = elementsOf(operandText(1));
  if (to.size() == 1 && from.size() == 1)
    return set(operand(1, type), type);
  if (to.size() == from.size() || type.bits % std::max(to.size(), from.size()))
    fail("a move of so many registers is not known here");
  Type part{'b', unsigned(type.bits / std::max(to.size(), from.size()))};
  if (to.size() == 1) {
    Value *all = number(0, type.bits);
    for (size_t i = 0; i < from.size(); ++i)
      all = b.CreateOr(
          all, b.CreateShl(b.CreateZExt(valueOf(from[i], part), all->getType()), i * part.bits));
    return set(all, type);
  }
  Value *all = operand(1, type);
  for (size_t i = 0; i < to.size(); ++i)
    set(to[i], b.CreateTrunc(b.CreateLShr(all, i * part.bits), b.getIntNTy(part.bits)), part);
}

void Translator::convert() {
  size_t count = current->words.size();
  if (has("tf32") || has("bf16x2")) {
    expectWords({"rn", "rna", "tf32", "bf16x2"});
    Type single{'f', 32};
    if (has("tf32")) {
      Intrinsic::ID id = has("rna") ? Intrinsic::nvvm_f2tf32_rna : Intrinsic::nvvm_f2tf32_rn;
      return set(intrinsic(id, {operand(1, single)}), {'b', 32});
    }
    // The first operand is the upper half.
    auto half = [&](size_t i) {
      Value *narrow = b.CreateFPTrunc(operand(i, single), b.getBFloatTy());
      return b.CreateZExt(b.CreateBitCast(narrow, b.getInt16Ty()), b.getInt32Ty());
    };
    return set(b.CreateOr(b.CreateShl(half(1), 16), half(2)), {'b', 32});
  }
  expectWords({"rn", "rni", "rzi", "rmi", "rpi"});
  Type from = lastType(), to = count > 2 ? typeOf(current->words[count - 2]) : Type{};
  if (to.bits == 0)
    fail("`cvt` has two types");
  Value *value = operand(1, from);
  auto rounding = [&]() -> Intrinsic::ID {
    return has("rni")   ? Intrinsic::roundeven
           : has("rzi") ? Intrinsic::trunc
           : has("rmi") ? Intrinsic::floor
           : has("rpi") ? Intrinsic::ceil
                        : Intrinsic::not_intrinsic;
  };
  if (from.isFloat() && to.isFloat()) {
    if (from.bits == to.bits) {
      if (rounding() == Intrinsic::not_intrinsic)
        fail("`cvt` of a float to an integer of the same type has to be rounded");
      return set(b.CreateUnaryIntrinsic(rounding(), value), to);
    }
    if (has("rn") != (to.bits < from.bits))
      fail("a float that gets narrower is rounded, others are not");
    return set(to.bits > from.bits ? b.CreateFPExt(value, llvmOf(to))
                                   : b.CreateFPTrunc(value, llvmOf(to)),
               to);
  }
  if (from.isFloat()) {
    if (rounding() == Intrinsic::not_intrinsic)
      fail("`cvt` of a float to an integer has to be rounded");
    // What is outside becomes the nearest; no number is zero, or with 64 bits the least integer.
    Value *isNan = b.CreateFCmpUNO(value, value);
    Value *whole = b.CreateUnaryIntrinsic(rounding(), value);
    Value *converted =
        b.CreateIntrinsic(to.isSigned() ? Intrinsic::fptosi_sat : Intrinsic::fptoui_sat,
                          {llvmOf(to), value->getType()}, {whole});
    APInt forNan =
        from.bits == 64 || to.bits == 64 ? APInt::getSignMask(to.bits) : APInt(to.bits, 0);
    return set(b.CreateSelect(isNan, ConstantInt::get(b.getContext(), forNan), converted), to);
  }
  if (to.isFloat()) {
    if (!has("rn"))
      fail("`cvt` of an integer to a float has to be rounded");
    return set(from.isSigned() ? b.CreateSIToFP(value, llvmOf(to))
                               : b.CreateUIToFP(value, llvmOf(to)),
               to);
  }
  value = from.isSigned() ? b.CreateSExtOrTrunc(value, llvmOf(to))
                          : b.CreateZExtOrTrunc(value, llvmOf(to));
  set(value, to);
}

} // namespace descent::ptx
