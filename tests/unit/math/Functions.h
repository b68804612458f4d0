// The tables that the accuracy tests walk through: each function, its reference and where to look.
#pragma once

#include "tests/unit/math/Reference.h"

#include <ostream>

namespace descent::test {

struct Interval {
  double low;
  double high;
};

struct Unary {
  std::string name;
  float (*f32)(float);
  double (*f64)(double);
  ExactUnary exact;
  /// The same in double within an ulp or so, independent of the code under test: fast enough for
  /// millions of f32 arguments. Null where libm has none.
  double (*libm)(double);
  /// Where most of the random arguments lie (the rest are random bit patterns).
  std::vector<Interval> intervals;
  /// Arguments whose neighbourhoods are tested.
  std::vector<double> critical;
  /// Random f64 arguments: fewer where the reference is slow.
  int samples = 40000;
};

struct Binary {
  std::string name;
  float (*f32)(float, float);
  double (*f64)(double, double);
  ExactBinary exact;
  std::vector<Interval> first;
  std::vector<Interval> second;
  int samples = 40000;
};

/// What GoogleTest prints for a parameter.
inline void PrintTo(const Unary &function, std::ostream *out) {
  *out << function.name;
}
inline void PrintTo(const Binary &function, std::ostream *out) {
  *out << function.name;
}

const std::vector<Unary> &unaryFunctions();
const std::vector<Binary> &binaryFunctions();

} // namespace descent::test
