// What takes words apart and puts them together.
#include "Translator.h"

#include <llvm/IR/Intrinsics.h>

#include <algorithm>

namespace descent::ptx {

using namespace llvm;

bool Translator::bits() {
  const std::string &name = current->words[0];
  if (name == "prmt") {
    expectWords({});
    set(permuted(), {'b', 32});
    return true;
  }
  if (name == "shf") {
    // The second operand has the higher bits of the two.
    expectWords({"l", "r", "wrap"});
    if (!has("wrap"))
      fail("`shf.clamp` is not known here");
    Type type = lastType();
    set(b.CreateIntrinsic(has("l") ? Intrinsic::fshl : Intrinsic::fshr, {llvmOf(type)},
                          {operand(2, type), operand(1, type), operand(3, type)}),
        type);
    return true;
  }
  if (name == "bfe" || name == "bfi") {
    expectWords({});
    Type type = lastType();
    set(name == "bfe" ? field(type) : withField(type), type);
    return true;
  }
  if (name == "popc" || name == "clz" || name == "brev") {
    expectWords({});
    Type type = lastType();
    Value *value = operand(1, type);
    if (name == "brev") {
      set(b.CreateUnaryIntrinsic(Intrinsic::bitreverse, value), type);
      return true;
    }
    value = name == "popc" ? b.CreateUnaryIntrinsic(Intrinsic::ctpop, value)
                           : b.CreateBinaryIntrinsic(Intrinsic::ctlz, value, b.getFalse());
    set(b.CreateZExtOrTrunc(value, b.getInt32Ty()), {'u', 32});
    return true;
  }
  return false;
}

/// Bytes of two words, each by a number of four bits in the third: which, and whether its sign
/// alone.
Value *Translator::permuted() {
  Type word{'b', 32};
  Value *both = b.CreateOr(b.CreateZExt(operand(1, word), b.getInt64Ty()),
                           b.CreateShl(b.CreateZExt(operand(2, word), b.getInt64Ty()), 32));
  Value *selectors = operand(3, word), *result = number(0, 32);
  for (unsigned i = 0; i < 4; ++i) {
    Value *selector = b.CreateLShr(selectors, i * 4);
    Value *from = b.CreateZExt(b.CreateShl(b.CreateAnd(selector, 7), 3), b.getInt64Ty());
    Value *byte = b.CreateTrunc(b.CreateLShr(both, from), b.getInt8Ty());
    Value *signs = b.CreateAShr(byte, 7);
    Value *isSign = b.CreateIsNotNull(b.CreateAnd(selector, 8));
    byte = b.CreateZExt(b.CreateSelect(isSign, signs, byte), b.getInt32Ty());
    result = b.CreateOr(result, b.CreateShl(byte, i * 8));
  }
  return result;
}

/// Bits from a position on, of which no more are looked at than there are.
Value *Translator::field(Type type) {
  Value *value = operand(1, type);
  auto *position = dyn_cast<ConstantInt>(operand(2, {'u', 32}));
  auto *length = dyn_cast<ConstantInt>(operand(3, {'u', 32}));
  if (!position || !length)
    fail("`bfe` of a place that is computed is not known here");
  uint64_t begin = position->getZExtValue() & 255, count = length->getZExtValue() & 255;
  if (count == 0 || begin >= type.bits)
    fail("`bfe` of no bits is not known here");
  count = std::min(count, type.bits - begin);
  value = b.CreateShl(value, type.bits - begin - count);
  return type.isSigned() ? b.CreateAShr(value, type.bits - count)
                         : b.CreateLShr(value, type.bits - count);
}

/// The first operand's low bits in place of some of the second's.
Value *Translator::withField(Type type) {
  auto *position = dyn_cast<ConstantInt>(operand(3, {'u', 32}));
  auto *length = dyn_cast<ConstantInt>(operand(4, {'u', 32}));
  if (!position || !length)
    fail("`bfi` at a place that is computed is not known here");
  uint64_t begin = position->getZExtValue() & 255, count = length->getZExtValue() & 255;
  if (begin + count > type.bits)
    fail("`bfi` of more bits than there are is not known here");
  APInt mask = APInt::getBitsSet(type.bits, unsigned(begin), unsigned(begin + count));
  Value *bits = ConstantInt::get(b.getContext(), mask);
  Value *rest = b.CreateAnd(operand(2, type), ConstantInt::get(b.getContext(), ~mask));
  return b.CreateOr(rest, b.CreateAnd(b.CreateShl(operand(1, type), begin), bits));
}

} // namespace descent::ptx
