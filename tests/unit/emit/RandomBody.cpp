// What expressions are made of: values, moved and broadcast ones, functions of elements.
#include "tests/unit/emit/RandomBody.h"

#include <algorithm>
#include <cmath>

namespace descent::fuzz {

std::string RandomBody::number() {
  return (chance(3) ? "-" : "") + std::to_string(below(2)) + "." + std::to_string(1 + below(9)) +
         std::to_string(below(10));
}

int64_t RandomBody::sizeOf(const Dims &shape) {
  int64_t size = 1;
  for (int dim : shape)
    size *= dim;
  return size;
}

std::string RandomBody::listOf(const Dims &shape) {
  std::string result;
  for (int dim : shape)
    result += (result.empty() ? "" : ", ") + std::to_string(dim);
  return "[" + result + "]";
}

Dims RandomBody::anyShape() {
  return chance(8) ? Dims() : chance(2) ? someKnown(0).shape : pick(known).shape;
}

/// The newest few are taken more often, so that there are chains.
Known RandomBody::someKnown(int leastRank) {
  for (int tries = 0; tries < 20; ++tries) {
    int count = static_cast<int>(known.size());
    int back = chance(2) ? below(std::min(count, 4)) : below(count);
    const Known &found = known[static_cast<size_t>(count - 1 - back)];
    if (static_cast<int>(found.shape.size()) >= leastRank && sizeOf(found.shape) > 0)
      return found;
  }
  for (const Known &found : known)
    if (static_cast<int>(found.shape.size()) >= leastRank && sizeOf(found.shape) > 0)
      return found;
  return {number(), {}, 2};
}

/// Any value of the shape; numbers of its own where there is none.
Known RandomBody::value(const Dims &shape) {
  std::vector<Known> found;
  for (const Known &k : known)
    if (k.shape == shape)
      found.push_back(k);
  if (!found.empty() && !chance(10))
    return chance(2) ? found.back() : pick(found);
  if (shape.empty())
    return scalar();
  std::string count = std::to_string(sizeOf(shape)) + ".0";
  std::string numbers = "0.6 * sin(" + std::to_string(1 + below(3)) + "." +
                        std::to_string(1 + below(9)) + " * arange(" + count + "))";
  if (shape.size() > 1)
    numbers = "reshape(" + numbers + ", " + listOf(shape) + ")";
  return {"(" + numbers + ")", shape, 0.6};
}

Known RandomBody::scalar() {
  if (chance(4))
    return {number(), {}, 2};
  const Known &x = pick(known);
  if (x.shape.empty())
    return x;
  if (sizeOf(x.shape) == 0)
    return {"sum(" + x.text + ")", {}, 0, true};
  if (chance(3) && x.shape.size() == 1)
    return {x.text + "[" + std::to_string(below(x.shape[0]) - (chance(2) ? x.shape[0] : 0)) + "]",
            {},
            x.bound};
  return {pick<std::string>({"mean", "mean", "mean", isSmooth ? "mean" : "max"}) + "(" + x.text +
              ")",
          {},
          x.bound};
}

/// Of the shape, or one that broadcasts to it.
Known RandomBody::smaller(const Dims &shape) {
  Dims other = shape;
  if (!shape.empty() && chance(2))
    other.erase(other.begin(), other.begin() + 1 + below(static_cast<int>(shape.size())));
  else if (!shape.empty() && chance(2))
    other[static_cast<size_t>(below(static_cast<int>(shape.size())))] = 1;
  for (const Known &k : known)
    if (k.shape == other && chance(2))
      return k;
  // A row or column of something.
  if (shape.size() == 2 && other == Dims{shape[0], 1})
    for (const Known &k : known)
      if (k.shape == Dims{shape[0]} && chance(2))
        return {k.text + "[:, newaxis]", other, k.bound, k.isTied};
  for (const Known &k : known)
    if (k.shape == shape && other.size() == shape.size() && sizeOf(shape) > 0)
      for (size_t d = 0; d < shape.size(); ++d)
        if (other[d] != shape[d])
          return {"mean(" + k.text + ", axis=" + std::to_string(d) + ", keepdims=true)", other,
                  k.bound, k.isTied};
  return value(shape.empty() || chance(2) ? Dims() : other);
}

/// So many places below `size`, some perhaps several times.
std::string RandomBody::places(int count, int size) {
  std::string n = std::to_string(count), s = std::to_string(size);
  switch (below(count <= 6 ? 5 : 4)) {
  case 0:
  case 1:
    return "randint(key(" + std::to_string(below(99)) + "), [" + n + "], 0, " + s + ")";
  case 2:
    return "(arange(" + n + ") * " + std::to_string(1 + below(4)) + " + " +
           std::to_string(below(5)) + ") % " + s;
  case 3:
    return count <= size ? distinct(count, size) : "arange(" + n + ") // 2 % " + s;
  default: {
    std::string list = "[";
    for (int i = 0; i < count; ++i)
      list += (i ? ", " : "") + std::to_string(below(size));
    return list + "]";
  }
  }
}

/// As many different places below `size` as there are.
std::string RandomBody::distinct(int count, int size) {
  std::string k = std::to_string(below(99)), s = std::to_string(size), n = std::to_string(count);
  std::string order = chance(2) ? "permutation(key(" + k + "), " + s + ")"
                                : "argsort(normal(key(" + k + "), [" + s + "]))";
  if (count == size)
    return pick<std::string>({order, order, "arange(" + s + ")", "arange(" + s + ")[::-1]"});
  if (2 * count <= size && chance(2))
    return pick<std::string>(
        {order + "[::2][:" + n + "]", "2 * permutation(key(" + k + "), " + n + ")"});
  return chance(2) ? order + "[:" + n + "]" : order + "[" + std::to_string(size - count) + ":]";
}

/// Elements from other places: where several operations read one array in different orders.
Known RandomBody::moved(const Dims &shape) {
  if (shape.empty())
    return scalar();
  int n = shape[0];
  int axis = below(static_cast<int>(shape.size()));
  std::string along = ", axis=" + std::to_string(axis);
  if (sizeOf(shape) == 0)
    return value(shape);
  switch (below(12)) {
  case 0: {
    Known x = value(shape);
    return {"roll(" + x.text + ", " + std::to_string(below(7) - 3) + along + ")", shape, x.bound,
            x.isTied};
  }
  case 1: {
    Known x = value(shape);
    return {chance(2) ? x.text + "[::-1]" : "flip(" + x.text + along + ")", shape, x.bound,
            x.isTied};
  }
  case 2: {
    Known x = value(shape);
    std::string cut = std::to_string(1 + below(n));
    return {"concat((" + x.text + "[" + cut + ":], " + x.text + "[:" + cut + "]))", shape, x.bound,
            x.isTied};
  }
  case 3: {
    Known x = value(shape);
    int cut = below(std::min(n, 4));
    std::string rest = shape.size() == 1 ? "" : shape.size() == 2 ? ", (0, 0)" : ", (0, 0), (0, 0)";
    bool front = chance(2);
    std::string c = std::to_string(cut);
    std::string part = x.text + (front ? "[:" + std::to_string(n - cut) + "]" : "[" + c + ":]");
    std::string widths = front ? "(" + c + ", 0)" : "(0, " + c + ")";
    std::string mode = pick<std::string>({"", "", ", constant_values=0.3", ", mode=\"edge\""});
    return {"pad(" + part + ", (" + widths + (rest.empty() ? "," : rest) + ")" + mode + ")", shape,
            std::max(x.bound, 0.3), true};
  }
  case 4: // out of a larger one
    for (size_t i = known.size(); i-- > 0;) {
      const Known &k = known[i];
      if (k.shape.size() != shape.size() || k.shape[0] <= n ||
          !std::equal(shape.begin() + 1, shape.end(), k.shape.begin() + 1))
        continue;
      int more = k.shape[0] - n, start = below(more + 1);
      if (2 * n <= k.shape[0] && chance(2))
        return {k.text + "[::2][:" + std::to_string(n) + "]", shape, k.bound, k.isTied};
      std::string part =
          k.text + "[" + std::to_string(start) + ":" + std::to_string(start + n) + "]";
      return {part + (chance(3) ? "[::-1]" : ""), shape, k.bound, k.isTied};
    }
    break;
  case 5: // out of smaller ones
    for (size_t i = known.size(); i-- > 0;) {
      const Known &k = known[i];
      if (k.shape.size() != shape.size() || k.shape[0] >= n || k.shape[0] == 0 ||
          !std::equal(shape.begin() + 1, shape.end(), k.shape.begin() + 1))
        continue;
      Dims rest = shape;
      rest[0] = n - k.shape[0];
      Known other = value(rest);
      return {"concat((" + k.text + ", " + other.text + "))", shape, std::max(k.bound, other.bound),
              true};
    }
    break;
  case 6:
    if (shape.size() == 2)
      for (const Known &k : known)
        if (k.shape == Dims{shape[1], shape[0]} && chance(2))
          return {k.text + ".T", shape, k.bound, k.isTied};
    break;
  case 7:
    for (const Known &k : known)
      if (k.shape != shape && sizeOf(k.shape) == sizeOf(shape) && chance(2))
        return {"reshape(" + k.text + ", " + listOf(shape) + ")", shape, k.bound, k.isTied};
    break;
  case 8:
  case 9: { // rows taken
    Known k = someKnown(static_cast<int>(shape.size()));
    if (k.shape.size() != shape.size() ||
        !std::equal(shape.begin() + 1, shape.end(), k.shape.begin() + 1))
      break;
    return {k.text + "[" + places(n, k.shape[0]) + "]", shape, k.bound, true};
  }
  case 10:
    if (n % 2 == 0 && n > 0) {
      Dims half = shape;
      half[0] = n / 2;
      Known x = value(half);
      if (chance(2) && shape.size() == 1)
        return {"tile(" + x.text + ", 2)", shape, x.bound, true};
      return {"repeat(" + x.text + ", 2, axis=0)", shape, x.bound, true};
    }
    break;
  default:
    if (shape.size() == 2) {
      Known x = value(shape);
      return {pick<std::string>({"tril(", "triu("}) + x.text + ", " + std::to_string(below(3) - 1) +
                  ")",
              shape, x.bound, true};
    }
  }
  return value(shape);
}

Known RandomBody::operand(const Dims &shape) {
  return chance(3) ? moved(shape) : value(shape);
}

Known RandomBody::unary(const Known &x) {
  std::string e = x.text;
  double b = x.bound;
  switch (below(isSmooth ? 14 : 18)) {
  case 0:
    return {"sin(" + e + ")", x.shape, std::min(b, 1.0), x.isTied};
  case 1:
    return {"tanh(" + e + ")", x.shape, std::min(b, 1.0), x.isTied};
  case 2:
    return {"exp(-(" + e + ")^2)", x.shape, 1, x.isTied};
  case 3:
    return {"log1p((" + e + ")^2)", x.shape, std::log1p(b * b), x.isTied};
  case 4:
    return {"sqrt(1.0 + (" + e + ")^2)", x.shape, 1 + b, x.isTied};
  case 5:
    return {"sigmoid(" + e + ")", x.shape, 1, x.isTied};
  case 6:
    return {"softplus(" + e + ")", x.shape, 1 + b, x.isTied};
  case 7:
    return {"(-" + e + ")", x.shape, b, x.isTied};
  case 8:
    return {"(" + number() + " * " + e + ")", x.shape, 2 * b, x.isTied};
  case 9:
    return {"erf(" + e + ")", x.shape, std::min(1.2 * b, 1.0), x.isTied};
  case 10:
    return {"(0.3 * (" + e + ")^3)", x.shape, 0.3 * b * b * b, x.isTied};
  case 11:
    return {"atan2(" + e + ", 1.5)", x.shape, std::min(b, 1.6), x.isTied};
  case 12:
    return {pick<std::string>({"gelu(", "silu("}) + e + ")", x.shape, b + 0.2, x.isTied};
  case 13:
    return {"(1.0 / (1.5 + (" + e + ")^2))", x.shape, 1, x.isTied};
  case 14:
    return {"abs(" + e + ")", x.shape, b, x.isTied};
  case 15:
    return {"relu(" + e + ")", x.shape, b, true};
  case 16:
    return {"clip(" + e + ", -0.7, 0.9)", x.shape, std::min(b, 1.0), true};
  default:
    return {"where(" + e + " > " + number() + ", " + e + ", 0.5 * sin(" + e + "))", x.shape,
            std::max(b, 1.0), true};
  }
}

Known RandomBody::expression(const Dims &shape, int depth) {
  if (depth <= 0)
    return operand(shape);
  if (chance(3))
    return unary(expression(shape, depth - 1));
  Known a = expression(shape, depth - 1);
  Known b = chance(2) ? smaller(shape) : expression(shape, depth - 1);
  bool tied = a.isTied && b.isTied;
  switch (below(isSmooth ? 6 : 9)) {
  case 0:
    return {"(" + a.text + " + " + b.text + ")", shape, a.bound + b.bound, tied};
  case 1:
    return {"(" + a.text + " - " + b.text + ")", shape, a.bound + b.bound, tied};
  case 2:
    return {"(" + b.text + " - " + a.text + ")", shape, a.bound + b.bound, tied};
  case 3:
    return {"(" + a.text + " * " + b.text + ")", shape, a.bound * b.bound, tied};
  case 4:
    return {"(" + a.text + " / (2.5 + cos(" + b.text + ")))", shape, a.bound, tied};
  case 5:
    return {"(" + number() + " * " + b.text + " + " + a.text + ")", shape, 2 * b.bound + a.bound,
            tied};
  case 6:
    return {pick<std::string>({"maximum(", "minimum("}) + a.text + ", " + b.text + ")", shape,
            std::max(a.bound, b.bound), true};
  case 7:
    return {"hypot(0.5 + abs(" + a.text + "), " + b.text + ")", shape, 0.5 + a.bound + b.bound,
            tied};
  default: {
    Known c = operand(shape);
    return {"where(" + a.text + " < " + b.text + ", " + c.text + ", " + a.text + ")", shape,
            std::max(a.bound, c.bound), true};
  }
  }
}

/// With noise of its own, so that no two elements are equal.
std::string RandomBody::untied(const Known &x) {
  if (!x.isTied || x.shape.empty())
    return x.text;
  return "(" + x.text + " + 0.3 * normal(key(" + std::to_string(100 + below(99)) + "), " +
         listOf(x.shape) + "))";
}

std::string RandomBody::row(const Known &of, const std::string &at) {
  return of.text + "[" + at + "]";
}

Known RandomBody::define(Known expression) {
  if (expression.bound > 2.5) {
    double factor = std::pow(2.0, -std::ceil(std::log2(expression.bound)));
    expression.text = std::to_string(std::max(factor, 0.0005)) + " * " + expression.text;
    expression.bound = 1;
  }
  std::string name = fresh("v");
  line("let " + name + " = " + expression.text);
  expression.text = name;
  known.push_back(expression);
  return expression;
}

Known RandomBody::define(std::string expression, Dims shape, double bound, bool isTied) {
  return define({std::move(expression), std::move(shape), bound, isTied});
}

} // namespace descent::fuzz
