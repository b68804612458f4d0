// Random differentiable programs of loops, branches, choices and derivatives in each other.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace descent::derivative::test {

/// Writes a program over arrays of two floats whose values stay small. Conditions of branches
/// depend on counters, so that finite differences do not meet a jump.
class Writer {
public:
  struct Options {
    bool checkpoints = false;
    bool derivatives = true;
    /// Loops run 5 to 8 times, known from the start.
    bool longLoops = false;
  };
  explicit Writer(unsigned seed) : random(seed) {}
  Writer(unsigned seed, Options options) : random(seed), options(options) {}

  /// Operations on %x0 and %x1, two arrays tensor<2xf64>, that end with the definition of %y, a
  /// third.
  std::string write() {
    text = "%zero = descent.constant dense<0> : tensor<i32>\n"
           "%one = descent.constant dense<1> : tensor<i32>\n"
           "%half = descent.constant dense<0.5> : tensor<2xf64>\n"
           "%ones = descent.constant dense<1.0> : tensor<2xf64>\n";
    std::vector<std::string> arrays{"%x0", "%x1", "%half"}, ints{"%zero", "%one"};
    std::string last = statements(arrays, ints, 3, 4);
    return text + "%y = descent.add " + last + ", " + pick(arrays) + " : tensor<2xf64>\n";
  }

private:
  unsigned choose(unsigned n) { return random() % n; }
  const std::string &pick(const std::vector<std::string> &values) {
    return values[choose(values.size())];
  }
  /// Later values are picked more often, so that chains are long.
  std::string recent(const std::vector<std::string> &values) {
    return values[values.size() - 1 - choose(std::min<size_t>(values.size(), 3))];
  }
  std::string fresh() { return "%v" + std::to_string(count++); }
  std::string line(const std::string &operation, const std::string &rest) {
    std::string name = fresh();
    text += name + " = descent." + operation + " " + rest + "\n";
    return name;
  }

  /// Emits statements that extend `arrays`; gives the last value.
  std::string statements(std::vector<std::string> &arrays, const std::vector<std::string> &ints,
                         int depth, int length) {
    for (int i = 0; i < length; ++i)
      arrays.push_back(statement(arrays, ints, depth));
    return arrays.back();
  }

  std::string statement(const std::vector<std::string> &arrays,
                        const std::vector<std::string> &ints, int depth) {
    const std::string type = " : tensor<2xf64>";
    std::string a = recent(arrays), b = pick(arrays);
    if (options.checkpoints && depth > 0 && choose(4) == 0)
      return checkpoint(arrays, ints, depth - 1);
    switch (choose(depth == 0 ? 7 : options.derivatives ? 13 : 11)) {
    case 0:
      return line("sin", a + type);
    case 1:
      return line("tanh", line("add", a + ", " + b + type) + type);
    case 2:
      return line("mul", a + ", " + b + type);
    case 3:
      return line("sub", a + ", " + b + type);
    case 4: {
      std::string d = line("mul", b + ", " + b + type);
      return line("div", a + ", " + line("add", d + ", %ones" + type) + type);
    }
    case 5:
      return chosen(a, b, arrays, type);
    case 6:
      return moved(a, b, ints);
    case 7:
    case 8:
      return forLoop(arrays, ints, depth - 1);
    case 9:
      return whileLoop(arrays, ints, depth - 1);
    case 10:
      return branch(arrays, ints, depth - 1);
    default:
      return derivative(arrays, ints, depth - 1);
    }
  }

  /// where(c > 0, log(c), b) - c, whose other side is nan or infinite at times.
  std::string chosen(const std::string &a, const std::string &b,
                     const std::vector<std::string> &arrays, const std::string &type) {
    std::string zeros = line("sub", a + ", " + a + type);
    std::string c = line("sub", a + ", " + pick(arrays) + type);
    std::string shifted = line("add", c + ", %half" + type);
    std::string condition = line("compare gt", c + ", " + zeros + type);
    std::string logarithm = line("log", shifted + type);
    return line("select",
                condition + ", " + logarithm + ", " + b + " : tensor<2xi1>, tensor<2xf64>");
  }

  /// An element at a position that depends on a counter is read, doubled and written elsewhere.
  std::string moved(const std::string &a, const std::string &b,
                    const std::vector<std::string> &ints) {
    std::string from = pick(ints), to = pick(ints);
    std::string box =
        line("dynamic_slice",
             a + "[" + from + "] sizes [1] : tensor<2xf64>, tensor<i32> to tensor<1xf64>");
    std::string sine = line("sin", box + " : tensor<1xf64>");
    return line("update",
                b + ", " + sine + "[" + to + "] : tensor<2xf64>, tensor<1xf64>, tensor<i32>");
  }

  std::string damped(const std::string &a) { return line("tanh", a + " : tensor<2xf64>"); }

  std::string forLoop(std::vector<std::string> arrays, std::vector<std::string> ints, int depth) {
    std::string upper = line("add", pick(ints) + ", %one : tensor<i32>");
    std::string bound = choose(2) ? upper : line("add", upper + ", %one : tensor<i32>");
    if (options.longLoops)
      bound = line("constant", "dense<" + std::to_string(5 + choose(4)) + "> : tensor<i32>");
    std::string zero = options.longLoops ? line("constant", "dense<0> : tensor<i32>") : "%zero";
    std::string first = recent(arrays), second = pick(arrays), result = fresh();
    std::string p = fresh(), q = fresh(), i = fresh();
    text += result + ":2 = descent.for " + zero + " to " + bound + " iter(" + first + ", " +
            second + ") : tensor<i32>, (tensor<2xf64>, tensor<2xf64>) {\n^bb0(" + i +
            ": tensor<i32>, " + p + ": tensor<2xf64>, " + q + ": tensor<2xf64>):\n";
    ints.push_back(i);
    arrays.push_back(q);
    arrays.push_back(p);
    std::string last = damped(statements(arrays, ints, depth, 2));
    std::string other = choose(2) ? p : pick(arrays);
    text += "descent.yield " + last + ", " + other +
            " : tensor<2xf64>, tensor<2xf64>\n} to (tensor<2xf64>, tensor<2xf64>)\n";
    return choose(3) ? result + "#0" : result + "#1";
  }

