// Products of vectors and matrices. Decompositions and transforms are listed so that their names
// are known: they say that they are not supported yet.
#include "frontend/sema/builtins/Linear.h"

#include "frontend/sema/Builtins.h"
#include "frontend/sema/builtins/Einsum.h"
#include "frontend/sema/builtins/Support.h"

#include <algorithm>

namespace descent::sema {
namespace {

/// The two operands of a product as numbers of one dtype.
bool readFactors(Specializer &sema, const Argument &left, const Argument &right,
                 SourceRange pointRange, std::string_view name, ArrayValue &lhs, ArrayValue &rhs) {
  auto a = sema.expectArray(left), b = sema.expectArray(right);
  if (!a || !b)
    return false;
  if (a->type.dtype == DType::Bool && b->type.dtype == DType::Bool) {
    sema.diagnostics
        .error(join(left.range, right.range), Msg::DtypeMismatch,
               name == "@" ? "`@`" : name, describe(a->type) + " and " + describe(b->type))
        .point(pointRange)
        .note("convert one of them: `i32(…)` counts, `f32(…)` adds up weights");
    return false;
  }
  for (auto *x : {&*a, &*b})
    if (x->type.dtype == DType::Bool)
      *x = sema.builder.convert(*x, DType::I32);
  auto dtype = sema.promote(*a, *b);
  if (!dtype || *dtype == DType::Key) {
    sema.diagnostics
        .error(join(left.range, right.range), Msg::DtypeMismatch, name,
               describe(a->type) + " and " + describe(b->type))
        .point(pointRange);
    return false;
  }
  lhs = a->type.dtype == *dtype ? *a : sema.builder.convert(*a, *dtype);
  rhs = b->type.dtype == *dtype ? *b : sema.builder.convert(*b, *dtype);
  return true;
}

void reportSizes(Specializer &sema, const Argument &left, const Argument &right,
                 SourceRange pointRange, const ArrayValue &lhs, const ArrayValue &rhs,
                 int64_t leftSize, int64_t rightSize) {
  auto report = sema.diagnostics.error(join(left.range, right.range), Msg::MatmulMismatch,
                                       describe(lhs.type), describe(rhs.type), leftSize, rightSize);
  report.point(pointRange).also(left.range).also(right.range);
  for (const Argument *argument : {&left, &right})
    if (argument->value.origin)
      report.note(argument->value.origin->range, argument->value.origin->description);
}

/// Brings the leading axes of two stacks of matrices to one shape: those that both have, of one
/// size, become batch axes of the product.
bool alignStacks(Builder &builder, ArrayValue &lhs, ArrayValue &rhs) {
  Dims left(lhs.type.dims.begin(), lhs.type.dims.end() - 2);
  Dims right(rhs.type.dims.begin(), rhs.type.dims.end() - 2);
  auto shape = broadcastShapes(left, right);
  if (!shape)
    return false;
  auto spread = [&](ArrayValue &x) {
    Dims dims = *shape;
    dims.insert(dims.end(), x.type.dims.end() - 2, x.type.dims.end());
    x = builder.broadcastTo(x, dims);
  };
  spread(lhs);
  spread(rhs);
  return true;
}

Value product(Specializer &sema, const Argument &left, const Argument &right,
              SourceRange pointRange) {
  ArrayValue lhs, rhs;
  if (!readFactors(sema, left, right, pointRange, "@", lhs, rhs))
    return ErrorValue{};
  int64_t m = lhs.rank(), n = rhs.rank();
  for (const Argument *argument : {&left, &right})
    if (argument->value.array()->isScalar()) {
      sema.diagnostics.error(argument->range, Msg::WrongRank, "a matrix product",
                             "a vector or a matrix on each side (`*` multiplies by a scalar)",
                             describe(argument->value.array()->type));
      return ErrorValue{};
    }
  int64_t leftAxis = m - 1, rightAxis = std::max<int64_t>(n - 2, 0);
  int64_t leftSize = lhs.type.dims[leftAxis], rightSize = rhs.type.dims[rightAxis];
  if (leftSize != rightSize) {
    reportSizes(sema, left, right, pointRange, lhs, rhs, leftSize, rightSize);
    return ErrorValue{};
  }
  Builder &builder = sema.builder;
  // One matrix or vector against a stack needs no repetition of it.
  if (n <= 2)
    return builder.dot(lhs, rhs, {}, {}, {leftAxis}, {rightAxis});
  if (m == 1)
    return builder.dot(lhs, rhs, {}, {}, {0}, {rightAxis});
  if (m == 2) {
    // The rows of the matrix come first; they belong before the columns.
    ArrayValue result = builder.dot(lhs, rhs, {}, {}, {1}, {rightAxis});
    return builder.transpose(result, movedAxis(n, 0, n - 2));
  }
  if (!alignStacks(builder, lhs, rhs)) {
    sema.diagnostics
        .error(join(left.range, right.range), Msg::ShapeMismatch, describe(lhs.type),
               describe(rhs.type))
        .point(pointRange)
        .also(left.range)
        .also(right.range);
    return ErrorValue{};
  }
  int64_t rank = lhs.rank();
  Dims batch = counting(rank - 2);
  return builder.dot(lhs, rhs, batch, batch, {rank - 1}, {rank - 2});
}

Value matmulFunction(BuiltinCall &call) {
  return product(call.sema, call.arguments[0], call.arguments[1], call.calleeRange);
}

/// NumPy's dot: scalars multiply; otherwise the last axis with the last but one, the free axes of
/// the left operand before those of the right one.
Value dotFunction(BuiltinCall &call) {
  const Argument &left = call.arguments[0], &right = call.arguments[1];
  const ArrayValue *a = call[0].array(), *b = call[1].array();
  if (a && b && (a->isScalar() || b->isScalar()))
    return call.sema.binaryOperator("*", call[0], call[1], left.range, right.range,
                                    call.calleeRange);
  ArrayValue lhs, rhs;
  if (!readFactors(call.sema, left, right, call.calleeRange, call.name, lhs, rhs))
    return ErrorValue{};
  int64_t leftAxis = lhs.rank() - 1, rightAxis = std::max<int64_t>(rhs.rank() - 2, 0);
  int64_t leftSize = lhs.type.dims[leftAxis], rightSize = rhs.type.dims[rightAxis];
  if (leftSize != rightSize) {
    reportSizes(call.sema, left, right, call.calleeRange, lhs, rhs, leftSize, rightSize);
    return ErrorValue{};
  }
  return call.sema.builder.dot(lhs, rhs, {}, {}, {leftAxis}, {rightAxis});
}

Value outerFunction(BuiltinCall &call) {
  ArrayValue lhs, rhs;
  if (!readFactors(call.sema, call.arguments[0], call.arguments[1], call.calleeRange, call.name,
                   lhs, rhs))
    return ErrorValue{};
  Builder &builder = call.sema.builder;
  int64_t rows = lhs.type.elementCount(), columns = rhs.type.elementCount();
  return builder.binary("mul",
                        builder.broadcast(builder.reshape(lhs, {rows}), {rows, columns}, {0}),
                        builder.broadcast(builder.reshape(rhs, {columns}), {rows, columns}, {1}));
}

Value traceFunction(BuiltinCall &call) {
  auto x = expectNumber(call, call.arguments[0]);
  auto offset = call.sema.expectKnownInteger(call.arguments[1]);
  if (!x || !offset ||
      !expectRank(call, call.arguments[0], *x, 2, INT64_MAX, "a matrix or a stack of them"))
    return ErrorValue{};
  int64_t rank = x->rank();
  auto first = call.sema.expectAxis(call.arguments[2], rank);
  auto second = call.sema.expectAxis(call.arguments[3], rank);
  if (!first || !second)
    return ErrorValue{};
  if (*first == *second)
    return fail(call, call.arguments[3], Msg::DuplicateAxis, *second);
  Dims permutation;
  for (int64_t i = 0; i < rank; ++i)
    if (i != *first && i != *second)
      permutation.push_back(i);
  permutation.push_back(*first);
  permutation.push_back(*second);
  Builder &builder = call.sema.builder;
  ArrayValue line =
      diagonal(builder, builder.transpose(*x, permutation), clampedOffset(*offset));
  return builder.reduce("reduce_sum", line, {rank - 2});
}

Value notSupportedFunction(BuiltinCall &call) {
  return notSupported(call);
}

const Builtin kTable[] = {
    {"matmul", "matmul(x, y)", matmulFunction},
    {"dot", "dot(x, y)", dotFunction},
    {"einsum", "einsum(subscripts, ...)", einsumFunction},
    {"outer", "outer(x, y)", outerFunction},
    {"trace", "trace(x, offset=0, axis1=0, axis2=1)", traceFunction},
    {"det", "det(x)", notSupportedFunction},
    {"inv", "inv(x)", notSupportedFunction},
    {"solve", "solve(a, b)", notSupportedFunction},
    {"cholesky", "cholesky(x)", notSupportedFunction},
    {"qr", "qr(x)", notSupportedFunction},
    {"eigh", "eigh(x)", notSupportedFunction},
    {"svd", "svd(x)", notSupportedFunction},
    {"triangular_solve", "triangular_solve(a, b, lower=true)", notSupportedFunction},
    {"lstsq", "lstsq(a, b)", notSupportedFunction},
    {"slogdet", "slogdet(x)", notSupportedFunction},
    {"conv", "conv(x, kernel, ...)", notSupportedFunction},
    {"max_pool", "max_pool(x, size, ...)", notSupportedFunction},
    {"avg_pool", "avg_pool(x, size, ...)", notSupportedFunction},
    {"fft", "fft(x)", notSupportedFunction},
    {"rfft", "rfft(x)", notSupportedFunction},
    {"ifft", "ifft(x)", notSupportedFunction},
    {"least_squares", "least_squares(residuals, x0, ...)", notSupportedFunction},
    {"lbfgs", "lbfgs(...)", notSupportedFunction},
};

} // namespace

Value matmul(Specializer &sema, const Value &lhs, const Value &rhs, SourceRange lhsRange,
             SourceRange rhsRange, SourceRange pointRange) {
  return product(sema, {"", {}, lhs, lhsRange}, {"", {}, rhs, rhsRange}, pointRange);
}

std::span<const Builtin> linearBuiltins() {
  return kTable;
}

} // namespace descent::sema
