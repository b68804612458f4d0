// One random operation of each family.
#include "tests/reference/RandomBuilder.h"

#include <algorithm>
#include <numeric>

using namespace mlir;

namespace descent::reference {

namespace {

int64_t rankOf(const Known &x) {
  return x.type().getRank();
}
int64_t sizeOf(const Known &x, int64_t dim) {
  return x.type().getDimSize(dim);
}

} // namespace

Known RandomBuilder::arithmetic() {
  Known x = pickFloat(), y = ofType(x.type());
  Type type = x.value.getType();
  switch (below(11)) {
  case 0:
  case 1:
    return keep(ir::AddOp::create(builder, loc, type, x.value, y.value), x.bound + y.bound, false);
  case 2:
    return keep(ir::SubOp::create(builder, loc, type, x.value, y.value), x.bound + y.bound, false);
  case 3:
  case 4:
    return keep(ir::MulOp::create(builder, loc, type, x.value, y.value), x.bound * y.bound, false);
  case 5:
    return keep(ir::DivOp::create(builder, loc, type, x.value, positive(y).value), 2 * x.bound,
                false);
  case 6:
    return keep(ir::NegOp::create(builder, loc, type, x.value), x.bound, x.exact);
  case 7:
    return keep(ir::MaxOp::create(builder, loc, type, x.value, y.value), x.bound + y.bound,
                x.exact && y.exact);
  case 8:
    return keep(ir::MinOp::create(builder, loc, type, x.value, y.value), x.bound + y.bound,
                x.exact && y.exact);
  case 9: {
    double power = double(below(7)) - 1;
    if (power < 0)
      x = positive(x);
    Value exponent = constant(x.type(), power).value;
    double bound = power < 0 ? 2 : std::pow(x.bound, power) + 1;
    return keep(ir::PowOp::create(builder, loc, type, x.value, exponent), bound, false);
  }
  default:
    return keep(ir::Atan2Op::create(builder, loc, type, x.value, positive(y).value), 4, false);
  }
}

Known RandomBuilder::integerArithmetic() {
  static const unsigned widths[] = {32, 64};
  Type element = chance(20) ? builder.getIntegerType(32, /*isSigned=*/false)
                            : builder.getIntegerType(widths[below(2)]);
  Known x = pickElement(element), y = ofType(x.type());
  Type type = x.value.getType();
  auto make = [&]<typename Op>() {
    return keep(Op::create(builder, loc, type, x.value, y.value), 0, true);
  };
  switch (below(10)) {
  case 0:
    return make.operator()<ir::AddOp>();
  case 1:
    return make.operator()<ir::SubOp>();
  case 2:
    return make.operator()<ir::MulOp>();
  case 3:
    return make.operator()<ir::FloorDivOp>();
  case 4:
    return make.operator()<ir::ModOp>();
  case 5:
    return make.operator()<ir::MaxOp>();
  case 6:
    return make.operator()<ir::MinOp>();
  case 7:
    return keep(ir::NegOp::create(builder, loc, type, x.value), 0, true);
  case 8:
    return keep(ir::AbsOp::create(builder, loc, type, x.value), 0, true);
  default:
    y = constant(x.type(), double(below(6)));
    return make.operator()<ir::PowOp>();
  }
}

Known RandomBuilder::function() {
  Known x = pickFloat();
  Type type = x.value.getType();
  auto make = [&]<typename Op>(Known of, double bound) {
    if (of.bound > 3)
      of = squashed(of);
    return keep(Op::create(builder, loc, type, of.value), bound, false);
  };
  switch (below(22)) {
  case 0:
    return make.operator()<ir::ExpOp>(x, 21);
  case 1:
    return make.operator()<ir::SinOp>(x, 1);
  case 2:
    return make.operator()<ir::CosOp>(x, 1);
  case 3:
    return make.operator()<ir::TanhOp>(x, 1);
  case 4:
    return make.operator()<ir::SigmoidOp>(x, 1);
  case 5:
    return make.operator()<ir::LogOp>(positive(x), 3);
  case 6:
    return make.operator()<ir::Log1pOp>(positive(x), 3);
  case 7:
    return make.operator()<ir::SqrtOp>(positive(x), 3);
  case 8:
    return make.operator()<ir::RsqrtOp>(positive(x), 2);
  case 9:
    return make.operator()<ir::CbrtOp>(positive(x), 2);
  case 10:
    return make.operator()<ir::ErfOp>(x, 1);
  case 11:
    return make.operator()<ir::ErfcOp>(x, 2);
  case 12:
    return make.operator()<ir::LgammaOp>(positive(x), 10);
  case 13:
    return make.operator()<ir::AtanOp>(x, 2);
  case 14:
    return make.operator()<ir::SinhOp>(x, 11);
  case 15:
    return make.operator()<ir::CoshOp>(x, 11);
  case 16:
    return make.operator()<ir::AsinhOp>(x, 3);
  case 17:
    return make.operator()<ir::Expm1Op>(x, 21);
  case 18:
    return make.operator()<ir::Exp2Op>(x, 9);
  case 19: {
    // Within (-1, 1), not at its ends.
    Known inside = squashed(x);
    switch (below(4)) {
    case 0:
      return make.operator()<ir::AsinOp>(inside, 2);
    case 1:
      return make.operator()<ir::AcosOp>(inside, 4);
    case 2:
      return make.operator()<ir::AtanhOp>(inside, 4);
    default:
      return make.operator()<ir::ErfinvOp>(inside, 4);
    }
  }
  case 20:
    x = positive(x);
    return keep(ir::PolygammaOp::create(builder, loc, type, x.value, below(3)), 20, false);
  default: {
    Known exact = pick([](const Known &known) { return known.exact && known.isFloat(); },
                       anyType(builder.getF64Type()));
    switch (below(5)) {
    case 0:
      return keep(ir::FloorOp::create(builder, loc, exact.type(), exact.value), exact.bound + 1,
                  true);
    case 1:
      return keep(ir::CeilOp::create(builder, loc, exact.type(), exact.value), exact.bound + 1,
                  true);
    case 2:
      return keep(ir::RoundOp::create(builder, loc, exact.type(), exact.value), exact.bound + 1,
                  true);
    case 3:
      return keep(ir::SignOp::create(builder, loc, exact.type(), exact.value), 1, true);
    default:
      return keep(ir::StopGradientOp::create(builder, loc, exact.type(), exact.value), exact.bound,
                  true);
    }
  }
  }
}

Known RandomBuilder::bits() {
  if (chance(20)) {
    auto type = anyType(builder.getIntegerType(64, /*isSigned=*/false));
    Known key = ofType(type), counter = ofType(type);
    return keep(ir::ThreefryOp::create(builder, loc, type, key.value, counter.value), 0, true);
  }
  Type element = chance(50) ? Type(builder.getI1Type()) : builder.getIntegerType(32, chance(50));
  if (element.isSignedInteger())
    element = builder.getI32Type();
  Known x = pickElement(element), y = ofType(x.type());
  Type type = x.value.getType();
  int64_t kind = below(element.isInteger(1) ? 4 : 6);
  if (kind == 0)
    return keep(ir::AndOp::create(builder, loc, type, x.value, y.value), 0, true);
  if (kind == 1)
    return keep(ir::OrOp::create(builder, loc, type, x.value, y.value), 0, true);
  if (kind == 2)
    return keep(ir::XorOp::create(builder, loc, type, x.value, y.value), 0, true);
  if (kind == 3)
    return keep(ir::NotOp::create(builder, loc, type, x.value), 0, true);
  y = constant(x.type(), double(below(40)));
  if (kind == 4)
    return keep(ir::ShlOp::create(builder, loc, type, x.value, y.value), 0, true);
  return keep(ir::ShrOp::create(builder, loc, type, x.value, y.value), 0, true);
}

Known RandomBuilder::comparison() {
  Known x = pickExact();
  Known y = ofType(x.type());
  if (!y.exact)
    y = constant(x.type(), double(below(3)) - 1);
  return keep(ir::CompareOp::create(builder, loc, ir::Predicate(below(6)), x.value, y.value), 0,
              true);
}

Known RandomBuilder::choice() {
  Known x = oneOf(pool), y = ofType(x.type());
  Known condition = ofType(x.type().clone(builder.getI1Type()));
  return keep(ir::SelectOp::create(builder, loc, x.type(), condition.value, x.value, y.value),
              std::max(x.bound, y.bound), x.exact && y.exact);
}

Known RandomBuilder::conversion() {
  Known x = chance(50) ? pickElement(builder.getI1Type()) : pickExact();
  if (chance(15) && x.element().isInteger(32)) {
    auto type = x.type().clone(builder.getIntegerType(32, x.element().isUnsignedInteger()));
    if (x.element().isUnsignedInteger())
      type = x.type().clone(builder.getI32Type());
    return keep(ir::BitcastOp::create(builder, loc, type, x.value), 0, true);
  }
  Type element = anyElement();
  Value converted = ir::ConvertOp::create(builder, loc, x.type().clone(element), x.value);
  if (!isa<FloatType>(element))
    return keep(converted, 0, true);
  if (x.isFloat())
    return keep(converted, x.bound, x.exact && element.isF64());
  if (x.element().isInteger(1))
    return keep(converted, 1, true);
  return squashed(Known{converted, 1e19, true});
}

Known RandomBuilder::movement() {
  Known x = oneOf(pool);
  int64_t rank = rankOf(x);
  SmallVector<int64_t> shape(x.type().getShape());
  switch (below(5)) {
  case 0: {
    SmallVector<int64_t> permutation(rank);
    std::iota(permutation.begin(), permutation.end(), 0);
    for (int64_t i = rank; i > 1; --i)
      std::swap(permutation[i - 1], permutation[below(i)]);
    return keep(ir::TransposeOp::create(builder, loc, x.value, permutation), x.bound, x.exact);
  }
  case 1: {
    // Flat, or with a dimension of size 1 put in.
    if (chance(50) || rank == 3)
      shape = {x.type().getNumElements()};
    else
      shape.insert(shape.begin() + below(rank + 1), 1);
    return keep(ir::ReshapeOp::create(builder, loc, x.type().clone(shape), x.value), x.bound,
                x.exact);
  }
  case 2: {
    if (rank == 3)
      return x;
    int64_t at = below(rank + 1);
    SmallVector<int64_t> dims;
    for (int64_t i = 0; i < rank; ++i)
      dims.push_back(i < at ? i : i + 1);
    shape.insert(shape.begin() + at, 1 + below(3));
    return keep(ir::BroadcastOp::create(builder, loc, x.type().clone(shape), x.value, dims),
                x.bound, x.exact);
  }
  case 3: {
    SmallVector<int64_t> dims;
    for (int64_t i = 0; i < rank; ++i)
      if (chance(60))
        dims.push_back(i);
    return keep(ir::ReverseOp::create(builder, loc, x.type(), x.value, dims), x.bound, x.exact);
  }
  default: {
    Type element = anyElement();
    auto type = anyType(element.isInteger(1) ? builder.getI32Type() : element);
    if (type.getRank() == 0)
      return x;
    return keep(ir::IotaOp::create(builder, loc, type, below(type.getRank())), 5, true);
  }
  }
}

Known RandomBuilder::box() {
  Known x = oneOf(pool);
  int64_t rank = rankOf(x);
  SmallVector<int64_t> a, b, c;
  if (rank == 0)
    return x;
  switch (below(3)) {
  case 0:
    for (int64_t i = 0; i < rank; ++i) {
      int64_t size = sizeOf(x, i), start = below(size + 1);
      a.push_back(chance(50) ? 0 : start);
      b.push_back(a.back() + (chance(50) ? size - a.back() : below(size - a.back() + 1)));
      c.push_back(1 + below(2));
    }
    return keep(ir::SliceOp::create(builder, loc, x.value, a, b, c), x.bound, x.exact);
  case 1: {
    for (int64_t i = 0; i < rank; ++i) {
      a.push_back(below(2));
      b.push_back(below(2));
      c.push_back(chance(25) ? 1 : 0);
    }
    Known value = ofType(scalar(x.element()));
    return keep(ir::PadOp::create(builder, loc, x.value, value.value, a, b, c),
                std::max(x.bound, value.bound), x.exact && value.exact);
  }
  default: {
    SmallVector<Value> inputs{x.value};
    double bound = x.bound;
    bool exact = x.exact;
    for (int64_t i = below(3); i > 0; --i) {
      Known other = ofType(x.type());
      inputs.push_back(other.value);
      bound = std::max(bound, other.bound);
      exact &= other.exact;
    }
    return keep(ir::ConcatOp::create(builder, loc, below(rank), inputs), bound, exact);
  }
  }
}

Known RandomBuilder::indexing() {
  Known x = pick([](const Known &known) { return known.type().getRank() > 0; },
                 RankedTensorType::get({2, 3}, builder.getF64Type()));
  int64_t rank = rankOf(x);
  SmallVector<int64_t> sizes;
  SmallVector<Value> starts;
  for (int64_t i = 0; i < rank; ++i) {
    sizes.push_back(chance(40) ? sizeOf(x, i) : below(sizeOf(x, i) + 1));
    Type index = chance(80) ? builder.getI32Type() : builder.getI64Type();
    starts.push_back(chance(30) ? constant(scalar(index), double(below(4)) - 1).value
                                : ofType(scalar(index)).value);
  }
  int64_t axis = below(rank);
  auto indicesType = RankedTensorType::get(chance(30) ? ArrayRef<int64_t>{} : ArrayRef<int64_t>{3},
                                           builder.getI32Type());
  switch (below(4)) {
  case 0:
    return keep(ir::DynamicSliceOp::create(builder, loc, x.value, starts, sizes), x.bound, x.exact);
  case 1: {
    Known update = ofType(x.type().clone(sizes));
    return keep(ir::UpdateOp::create(builder, loc, x.type(), x.value, update.value, starts),
                std::max(x.bound, update.bound), x.exact && update.exact);
  }
  case 2:
  default: {
    if (sizeOf(x, axis) == 0)
      return x;
    int64_t batch = axis > 0 && chance(30) ? 1 : 0;
    if (batch)
      indicesType = indicesType.clone({sizeOf(x, 0), 2});
    Known indices = ofType(indicesType);
    Value gathered = ir::GatherOp::create(builder, loc, x.value, indices.value, axis, batch);
    if (x.element().isInteger(1) || chance(50) ||
        cast<RankedTensorType>(gathered.getType()).getRank() > 3)
      return keep(gathered, x.bound, x.exact);
    bool adds = chance(50) && !x.element().isUnsignedInteger(64);
    Known updates = ofType(cast<RankedTensorType>(gathered.getType()));
    return keep(ir::ScatterOp::create(builder, loc, x.type(),
                                      adds ? ir::ScatterKind::add : ir::ScatterKind::set, x.value,
                                      indices.value, updates.value, axis, batch),
                x.bound + (adds ? 3 : 1) * updates.bound, x.exact && updates.exact && !adds);
  }
  }
}

Known RandomBuilder::reduction() {
  if (chance(15)) {
    Known x = pickElement(builder.getI1Type());
    SmallVector<int64_t> dims;
    for (int64_t i = 0; i < rankOf(x); ++i)
      if (chance(70))
        dims.push_back(i);
    if (chance(50))
      return keep(ir::ReduceAndOp::create(builder, loc, x.value, dims), 0, true);
    return keep(ir::ReduceOrOp::create(builder, loc, x.value, dims), 0, true);
  }
  Known x = pick(
      [](const Known &known) {
        return !known.element().isInteger(1) && !known.element().isUnsignedInteger(64);
      },
      anyType(builder.getF64Type()));
  SmallVector<int64_t> dims;
  for (int64_t i = 0; i < rankOf(x); ++i)
    if (chance(70))
      dims.push_back(i);
  int64_t count = 1;
  for (int64_t dim : dims)
    count *= sizeOf(x, dim);
  switch (below(6)) {
  case 0:
  case 1:
  case 2:
    return keep(ir::ReduceSumOp::create(builder, loc, x.value, dims), x.bound * double(count),
                false);
  case 3:
    if (x.isFloat() && x.bound > 1)
      x = squashed(x);
    return keep(ir::ReduceProdOp::create(builder, loc, x.value, dims), 1, false);
  case 4: {
    // The maximum of nothing is infinite.
    if (count == 0)
      return x;
    if (chance(50))
      return keep(ir::ReduceMaxOp::create(builder, loc, x.value, dims), x.bound, x.exact);
    return keep(ir::ReduceMinOp::create(builder, loc, x.value, dims), x.bound, x.exact);
  }
  default: {
    if (!x.exact || rankOf(x) == 0)
      return x;
    int64_t dim = below(rankOf(x));
    if (chance(40))
      return keep(ir::ArgSortOp::create(builder, loc, x.value, dim), 0, true);
    if (sizeOf(x, dim) == 0)
      return x;
    if (chance(50))
      return keep(ir::ArgMaxOp::create(builder, loc, x.value, dim), 0, true);
    return keep(ir::ArgMinOp::create(builder, loc, x.value, dim), 0, true);
  }
  }
}

Known RandomBuilder::running() {
  Known x = pick(
      [](const Known &known) {
        return known.type().getRank() > 0 && !known.element().isInteger(1) &&
               !known.element().isUnsignedInteger(64);
      },
      RankedTensorType::get({2, 3}, builder.getF64Type()));
  int64_t dim = below(rankOf(x));
  UnitAttr reverse = chance(50) ? builder.getUnitAttr() : UnitAttr();
  Type type = x.value.getType();
  switch (below(3)) {
  case 0:
    return keep(
        ir::CumSumOp::create(builder, loc, type, x.value, builder.getI64IntegerAttr(dim), reverse),
        x.bound * double(sizeOf(x, dim)), false);
  case 1:
    if (x.isFloat() && x.bound > 1)
      x = squashed(x);
    return keep(
        ir::CumProdOp::create(builder, loc, type, x.value, builder.getI64IntegerAttr(dim), reverse),
        1, false);
  default:
    return keep(
        ir::CumMaxOp::create(builder, loc, type, x.value, builder.getI64IntegerAttr(dim), reverse),
        x.bound, x.exact);
  }
}

Known RandomBuilder::product() {
  Type element = chance(70)   ? Type(builder.getF64Type())
                 : chance(50) ? Type(builder.getF32Type())
                              : builder.getI32Type();
  int64_t m = 1 + below(3), k = below(4), n = 1 + below(3), b = 2;
  auto type = [&](ArrayRef<int64_t> shape) { return RankedTensorType::get(shape, element); };
  using Dims = ArrayRef<int64_t>;
  Known x, y;
  Value result;
  switch (below(5)) {
  case 0:
    x = ofType(type({m, k})), y = ofType(type({k, n}));
    result = ir::DotOp::create(builder, loc, x.value, y.value, Dims{}, Dims{}, Dims{1}, Dims{0});
    break;
  case 1:
    x = ofType(type({k})), y = ofType(type({n, k}));
    result = ir::DotOp::create(builder, loc, x.value, y.value, Dims{}, Dims{}, Dims{0}, Dims{1});
    break;
  case 2:
    x = ofType(type({m, b, k})), y = ofType(type({k, n, b}));
    result = ir::DotOp::create(builder, loc, x.value, y.value, Dims{1}, Dims{2}, Dims{2}, Dims{0});
    break;
  case 3:
    x = ofType(type({m})), y = ofType(type({n}));
    result = ir::DotOp::create(builder, loc, x.value, y.value, Dims{}, Dims{}, Dims{}, Dims{});
    break;
  default:
    x = ofType(type({m, k})), y = ofType(type({k, m}));
    result =
        ir::DotOp::create(builder, loc, x.value, y.value, Dims{}, Dims{}, Dims{0, 1}, Dims{1, 0});
    break;
  }
  return keep(result, x.bound * y.bound * double(m * std::max<int64_t>(k, 1)), false);
}

} // namespace descent::reference
