#include "tests/fuzz/TokenSoup.h"

#include <string_view>
#include <vector>

namespace descent::fuzz {

namespace {

class Soup {
public:
  explicit Soup(std::mt19937_64 &random) : random(random) {}

  std::string program() {
    size_t count = below(8);
    for (size_t i = 0; i < count; ++i)
      below(3) == 0 ? scramble(below(12)) : statement(4);
    return std::move(text);
  }

private:
  size_t below(size_t bound) { return random() % bound; }
  bool oneIn(size_t n) { return below(n) == 0; }
  void put(std::string_view piece) { text += piece; }

  std::string_view pick(std::initializer_list<std::string_view> choices) {
    return choices.begin()[below(choices.size())];
  }

  void gap() { put(oneIn(3) ? "" : oneIn(40) ? " # note\n" : oneIn(12) ? "  " : " "); }
  /// Where a line may be broken.
  void softGap() { put(oneIn(12) ? "\n  " : oneIn(40) ? "  # why\n\n " : oneIn(2) ? " " : ""); }
  void newline() { put(oneIn(6) ? "  # done\n" : oneIn(6) ? "\n\n\n" : oneIn(20) ? "\r\n" : "\n"); }

  void name() {
    put(pick({"x", "y", "data", "train", "θ", "w", "test", "newaxis", "T", "zip", "_"}));
  }

  void scramble(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      put(pick({"let",  "var", "fn",     "if",     "else",      "for",  "in",    "while", "and",
                "or",   "not", "print",  "assert", "train",     "with", "as",    "test",  "param",
                "data", "use", "import", "export", "precision", "(",    ")",     "[",     "]",
                "{",    "}",   ",",      ":",      ".",         "..",   "...",   "->",    "=",
                "+=",   "-=",  "==",     "<",      "+",         "-",    "*",     "**",    "//",
                "^",    "@",   "1",      "2.5",    "1e-3",      "\"",   "\"a\"", "x",     "y",
                "\n",   "\n",  "#",      "&&",     ";",         "\\",   "é",     "\xff",  "'"}));
      gap();
    }
    newline();
  }

  template <typename Element> void list(size_t most, const Element &element) {
    size_t count = below(most + 1);
    softGap();
    for (size_t i = 0; i < count; ++i) {
      element();
      if (i + 1 < count || oneIn(6)) {
        put(",");
        softGap();
      }
    }
    softGap();
  }

  void type(size_t depth) {
    switch (depth == 0 ? 0 : below(4)) {
    case 0:
      return put(pick({"f32", "i32", "key", "bool"}));
    case 1:
      return put(pick({"f32[n]", "f64[n, 3]", "f32[]", "i64[ 2,n ]"}));
    case 2:
      put("(");
      list(2, [&] { type(depth - 1); });
      return put(")");
    default:
      put("{");
      list(2, [&] { name(), put(": "), type(depth - 1); });
      return put("}");
    }
  }

  void pattern(size_t depth) {
    switch (depth == 0 ? 0 : below(5)) {
    case 0:
      put("(");
      list(2, [&] { name(); });
      return put(")");
    case 1:
      put("{");
      list(2, [&] { name(); });
      return put("}");
    default:
      name();
      if (oneIn(4))
        put(", "), name();
    }
  }

  void block(size_t depth) {
    put("{");
    if (oneIn(2)) {
      gap();
      if (!oneIn(5))
        statement(depth, /*ends=*/false);
      put(" }");
      return;
    }
    newline();
    for (size_t i = below(3) + 1; i > 0; --i)
      statement(depth);
    put(oneIn(2) ? "}" : "  }");
  }

  void operand() {
    switch (below(7)) {
    case 0:
      return put(pick({"1", "2.5", "1e-3", "1_000", ".5", "3."}));
    case 1:
      return put(pick({"true", "false"}));
    case 2:
      put(pick({"\"\"", "\"a {x:.3f} b\"", "\"{{{y}}}\"", "\"\\u{3b8}\\n\"", "\"{f(\"a\")}\""}));
      return;
    default:
      name();
    }
  }

