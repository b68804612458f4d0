// Integers, floats, comparisons.
#include "Translator.h"

#include <llvm/IR/Intrinsics.h>

namespace descent::ptx {

using namespace llvm;

bool Translator::arithmetic() {
  const std::string &name = current->words[0];
  if (name == "setp") {
    // setp.lt.and.s32 has a predicate more; none is made.
    Type type = lastType();
    if (current->words.size() != 3)
      fail("`setp` with a predicate more is not known here");
    set(compared(current->words[1], type, operand(1, type), operand(2, type)), {'p', 1});
    return true;
  }
  if (name == "selp") {
    expectWords({});
    Type type = lastType();
    set(b.CreateSelect(operand(3, {'p', 1}), operand(1, type), operand(2, type)), type);
    return true;
  }
  if (name == "addc" || name == "subc" || has("cc")) {
    carrying(name);
    return true;
  }
  Type type = typeOf(current->words.back());
  if (name == "mul" || name == "mad") {
    if (!type.isFloat()) {
      Value *addend = nullptr;
      Value *value = product(type, addend);
      if (has("wide"))
        type.bits *= 2;
      set(addend ? b.CreateAdd(value, addend) : value, type);
      return true;
    }
    if (name == "mad")
      fail("`mad` of floats is not known here");
  }
  if (Value *value = type.isFloat() ? floating(name, type) : integer(name, type)) {
    set(value, type);
    return true;
  }
  return false;
}

Value *Translator::compared(const std::string &comparison, Type type, Value *left, Value *right) {
  using P = CmpInst::Predicate;
  static const std::map<std::string, P> floats{
      {"eq", P::FCMP_OEQ},  {"ne", P::FCMP_ONE},  {"lt", P::FCMP_OLT},  {"le", P::FCMP_OLE},
      {"gt", P::FCMP_OGT},  {"ge", P::FCMP_OGE},  {"equ", P::FCMP_UEQ}, {"neu", P::FCMP_UNE},
      {"ltu", P::FCMP_ULT}, {"leu", P::FCMP_ULE}, {"gtu", P::FCMP_UGT}, {"geu", P::FCMP_UGE},
      {"num", P::FCMP_ORD}, {"nan", P::FCMP_UNO}};
  static const std::map<std::string, std::pair<P, P>> integers{
      {"eq", {P::ICMP_EQ, P::ICMP_EQ}},   {"ne", {P::ICMP_NE, P::ICMP_NE}},
      {"lt", {P::ICMP_ULT, P::ICMP_SLT}}, {"le", {P::ICMP_ULE, P::ICMP_SLE}},
      {"gt", {P::ICMP_UGT, P::ICMP_SGT}}, {"ge", {P::ICMP_UGE, P::ICMP_SGE}}};
  if (type.isFloat()) {
    if (auto found = floats.find(comparison); found != floats.end())
      return b.CreateFCmp(found->second, left, right);
  } else if (auto found = integers.find(comparison); found != integers.end()) {
    if (type.kind == 'b' && comparison != "eq" && comparison != "ne")
      fail("words without a type are not less or greater");
    return b.CreateICmp(type.isSigned() ? found->second.second : found->second.first, left, right);
  }
  fail("the comparison `" + comparison + "` is not known here");
}

/// Of `add.cc` and what goes on with its carry.
void Translator::carrying(const std::string &name) {
  expectWords({"cc"});
  Type type = lastType();
  bool subtracts = name.starts_with("sub"), takes = name.ends_with('c');
  if (name != "add" && name != "sub" && name != "addc" && name != "subc")
    fail("`" + name + ".cc` is not known here");
  if (!carry) {
    BasicBlock &entry = made->getEntryBlock();
    IRBuilder<> builder(&entry, entry.begin());
    carry = builder.CreateAlloca(b.getInt1Ty());
  }
  Value *left = operand(1, type), *right = operand(2, type);
  llvm::Type *wide = b.getIntNTy(type.bits + 1);
  left = b.CreateZExt(left, wide), right = b.CreateZExt(right, wide);
  Value *result = subtracts ? b.CreateSub(left, right) : b.CreateAdd(left, right);
  if (takes) {
    Value *more = b.CreateZExt(b.CreateLoad(b.getInt1Ty(), carry), wide);
    result = subtracts ? b.CreateSub(result, more) : b.CreateAdd(result, more);
  }
  if (has("cc"))
    b.CreateStore(b.CreateTrunc(b.CreateLShr(result, type.bits), b.getInt1Ty()), carry);
  set(b.CreateTrunc(result, b.getIntNTy(type.bits)), type);
}

/// What `mul` and `mad` have of integers; `addend`: of `mad`.
Value *Translator::product(Type type, Value *&addend) {
  expectWords({"lo", "hi", "wide"});
  unsigned bits = type.bits;
  if (type.kind == 'b')
    fail("a product of words without a type");
  llvm::Type *wide = b.getIntNTy(bits * 2);
  auto widened = [&](size_t i) {
    Value *value = operand(i, type);
    return type.isSigned() ? b.CreateSExt(value, wide) : b.CreateZExt(value, wide);
  };
  Value *result = b.CreateMul(widened(1), widened(2));
  if (has("hi"))
    result = b.CreateTrunc(b.CreateLShr(result, bits), b.getIntNTy(bits));
  else if (has("lo"))
    result = b.CreateTrunc(result, b.getIntNTy(bits));
  else if (!has("wide"))
    fail("a product of integers is `lo`, `hi` or `wide`");
  if (current->words[0] == "mad")
    addend = operand(3, {type.kind, has("wide") ? bits * 2 : bits});
  return result;
}

Value *Translator::integer(const std::string &name, Type type) {
  static const std::map<std::string, Instruction::BinaryOps> plain{{"add", Instruction::Add},
                                                                   {"sub", Instruction::Sub},
                                                                   {"and", Instruction::And},
                                                                   {"or", Instruction::Or},
                                                                   {"xor", Instruction::Xor}};
  auto checked = [&](Value *value) {
    expectWords({});
    return value;
  };
  if (type.bits == 0)
    return nullptr;
  auto left = [&] { return operand(1, type); };
  auto right = [&] { return operand(2, type); };
  bool isSigned = type.isSigned();
  if (auto found = plain.find(name); found != plain.end())
    return checked(b.CreateBinOp(found->second, left(), right()));
  if (name == "div")
    return checked(isSigned ? b.CreateSDiv(left(), right()) : b.CreateUDiv(left(), right()));
  if (name == "rem")
    return checked(isSigned ? b.CreateSRem(left(), right()) : b.CreateURem(left(), right()));
  if (name == "min")
    return checked(
        b.CreateBinaryIntrinsic(isSigned ? Intrinsic::smin : Intrinsic::umin, left(), right()));
  if (name == "max")
    return checked(
        b.CreateBinaryIntrinsic(isSigned ? Intrinsic::smax : Intrinsic::umax, left(), right()));
  if (name == "not")
    return checked(b.CreateNot(left()));
  if (name == "neg")
    return checked(b.CreateNeg(left()));
  if (name == "abs")
    return checked(b.CreateBinaryIntrinsic(Intrinsic::abs, left(), b.getFalse()));
  if (name == "shl" || name == "shr") {
    // By more than there are bits: nothing is left, or the sign alone.
    Value *value = left(), *by = operand(2, {'u', 32});
    Value *most = number(type.bits - 1, 32), *isTooFar = b.CreateICmpUGT(by, most);
    Value *within =
        b.CreateZExtOrTrunc(b.CreateBinaryIntrinsic(Intrinsic::umin, by, most), value->getType());
    if (name == "shr" && isSigned)
      return checked(b.CreateAShr(value, within));
    Value *shifted = name == "shl" ? b.CreateShl(value, within) : b.CreateLShr(value, within);
    return checked(b.CreateSelect(isTooFar, number(0, type.bits), shifted));
  }
  return nullptr;
}

Value *Translator::floating(const std::string &name, Type type) {
  auto rounded = [&](Value *value) {
    expectWords({"rn"});
    return value;
  };
  auto exact = [&](Value *value) {
    expectWords({});
    return value;
  };
  // What may be wrong in the last place says so, and is not known here.
  auto expectRounding = [&] {
    if (!has("rn"))
      fail("`" + name + "` of floats without a rounding");
  };
  auto left = [&] { return operand(1, type); };
  auto right = [&] { return operand(2, type); };
  if (name == "add")
    return rounded(b.CreateFAdd(left(), right()));
  if (name == "sub")
    return rounded(b.CreateFSub(left(), right()));
  if (name == "mul")
    return rounded(b.CreateFMul(left(), right()));
  if (name == "fma" || name == "div" || name == "sqrt" || name == "rcp") {
    expectRounding();
    if (name == "fma")
      return rounded(
          b.CreateIntrinsic(Intrinsic::fma, {llvmOf(type)}, {left(), right(), operand(3, type)}));
    if (name == "div")
      return rounded(b.CreateFDiv(left(), right()));
    if (name == "rcp")
      return rounded(b.CreateFDiv(ConstantFP::get(llvmOf(type), 1), left()));
    return rounded(b.CreateUnaryIntrinsic(Intrinsic::sqrt, left()));
  }
  if (name == "neg")
    return exact(b.CreateFNeg(left()));
  if (name == "abs")
    return exact(b.CreateUnaryIntrinsic(Intrinsic::fabs, left()));
  // The sign of the first, the rest of the second.
  if (name == "copysign")
    return exact(b.CreateBinaryIntrinsic(Intrinsic::copysign, right(), left()));
  if (name == "min" || name == "max") {
    expectWords({"NaN"});
    // Of a NaN and a number the number, but with .NaN; -0 is below +0.
    Intrinsic::ID id = name == "min" ? (has("NaN") ? Intrinsic::minimum : Intrinsic::minimumnum)
                                     : (has("NaN") ? Intrinsic::maximum : Intrinsic::maximumnum);
    return b.CreateBinaryIntrinsic(id, left(), right());
  }
  return nullptr;
}

} // namespace descent::ptx
