#include "compiler/cpu/Scalar.h"

#include "descent/Error.h"

#include <llvm/IR/Intrinsics.h>

namespace descent::cpu {

namespace {

using llvm::Value;

/// One elementwise operation at one index.
class Scalar {
public:
  Scalar(FunctionEmission &f, mlir::Operation *op, llvm::ArrayRef<Value *> in)
      : f(f), b(f.b), op(op), in(in),
        element(mlir::cast<mlir::RankedTensorType>(op->getOperand(0).getType()).getElementType()),
        isFloat(mlir::isa<mlir::FloatType>(element)), isUnsigned(cpu::isUnsigned(element)) {}

  Value *emit();

private:
  FunctionEmission &f;
  llvm::IRBuilder<> &b;
  mlir::Operation *op;
  llvm::ArrayRef<Value *> in;
  mlir::Type element;
  bool isFloat, isUnsigned;

  Value *intrinsic(llvm::Intrinsic::ID id) { return b.CreateUnaryIntrinsic(id, in[0]); }
  Value *math(llvm::StringRef name) { return callMath(name, in); }
  Value *callMath(llvm::StringRef name, llvm::ArrayRef<Value *> arguments);
  Value *sign();
  Value *abs();
  Value *unsignedDivision(bool remainder);
  Value *division(bool remainder);
  Value *divisionBy(llvm::ConstantInt *divisor, bool remainder);
  Value *shift(bool left);
  Value *convert(mlir::Type to);
  Value *compare(ir::Predicate predicate);
};

Value *Scalar::callMath(llvm::StringRef name, llvm::ArrayRef<Value *> arguments) {
  llvm::SmallVector<llvm::Type *> types;
  for (Value *argument : arguments)
    types.push_back(argument->getType());
  std::string symbol = ("descent_" + name + "_").str() + std::string(suffixOf(element));
  auto *type = llvm::FunctionType::get(registerType(f.context(), element), types, false);
  llvm::CallInst *call = b.CreateCall(f.module.mathFunction(symbol, type), arguments);
  if (f.callsMath)
    call->setIsNoInline();
  return call;
}

Value *Scalar::sign() {
  if (isFloat)
    return math("sign");
  auto *type = in[0]->getType();
  auto *zero = llvm::ConstantInt::get(type, 0);
  Value *above =
      b.CreateZExt(isUnsigned ? b.CreateICmpNE(in[0], zero) : b.CreateICmpSGT(in[0], zero), type);
  if (isUnsigned)
    return above;
  return b.CreateSub(above, b.CreateZExt(b.CreateICmpSLT(in[0], zero), type));
}

Value *Scalar::abs() {
  if (isFloat)
    return intrinsic(llvm::Intrinsic::fabs);
  if (isUnsigned)
    return in[0];
  return b.CreateBinaryIntrinsic(llvm::Intrinsic::abs, in[0], b.getFalse());
}

/// For 64-bit unsigned numbers, which the math functions leave out: 0 where the divisor is 0.
Value *Scalar::unsignedDivision(bool remainder) {
  auto *zero = llvm::ConstantInt::get(in[0]->getType(), 0);
  Value *bad = b.CreateICmpEQ(in[1], zero);
  Value *by = b.CreateSelect(bad, llvm::ConstantInt::get(in[0]->getType(), 1), in[1]);
  Value *result = remainder ? b.CreateURem(in[0], by) : b.CreateUDiv(in[0], by);
  return b.CreateSelect(bad, zero, result);
}

/// By a number that is known, of which LLVM makes a multiplication. Rounded down.
Value *Scalar::divisionBy(llvm::ConstantInt *divisor, bool remainder) {
  if (isUnsigned)
    return remainder ? b.CreateURem(in[0], divisor) : b.CreateUDiv(in[0], divisor);
  auto *zero = llvm::ConstantInt::get(divisor->getType(), 0);
  Value *quotient = b.CreateSDiv(in[0], divisor);
  Value *rest = b.CreateSub(in[0], b.CreateMul(quotient, divisor));
  Value *isAbove =
      divisor->isNegative() ? b.CreateICmpSGT(rest, zero) : b.CreateICmpSLT(rest, zero);
  if (remainder)
    return b.CreateSelect(isAbove, b.CreateAdd(rest, divisor), rest);
  return b.CreateSub(quotient, b.CreateZExt(isAbove, divisor->getType()));
}

Value *Scalar::division(bool remainder) {
  if (auto *divisor = llvm::dyn_cast<llvm::ConstantInt>(in[1]))
    if (!divisor->isZero() && !(divisor->isMinusOne() && !isUnsigned))
      return divisionBy(divisor, remainder);
  bool isWord64 = isUnsigned && element.getIntOrFloatBitWidth() == 64;
  return isWord64 ? unsignedDivision(remainder) : math(remainder ? "mod" : "floordiv");
}

Value *Scalar::shift(bool left) {
  auto *type = in[0]->getType();
  unsigned width = type->getIntegerBitWidth();
  auto *limit = llvm::ConstantInt::get(type, width);
  Value *fits = b.CreateICmpULT(in[1], limit);
  if (!left && !isUnsigned) {
    Value *by = b.CreateSelect(fits, in[1], llvm::ConstantInt::get(type, width - 1));
    return b.CreateAShr(in[0], by);
  }
  auto *zero = llvm::ConstantInt::get(type, 0);
  Value *by = b.CreateSelect(fits, in[1], zero);
  Value *shifted = left ? b.CreateShl(in[0], by) : b.CreateLShr(in[0], by);
  return b.CreateSelect(fits, shifted, zero);
}

Value *Scalar::convert(mlir::Type to) {
  llvm::Type *type = registerType(f.context(), to);
  bool toFloat = mlir::isa<mlir::FloatType>(to);
  Value *x = in[0];
  if (element == to)
    return x;
  if (to.isInteger(1))
    return isFloat ? b.CreateFCmpUNE(x, llvm::ConstantFP::get(x->getType(), 0.0))
                   : b.CreateICmpNE(x, llvm::ConstantInt::get(x->getType(), 0));
  if (isFloat && toFloat)
    return b.CreateFPCast(x, type);
  if (isFloat)
    return b.CreateIntrinsic(cpu::isUnsigned(to) ? llvm::Intrinsic::fptoui_sat
                                                 : llvm::Intrinsic::fptosi_sat,
                             {type, x->getType()}, {x});
  if (toFloat)
    return isUnsigned ? b.CreateUIToFP(x, type) : b.CreateSIToFP(x, type);
  return b.CreateIntCast(x, type, !isUnsigned);
}

Value *Scalar::compare(ir::Predicate predicate) {
  using P = llvm::CmpInst::Predicate;
  P floats[] = {P::FCMP_OEQ, P::FCMP_UNE, P::FCMP_OLT, P::FCMP_OLE, P::FCMP_OGT, P::FCMP_OGE};
  P ints[] = {P::ICMP_EQ, P::ICMP_NE, P::ICMP_SLT, P::ICMP_SLE, P::ICMP_SGT, P::ICMP_SGE};
  P words[] = {P::ICMP_EQ, P::ICMP_NE, P::ICMP_ULT, P::ICMP_ULE, P::ICMP_UGT, P::ICMP_UGE};
  auto at = size_t(predicate);
  if (isFloat)
    return b.CreateFCmp(floats[at], in[0], in[1]);
  return b.CreateICmp(isUnsigned ? words[at] : ints[at], in[0], in[1]);
}

/// A product may be fused into the sum of a reduction, and into nothing else: elsewhere both
/// instructions would have to allow it.
Value *fusableProduct(llvm::IRBuilder<> &b, Value *x, Value *y) {
  Value *product = b.CreateFMul(x, y);
  if (auto *instruction = llvm::dyn_cast<llvm::Instruction>(product))
    instruction->setHasAllowContract(true);
  return product;
}

Value *Scalar::emit() {
  using namespace ir;
  bool isWord64 = element.isUnsignedInteger(64);
  return llvm::TypeSwitch<mlir::Operation *, Value *>(op)
      .Case<AddOp>(
          [&](auto) { return isFloat ? b.CreateFAdd(in[0], in[1]) : b.CreateAdd(in[0], in[1]); })
      .Case<SubOp>(
          [&](auto) { return isFloat ? b.CreateFSub(in[0], in[1]) : b.CreateSub(in[0], in[1]); })
      .Case<MulOp>([&](auto) {
        return isFloat ? fusableProduct(b, in[0], in[1]) : b.CreateMul(in[0], in[1]);
      })
      .Case<DivOp>([&](auto) { return b.CreateFDiv(in[0], in[1]); })
      .Case<NegOp>([&](auto) { return isFloat ? b.CreateFNeg(in[0]) : b.CreateNeg(in[0]); })
      .Case<SelectOp>([&](auto) { return b.CreateSelect(in[0], in[1], in[2]); })
      .Case<CompareOp>([&](CompareOp o) { return compare(o.getPredicate()); })
      .Case<ConvertOp>([&](ConvertOp o) { return convert(o.getType().getElementType()); })
      .Case<BitcastOp>([&](BitcastOp o) {
        return b.CreateBitCast(in[0], registerType(f.context(), o.getType().getElementType()));
      })
      .Case<StopGradientOp>([&](auto) { return in[0]; })
      .Case<MaxOp>([&](auto) { return combine(f, Combiner::Max, element, in[0], in[1], false); })
      .Case<MinOp>([&](auto) { return combine(f, Combiner::Min, element, in[0], in[1], false); })
      .Case<AbsOp>([&](auto) { return abs(); })
      .Case<SignOp>([&](auto) { return sign(); })
      .Case<NotOp>([&](auto) { return b.CreateNot(in[0]); })
      .Case<AndOp>([&](auto) { return b.CreateAnd(in[0], in[1]); })
      .Case<OrOp>([&](auto) { return b.CreateOr(in[0], in[1]); })
      .Case<XorOp>([&](auto) { return b.CreateXor(in[0], in[1]); })
      .Case<ShlOp>([&](auto) { return shift(true); })
      .Case<ShrOp>([&](auto) { return shift(false); })
      .Case<FloorOp>([&](auto) { return intrinsic(llvm::Intrinsic::floor); })
      .Case<CeilOp>([&](auto) { return intrinsic(llvm::Intrinsic::ceil); })
      .Case<RoundOp>([&](auto) { return intrinsic(llvm::Intrinsic::roundeven); })
      .Case<SqrtOp>([&](auto) { return intrinsic(llvm::Intrinsic::sqrt); })
      .Case<FloorDivOp>([&](auto) { return division(false); })
      .Case<ModOp>([&](auto) { return division(true); })
      .Case<ThreefryOp>([&](auto) {
        auto *type =
            llvm::FunctionType::get(b.getInt64Ty(), {b.getInt64Ty(), b.getInt64Ty()}, false);
        return b.CreateCall(f.module.mathFunction("descent_threefry2x32", type), in);
      })
      .Case<PolygammaOp>([&](PolygammaOp o) {
        return callMath("polygamma", {b.getInt32(uint32_t(o.getOrder())), in[0]});
      })
      .Case<PowOp>([&](auto) -> Value * {
        if (isWord64)
          throw Error("'pow' has no code for random keys");
        return math("pow");
      })
      .Case<RsqrtOp, CbrtOp, ExpOp, Exp2Op, Expm1Op, LogOp, Log2Op, Log10Op, Log1pOp, SinOp, CosOp,
            TanOp, AsinOp, AcosOp, AtanOp, Atan2Op, SinhOp, CoshOp, TanhOp, AsinhOp, AcoshOp,
            AtanhOp, ErfOp, ErfcOp, ErfinvOp, LgammaOp, SigmoidOp, SiluOp, GeluOp, GeluTanhOp,
            LogAddExpOp>([&](auto) { return math(op->getName().stripDialect()); })
      .Default([&](mlir::Operation *other) -> Value * {
        throw Error("the code generator does not know the operation '" +
                    other->getName().getStringRef().str() + "'");
      });
}

} // namespace

llvm::Value *emitScalar(FunctionEmission &f, mlir::Operation *op,
                        llvm::ArrayRef<llvm::Value *> operands) {
  return Scalar(f, op, operands).emit();
}

Combiner combinerOf(mlir::Operation *op) {
  using namespace ir;
  return llvm::TypeSwitch<mlir::Operation *, Combiner>(op)
      .Case<ReduceProdOp, CumProdOp>([](auto) { return Combiner::Product; })
      .Case<ReduceMaxOp, CumMaxOp>([](auto) { return Combiner::Max; })
      .Case<ReduceMinOp>([](auto) { return Combiner::Min; })
      .Case<ReduceAndOp>([](auto) { return Combiner::And; })
      .Case<ReduceOrOp>([](auto) { return Combiner::Or; })
      .Default([](auto) { return Combiner::Sum; });
}

llvm::Constant *neutralOf(llvm::LLVMContext &context, Combiner how, mlir::Type element) {
  llvm::Type *type = registerType(context, element);
  bool isFloat = type->isFloatingPointTy();
  unsigned width = isFloat ? 0 : type->getIntegerBitWidth();
  bool isUnsigned = cpu::isUnsigned(element);
  switch (how) {
  case Combiner::Sum:
  case Combiner::Or:
    return llvm::Constant::getNullValue(type);
  case Combiner::Product:
    return isFloat ? llvm::ConstantFP::get(type, 1.0)
                   : static_cast<llvm::Constant *>(llvm::ConstantInt::get(type, 1));
  case Combiner::And:
    return llvm::Constant::getAllOnesValue(type);
  case Combiner::Max:
    if (isFloat)
      return llvm::ConstantFP::getInfinity(type, /*Negative=*/true);
    return llvm::ConstantInt::get(context, isUnsigned ? llvm::APInt::getZero(width)
                                                      : llvm::APInt::getSignedMinValue(width));
  case Combiner::Min:
    if (isFloat)
      return llvm::ConstantFP::getInfinity(type);
    return llvm::ConstantInt::get(context, isUnsigned ? llvm::APInt::getMaxValue(width)
                                                      : llvm::APInt::getSignedMaxValue(width));
  }
  return nullptr;
}

llvm::Value *combine(FunctionEmission &f, Combiner how, mlir::Type element, llvm::Value *a,
                     llvm::Value *b, bool reorder) {
  llvm::IRBuilder<> &builder = f.b;
  bool isFloat = a->getType()->isFloatingPointTy();
  bool isUnsigned = cpu::isUnsigned(element);
  llvm::IRBuilder<>::FastMathFlagGuard guard(builder);
  if (reorder && isFloat) {
    llvm::FastMathFlags flags;
    flags.setAllowReassoc();
    flags.setAllowContract();
    // So that beginning with zero costs no addition.
    flags.setNoSignedZeros();
    builder.setFastMathFlags(flags);
  }
  using namespace llvm::Intrinsic;
  switch (how) {
  case Combiner::Sum:
    return isFloat ? builder.CreateFAdd(a, b) : builder.CreateAdd(a, b);
  case Combiner::Product:
    return isFloat ? builder.CreateFMul(a, b) : builder.CreateMul(a, b);
  case Combiner::Max:
    builder.clearFastMathFlags();
    return builder.CreateBinaryIntrinsic(isFloat ? maximum : isUnsigned ? umax : smax, a, b);
  case Combiner::Min:
    builder.clearFastMathFlags();
    return builder.CreateBinaryIntrinsic(isFloat ? minimum : isUnsigned ? umin : smin, a, b);
  case Combiner::And:
    return builder.CreateAnd(a, b);
  case Combiner::Or:
    return builder.CreateOr(a, b);
  }
  return nullptr;
}

} // namespace descent::cpu
