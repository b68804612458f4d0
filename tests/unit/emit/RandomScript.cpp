#include "tests/unit/emit/RandomScript.h"

#include <initializer_list>
#include <random>
#include <string_view>
#include <vector>

namespace descent::fuzz {
namespace {

using Shape = std::vector<int>;

struct Variable {
  std::string name;
  Shape shape;
};

/// Expressions grow from the shape that is wanted; whatever is made is well-typed.
class Generator {
public:
  explicit Generator(uint64_t seed) : random(seed) {}

  RandomScript script(const std::string &precision) {
    Shape shape = pick<Shape>({{}, {3}, {5}, {2, 3}, {1, 4}, {3, 3}});
    text += "precision " + precision + "\n";
    text += "let c = " + literal({3, 3}) + "\nlet x0 = " + literal(shape) +
            "\nlet t = " + literal(shape) + "\n";
    global = {{"c", {3, 3}}};
    if (chance(2))
      helper();
    text += "fn f(x) = {\n";
    scope = {{"x", shape}, {"c", {3, 3}}};
    for (int count = below(5); count > 0; --count)
      statement("  ");
    // The value depends on x whatever else there is.
    text += "  sum(x * sin(x)) + " + expression({}, 3) + "\n}\n";
    text += "let y = f(x0)\n";
    return {text, R"(let g = grad(f)(x0)
let p = jvp(f, x0, t)
let along = sum(g * t)
)",
            R"(let wide = (f(x0 + 1e-5 * t) - f(x0 - 1e-5 * t)) / 2e-5
let narrow = (f(x0 + 5e-6 * t) - f(x0 - 5e-6 * t)) / 1e-5
)"};
  }

private:
  int below(int bound) { return static_cast<int>(random() % static_cast<uint64_t>(bound)); }
  bool chance(int n) { return below(n) == 0; }
  template <typename T> T pick(std::initializer_list<T> items) {
    return items.begin()[below(static_cast<int>(items.size()))];
  }

  std::string number() {
    return (chance(3) ? "-" : "") + std::to_string(below(2)) + "." + std::to_string(1 + below(9)) +
           std::to_string(below(10));
  }

  /// A list of numbers; those with a sign are no array of one wherever they stand.
  std::string literal(const Shape &shape) {
    if (shape.empty())
      return number();
    std::string result = "[";
    for (int i = 0; i < shape[0]; ++i)
      result += (i ? ", " : "") + literal({shape.begin() + 1, shape.end()});
    return result + "]";
  }

  /// A function of one float array of any shape, to the same shape; it closes over a value.
  void helper() {
    scope = global;
    scope.push_back({"u", {}});
    text += "fn h(u, by = " + number() + ") = tanh(u * by) + " +
            pick<std::string>({"c[1, 2]", "sum(c)", "u"}) + "\n";
    hasHelper = true;
  }

  void statement(const std::string &indent) {
    Shape shape = anyShape();
    std::string name = "v" + std::to_string(names++);
    switch (below(5)) {
    case 0: { // a loop that carries a value
      text += indent + "var " + name + " = " + expression(shape, 2) + "\n";
      scope.push_back({name, shape});
      text += indent + "for i" + name + " in 0.." + std::to_string(below(4)) + " {\n";
      text += indent + "  " + name + " = 0.5 * " + name + " + " + expression(shape, 2) + "\n" +
              indent + "}\n";
      return;
    }
    case 1: { // a loop whose trip count depends on the values
      text += indent + "var " + name + " = " + expression(shape, 2) + "\n";
      text += indent + "var n" + name + " = 0\n";
      scope.push_back({name, shape});
      text += indent + "while n" + name + " < 3 and sum(" + name + ") < " + number() + " {\n";
      text += indent + "  " + name + " = 0.5 * " + name + " + " + expression(shape, 2) + "\n";
      text += indent + "  n" + name + " += 1\n" + indent + "}\n";
      return;
    }
    case 2: // assigned in a branch
      text += indent + "var " + name + " = " + expression(shape, 2) + "\n";
      scope.push_back({name, shape});
      text += indent + "if " + expression({}, 1) + " < " + number() + " {\n" + indent + "  " +
              name + " = " + expression(shape, 2) + "\n" + indent + "}\n";
      return;
    case 3:
      if (!shape.empty() && shape[0] > 0) { // an element of a variable
        text += indent + "var " + name + " = 1.0 * " + expression(shape, 2) + "\n";
        scope.push_back({name, shape});
        Shape row(shape.begin() + 1, shape.end());
        text += indent + name + "[" + std::to_string(below(shape[0])) + "] " +
                pick<std::string>({"=", "+=", "*="}) + " " + expression(row, 2) + "\n";
        return;
      }
      [[fallthrough]];
    default:
      text += indent + "let " + name + " = " + expression(shape, 3) + "\n";
      scope.push_back({name, shape});
    }
  }

