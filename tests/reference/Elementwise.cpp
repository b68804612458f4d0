// Each element by itself: arithmetic, functions, bits, comparison, conversion.
#include "tests/reference/Functions.h"
#include "tests/reference/Rules.h"

#include "compiler/dialect/Dialect.h"

#include <bit>
#include <cmath>
#include <numbers>
#include <limits>

using namespace mlir;

namespace descent::reference {

namespace {

using Number = long double;

Tensor resultOf(Operation *op) {
  return zerosLike(op->getResult(0).getType());
}

int widthOf(DType dtype) {
  return int(8 * sizeOf(dtype));
}
bool isSigned(DType dtype) {
  return dtype == DType::I32 || dtype == DType::I64;
}

/// A function of one float.
Rule unary(Number (*function)(Number)) {
  return [=](Operation *op, const std::vector<Tensor> &in) {
    Tensor out = resultOf(op);
    for (int64_t i = 0; i < out.size(); ++i)
      out.set(i, function(in[0].floats()[i]));
    return out;
  };
}

using FloatUnary = Number (*)(Number);
using IntUnary = uint64_t (*)(int64_t);
using FloatBinary = Number (*)(Number, Number);
/// Of two integers as stored; `isSigned` says how to read them.
using IntBinary = uint64_t (*)(uint64_t, uint64_t, bool isSigned);

Rule unary(FloatUnary onFloat, IntUnary onInt) {
  return [=](Operation *op, const std::vector<Tensor> &in) {
    Tensor out = resultOf(op);
    for (int64_t i = 0; i < out.size(); ++i)
      if (isFloat(out.dtype))
        out.set(i, onFloat(in[0].floats()[i]));
      else
        out.setInteger(i, onInt(in[0].integer(i)));
    return out;
  };
}

Rule binary(FloatBinary onFloat, IntBinary onInt) {
  return [=](Operation *op, const std::vector<Tensor> &in) {
    Tensor out = resultOf(op);
    for (int64_t i = 0; i < out.size(); ++i)
      if (isFloat(out.dtype))
        out.set(i, onFloat(in[0].floats()[i], in[1].floats()[i]));
      else
        out.setInteger(i, onInt(in[0].integer(i), in[1].integer(i), isSigned(out.dtype)));
    return out;
  };
}

// The dialect's types keep these from being reached.
Number notForFloats(Number, Number) {
  llvm_unreachable("an operation on integers");
}
uint64_t notForIntegers(uint64_t, uint64_t, bool) {
  llvm_unreachable("an operation on floats");
}

bool less(uint64_t a, uint64_t b, bool isSigned) {
  return isSigned ? int64_t(a) < int64_t(b) : a < b;
}

uint64_t floorDiv(uint64_t a, uint64_t b, bool isSigned) {
  if (b == 0)
    return 0;
  if (!isSigned)
    return a / b;
  int64_t x = int64_t(a), y = int64_t(b);
  if (y == -1)
    return 0 - a;
  int64_t quotient = x / y;
  return uint64_t(x % y != 0 && (x < 0) != (y < 0) ? quotient - 1 : quotient);
}

uint64_t floorMod(uint64_t a, uint64_t b, bool isSigned) {
  return b == 0 ? 0 : a - b * floorDiv(a, b, isSigned);
}

/// A negative power of an integer is the reciprocal truncated: 0 but for bases 1 and -1.
uint64_t integerPower(uint64_t base, uint64_t exponent, bool isSigned) {
  if (isSigned && int64_t(exponent) < 0) {
    if (int64_t(base) == -1)
      return exponent % 2 ? base : 1;
    return base == 1;
  }
  uint64_t result = 1;
  for (; exponent; exponent >>= 1, base *= base)
    if (exponent & 1)
      result *= base;
  return result;
}

Number floorModFloat(Number x, Number y) {
  Number rest = std::fmod(x, y);
  if (rest == 0)
    return std::copysign(Number(0), y);
  return (rest < 0) != (y < 0) ? rest + y : rest;
}

Number larger(Number x, Number y) {
  return std::isnan(x) || x > y ? x : y;
}
Number smaller(Number x, Number y) {
  return std::isnan(x) || x < y ? x : y;
}

/// The quotient is rounded to the element type before it is rounded down.
Tensor floorDivRule(Operation *op, const std::vector<Tensor> &in) {
  Tensor out = resultOf(op);
  for (int64_t i = 0; i < out.size(); ++i) {
    if (out.dtype == DType::F32)
      out.set(i, std::floor(float(in[0].floats()[i]) / float(in[1].floats()[i])));
    else if (out.dtype == DType::F64)
      out.set(i, std::floor(in[0].floats()[i] / in[1].floats()[i]));
    else
      out.setInteger(i, floorDiv(in[0].integer(i), in[1].integer(i), isSigned(out.dtype)));
  }
  return out;
}

uint32_t rotate(uint32_t x, int by) {
  return std::rotl(x, by);
}

/// Threefry-2x32-20 of Random123, on packed words.
uint64_t threefry(uint64_t key, uint64_t counter, bool) {
  const int rotations[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
  uint32_t keys[3] = {uint32_t(key >> 32), uint32_t(key), 0};
  keys[2] = 0x1BD11BDA ^ keys[0] ^ keys[1];
  uint32_t x0 = uint32_t(counter >> 32) + keys[0], x1 = uint32_t(counter) + keys[1];
  for (int block = 0; block < 5; ++block) {
    for (int by : rotations[block % 2]) {
      x0 += x1;
      x1 = rotate(x1, by) ^ x0;
    }
    x0 += keys[(block + 1) % 3];
    x1 += keys[(block + 2) % 3] + uint32_t(block + 1);
  }
  return uint64_t(x0) << 32 | x1;
}

Tensor shift(Operation *op, const std::vector<Tensor> &in) {
  Tensor out = resultOf(op);
  bool left = isa<ir::ShlOp>(op);
  for (int64_t i = 0; i < out.size(); ++i) {
    uint64_t value = in[0].integer(i), by = in[1].integer(i);
    bool past = by >= uint64_t(widthOf(out.dtype));
    if (left)
      out.setInteger(i, past ? 0 : value << by);
    else if (isSigned(out.dtype))
      out.setInteger(i, uint64_t(int64_t(value) >> (past ? 63 : by)));
    else
      out.setInteger(i, past ? 0 : value >> by);
  }
  return out;
}

template <typename T> bool holds(ir::Predicate predicate, T a, T b) {
  switch (predicate) {
  case ir::Predicate::eq:
    return a == b;
  case ir::Predicate::ne:
    return a != b;
  case ir::Predicate::lt:
    return a < b;
  case ir::Predicate::le:
    return a <= b;
  case ir::Predicate::gt:
    return a > b;
  case ir::Predicate::ge:
    return a >= b;
  }
  llvm_unreachable("all predicates are listed");
}

Tensor compare(Operation *op, const std::vector<Tensor> &in) {
  Tensor out = resultOf(op);
  auto predicate = cast<ir::CompareOp>(op).getPredicate();
  std::visit(
      [&](const auto &a) {
        const auto &b = std::get<std::decay_t<decltype(a)>>(in[1].elements);
        for (int64_t i = 0; i < out.size(); ++i)
          out.words()[i] = holds(predicate, a[i], b[i]);
      },
      in[0].elements);
  return out;
}

Tensor select(Operation *op, const std::vector<Tensor> &in) {
  Tensor out = resultOf(op);
  for (int64_t i = 0; i < out.size(); ++i)
    copyElement(in[in[0].truth(i) ? 1 : 2], i, out, i);
  return out;
}

/// Toward zero, saturating; nan is 0.
uint64_t toInteger(double value, DType dtype) {
  if (std::isnan(value))
    return 0;
  auto saturate = [&](auto least, auto most) {
    if (value <= double(least))
      return uint64_t(least);
    if (value >= double(most))
      return uint64_t(most);
    return uint64_t(static_cast<decltype(least)>(value));
  };
  switch (dtype) {
  case DType::I32:
    return saturate(std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
  case DType::I64:
    return saturate(std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
  case DType::U32:
    return saturate(uint32_t(0), std::numeric_limits<uint32_t>::max());
  default:
    return saturate(uint64_t(0), std::numeric_limits<uint64_t>::max());
  }
}

Tensor convert(Operation *op, const std::vector<Tensor> &in) {
  Tensor out = resultOf(op);
  for (int64_t i = 0; i < out.size(); ++i)
    std::visit(
        [&](const auto &values) {
          auto value = values[i];
          if (out.dtype == DType::Bool)
            out.words()[i] = value != 0;
          else if (isFloat(out.dtype))
            out.set(i, value);
          else if constexpr (std::is_same_v<decltype(value), double>)
            out.setInteger(i, toInteger(value, out.dtype));
          else
            out.setInteger(i, uint64_t(value));
        },
        in[0].elements);
  return out;
}

Tensor bitcast(Operation *op, const std::vector<Tensor> &in) {
  Tensor out = resultOf(op);
  for (int64_t i = 0; i < out.size(); ++i) {
    uint64_t bits;
    if (in[0].dtype == DType::F64)
      bits = std::bit_cast<uint64_t>(in[0].floats()[i]);
    else if (in[0].dtype == DType::F32)
      bits = std::bit_cast<uint32_t>(float(in[0].floats()[i]));
    else
      bits = uint64_t(in[0].integer(i));
    if (out.dtype == DType::F64)
      out.floats()[i] = std::bit_cast<double>(bits);
    else if (out.dtype == DType::F32)
      out.floats()[i] = std::bit_cast<float>(uint32_t(bits));
    else
      out.setInteger(i, bits);
  }
  return out;
}

Tensor polygammaRule(Operation *op, const std::vector<Tensor> &in) {
  Tensor out = resultOf(op);
  int order = int(cast<ir::PolygammaOp>(op).getOrder());
  for (int64_t i = 0; i < out.size(); ++i)
    out.set(i, polygamma(order, in[0].floats()[i]));
  return out;
}

Number sign(Number x) {
  return std::isnan(x) ? x : Number((x > 0) - (x < 0));
}

void addArithmetic(RuleTable &table) {
  table["descent.neg"] =
      unary([](Number x) { return -x; }, [](int64_t x) { return 0 - uint64_t(x); });
  table["descent.abs"] = unary([](Number x) { return std::abs(x); },
                               [](int64_t x) { return x < 0 ? 0 - uint64_t(x) : uint64_t(x); });
  table["descent.sign"] = unary(sign, [](int64_t x) { return uint64_t((x > 0) - (x < 0)); });
  table["descent.add"] = binary([](Number x, Number y) { return x + y; },
                                [](uint64_t x, uint64_t y, bool) { return x + y; });
  table["descent.sub"] = binary([](Number x, Number y) { return x - y; },
                                [](uint64_t x, uint64_t y, bool) { return x - y; });
  table["descent.mul"] = binary([](Number x, Number y) { return x * y; },
                                [](uint64_t x, uint64_t y, bool) { return x * y; });
  table["descent.div"] = binary([](Number x, Number y) { return x / y; }, notForIntegers);
  table["descent.floordiv"] = floorDivRule;
  table["descent.mod"] = binary(floorModFloat, floorMod);
  table["descent.pow"] = binary([](Number x, Number y) { return std::pow(x, y); }, integerPower);
  table["descent.max"] = binary(
      larger, [](uint64_t x, uint64_t y, bool isSigned) { return less(x, y, isSigned) ? y : x; });
  table["descent.min"] = binary(
      smaller, [](uint64_t x, uint64_t y, bool isSigned) { return less(x, y, isSigned) ? x : y; });
  table["descent.atan2"] =
      binary([](Number y, Number x) { return std::atan2(y, x); }, notForIntegers);
  table["descent.logaddexp"] = binary(
      [](Number x, Number y) {
        Number large = larger(x, y);
        return x == y || std::isinf(large) ? large + (std::isinf(large) ? 0 : std::log(Number(2)))
                                           : large + std::log1p(std::exp(smaller(x, y) - large));
      },
      notForIntegers);
}

void addFunctions(RuleTable &table) {
  const std::pair<const char *, FloatUnary> functions[] = {
      {"floor", [](Number x) { return std::floor(x); }},
      {"ceil", [](Number x) { return std::ceil(x); }},
      {"round", [](Number x) { return std::nearbyint(x); }},
      {"sqrt", [](Number x) { return std::sqrt(x); }},
      {"rsqrt", [](Number x) { return 1 / std::sqrt(x); }},
      {"cbrt", [](Number x) { return std::cbrt(x); }},
      {"exp", [](Number x) { return std::exp(x); }},
      {"exp2", [](Number x) { return std::exp2(x); }},
      {"expm1", [](Number x) { return std::expm1(x); }},
      {"log", [](Number x) { return std::log(x); }},
      {"log2", [](Number x) { return std::log2(x); }},
      {"log10", [](Number x) { return std::log10(x); }},
      {"log1p", [](Number x) { return std::log1p(x); }},
      {"sin", [](Number x) { return std::sin(x); }},
      {"cos", [](Number x) { return std::cos(x); }},
      {"tan", [](Number x) { return std::tan(x); }},
      {"asin", [](Number x) { return std::asin(x); }},
      {"acos", [](Number x) { return std::acos(x); }},
      {"atan", [](Number x) { return std::atan(x); }},
      {"sinh", [](Number x) { return std::sinh(x); }},
      {"cosh", [](Number x) { return std::cosh(x); }},
      {"tanh", [](Number x) { return std::tanh(x); }},
      {"asinh", [](Number x) { return std::asinh(x); }},
      {"acosh", [](Number x) { return std::acosh(x); }},
      {"atanh", [](Number x) { return std::atanh(x); }},
      {"erf", [](Number x) { return std::erf(x); }},
      {"erfc", [](Number x) { return std::erfc(x); }},
      {"erfinv", inverseErf},
      {"lgamma", [](Number x) { return std::lgamma(x); }},
      {"sigmoid", [](Number x) { return 1 / (1 + std::exp(-x)); }},
      {"silu", [](Number x) { return x / (1 + std::exp(-x)); }},
      {"gelu", [](Number x) { return x * std::erfc(-x * std::sqrt(Number(0.5))) / 2; }},
      {"gelu_tanh",
       [](Number x) {
         Number u = std::sqrt(2 / std::numbers::pi_v<Number>) * (x + Number(0.044715L) * x * x * x);
         return x / (1 + std::exp(-2 * u));
       }},
  };
  for (auto [name, function] : functions)
    table[std::string("descent.") + name] = unary(function);
  table["descent.polygamma"] = polygammaRule;
  table["descent.stop_gradient"] = [](Operation *, const std::vector<Tensor> &in) { return in[0]; };
}

void addBits(RuleTable &table) {
  table["descent.not"] = [](Operation *op, const std::vector<Tensor> &in) {
    Tensor out = resultOf(op);
    for (int64_t i = 0; i < out.size(); ++i)
      out.setInteger(i, out.dtype == DType::Bool ? !in[0].truth(i) : ~uint64_t(in[0].integer(i)));
    return out;
  };
  table["descent.and"] = binary(notForFloats, [](uint64_t x, uint64_t y, bool) { return x & y; });
  table["descent.or"] = binary(notForFloats, [](uint64_t x, uint64_t y, bool) { return x | y; });
  table["descent.xor"] = binary(notForFloats, [](uint64_t x, uint64_t y, bool) { return x ^ y; });
  table["descent.shl"] = shift;
  table["descent.shr"] = shift;
  table["descent.threefry"] = binary(notForFloats, threefry);
  table["descent.compare"] = compare;
  table["descent.select"] = select;
  table["descent.convert"] = convert;
  table["descent.bitcast"] = bitcast;
}

} // namespace

void addElementwiseRules(RuleTable &table) {
  addArithmetic(table);
  addFunctions(table);
  addBits(table);
}

} // namespace descent::reference