  void expr(size_t depth) {
    if (depth == 0)
      return operand();
    switch (below(16)) {
    case 0:
    case 1:
    case 2:
      expr(depth - 1);
      softGap();
      put(pick({"+", "-", "*", "/", "//", "%", "@", "^", "**", "==", "<", "and", "or", ".."}));
      put(" ");
      return expr(depth - 1);
    case 3:
      put("(");
      softGap();
      expr(depth - 1);
      softGap();
      return put(")");
    case 4:
      put("(");
      list(3, [&] { expr(depth - 1); });
      return put(")");
    case 5:
      put("[");
      list(3, [&] { expr(depth - 1); });
      return put("]");
    case 6:
      put("[");
      expr(depth - 1);
      put(" for ");
      pattern(1);
      put(" in ");
      expr(depth - 1);
      return put("]");
    case 7:
      put("{");
      list(3, [&] {
        if (oneIn(4))
          put("...");
        else
          name(), put(oneIn(4) ? " : " : ": ");
        expr(depth - 1);
      });
      return put("}");
    case 8:
      name();
      put("(");
      list(3, [&] {
        if (oneIn(3))
          name(), put("=");
        expr(depth - 1);
      });
      return put(")");
    case 9:
      name();
      put("[");
      list(2, [&] { put(pick({"", ":", "::2", "1:", "...", "newaxis", "-1", "x", "1:2:"})); });
      return put("]");
    case 10:
      expr(depth - 1);
      put(pick({".T", ".w", "\n  .shape", "(1)", "[0]"}));
      return;
    case 11:
      put(pick({"x -> ", "(x, y) -> ", "() -> ", "(x: f32[n], y = 2) ->\n"}));
      return expr(depth - 1);
    case 12:
      put("if ");
      expr(depth - 1);
      gap();
      block(depth - 1);
      put(pick({" else ", "\nelse ", "else "}));
      if (oneIn(4))
        put("if "), expr(depth - 1), put(" ");
      return block(depth - 1);
    case 13:
      put(pick({"-", "not ", "- ", "--"}));
      return expr(depth - 1);
    case 14:
      put("train ");
      expr(depth - 1);
      put(" with ");
      expr(depth - 1);
      put(oneIn(2) ? ", steps=10" : ", log=1,\n  key=key(0)");
      return;
    default:
      return operand();
    }
  }

  void statement(size_t depth, bool ends = true) {
    size_t inner = depth == 0 ? 0 : depth - 1;
    switch (depth == 0 ? 9 : below(13)) {
    case 0:
      put(oneIn(3) ? "var " : "let ");
      pattern(1);
      if (oneIn(4))
        put(": "), type(2);
      put(oneIn(6) ? "=" : " = ");
      expr(inner);
      break;
    case 1:
      put(oneIn(6) ? "export fn f(a: f32, b: f32[n] = 1.0)" : "fn f(a, b: f32, c = 2)");
      if (oneIn(3))
        put(" -> "), type(2);
      put(oneIn(3) ? " " : " = ");
      oneIn(2) ? block(inner) : expr(inner);
      break;
    case 2:
      put("for ");
      pattern(1);
      put(" in ");
      expr(inner);
      put(" ");
      block(inner);
      break;
    case 3:
      put("while ");
      expr(inner);
      put(" ");
      block(inner);
      break;
    case 4:
      put("print ");
      expr(inner);
      if (oneIn(2))
        put(", "), expr(inner);
      break;
    case 5:
      put("assert ");
      expr(inner);
      put(oneIn(2) ? ", \"message {x}\"" : "");
      break;
    case 6:
      put(pick({"x", "y[i]", "y[1:, 0]"}));
      put(pick({" = ", " += ", " -= ", " **= ", " @= "}));
      expr(inner);
      break;
    case 7:
      put(pick({"precision f64", "use stats, nn as n", "import \"u.gd\" as u", "data d = \"a.csv\"",
                "param w = 0.0", "param w: f32[2] = x"}));
      break;
    case 8:
      put("test \"name\" ");
      block(inner);
      break;
    default:
      expr(inner);
    }
    if (ends)
      newline();
  }

  std::mt19937_64 &random;
  std::string text;
};

} // namespace

std::string tokenSoup(std::mt19937_64 &random) {
  std::string text = Soup(random).program();
  if (!text.empty() && random() % 4 == 0)
    text[random() % text.size()] = static_cast<char>(random());
  if (!text.empty() && random() % 8 == 0)
    text.resize(random() % text.size());
  return text;
}

} // namespace descent::fuzz
