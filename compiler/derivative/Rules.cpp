// Makes the rows of Rules.def into rules.
#include "compiler/derivative/Rules.h"

#include "compiler/derivative/rules/Structured.h"

#include <llvm/ADT/DenseMap.h>

#include <numbers>

using namespace mlir;

namespace descent::derivative {

namespace {

constexpr double kThird = 1.0 / 3.0;
constexpr double kLn2 = std::numbers::ln2;
constexpr double kLn10 = std::numbers::ln10;
constexpr double kTwoOverSqrtPi = 2 * std::numbers::inv_sqrtpi;
constexpr double kHalfSqrtPi = 0.5 / std::numbers::inv_sqrtpi;
constexpr double kSqrtHalf = 0.5 * std::numbers::sqrt2;
constexpr double kNormalDensity = kSqrtHalf * std::numbers::inv_sqrtpi; // at 0
constexpr auto gt = ir::Predicate::gt;
constexpr auto lt = ir::Predicate::lt;

/// 1 where the comparison of x with y holds, one half where they are equal, else 0.
Factor halfAtTies(ir::Predicate predicate, Factor x, Factor y) {
  return choose(predicate, x, y, 1.0, choose(ir::Predicate::eq, x, y, 0.5, 0.0));
}

/// e^x / (e^x + e^y). Equal infinities have no difference.
Factor shareOfFirst(Factor x, Factor y) {
  Factor difference = x - y;
  return sigmoid(choose(ir::Predicate::eq, difference, difference, difference, 0.0));
}

/// With v = x (a + b x^2): d/dx x sigmoid(v), where r = x sigmoid(v).
Factor slopeOfGeluTanh(Factor x, Factor r) {
  constexpr double a = 2 * kTwoOverSqrtPi * kSqrtHalf, b = 0.044715 * a;
  Factor square = x * x, v = x * (a + b * square);
  return sigmoid(v) + r * sigmoid(-v) * (a + 3 * b * square);
}

/// The transpose of a slice: the cotangent where the slice was taken, zero around and between.
Value unslice(Emitter &e, Value ct, ir::SliceOp op) {
  SmallVector<int64_t> low(op.getStarts()), high, interior;
  for (auto [i, size] : llvm::enumerate(shapeOf(op.getX()))) {
    int64_t count = shapeOf(ct)[i], stride = op.getStrides()[i];
    interior.push_back(stride - 1);
    high.push_back(count > 0 ? size - low[i] - (count - 1) * stride - 1 : size - low[i]);
  }
  return e.pad(ct, low, high, interior);
}

using Table = llvm::DenseMap<TypeID, Rule>;

Table makeTable() {
  Table table;
#define ZERO(OP) table[TypeID::get<ir::OP>()].zero = true;
#define UNARY(OP, DX)                                                                              \
  table[TypeID::get<ir::OP>()].partials = {[](Operation *generic, Factor x, Factor, Factor r) {    \
    [[maybe_unused]] auto op = cast<ir::OP>(generic);                                              \
    return Factor(DX);                                                                             \
  }};
#define BINARY(OP, DX, DY)                                                                         \
  table[TypeID::get<ir::OP>()].partials = {                                                        \
      [](Operation *, Factor x, Factor y, Factor r) { return Factor(DX); },                        \
      [](Operation *, Factor x, Factor y, Factor r) { return Factor(DY); }};
#define LINEAR(OP, TRANSPOSE)                                                                      \
  table[TypeID::get<ir::OP>()].transpose = [](Operation *generic, Emitter &e, Value x, Value ct) { \
    [[maybe_unused]] auto op = cast<ir::OP>(generic);                                              \
    return Value(TRANSPOSE);                                                                       \
  };
#define PART(OP, TRANSPOSE)                                                                        \
  LINEAR(OP, TRANSPOSE)                                                                            \
  table[TypeID::get<ir::OP>()].part = true;
#define STRUCTURED(OP)                                                                             \
  table[TypeID::get<ir::OP>()].pushForward = [](Operation *op, Forward &forward) {                 \
    return pushForward(cast<ir::OP>(op), forward);                                                 \
  };                                                                                               \
  table[TypeID::get<ir::OP>()].pullBack = [](Operation *op, Reverse &reverse) {                    \
    return pullBack(cast<ir::OP>(op), reverse);                                                    \
  };
#define CONTROL(OP)                                                                                \
  STRUCTURED(OP)                                                                                   \
  table[TypeID::get<ir::OP>()].hasRegions = true;
#include "compiler/derivative/Rules.def"
  return table;
}

} // namespace

const Rule *ruleOf(Operation *op) {
  static const Table table = makeTable();
  auto found = table.find(op->getName().getTypeID());
  return found == table.end() ? nullptr : &found->second;
}

Factor partialOf(const Rule &rule, Operation *op, unsigned index, Emitter &emitter,
                 ValueRange operands, Value result) {
  Factor x(emitter, operands.front()), y(emitter, operands.back()), r(emitter, result);
  // Functions of numbers alone would have no shape.
  if (x.number() && y.number()) {
    x = Factor::ofArray(&emitter, operands.front());
    y = Factor::ofArray(&emitter, operands.back());
  }
  return rule.partials[index](op, x, y, r);
}

} // namespace descent::derivative
