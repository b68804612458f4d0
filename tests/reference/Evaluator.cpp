// Regions, control flow, tapes and the host: what needs an environment of values.
#include "tests/reference/Evaluator.h"

#include "tests/reference/Rules.h"

#include "compiler/dialect/Dialect.h"

#include <llvm/ADT/TypeSwitch.h>

#include <memory>

using namespace mlir;

namespace descent::reference {

namespace {

/// A stack that is never changed: pushing gives a new top over the old one.
struct TapeNode {
  Tensor value;
  std::shared_ptr<TapeNode> below;
  // Long tapes would be destroyed by recursion as deep as they are.
  ~TapeNode() {
    while (below && below.use_count() == 1)
      below = std::move(below->below);
  }
};
using Tape = std::shared_ptr<TapeNode>;

/// A value of the dialect: a tensor or a tape (the empty one is null).
using Datum = std::variant<Tensor, Tape>;
using Data = std::vector<Datum>;

const RuleTable &rules() {
  static const RuleTable table = [] {
    RuleTable table;
    addElementwiseRules(table);
    addShapeRules(table);
    addIndexRules(table);
    addReduceRules(table);
    return table;
  }();
  return table;
}

class Evaluation {
public:
  explicit Evaluation(const Options &options) : options(options) {}

  /// Runs a block on its arguments and gives what its terminator ends with.
  Data run(Block &block, const Data &arguments) {
    bind(block.getArguments(), arguments);
    for (Operation &op : block.without_terminator())
      bind(op.getResults(), run(op));
    return values(block.getTerminator()->getOperands());
  }

private:
  const Options &options;
  llvm::DenseMap<Value, Datum> environment;
  int64_t iterations = 0;

  void bind(ValueRange names, const Data &data) {
    for (auto [name, datum] : llvm::zip_equal(names, data)) {
      if (auto *tensor = std::get_if<Tensor>(&datum)) {
        auto type = cast<RankedTensorType>(name.getType());
        if (tensor->dtype != dtypeOfType(type) ||
            ArrayRef<int64_t>(tensor->dims) != type.getShape())
          throw EvaluationError("a value of the wrong type: " + tensor->text());
      }
      environment[name] = datum;
    }
  }

  Data values(ValueRange names) {
    Data data;
    for (Value name : names)
      data.push_back(environment.at(name));
    return data;
  }

  const Tensor &tensor(Value name) { return std::get<Tensor>(environment.at(name)); }

  std::vector<Tensor> tensors(ValueRange names) {
    std::vector<Tensor> result;
    for (Value name : names)
      result.push_back(tensor(name));
    return result;
  }

  void countIteration() {
    if (++iterations > options.maxIterations)
      throw EvaluationError("gave up: too many iterations");
  }

  void record(Event::Kind kind, int64_t index, ValueRange operands) {
    if (options.events)
      options.events->push_back({kind, index, tensors(operands)});
  }

  Data run(Operation &op) {
    return llvm::TypeSwitch<Operation *, Data>(&op)
        .Case<ir::ForOp, ir::WhileOp, ir::IfOp, ir::CheckpointOp, ir::VmapOp, ir::TapeCreateOp, ir::TapePushOp,
              ir::TapePopOp, ir::InputOp, ir::EffectOp, ir::CheckOp, ir::PollOp, ir::ClockOp>(
            [&](auto op) { return evaluate(op); })
        .Case<ir::JvpOp, ir::VjpOp>([](Operation *op) -> Data {
          throw EvaluationError(op->getName().getStringRef().str() + " must be expanded first");
        })
        .Default([&](Operation *op) -> Data {
          auto rule = rules().find(op->getName().getStringRef().str());
          if (rule == rules().end())
            throw EvaluationError("no rule for " + op->getName().getStringRef().str());
          return {rule->second(op, tensors(op->getOperands()))};
        });
  }

