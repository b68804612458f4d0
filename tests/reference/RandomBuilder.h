// The inside of the generator of random programs: values that are there to be used, and how one
// more is made.
#pragma once

#include "tests/reference/RandomProgram.h"

#include "compiler/dialect/Dialect.h"

#include <mlir/IR/Builders.h>

#include <random>

namespace descent::reference {

/// A value and what is known of its elements.
struct Known {
  mlir::Value value;
  double bound = 0;  ///< no float is larger in magnitude
  bool exact = true; ///< computed without rounding

  mlir::RankedTensorType type() const {
    return mlir::cast<mlir::RankedTensorType>(value.getType());
  }
  mlir::Type element() const { return type().getElementType(); }
  bool isFloat() const { return mlir::isa<mlir::FloatType>(element()); }
};

class RandomBuilder {
public:
  RandomBuilder(mlir::OpBuilder &builder, uint64_t seed, const RandomProgramOptions &options)
      : builder(builder), options(options), random(seed) {}

  mlir::OpBuilder &builder;
  const RandomProgramOptions &options;
  std::vector<Tensor> inputs;
  /// The values that may be used here.
  std::vector<Known> pool;
  int depth = 0;
  bool insideVmap = false;

  /// Adds operations to the block under construction; values of blocks inside are not kept.
  void grow(int operations);
  /// Values from the pool for the end of a program.
  std::vector<Known> someOf(size_t count);

private:
  std::mt19937_64 random;
  mlir::Location loc = builder.getUnknownLoc();

  // Chance.
  int64_t below(int64_t n) { return int64_t(random() % uint64_t(n)); }
  bool chance(int percent) { return below(100) < percent; }
  double real(double from, double to) {
    return from + (to - from) * double(random() >> 11) * 0x1p-53;
  }
  template <typename T> const T &oneOf(const std::vector<T> &choices) {
    return choices[below(int64_t(choices.size()))];
  }

  // Types and values (RandomValues.cpp).
  mlir::Type anyElement();
  mlir::RankedTensorType anyType(mlir::Type element);
  mlir::RankedTensorType scalar(mlir::Type element) {
    return mlir::RankedTensorType::get({}, element);
  }
  Tensor numbers(mlir::RankedTensorType type);
  Known fresh(mlir::RankedTensorType type);
  Known constant(mlir::RankedTensorType type, double number);
  /// A value from the pool that satisfies a condition, or a fresh one of a type.
  template <typename Condition> Known pick(Condition condition, mlir::RankedTensorType otherwise);
  Known pickElement(mlir::Type element);
  Known pickFloat();
  Known pickExact();
  /// A value of a type: from the pool, or made to fit.
  Known ofType(mlir::RankedTensorType type);
  /// A scalar integer from 0 to `below - 1`.
  Known smallInteger(int64_t below, mlir::Type element);
  mlir::Value convert(mlir::Value value, mlir::Type element);
  /// Brings floats back to magnitudes below 1: x / (1 + |x|).
  Known squashed(Known x);
  /// |x| + 1/2: away from zero.
  Known positive(Known x);
  Known keep(mlir::Value value, double bound, bool exact);

  // One operation of a family (RandomOperations.cpp).
  Known arithmetic();
  Known integerArithmetic();
  Known function();
  Known bits();
  Known comparison();
  Known choice();
  Known conversion();
  Known movement();
  Known box();
  Known indexing();
  Known reduction();
  Known running();
  Known product();

  // Regions (RandomControl.cpp).
  void forLoop();
  void whileLoop();
  void branch();
  void vmap();
  void tapeLoops();
  void effect();
  void check();
  std::vector<Known> carriedInits();
  std::vector<mlir::Value> growYields(mlir::ValueRange like, int operations);
};

template <typename Condition>
Known RandomBuilder::pick(Condition condition, mlir::RankedTensorType otherwise) {
  std::vector<Known> fitting;
  for (const Known &known : pool)
    if (condition(known))
      fitting.push_back(known);
  return fitting.empty() || chance(5) ? fresh(otherwise) : oneOf(fitting);
}

} // namespace descent::reference
