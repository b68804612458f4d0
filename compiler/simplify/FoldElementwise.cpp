#include "compiler/simplify/FoldElementwise.h"

#include <llvm/ADT/APSInt.h>
#include <llvm/ADT/StringMap.h>
#include <mlir/IR/TypeUtilities.h>

#include <bit>
#include <cmath>
#include <limits>

using namespace mlir;

namespace descent::simplify {

namespace {

using Real = double;

bool isUnsigned(Type element) {
  return element.isUnsignedInteger() || element.isInteger(1);
}

using RealFunction = double (*)(double);

/// The functions the C library has to within one unit in the last place.
const llvm::StringMap<RealFunction> &realFunctions() {
  static const llvm::StringMap<RealFunction> table = {
      {"descent.floor", [](Real x) { return std::floor(x); }},
      {"descent.ceil", [](Real x) { return std::ceil(x); }},
      {"descent.round", [](Real x) { return std::nearbyint(x); }},
      {"descent.sqrt", [](Real x) { return std::sqrt(x); }},
      {"descent.rsqrt", [](Real x) { return 1 / std::sqrt(x); }},
      {"descent.cbrt", [](Real x) { return std::cbrt(x); }},
      {"descent.exp", [](Real x) { return std::exp(x); }},
      {"descent.exp2", [](Real x) { return std::exp2(x); }},
      {"descent.expm1", [](Real x) { return std::expm1(x); }},
      {"descent.log", [](Real x) { return std::log(x); }},
      {"descent.log2", [](Real x) { return std::log2(x); }},
      {"descent.log10", [](Real x) { return std::log10(x); }},
      {"descent.log1p", [](Real x) { return std::log1p(x); }},
      {"descent.sin", [](Real x) { return std::sin(x); }},
      {"descent.cos", [](Real x) { return std::cos(x); }},
      {"descent.tan", [](Real x) { return std::tan(x); }},
      {"descent.asin", [](Real x) { return std::asin(x); }},
      {"descent.acos", [](Real x) { return std::acos(x); }},
      {"descent.atan", [](Real x) { return std::atan(x); }},
      {"descent.sinh", [](Real x) { return std::sinh(x); }},
      {"descent.cosh", [](Real x) { return std::cosh(x); }},
      {"descent.tanh", [](Real x) { return std::tanh(x); }},
      {"descent.asinh", [](Real x) { return std::asinh(x); }},
      {"descent.acosh", [](Real x) { return std::acosh(x); }},
      {"descent.atanh", [](Real x) { return std::atanh(x); }},
      {"descent.erf", [](Real x) { return std::erf(x); }},
      {"descent.erfc", [](Real x) { return std::erfc(x); }},
      {"descent.sigmoid", [](Real x) { return 1 / (1 + std::exp(-x)); }},
      {"descent.neg", [](Real x) { return -x; }},
      {"descent.abs", [](Real x) { return std::abs(x); }},
      {"descent.sign", [](Real x) { return std::isnan(x) ? x : Real((x > 0) - (x < 0)); }},
  };
  return table;
}

double larger(double x, double y) {
  return std::isnan(x) || x > y ? x : y;
}
double smaller(double x, double y) {
  return std::isnan(x) || x < y ? x : y;
}

std::optional<double> foldReal(Operation *op, double x, double y) {
  return llvm::TypeSwitch<Operation *, std::optional<double>>(op)
      .Case<ir::AddOp, ir::ReduceSumOp, ir::CumSumOp>([&](auto) { return x + y; })
      .Case<ir::MulOp, ir::ReduceProdOp, ir::CumProdOp>([&](auto) { return x * y; })
      .Case<ir::MaxOp, ir::ReduceMaxOp, ir::CumMaxOp>([&](auto) { return larger(x, y); })
      .Case<ir::MinOp, ir::ReduceMinOp>([&](auto) { return smaller(x, y); })
      .Case([&](ir::SubOp) { return x - y; })
      .Case([&](ir::DivOp) { return x / y; })
      .Case([&](ir::PowOp) { return std::pow(x, y); })
      .Case([&](ir::Atan2Op) { return std::atan2(x, y); })
      .Default([](Operation *) { return std::nullopt; });
}

/// Integers as their bits. Powers and quotients by zero are left to run time.
std::optional<uint64_t> foldInteger(Operation *op, uint64_t x, uint64_t y, Type element) {
  bool less = isUnsigned(element) ? x < y : int64_t(x) < int64_t(y);
  auto quotient = [&]() -> std::optional<uint64_t> {
    if (y == 0)
      return std::nullopt;
    if (isUnsigned(element))
      return x / y;
    if (int64_t(y) == -1)
      return 0 - x;
    int64_t whole = int64_t(x) / int64_t(y);
    bool below = int64_t(x) % int64_t(y) != 0 && (int64_t(x) < 0) != (int64_t(y) < 0);
    return uint64_t(whole - below);
  };
  bool inRange = y < element.getIntOrFloatBitWidth();
  return llvm::TypeSwitch<Operation *, std::optional<uint64_t>>(op)
      .Case<ir::AddOp, ir::ReduceSumOp, ir::CumSumOp>([&](auto) { return x + y; })
      .Case<ir::MulOp, ir::ReduceProdOp, ir::CumProdOp>([&](auto) { return x * y; })
      .Case<ir::MaxOp, ir::ReduceMaxOp, ir::CumMaxOp>([&](auto) { return less ? y : x; })
      .Case<ir::MinOp, ir::ReduceMinOp>([&](auto) { return less ? x : y; })
      .Case<ir::AndOp, ir::ReduceAndOp>([&](auto) { return x & y; })
      .Case<ir::OrOp, ir::ReduceOrOp>([&](auto) { return x | y; })
      .Case([&](ir::XorOp) { return x ^ y; })
      .Case([&](ir::SubOp) { return x - y; })
      .Case([&](ir::FloorDivOp) { return quotient(); })
      .Case([&](ir::ModOp) -> std::optional<uint64_t> {
        auto whole = quotient();
        return whole ? std::optional(x - y * *whole) : std::nullopt;
      })
      .Case([&](ir::ShlOp) { return inRange ? x << y : 0; })
      .Case([&](ir::ShrOp) -> std::optional<uint64_t> {
        if (!inRange)
          return std::nullopt;
        return isUnsigned(element) ? x >> y : uint64_t(int64_t(x) >> y);
      })
      .Default([](Operation *) { return std::nullopt; });
}

std::optional<uint64_t> foldInteger(Operation *op, uint64_t x, Type element) {
  return llvm::TypeSwitch<Operation *, std::optional<uint64_t>>(op)
      .Case([&](ir::NegOp) { return 0 - x; })
      .Case([&](ir::AbsOp) { return !isUnsigned(element) && int64_t(x) < 0 ? 0 - x : x; })
      .Case([&](ir::SignOp) {
        return !isUnsigned(element) && int64_t(x) < 0 ? ~uint64_t(0) : uint64_t(x != 0);
      })
      .Case([&](ir::NotOp) { return ~x; })
      .Default([](Operation *) { return std::nullopt; });
}

/// Toward zero, saturating; nan is 0.
uint64_t saturated(double value, Type element) {
  llvm::APSInt result(element.getIntOrFloatBitWidth(), isUnsigned(element));
  bool exact;
  // APFloat saturates as the operation is defined to, and gives 0 for nan.
  APFloat(value).convertToInteger(result, APFloat::rmTowardZero, &exact);
  return numberOf(result, element).bits;
}

Number converted(Number from, Type source, Type target) {
  if (isa<FloatType>(target)) {
    if (isa<FloatType>(source))
      return from;
    // An integer goes to f32 in one rounding, not by way of double.
    bool isWord = isUnsigned(source);
    if (target.isF32())
      return {isWord ? double(float(from.bits)) : double(float(int64_t(from.bits))), 0};
    return {isWord ? double(from.bits) : double(int64_t(from.bits)), 0};
  }
  if (target.isInteger(1))
    return {0, isa<FloatType>(source) ? from.real != 0 : from.bits != 0};
  return isa<FloatType>(source) ? Number{0, saturated(from.real, target)} : from;
}

Number reinterpreted(Number from, Type source, Type target) {
  uint64_t bits = from.bits;
  if (source.isF64())
    bits = std::bit_cast<uint64_t>(from.real);
  else if (source.isF32())
    bits = std::bit_cast<uint32_t>(float(from.real));
  if (target.isF64())
    return {std::bit_cast<double>(bits), 0};
  if (target.isF32())
    return {std::bit_cast<float>(uint32_t(bits)), 0};
  return {0, bits};
}

bool holds(ir::Predicate predicate, bool less, bool equal, bool greater) {
  switch (predicate) {
  case ir::Predicate::eq:
    return equal;
  case ir::Predicate::ne:
    return !equal;
  case ir::Predicate::lt:
    return less;
  case ir::Predicate::le:
    return less || equal;
  case ir::Predicate::gt:
    return greater;
  case ir::Predicate::ge:
    return greater || equal;
  }
  llvm_unreachable("all predicates are listed");
}

bool compared(ir::CompareOp op, Number a, Number b) {
  Type element = getElementTypeOrSelf(op.getLhs().getType());
  if (isa<FloatType>(element))
    return holds(op.getPredicate(), a.real<b.real, a.real == b.real, a.real> b.real);
  bool less = isUnsigned(element) ? a.bits < b.bits : int64_t(a.bits) < int64_t(b.bits);
  return holds(op.getPredicate(), less, a.bits == b.bits, !less && a.bits != b.bits);
}

std::optional<Number> foldUnary(Operation *op, Number x) {
  Type source = getElementTypeOrSelf(op->getOperand(0).getType());
  Type target = getElementTypeOrSelf(op->getResult(0).getType());
  if (isa<ir::ConvertOp>(op))
    return converted(x, source, target);
  if (isa<ir::BitcastOp>(op))
    return reinterpreted(x, source, target);
  if (isa<FloatType>(target)) {
    auto function = realFunctions().find(op->getName().getStringRef());
    if (function == realFunctions().end())
      return std::nullopt;
    return Number{function->second(x.real), 0};
  }
  if (auto bits = foldInteger(op, x.bits, target))
    return Number{0, *bits};
  return std::nullopt;
}

std::optional<Number> foldBinary(Operation *op, Number x, Number y) {
  if (auto compare = dyn_cast<ir::CompareOp>(op))
    return Number{0, compared(compare, x, y)};
  return combine(op, x, y);
}

} // namespace

Number numberOf(const APFloat &value) {
  APFloat wide = value;
  bool lost;
  wide.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
  return {wide.convertToDouble(), 0};
}

Number numberOf(const APInt &value, Type element) {
  return {0, isUnsigned(element) ? value.getZExtValue() : uint64_t(value.getSExtValue())};
}

Attribute attributeOf(Number number, Type element) {
  if (auto real = dyn_cast<FloatType>(element))
    return FloatAttr::get(real, number.real);
  return IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(), number.bits,
                                         /*isSigned=*/false, /*implicitTrunc=*/true));
}

std::optional<Number> combine(Operation *op, Number a, Number b) {
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  if (isa<FloatType>(element)) {
    if (auto real = foldReal(op, a.real, b.real))
      return Number{*real, 0};
  } else if (auto bits = foldInteger(op, a.bits, b.bits, element)) {
    return Number{0, *bits};
  }
  return std::nullopt;
}

std::optional<Number> foldElement(Operation *op, ArrayRef<Number> operands) {
  if (isa<ir::SelectOp>(op))
    return operands[0].bits ? operands[1] : operands[2];
  if (operands.size() == 1)
    return foldUnary(op, operands[0]);
  return foldBinary(op, operands[0], operands[1]);
}

} // namespace descent::simplify