  Data evaluate(ir::ForOp op) {
    int64_t lower = tensor(op.getLower()).integer(0), upper = tensor(op.getUpper()).integer(0);
    Data carried = values(op.getInits());
    for (int64_t i = lower; i < upper; ++i) {
      countIteration();
      Tensor counter = zerosLike(op.getLower().getType());
      counter.setInteger(0, uint64_t(i));
      Data arguments{counter};
      arguments.insert(arguments.end(), carried.begin(), carried.end());
      carried = run(op.getBody().front(), arguments);
    }
    return carried;
  }

  Data evaluate(ir::WhileOp op) {
    Data carried = values(op.getInits());
    while (std::get<Tensor>(run(op.getCondition().front(), carried).front()).truth(0)) {
      countIteration();
      carried = run(op.getBody().front(), carried);
    }
    return carried;
  }

  Data evaluate(ir::IfOp op) {
    Region &taken = tensor(op.getCond()).truth(0) ? op.getThenRegion() : op.getElseRegion();
    return run(taken.front(), {});
  }

  Data evaluate(ir::CheckpointOp op) { return run(op.getBody().front(), values(op.getInputs())); }

  Data evaluate(ir::VmapOp op) {
    std::vector<Tensor> inputs = tensors(op.getInputs()), results;
    for (Type type : op.getResultTypes())
      results.push_back(zerosLike(type));
    for (int64_t lane = 0; lane < int64_t(op.getSize()); ++lane) {
      Data arguments;
      for (size_t i = 0; i < inputs.size(); ++i)
        arguments.push_back(element(inputs[i], lane));
      Data yielded = run(op.getBody().front(), arguments);
      for (size_t i = 0; i < results.size(); ++i) {
        const Tensor &value = std::get<Tensor>(yielded[i]);
        for (int64_t k = 0; k < value.size(); ++k)
          copyElement(value, k, results[i], lane * value.size() + k);
      }
    }
    return Data(results.begin(), results.end());
  }

  /// One element along the first dimension.
  static Tensor element(const Tensor &stack, int64_t lane) {
    Tensor result = Tensor::zeros(stack.dtype, Dims(stack.dims.begin() + 1, stack.dims.end()));
    for (int64_t k = 0; k < result.size(); ++k)
      copyElement(stack, lane * result.size() + k, result, k);
    return result;
  }

  Data evaluate(ir::TapeCreateOp) { return {Tape()}; }

  Data evaluate(ir::TapePushOp op) {
    auto below = std::get<Tape>(environment.at(op.getTape()));
    return {std::make_shared<TapeNode>(TapeNode{tensor(op.getValue()), below})};
  }

  Data evaluate(ir::TapePopOp op) {
    Tape top = std::get<Tape>(environment.at(op.getTape()));
    if (!top)
      return {Tape(), zerosLike(op.getValue().getType())};
    return {top->below, top->value};
  }

  Data evaluate(ir::InputOp op) {
    if (size_t(op.getIndex()) >= options.inputs.size())
      throw EvaluationError("no input " + std::to_string(op.getIndex()));
    return {options.inputs[op.getIndex()]};
  }

  Data evaluate(ir::EffectOp op) {
    record(Event::Kind::Effect, op.getIndex(), op.getValues());
    return {};
  }

  Data evaluate(ir::CheckOp op) {
    const Tensor &condition = tensor(op.getCondition());
    for (uint64_t holds : condition.words())
      if (!holds) {
        record(Event::Kind::FailedCheck, op.getIndex(), op.getValues());
        break;
      }
    return {};
  }

  Data evaluate(ir::PollOp) { return {Tensor::scalar(DType::Bool, 0)}; }
  Data evaluate(ir::ClockOp) { return {Tensor::scalar(DType::F64, 0)}; }
};

} // namespace

std::vector<Tensor> evaluate(func::FuncOp function, std::vector<Tensor> arguments,
                             const Options &options) {
  Data data(std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  if (data.size() != function.getNumArguments())
    throw EvaluationError("needs an argument for each parameter");
  std::vector<Tensor> results;
  for (Datum &datum : Evaluation(options).run(function.getBody().front(), data))
    results.push_back(std::get<Tensor>(datum));
  return results;
}

} // namespace descent::reference