  std::string whileLoop(std::vector<std::string> arrays, std::vector<std::string> ints, int depth) {
    std::string bound = line("add", pick(ints) + ", %one : tensor<i32>");
    std::string init = recent(arrays), result = fresh(), p = fresh(), n = fresh(), c = fresh();
    std::string p2 = fresh(), n2 = fresh();
    text += result + ":2 = descent.while iter(" + init +
            ", %zero) : (tensor<2xf64>, tensor<i32>) {\n^bb0(" + p + ": tensor<2xf64>, " + n +
            ": tensor<i32>):\n" + c + " = descent.compare lt " + n + ", " + bound +
            " : tensor<i32>\ndescent.yield " + c + " : tensor<i1>\n} do {\n^bb0(" + p2 +
            ": tensor<2xf64>, " + n2 + ": tensor<i32>):\n";
    ints.push_back(n2);
    arrays.push_back(p2);
    std::string last = damped(statements(arrays, ints, depth, 2));
    std::string next = line("add", n2 + ", %one : tensor<i32>");
    text += "descent.yield " + last + ", " + next +
            " : tensor<2xf64>, tensor<i32>\n} to (tensor<2xf64>, tensor<i32>)\n";
    return result + "#0";
  }

  std::string branch(std::vector<std::string> arrays, const std::vector<std::string> &ints,
                     int depth) {
    std::string condition = line("compare eq", pick(ints) + ", " + pick(ints) + " : tensor<i32>");
    std::string result = fresh();
    text += result + " = descent.if " + condition + " : tensor<i1> to (tensor<2xf64>) {\n";
    std::vector<std::string> inside = arrays;
    std::string value = statements(inside, ints, depth, 2);
    text += "descent.yield " + value + " : tensor<2xf64>\n} else {\n";
    inside = arrays;
    value = choose(2) ? pick(arrays) : statements(inside, ints, depth, 1);
    text += "descent.yield " + value + " : tensor<2xf64>\n}\n";
    return result;
  }

  std::string derivative(std::vector<std::string> arrays, const std::vector<std::string> &ints,
                         int depth) {
    bool forward = choose(2);
    std::string at = recent(arrays), direction = pick(arrays), result = fresh(), p = fresh();
    std::string seeds = forward ? "tangents" : "cotangents";
    text += result + ":2 = descent." + (forward ? "jvp" : "vjp") + "(" + at + ") " + seeds + "(" +
            direction + ") : (tensor<2xf64>) " + seeds + " (tensor<2xf64>) {\n^bb0(" + p +
            ": tensor<2xf64>):\n";
    arrays.push_back(p);
    std::string value = statements(arrays, ints, depth, 2);
    text += "descent.yield " + value + " : tensor<2xf64>\n} to (tensor<2xf64>, tensor<2xf64>)\n";
    return damped(result + "#1");
  }

  /// Nothing is captured: constants go in, and have other names inside.
  std::string checkpoint(const std::vector<std::string> &arrays,
                         const std::vector<std::string> &ints, int depth) {
    std::string result = fresh(), p = fresh(), q = fresh(), i = fresh(), suffix = result.substr(1);
    std::string first = recent(arrays), second = pick(arrays);
    // What goes in twice has its cotangents added up in another order.
    if (second == first)
      second = "%half";
    text += result + ":2 = descent.checkpoint(" + first + ", " + second + ", " + pick(ints) +
            ", %zero, %one, %half, %ones) : (tensor<2xf64>, tensor<2xf64>, tensor<i32>, "
            "tensor<i32>, tensor<i32>, tensor<2xf64>, tensor<2xf64>) {\n";
    size_t begin = text.size();
    text += "^bb0(" + p + ": tensor<2xf64>, " + q + ": tensor<2xf64>, " + i +
            ": tensor<i32>, %zero: tensor<i32>, %one: tensor<i32>, %half: tensor<2xf64>, "
            "%ones: tensor<2xf64>):\n";
    std::vector<std::string> inside{"%half", q, p};
    std::string last = damped(statements(inside, {"%one", i}, depth, 2));
    text += "descent.yield " + last + ", " + pick(inside) +
            " : tensor<2xf64>, tensor<2xf64>\n} to (tensor<2xf64>, tensor<2xf64>)\n";
    for (const char *name : {"%zero", "%one", "%half", "%ones"})
      rename(begin, name, suffix);
    return line("mul", result + "#0, " + result + "#1 : tensor<2xf64>");
  }

  /// Appends a suffix to a name, from a position on.
  void rename(size_t begin, const std::string &name, const std::string &suffix) {
    for (size_t at = text.find(name, begin); at != std::string::npos; at = text.find(name, at + 1))
      if (char next = text[at + name.size()]; !isalnum(next) && next != '_')
        text.insert(at + name.size(), "_" + suffix);
  }

  std::mt19937 random;
  Options options;
  std::string text;
  unsigned count = 0;
};

} // namespace descent::derivative::test
