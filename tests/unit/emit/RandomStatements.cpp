// Statements without loops: reductions, sorts, products, gathers, scatters, vmap, derivatives.
#include "tests/unit/emit/RandomBody.h"

#include <algorithm>
#include <cmath>

namespace descent::fuzz {
namespace {

Dims without(Dims shape, int axis) {
  shape.erase(shape.begin() + axis);
  return shape;
}

Dims with(Dims shape, int axis, int size) {
  shape[static_cast<size_t>(axis)] = size;
  return shape;
}

std::string along(int axis) {
  return ", axis=" + std::to_string(axis);
}

} // namespace

void RandomBody::elementwise() {
  define(expression(anyShape(), 1 + below(3)));
}

void RandomBody::reduction() {
  Known from = someKnown(1);
  if (from.shape.empty())
    return elementwise();
  Known x = expression(from.shape, below(3));
  int axis = below(static_cast<int>(x.shape.size()));
  bool all = chance(6), keep = !all && chance(3);
  int64_t count = all ? sizeOf(x.shape) : x.shape[static_cast<size_t>(axis)];
  Dims shape = all ? Dims() : keep ? with(x.shape, axis, 1) : without(x.shape, axis);
  std::string where = (all ? "" : along(axis)) + (keep ? ", keepdims=true" : "") + ")";
  std::string e = x.text;
  if (count == 0)
    return void(define(pick<std::string>({"sum(", "prod("}) + e + where, shape, 1, true));
  switch (below(isSmooth ? 7 : 11)) {
  case 0:
  case 1:
    define("sum(" + e + where, shape, x.bound * std::sqrt(double(count)), x.isTied);
    break;
  case 2:
    define("mean(" + e + where, shape, x.bound, x.isTied);
    break;
  case 3:
    define("logsumexp(" + e + where, shape, x.bound + std::log(double(count)), x.isTied);
    break;
  case 4:
    define("sqrt(0.1 + var(" + e + where + ")", shape, 1 + x.bound, x.isTied);
    break;
  case 5:
    define("prod(1.0 + sin(" + e + ") / " + std::to_string(count) + ".0" + where, shape, 2.7,
           x.isTied);
    break;
  case 6:
    define("norm(1.5 + sin(" + e + ")" + where, shape, 2.5 * std::sqrt(double(count)), x.isTied);
    break;
  case 7:
    define("max(" + untied(x) + where, shape, x.bound, x.isTied);
    break;
  case 8:
    define("min(" + untied(x) + where, shape, x.bound, x.isTied);
    break;
  case 9:
    define("(" + pick<std::string>({"argmax(", "argmin("}) + untied(x) + where + " / " +
               std::to_string(count) + ".0)",
           shape, 1, true);
    break;
  default:
    define("mean(where(0.1 < " + e + ", 1.0, 0.0)" + where, shape, 1, true);
  }
}

void RandomBody::normalised() {
  Known x = someKnown(1);
  if (x.shape.empty())
    return elementwise();
  int axis = below(static_cast<int>(x.shape.size()));
  std::string e = x.text, a = along(axis), keep = a + ", keepdims=true)";
  int count = x.shape[static_cast<size_t>(axis)];
  switch (below(4)) {
  case 0:
    return void(define("softmax(" + e + a + ")", x.shape, 1, x.isTied));
  case 1:
    return void(
        define("log_softmax(" + e + a + ")", x.shape, 2 * x.bound + std::log(count), x.isTied));
  case 2:
    return void(define("(" + e + " - mean(" + e + keep + ") / sqrt(0.1 + mean((" + e + " - mean(" +
                           e + keep + ")^2" + keep + ")",
                       x.shape, 2 * x.bound, x.isTied));
  default:
    return void(define(e + " / (1.0 + sum((" + e + ")^2" + keep + ")", x.shape, x.bound, x.isTied));
  }
}

void RandomBody::running() {
  Known from = someKnown(1);
  if (from.shape.empty())
    return elementwise();
  Known x = expression(from.shape, below(2));
  int axis = below(static_cast<int>(x.shape.size()));
  int count = std::max(1, x.shape[static_cast<size_t>(axis)]);
  std::string n = std::to_string(count) + ".0";
  switch (below(isSmooth ? 2 : 3)) {
  case 0:
    define("cumsum(" + x.text + along(axis) + ")", x.shape, x.bound * std::sqrt(count) * 2);
    break;
  case 1:
    define("cumprod(1.0 + sin(" + x.text + ") / " + n + along(axis) + ")", x.shape, 2.7, x.isTied);
    break;
  default:
    define("cummax(" + untied(x) + along(axis) + ")", x.shape, x.bound, true);
  }
}

void RandomBody::sorted() {
  Known x = someKnown(1);
  if (x.shape.empty() || isSmooth)
    return elementwise();
  int axis = below(static_cast<int>(x.shape.size()));
  int count = x.shape[static_cast<size_t>(axis)];
  std::string e = untied(x);
  switch (below(6)) {
  case 0:
  case 1:
    define("sort(" + e + along(axis) + (chance(3) ? ", descending=true)" : ")"), x.shape, x.bound);
    break;
  case 2: {
    Known y = operand(x.shape);
    if (x.shape.size() == 1)
      define(y.text + "[argsort(" + e + ")]", x.shape, y.bound, y.isTied);
    else
      define("argsort(" + e + along(axis) + ") / " + std::to_string(count) + ".0", x.shape, 1,
             true);
    break;
  }
  case 3:
    define("median(" + e + along(axis) + ")", without(x.shape, axis), x.bound);
    break;
  case 4: {
    int last = x.shape.back(), k = 1 + below(std::min(last, 20));
    std::string values = fresh("v"), at = fresh("i");
    line("let (" + values + ", " + at + ") = top_k(" + e + ", " + std::to_string(k) + ")");
    known.push_back({values, with(x.shape, int(x.shape.size()) - 1, k), x.bound});
    break;
  }
  default: // the row or element that is the largest
    if (x.shape.size() == 1) {
      Known y = operand(x.shape);
      define(y.text + "[argmax(" + e + ")]", {}, y.bound);
    } else {
      define("quantile(" + e + ", 0." + std::to_string(1 + below(9)) + along(axis) + ")",
             without(x.shape, axis), x.bound);
    }
  }
}

void RandomBody::product() {
  Known x = someKnown(1);
  if (x.shape.empty() || x.shape.size() > 2)
    return elementwise();
  int inner = x.shape.back();
  std::vector<Known> found;
  for (const Known &k : known)
    if (!k.shape.empty() && k.shape.size() <= 2 && k.shape[0] == inner)
      found.push_back(k);
  double bound = std::sqrt(double(inner));
  if (!found.empty() && !chance(4)) {
    Known y = pick(found);
    Dims shape(x.shape.begin(), x.shape.end() - 1);
    shape.insert(shape.end(), y.shape.begin() + 1, y.shape.end());
    if (sizeOf(shape) <= budget && sizeOf(shape) * inner <= 30 * budget) {
      bound *= x.bound * y.bound;
      if (shape.size() == 2 && chance(4))
        define("einsum(\"ij,jk->ik\", " + x.text + ", " + y.text + ")", shape, bound);
      else
        define((chance(3) ? unary(x) : x).text + " @ " + y.text, shape, bound);
      return;
    }
  }
  if (x.shape.size() == 1) {
    Known y = someKnown(1);
    if (y.shape.size() == 1 && int64_t(y.shape[0]) * inner <= budget)
      define("outer(" + x.text + ", " + y.text + ")", {inner, y.shape[0]}, x.bound * y.bound);
    else
      define("dot(" + x.text + ", " + operand(x.shape).text + ")", {}, bound * 4);
    return;
  }
  int n = x.shape[0], m = x.shape[1];
  Known y = operand(x.shape);
  if (n <= m && int64_t(n) * n <= budget)
    define(x.text + " @ " + y.text + ".T", {n, n}, bound * x.bound * y.bound);
  else if (int64_t(m) * m <= budget)
    define(x.text + ".T @ " + y.text, {m, m}, std::sqrt(double(n)) * x.bound * y.bound);
  else
    define("einsum(\"ij,ij->i\", " + x.text + ", " + y.text + ")", {n},
           std::sqrt(double(m)) * x.bound * y.bound);
}

void RandomBody::reshaped() {
  Known x = someKnown(1);
  if (x.shape.empty())
    return elementwise();
  int n = x.shape[0], rank = static_cast<int>(x.shape.size());
  switch (below(7)) {
  case 0:
    return void(define("reshape(" + x.text + ", [-1])", {int(sizeOf(x.shape))}, x.bound, x.isTied));
  case 1:
    if (rank == 2)
      return void(define(x.text + ".T", {x.shape[1], n}, x.bound, x.isTied));
    [[fallthrough]];
  case 2: { // a slice
    int begin = below(n), end = begin + 1 + below(n - begin), by = pick({1, 1, 2, 3});
    std::string range = std::to_string(begin) + ":" + std::to_string(end) +
                        (by > 1 ? ":" + std::to_string(by) : "");
    return void(define(x.text + "[" + range + "]", with(x.shape, 0, (end - begin + by - 1) / by),
                       x.bound, x.isTied));
  }
  case 3:
    if (rank == 2) {
      int begin = below(x.shape[1]), end = begin + 1 + below(x.shape[1] - begin);
      return void(define(x.text + "[:, " + std::to_string(begin) + ":" + std::to_string(end) + "]",
                         {n, end - begin}, x.bound, x.isTied));
    }
    [[fallthrough]];
  case 4: {
    Known y = someKnown(rank);
    if (int(y.shape.size()) == rank && without(y.shape, 0) == without(x.shape, 0) &&
        sizeOf(x.shape) + sizeOf(y.shape) <= budget)
      return void(define("concat((" + expression(x.shape, 1).text + ", " + y.text + "))",
                         with(x.shape, 0, n + y.shape[0]), 4, true));
    return void(define(moved(x.shape)));
  }
  case 5:
    if (2 * sizeOf(x.shape) <= budget) {
      int axis = below(rank + 1);
      Dims shape = x.shape;
      shape.insert(shape.begin() + axis, 2);
      return void(
          define("stack((" + x.text + ", " + operand(x.shape).text + ")" + along(axis) + ")", shape,
                 std::max(x.bound, 2.0), true));
    }
    [[fallthrough]];
  default:
    define(moved(x.shape));
  }
}

void RandomBody::gathered() {
  Known x = someKnown(1);
  if (x.shape.empty())
    return elementwise();
  int count = pick({1, 2, 5, 16, 17, 33, 100, x.shape[0]});
  Dims shape = with(x.shape, 0, count);
  if (sizeOf(shape) > budget)
    return elementwise();
  if (x.shape.size() == 2 && chance(4)) { // elements of rows
    std::string rows = places(count, x.shape[0]), columns = places(count, x.shape[1]);
    return void(define(x.text + "[" + rows + ", " + columns + "]", {count}, x.bound, true));
  }
  define(x.text + "[" + places(count, x.shape[0]) + "]", shape, x.bound, true);
}

void RandomBody::scattered() {
  Known x = someKnown(1);
  if (x.shape.empty())
    return elementwise();
  int n = x.shape[0];
  if (chance(4)) {
    int groups = pick({1, 3, 20, n});
    if (sizeOf(with(x.shape, 0, groups)) <= budget)
      return void(define("segment_sum(" + x.text + ", randint(key(5), [" + std::to_string(n) +
                             "], 0, " + std::to_string(groups) + "), " + std::to_string(groups) +
                             ")",
                         with(x.shape, 0, groups), std::max(1.0, 2.0 * n / groups) * x.bound));
  }
  int total = pick({n, n, n + 3, 2 * n + 1, std::max(1, n / 2), 5});
  if (sizeOf(with(x.shape, 0, total)) > budget)
    total = n;
  Dims shape = with(x.shape, 0, total);
  bool differ = total >= n && chance(2);
  std::string at = differ ? distinct(n, total) : places(n, total);
  Known base = value(shape);
  std::string name = fresh("y");
  line("var " + name + " = " +
       (chance(3) ? "1.0 * " + base.text
                  : pick<std::string>({"zeros(", "ones("}) + listOf(shape) + ")"));
  bool adds = chance(2);
  line(name + "[" + at + "] " + (adds ? "+= 0.3 * " : "= ") + expression(x.shape, below(2)).text);
  if (chance(3))
    line(name + "[" + at + "] " + pick<std::string>({"+= 0.5 * ", "*= 0.1 * "}) +
         value(x.shape).text);
  define("tanh(" + name + ")", shape, 1, true);
}

void RandomBody::mapped() {
  Known x = someKnown(2);
  if (x.shape.size() != 2)
    return elementwise();
  std::string r = fresh("r");
  Dims row{x.shape[1]};
  known.push_back({r, row, x.bound, x.isTied});
  std::string body;
  Dims shape = x.shape;
  Known inner = {r, row, x.bound, x.isTied};
  switch (below(isSmooth ? 6 : 8)) {
  case 0:
    body = "softmax(" + r + ")";
    break;
  case 1:
    body = "0.1 * cumsum(" + r + ")";
    break;
  case 2:
    body = expression(row, 2).text;
    break;
  case 3:
    body = "sum(" + expression(row, 1).text + " * " + r + ")";
    shape = {x.shape[0]};
    break;
  case 4:
    body = r + "[" + places(row[0], row[0]) + "] * mean(" + r + ")";
    break;
  case 5:
    body = pick(vectorHelpers) + "(" + r + ")";
    break;
  case 6:
    body = "sort(" + r + ")";
    break;
  default:
    body = "max(" + r + ") - " + r;
  }
  known.pop_back();
  if (chance(2))
    define("[" + body + " for " + r + " in " + x.text + "]", shape, x.bound * 4, true);
  else
    define("vmap(" + r + " -> " + body + ")(" + x.text + ")", shape, x.bound * 4, true);
}

void RandomBody::derived() {
  Known x = someKnown(chance(3) ? 0 : 1);
  std::string h = x.shape.size() == 1 && chance(2) ? pick(vectorHelpers) : pick(helpers);
  std::string u = fresh("u"), t = operand(x.shape).text;
  std::string loss = u + " -> sum(sin(" + h + "(" + u + ")) * " + t + ")";
  switch (below(7)) {
  case 0:
    return void(define("grad(" + loss + ")(" + x.text + ")", x.shape, 4, true));
  case 1: {
    std::string a = fresh("v"), b = fresh("v");
    line("let (" + a + ", " + b + ") = jvp(" + h + ", " + x.text + ", " + t + ")");
    known.push_back({a, x.shape, 2, true});
    return void(define("tanh(" + b + ")", x.shape, 1, true));
  }
  case 2: {
    std::string a = fresh("v"), b = fresh("v");
    line("let (" + a + ", " + b + ") = vjp(" + h + ", " + x.text + ")");
    return void(define("tanh(" + b + "(" + t + ")) + " + a, x.shape, 3, true));
  }
  case 3:
    return void(define("stop_gradient(" + expression(x.shape, 1).text + ")", x.shape, 4, true));
  case 4:
    return void(define("checkpoint(" + h + ")(" + x.text + ")", x.shape, 2, true));
  case 5: // derivatives of derivatives
    return void(define("tanh(grad(" + u + " -> sum(grad(" + loss + ")(" + u + ") * " + t + "))(" +
                           x.text + "))",
                       x.shape, 1, true));
  default:
    if (x.shape.size() == 1 && x.shape[0] <= 17)
      return void(
          define("tanh(" + pick<std::string>({"jacfwd(", "jacrev("}) + h + ")(" + x.text + "))",
                 {x.shape[0], x.shape[0]}, 1, true));
    std::string a = fresh("v"), b = fresh("v");
    line("let (" + a + ", " + b + ") = jvp(grad(" + loss + "), " + x.text + ", " + t + ")");
    define("tanh(" + a + " + 0.3 * " + b + ")", x.shape, 1, true);
  }
}

void RandomBody::called() {
  Known x = someKnown(0);
  std::string h = x.shape.size() == 1 && chance(2) ? pick(vectorHelpers) : pick(helpers);
  define(h + "(" + expression(x.shape, below(2)).text + ")", x.shape, 2, true);
}

} // namespace descent::fuzz
