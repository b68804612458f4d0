// One `train` while it is being specialised.
#pragma once

#include "frontend/sema/Specializer.h"

#include <map>

namespace descent::sema {

/// What `reason` in the history counts.
inline constexpr int64_t kStepsDone = 0, kStopped = 1, kNotFinite = 2, kInterrupted = 3;

/// A history has at most so many entries; longer runs are thinned evenly.
inline constexpr int64_t kMostEntries = 1'000'000;

class TrainRun {
public:
  TrainRun(Specializer &sema, const ast::TrainExpr *expr) : sema(sema), expr(expr) {}

  /// Gives the history; an error value after an error.
  Value run();

private:
  using Leaves = Specializer::Leaves;
  enum class Order : uint8_t { Shuffle, Bootstrap, Sequential };

  bool readOptions();
  bool prepareLoss();
  bool readSampling();
  bool findParams();
  bool planSteps();
  bool readOptimizer();
  Value loop();
  Value step(const Value &carried, const ArrayValue &start);
  Value finish(const std::vector<Value> &items, const ArrayValue &start);
  void compareGradient();
  Value trainFrom(const Value &state);
  Value emptyHistory(const Value &state);
  bool isLike(const Value &given, const Value &updated, std::string_view what);

  const ast::Argument *find(std::string_view name) const {
    auto found = options.find(name);
    return found == options.end() ? nullptr : found->second;
  }
  Argument evaluated(const ast::Argument &option);
  Value callBuiltin(std::string_view name, std::initializer_list<Value> values);
  Value rowsOfStep(const ArrayValue &step, const Value &permutation);
  Value evaluateLoss(const Value &batchRows);
  std::optional<ArrayValue> scalarLoss(const Value &value);
  Value paramValues() const;
  void setParams(const Value &values);
  std::optional<Leaves> differentiate(const Value &batchRows);
  ArrayValue normOf(std::span<const ArrayValue> gradient);
  ArrayValue isFinite(const ArrayValue &x);
  ArrayValue stopCondition(const ArrayValue &loss, const ArrayValue &norm, const ArrayValue &done);
  void report(const ArrayValue &isDue, const ArrayValue &loss, const ArrayValue &norm,
              const ArrayValue &done);
  ArrayValue recorded(const ArrayValue &history, const ArrayValue &value, const ArrayValue &place);

  Specializer &sema;
  const ast::TrainExpr *expr;
  std::map<std::string_view, const ast::Argument *> options;
  std::map<std::string_view, int64_t> numbers;

  /// Null: the loss is no call, and is evaluated as a whole in each step.
  const ast::CallExpr *call = nullptr;
  std::vector<Argument> arguments;
  std::vector<bool> isPerStep; ///< of each argument: a param is in it
  TensorType lossType;

  int64_t batch = 0; ///< 0: all data in each step
  std::optional<int64_t> rows;
  Order order = Order::Shuffle;
  std::optional<ArrayValue> key;

  std::vector<Variable *> params;
  Value init, update;
  int64_t steps = 0, stepsPerEpoch = 1, every = 1;
  int64_t stride = 1, entries = 0; ///< of the history
};

} // namespace descent::sema
