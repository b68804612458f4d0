// Statements with loops and branches, and the functions of random scripts.
#include "tests/unit/emit/RandomBody.h"

#include <algorithm>
#include <cmath>

namespace descent::fuzz {

Known RandomBody::variable(const Known &from) {
  Known result = from;
  result.text = fresh("a");
  line("var " + result.text + " = " + (from.bound > 2 ? "0.4 * " : "1.0 * ") + from.text);
  result.bound = 2;
  result.isTied = true;
  return result;
}

/// At most half of what it was and something of at most one.
std::string RandomBody::step(const Known &a, const std::string &counter) {
  const Dims &shape = a.shape;
  std::string old = a.text;
  Known other = expression(shape, below(3));
  std::string more = "tanh(" + other.text + ")";
  if (shape.empty() || sizeOf(shape) == 0)
    return pick<std::string>(
        {"0.5 * " + old + " + " + more, "sin(" + old + " + 0.1 * " + counter + ") * " + more});
  int axis = below(static_cast<int>(shape.size()));
  std::string along = ", axis=" + std::to_string(axis), keep = along + ", keepdims=true)";
  std::string n = std::to_string(shape[static_cast<size_t>(axis)]) + ".0";
  std::string shift = std::to_string(1 + below(3));
  switch (below(isSmooth ? 14 : 16)) {
  case 0:
    return "0.5 * " + old + " + " + more;
  case 1:
    return "0.5 * roll(" + old + ", " + shift + along + ") + " + more;
  case 2:
    return "0.3 * " + old + "[::-1] + 0.2 * " + old + " + " + more;
  case 3:
    return "sin(" + old + " + 0.1 * " + counter + ") + 0.5 * " + more;
  case 4:
    return "0.5 * " + old + " - 0.1 * mean(" + old + " * " + other.text + ") * " + more;
  case 5:
    return "softmax(" + old + along + ") * " + more;
  case 6:
    return "0.6 * " + old + " - 0.2 * mean(" + old + keep + " + 0.3 * " + more;
  case 7:
    return old + " / (1.0 + sum(" + old + "^2" + keep + ") + 0.5 * " + more;
  case 8:
    return "0.5 * " + old + " + cumsum(" + more + along + ") / " + n;
  case 9: {
    Known from = moved(shape);
    return "0.5 * " + from.text + " / " + std::to_string(std::max(1.0, from.bound)) + " + 0.4 * " +
           old;
  }
  case 10: // a row or element that the counter chooses
    return "0.5 * " + old + " + 0.3 * " + old + "[" + counter + " % " + std::to_string(shape[0]) +
           "]";
  case 11: {
    std::string back = std::to_string(1 + below(std::min(shape[0], 3)));
    Dims part = shape;
    part[0] = std::stoi(back);
    return "0.7 * concat((tanh(" + operand(part).text + "), " + old +
           "[:" + std::to_string(shape[0] - part[0]) + "])) + 0.1 * " + more;
  }
  case 12: // other rows in each iteration
    return "0.6 * " + old + " + 0.3 * " + value(shape).text + "[randint(fold_in(key(3), " +
           counter + "), [" + std::to_string(shape[0]) + "], 0, " + std::to_string(shape[0]) + ")]";
  case 13:
    if (shape.size() == 2)
      for (const Known &k : known)
        if (k.shape == Dims{shape[1], shape[1]} && sizeOf(shape) * shape[1] <= 10 * budget)
          return "0.5 * tanh(" + old + " @ " + k.text + ") + 0.5 * " + more;
    return pick(helpers) + "(" + old + ") + 0.3 * " + more;
  case 14:
    return "0.5 * sort(" + old + along + ") + 0.4 * " + more;
  default:
    return "where(" + old + " < 0.2, 0.5 * " + old + ", 0.9 * " + more + ")";
  }
}

/// Some statements of a loop or branch of their own, of any kind.
void RandomBody::inside() {
  if (depth > 1)
    return;
  ++depth;
  for (int count = below(depth == 1 ? 4 : 2); count > 0; --count)
    statement();
  --depth;
}

/// A loop whose variables change as a whole.
void RandomBody::stateLoop() {
  Known a = variable(value(anyShape()));
  std::string i = fresh("i");
  bool two = chance(3);
  Known b = two ? variable(value(chance(2) ? a.shape : anyShape())) : a;
  line("for " + i + " in 0.." + std::to_string(pick({0, 1, 2, 3, 3, 4, 7})) + " {");
  indent += "  ";
  size_t count = known.size();
  known.push_back(a);
  if (two)
    known.push_back(b);
  inside();
  if (two && a.shape == b.shape && chance(2)) { // they change places
    std::string old = fresh("t");
    line("let " + old + " = " + a.text);
    line(a.text + " = " + step(b, i));
    line(b.text + " = " + old);
  } else {
    line(a.text + " = " + step(a, i));
    if (two)
      line(b.text + " = " + step(b, i));
  }
  if (chance(5)) {
    std::string j = fresh("i");
    line("for " + j + " in 0.." + std::to_string(below(4)) + " {");
    indent += "  ";
    line(a.text + " = " + step(a, j));
    indent.resize(indent.size() - 2);
    line("}");
  }
  known.resize(count);
  indent.resize(indent.size() - 2);
  line("}");
  known.push_back(a);
  if (two)
    known.push_back(b);
}

/// Rows, columns or elements written in place.
void RandomBody::rowLoop() {
  Known from = someKnown(1);
  if (from.shape.empty())
    return elementwise();
  Known a = variable(from);
  int n = a.shape[0], rank = static_cast<int>(a.shape.size());
  std::string i = fresh("i"), size = std::to_string(n);
  int trips = pick({1, 2, 3, n, n, n - 1, 5, 20});
  trips = std::min({trips, 40, n});
  line("for " + i + " in 0.." + std::to_string(trips) + " {");
  indent += "  ";
  size_t count = known.size();
  known.push_back(a);
  Dims rest(a.shape.begin() + 1, a.shape.end());
  for (int times = 1 + below(2); times > 0; --times) {
    auto place = [&] {
      return pick<std::string>({i, i, "-1 - " + i, "(" + i + " * 3 + 1) % " + size,
                                "(" + i + " + 1) % " + size, "0", "-1",
                                "(" + i + " - 1) % " + size});
    };
    if (rank == 2 && chance(4)) { // columns
      std::string m = std::to_string(a.shape[1]);
      std::string at = i + " % " + m,
                  other = "(" + i + " + " + std::to_string(below(3)) + ") % " + m;
      line(a.text + "[:, " + at + "] = 0.5 * " + a.text + "[:, " + other + "] + tanh(" +
           operand({n}).text + ")");
      continue;
    }
    if (rank == 2 && chance(5)) { // elements
      std::string m = std::to_string(a.shape[1]);
      line(a.text + "[" + place() + ", " + i + " % " + m + "] = 0.5 * " + a.text + "[" + place() +
           ", (" + i + " + 1) % " + m + "] + " + number());
      continue;
    }
    if (n > 4 && chance(5)) { // a few rows
      Dims part = a.shape;
      part[0] = 3;
      std::string more = operand(part).text, begin = fresh("b");
      if (chance(3)) {
        line("let " + begin + " = " + i + " % " + std::to_string(n - 2));
        line(a.text + "[" + begin + ":" + begin + " + 3] = tanh(" + more + ") + 0.5 * " + a.text +
             "[:3]");
      } else if (chance(2)) {
        line(a.text + "[" + places(3, n) + "] += 0.1 * " + more);
      } else {
        line(a.text + "[:3] = 0.5 * " + a.text + "[" + std::to_string(n - 3) + ":] + 0.3 * tanh(" +
             more + ")");
      }
      continue;
    }
    std::string read = a.text + "[" + place() + "]";
    std::string with = chance(3) ? "mean(" + a.text + ", axis=0)" : operand(rest).text;
    std::string line_ = a.text + "[" + place() + "] ";
    switch (below(5)) {
    case 0:
      line(line_ + "= 0.5 * " + read + " + tanh(" + with + ")");
      break;
    case 1:
      line(line_ + "+= 0.1 * " + read + " * tanh(" + with + ")");
      break;
    case 2:
      line(line_ + "*= 0.5 + 0.4 * tanh(" + with + " + " + read + ")");
      break;
    case 3:
      line(line_ + "= sin(" + read + " + " + value(a.shape).text + "[" + place() + "])");
      break;
    default:
      line(line_ + "= 0.4 * " + read + " + 0.4 * " + a.text + "[" + place() + "]" +
           (chance(2) ? " + 0.1 * sum(tanh(" + with + "))" +
                            (rest.empty() ? "" : " / " + std::to_string(sizeOf(rest)) + ".0")
                      : ""));
    }
  }
  if (chance(4))
    line(a.text + " = " + step(a, i));
  known.resize(count);
  indent.resize(indent.size() - 2);
  line("}");
  known.push_back(a);
}

/// Numbers carried through many iterations, and elements each of which goes its own way.
void RandomBody::numberLoop() {
  Known x = someKnown(1);
  if (x.shape.empty())
    return elementwise();
  int n = x.shape[0];
  std::string i = fresh("i"), count = std::to_string(pick({1, 5, 17, 30}));
  std::string at = "[" + i + " % " + std::to_string(n) + "]";
  if (chance(2) && x.shape.size() == 1) { // over points
    Known y = variable(value(anyShape()));
    std::string t = operand(y.shape).text;
    line("for " + i + " in 0.." + count + " { " + y.text + " = tanh(" + y.text + " * " + t + " + " +
         x.text + at + ")" + (chance(3) ? " * cos(0.1 * " + i + ")" : "") + " }");
    known.push_back(y);
    return;
  }
  Known s = variable({number(), {}, 2});
  Known r = variable({number(), {}, 2});
  std::string read = x.shape.size() == 1 ? x.text + at : "mean(" + x.text + at + ")";
  line("for " + i + " in 0.." + count + " {");
  line("  " + s.text + " = 0.5 * " + s.text + " + tanh(" + read + " * " + r.text + ")");
  line("  " + r.text + " = " +
       pick<std::string>(
           {"cos(" + s.text + " + " + r.text + ")", "0.5 * " + s.text + " - 0.4 * " + r.text}));
  line("}");
  known.push_back(s);
  known.push_back(r);
}

/// Rows of one array after the other, and results kept for each.
void RandomBody::fillLoop() {
  Known x = someKnown(1);
  if (x.shape.empty() || x.shape[0] > 40)
    return rowLoop();
  Dims rest(x.shape.begin() + 1, x.shape.end());
  std::string r = fresh("r"), i = fresh("i"), n = std::to_string(x.shape[0]);
  Known a = variable(value(rest));
  bool keeps = chance(2), whole = chance(2);
  std::string out = fresh("o");
  if (keeps)
    line("var " + out + " = zeros(" + listOf(whole ? x.shape : Dims{x.shape[0]}) + ")");
  line(keeps ? "for (" + i + ", " + r + ") in zip(arange(" + n + "), " + x.text + ") {"
             : "for " + r + " in " + x.text + " {");
  indent += "  ";
  size_t count = known.size();
  known.push_back(a);
  known.push_back({r, rest, x.bound, true});
  line(a.text + " = " + step(a, keeps ? i : "2"));
  if (keeps)
    line(out + "[" + i + "] = " +
         (whole          ? a.text + pick<std::string>({"", " * 0.5", " + " + r})
          : rest.empty() ? a.text
                         : "mean(" + a.text + ")"));
  known.resize(count);
  indent.resize(indent.size() - 2);
  line("}");
  known.push_back(a);
  if (keeps)
    known.push_back({out, whole ? x.shape : Dims{x.shape[0]}, 4, true});
}

void RandomBody::untilLoop() {
  Known a = variable(value(anyShape()));
  std::string c = fresh("c");
  std::string measure = a.shape.empty()        ? a.text + "^2"
                        : sizeOf(a.shape) == 0 ? "sum(" + a.text + ")"
                                               : "mean(" + a.text + "^2)";
  line("var " + c + " = 0");
  line("while " + c + " < " + std::to_string(pick({0, 1, 3, 6})) + " and " + measure +
       pick<std::string>({" > 0.037", " < 0.823", " > 0.219"}) + " {");
  indent += "  ";
  size_t count = known.size();
  known.push_back(a);
  inside();
  line(a.text + " = " + step(a, c));
  known.resize(count);
  line(c + " += 1");
  indent.resize(indent.size() - 2);
  line("}");
  known.push_back(a);
}

void RandomBody::branch() {
  Known a = variable(value(anyShape()));
  Known condition = scalar();
  line("if " + condition.text + " < " + number() + "3 {");
  indent += "  ";
  size_t count = known.size();
  known.push_back(a);
  inside();
  line(a.text + " = " + step(a, "1"));
  known.resize(count);
  indent.resize(indent.size() - 2);
  if (chance(2)) {
    line("} else {");
    indent += "  ";
    known.push_back(a);
    line(a.text + " = " + step(a, "3"));
    known.resize(count);
    indent.resize(indent.size() - 2);
  }
  line("}");
  known.push_back(a);
}

void RandomBody::helperFunctions(int count) {
  for (int i = 0; i < count; ++i) {
    std::string h = fresh("h");
    text +=
        "fn " + h + "(u, by = " + number() + ") = " +
        pick<std::string>({"tanh(u * by)", "sin(u) * by + 0.1 * u", "u / (1.5 + u^2)",
                           "{\n  var s = 0.5 * u\n  for i in 0..3 { s = sin(s * by + u) }\n  s\n}",
                           "{\n  var s = u\n  var i = 0\n  while i < 3 and sum(s^2) < 9.137 {\n"
                           "    s = 0.5 * s + by * cos(s)\n    i += 1\n  }\n  s\n}",
                           "checkpoint(v -> sin(by * v) * exp(-v^2))(u)",
                           "(if sum(u) < 0.0317 { tanh(u) } else { 0.5 * u })"}) +
        "\n";
    helpers.push_back(h);
    std::string v = fresh("h");
    text +=
        "fn " + v + "(u) = " +
        pick<std::string>(
            {"u - mean(u)", "softmax(u) * cos(u)", "tanh(roll(u, 1) * 0.9 + u)",
             "{\n  var s = 0.5 * u\n  for i in 0..len(u) { s[i] = 0.5 * s[(i * 2 + 1) % len(u)] + "
             "sin(s[i]) }\n  s\n}",
             "{\n  var s = zeros(len(u))\n  s[argsort(sin(1.7 * arange(len(u))))] += tanh(u)\n  "
             "s\n}",
             "tanh(u) / (1.0 + norm(u + 2.0))",
             "{\n  var s = 0.1\n  for r in u { s = 0.5 * s + tanh(r) }\n  s * cos(u)\n}",
             "concat((u[1:], u[:1])) * 0.5 - sin(u[::-1])", "cumsum(u) / (1.0 + len(u))"}) +
        "\n";
    vectorHelpers.push_back(v);
  }
}

void RandomBody::statement() {
  switch (below(24)) {
  case 0:
  case 1:
  case 2:
  case 3:
    return elementwise();
  case 4:
  case 5:
  case 6:
    return reduction();
  case 7:
    return normalised();
  case 8:
    return running();
  case 9:
    return sorted();
  case 10:
  case 11:
    return product();
  case 12:
    return reshaped();
  case 13:
    return gathered();
  case 14:
    return scattered();
  case 15:
    return mapped();
  case 16:
    return derived();
  case 17:
    return called();
  case 18:
    return stateLoop();
  case 19:
    return rowLoop();
  case 20:
    return numberLoop();
  case 21:
    return fillLoop();
  case 22:
    return untilLoop();
  default:
    return branch();
  }
}

} // namespace descent::fuzz
