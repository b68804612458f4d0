// Formulas over arrays, written as formulas: a Term is an array with the builder that its
// operations go to, and C++'s operators emit the operation of that name.
//
// Terms of one formula have one type; a number stands for an array of it.
#pragma once

#include "frontend/sema/Builder.h"

namespace descent::sema {

class Term {
public:
  Term(Builder &builder, ArrayValue value) : target(&builder), array(std::move(value)) {}

  Builder &builder() const { return *target; }
  const ArrayValue &value() const { return array; }
  const TensorType &type() const { return array.type; }
  operator Value() const { return array; }

  /// `number` in this term's type and shape.
  Term like(double number) const { return {*target, target->splat(number, array.type)}; }
  Term unary(std::string_view operation) const {
    return {*target, target->unary(operation, array)};
  }
  Term binary(std::string_view operation, const Term &other) const {
    return {*target, target->binary(operation, array, other.array)};
  }
  Term compare(std::string_view predicate, const Term &other) const {
    return {*target, target->compare(predicate, array, other.array)};
  }
  Term convert(DType dtype) const { return {*target, target->convert(array, dtype)}; }
  Term bitcast(DType dtype) const { return {*target, target->bitcast(array, dtype)}; }
  /// Broadcast as NumPy would.
  Term to(const std::vector<int64_t> &shape) const {
    return {*target, target->broadcastTo(array, shape)};
  }
  Term reshaped(std::vector<int64_t> dims) const {
    return {*target, target->reshape(array, std::move(dims))};
  }

private:
  Builder *target;
  ArrayValue array;
};

#define DESCENT_TERM_OPERATOR(SYMBOL, METHOD, NAME)                                                \
  inline Term operator SYMBOL(const Term &a, const Term &b) {                                      \
    return a.METHOD(NAME, b);                                                                      \
  }                                                                                                \
  inline Term operator SYMBOL(const Term &a, double b) {                                           \
    return a.METHOD(NAME, a.like(b));                                                              \
  }                                                                                                \
  inline Term operator SYMBOL(double a, const Term &b) {                                           \
    return b.like(a).METHOD(NAME, b);                                                              \
  }
DESCENT_TERM_OPERATOR(+, binary, "add")
DESCENT_TERM_OPERATOR(-, binary, "sub")
DESCENT_TERM_OPERATOR(*, binary, "mul")
DESCENT_TERM_OPERATOR(/, binary, "div")
DESCENT_TERM_OPERATOR(%, binary, "mod")
DESCENT_TERM_OPERATOR(&, binary, "and")
DESCENT_TERM_OPERATOR(|, binary, "or")
DESCENT_TERM_OPERATOR(^, binary, "xor")
DESCENT_TERM_OPERATOR(<<, binary, "shl")
DESCENT_TERM_OPERATOR(>>, binary, "shr")
DESCENT_TERM_OPERATOR(<, compare, "lt")
DESCENT_TERM_OPERATOR(<=, compare, "le")
DESCENT_TERM_OPERATOR(>, compare, "gt")
DESCENT_TERM_OPERATOR(>=, compare, "ge")
DESCENT_TERM_OPERATOR(==, compare, "eq")
DESCENT_TERM_OPERATOR(!=, compare, "ne")
#undef DESCENT_TERM_OPERATOR

inline Term operator-(const Term &x) {
  return x.unary("neg");
}
inline Term operator!(const Term &x) {
  return x.unary("not");
}

inline Term abs(const Term &x) {
  return x.unary("abs");
}
inline Term exp(const Term &x) {
  return x.unary("exp");
}
inline Term log(const Term &x) {
  return x.unary("log");
}
inline Term log1p(const Term &x) {
  return x.unary("log1p");
}
inline Term sqrt(const Term &x) {
  return x.unary("sqrt");
}
inline Term tanh(const Term &x) {
  return x.unary("tanh");
}
inline Term floor(const Term &x) {
  return x.unary("floor");
}
inline Term stopGradient(const Term &x) {
  return x.unary("stop_gradient");
}
inline Term max(const Term &x, const Term &y) {
  return x.binary("max", y);
}
inline Term min(const Term &x, const Term &y) {
  return x.binary("min", y);
}

inline Term select(const Term &condition, const Term &onTrue, const Term &onFalse) {
  return {onTrue.builder(),
          onTrue.builder().select(condition.value(), onTrue.value(), onFalse.value())};
}
inline Term select(const Term &condition, const Term &onTrue, double onFalse) {
  return select(condition, onTrue, onTrue.like(onFalse));
}
inline Term select(const Term &condition, double onTrue, const Term &onFalse) {
  return select(condition, onFalse.like(onTrue), onFalse);
}

} // namespace descent::sema
