// Statements of random scripts on arrays of all sizes, for the body of a function.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

namespace descent::fuzz {

using Dims = std::vector<int>;

/// A value with a name, or an expression. Nothing grows: what might be larger than a few units is
/// scaled where it gets a name.
struct Known {
  std::string text;
  Dims shape;
  /// About the largest magnitude.
  double bound = 1;
  /// Elements may be equal, so that what is chosen among them is not for sure.
  bool isTied = false;
};

class RandomBody {
public:
  explicit RandomBody(uint64_t seed) : random(seed) {}

  int below(int bound) { return static_cast<int>(random() % static_cast<uint64_t>(bound)); }
  bool chance(int n) { return below(n) == 0; }
  template <typename T> T pick(std::initializer_list<T> items) {
    return items.begin()[below(static_cast<int>(items.size()))];
  }
  template <typename T> const T &pick(const std::vector<T> &items) {
    return items[static_cast<size_t>(below(static_cast<int>(items.size())))];
  }
  /// Signed, of two digits.
  std::string number();
  std::string fresh(const char *stem) { return stem + std::to_string(names++); }

  static int64_t sizeOf(const Dims &shape);
  /// `(3, 4)`; a vector's is `[n]`.
  static std::string listOf(const Dims &shape);

  /// Arrays of more elements are not made.
  int64_t budget = 2000;
  /// Nothing is chosen by comparing, so that close values decide nothing.
  bool isSmooth = false;
  /// What there is, the newest last.
  std::vector<Known> known;
  /// Functions of one array that keep its shape: of any shape, and of vectors.
  std::vector<std::string> helpers, vectorHelpers;
  std::string text;
  std::string indent = "  ";

  /// Definitions of `count` functions at top level.
  void helperFunctions(int count);
  /// One statement, or some that belong together; adds to what is known.
  void statement();

private:
  // An expression's parts.
  Known value(const Dims &shape);
  Known smaller(const Dims &shape);
  Known moved(const Dims &shape);
  Known operand(const Dims &shape);
  Known expression(const Dims &shape, int depth);
  Known unary(const Known &x);
  Known scalar();
  std::string places(int count, int size);
  std::string distinct(int count, int size);
  Dims anyShape();
  /// With elements; a number where there is none.
  Known someKnown(int leastRank);
  std::string row(const Known &of, const std::string &at);
  std::string untied(const Known &x);

  /// `let name = expression`.
  Known define(Known expression);
  Known define(std::string expression, Dims shape, double bound, bool isTied = false);
  void line(const std::string &words) { text += indent + words + "\n"; }

  // Kinds of statements.
  void elementwise();
  void reduction();
  void normalised();
  void running();
  void sorted();
  void product();
  void reshaped();
  void gathered();
  void scattered();
  void mapped();
  void derived();
  void called();
  void stateLoop();
  void rowLoop();
  void numberLoop();
  void fillLoop();
  void untilLoop();
  void branch();
  void inside();
  /// What a loop makes of a variable (known by now) in an iteration: of the same magnitude.
  std::string step(const Known &variable, const std::string &counter);
  /// `var name = …`, not yet known.
  Known variable(const Known &from);

  std::mt19937_64 random;
  int names = 0;
  int depth = 0; ///< of loops and branches with statements of their own
};

} // namespace descent::fuzz