  Shape anyShape() {
    return pick<Shape>({{}, {}, {2}, {3}, {2, 3}, {3, 2}, {3, 3}, {1, 3}, {2, 2, 3}});
  }

  static Shape with(int first, Shape shape) {
    shape.insert(shape.begin(), first);
    return shape;
  }

  /// A variable of the shape, made to have it where there is none.
  std::string leaf(const Shape &shape) {
    std::vector<std::string> found;
    for (const Variable &variable : scope)
      if (variable.shape == shape)
        found.push_back(variable.name);
    if (!found.empty() && !chance(4))
      return found[static_cast<size_t>(below(static_cast<int>(found.size())))];
    const Variable &any = scope[static_cast<size_t>(below(static_cast<int>(scope.size())))];
    std::string total = any.shape.empty() ? any.name : "mean(" + any.name + ")";
    if (chance(3))
      return literal(shape);
    if (shape.empty())
      return total;
    std::string dims;
    for (int size : shape)
      dims += (dims.empty() ? "" : ", ") + std::to_string(size);
    return "(" + total + " * " + literal(shape) + ")";
  }

  std::string unary(const Shape &shape, int depth) {
    std::string e = expression(shape, depth);
    switch (below(14)) {
    case 0:
      return "sin(" + e + ")";
    case 1:
      return "tanh(" + e + ")";
    case 2:
      return "exp(-(" + e + ")^2)";
    case 3:
      return "log1p((" + e + ")^2)";
    case 4:
      return "sqrt(1.0 + (" + e + ")^2)";
    case 5:
      return "sigmoid(" + e + ")";
    case 6:
      return "abs(" + e + ")";
    case 7:
      return "relu(" + e + ")";
    case 8:
      return "softplus(" + e + ")";
    case 9:
      return "(-" + e + ")";
    case 10:
      return "clip(" + e + ", -0.7, 0.9)";
    case 11:
      return "(tanh(" + e + ")^3)";
    case 12:
      return "erf(" + e + ")";
    default:
      return "atan(" + e + ")";
    }
  }

  std::string binary(const Shape &shape, int depth) {
    // One side may be smaller and broadcast.
    Shape other = shape;
    if (!shape.empty() && chance(3))
      other.erase(other.begin());
    else if (!shape.empty() && chance(4))
      other.back() = 1;
    std::string a = expression(shape, depth), b = expression(other, depth);
    if (chance(2))
      std::swap(a, b);
    switch (below(6)) {
    case 0:
      return "(" + a + " + " + b + ")";
    case 1:
      return "(" + a + " - " + b + ")";
    case 2:
      return "(tanh(" + a + ") * " + b + ")";
    case 3:
      return "(" + a + " / (2.5 + cos(" + b + ")))";
    case 4:
      return pick<std::string>({"maximum", "minimum"}) + "(" + a + ", " + b + ")";
    default:
      return "where(" + a + " < " + b + ", " + expression(shape, depth - 1) + ", " + a + ")";
    }
  }

  std::string reduction(const Shape &shape, int depth) {
    Shape from = with(pick({1, 2, 3}), shape);
    return pick<std::string>({"sum", "mean", "max", "min", "logsumexp", "prod"}) + "(tanh(" +
           expression(from, depth) + "), axis=0)";
  }

  std::string structured(const Shape &shape, int depth) {
    if (shape.empty())
      switch (below(3)) {
      case 0:
        return "dot(" + expression({3}, depth) + ", tanh(" + expression({3}, depth) + "))";
      case 1:
        return "mean(" + expression(anyShape(), depth) + ")";
      default:
        return expression({3}, depth) + "[" + std::to_string(below(6) - 3) + "]";
      }
    Shape row(shape.begin() + 1, shape.end());
    switch (below(8)) {
    case 0: {
      std::string v = "r" + std::to_string(names++);
      std::string rows = expression(shape, depth);
      scope.push_back({v, row});
      std::string body = expression(row, depth);
      scope.pop_back();
      return chance(2) ? "[" + body + " for " + v + " in " + rows + "]"
                       : "vmap(" + v + " -> " + body + ")(" + rows + ")";
    }
    case 1: {
      std::string result = "[";
      for (int i = 0; i < shape[0]; ++i)
        result += (i ? ", " : "") + expression(row, depth - 1);
      return result + "]";
    }
    case 2:
      return "cumsum(" + expression(shape, depth) + ", axis=0)";
    case 3:
      return expression(shape, depth) + "[::-1]";
    case 4:
      return expression(with(4, row), depth) + "[" + std::to_string(4 - shape[0]) + ":]";
    case 5:
      if (shape.size() == 2)
        return "(tanh(" + expression({shape[0], 3}, depth) + ") @ " +
               expression({3, shape[1]}, depth) + ")";
      if (shape.size() == 1)
        return "(tanh(" + expression({shape[0], 3}, depth) + ") @ " + expression({3}, depth) + ")";
      return "roll(" + expression(shape, depth) + ", 1, axis=0)";
    case 6:
      if (shape.size() == 2)
        return expression({shape[1], shape[0]}, depth) + ".T";
      return "sort(" + expression(shape, depth) + ")";
    default:
      return expression(shape, depth) + "[[" + indices(shape[0]) + "]]";
    }
  }

  std::string indices(int size) {
    std::string result;
    for (int i = 0; i < size; ++i)
      result += (i ? ", " : "") + std::to_string(below(size));
    return result;
  }

  std::string control(const Shape &shape, int depth) {
    switch (below(4)) {
    case 0:
      return "(if " + expression({}, depth - 1) + " < " + number() + " { " +
             expression(shape, depth) + " } else { " + expression(shape, depth) + " })";
    case 1: {
      std::string a = "a" + std::to_string(names++), b = "a" + std::to_string(names++);
      std::string init = expression(shape, depth - 1), rows = expression({3}, depth - 1);
      scope.push_back({a, shape});
      scope.push_back({b, {}});
      std::string body = expression(shape, depth - 1);
      scope.resize(scope.size() - 2);
      return "fold((" + a + ", " + b + ") -> 0.5 * " + a + " + tanh(" + b + ") * " + body + ", " +
             init + ", " + rows + ")";
    }
    case 2: {
      std::string a = "q" + std::to_string(names++);
      std::string given = expression(shape, depth - 1);
      scope.push_back({a, shape});
      std::string body = expression(shape, depth - 1);
      scope.pop_back();
      return "(" + a + " -> " + body + ")(" + given + ")";
    }
    default:
      if (hasHelper)
        return "h(" + expression(shape, depth) + (chance(2) ? ")" : ", by=" + number() + ")");
      return leaf(shape);
    }
  }

  std::string expression(const Shape &shape, int depth) {
    if (depth <= 0 || chance(8))
      return leaf(shape);
    switch (below(10)) {
    case 0:
    case 1:
      return unary(shape, depth - 1);
    case 2:
    case 3:
    case 4:
      return binary(shape, depth - 1);
    case 5:
      return reduction(shape, depth - 1);
    case 6:
    case 7:
      return structured(shape, depth - 1);
    default:
      return control(shape, depth - 1);
    }
  }

  std::mt19937_64 random;
  std::string text;
  std::vector<Variable> scope, global;
  bool hasHelper = false;
  int names = 0;
};

} // namespace

RandomScript randomScript(uint64_t seed, const std::string &precision) {
  return Generator(seed).script(precision);
}

} // namespace descent::fuzz
