#include "tests/unit/sema/ProgramCheck.h"

#include "frontend/sema/Value.h"

#include <algorithm>
#include <array>
#include <vector>

namespace descent::sema {
namespace {

class Checker {
public:
  explicit Checker(const Program &program) : program(program), isVisible(program.values.size()) {}

  std::string run() {
    checkRegion(program.main);
    for (const Function &function : program.exports)
      checkRegion(function.body);
    return problem;
  }

private:
  void complain(const Op *op, const std::string &what) {
    if (problem.empty())
      problem = (op ? std::string(op->name) + ": " : std::string()) + what;
  }

  const TensorType &type(ValueId id) const { return program.values[id]; }

  bool define(ValueId id, const Op *op) {
    if (id >= isVisible.size() || isVisible[id]) {
      complain(op, "defines %" + std::to_string(id) + " twice, or out of range");
      return false;
    }
    isVisible[id] = true;
    return true;
  }

  void use(ValueId id, const Op *op) {
    if (id >= isVisible.size() || !isVisible[id])
      complain(op, "uses %" + std::to_string(id) + ", which is not defined here");
  }

  void checkRegion(const Region &region) {
    std::vector<ValueId> own;
    auto add = [&](ValueId id, const Op *op) {
      if (define(id, op))
        own.push_back(id);
    };
    for (ValueId id : region.args)
      add(id, nullptr);
    for (const Op &op : region.ops) {
      if (!problem.empty())
        return;
      for (ValueId id : op.operands)
        use(id, &op);
      if (!problem.empty())
        return;
      for (const Region &inner : op.regions)
        checkRegion(inner);
      for (ValueId id : op.results)
        add(id, &op);
      if (problem.empty())
        checkOp(op);
    }
    for (ValueId id : region.yields)
      use(id, nullptr);
    for (ValueId id : own)
      isVisible[id] = false;
  }

  void expectSame(const Op &op, const std::vector<ValueId> &a, const std::vector<ValueId> &b,
                  const char *what) {
    bool isSame = a.size() == b.size();
    for (size_t i = 0; isSame && i < a.size(); ++i)
      isSame = type(a[i]) == type(b[i]);
    if (!isSame)
      complain(&op, what);
  }

  void checkOp(const Op &op) {
    constexpr std::array elementwise{"add", "sub", "mul", "div", "floordiv", "mod", "pow", "max",
                                     "min", "and", "or",  "xor", "atan2", "logaddexp"};
    if (std::ranges::find(elementwise, op.name) != elementwise.end()) {
      if (type(op.operands[0]) != type(op.operands[1]) ||
          type(op.operands[0]) != type(op.results[0]))
        complain(&op, describe(type(op.operands[0])) + " and " + describe(type(op.operands[1])));
    } else if (op.name == "compare") {
      if (type(op.operands[0]) != type(op.operands[1]))
        complain(&op, describe(type(op.operands[0])) + " and " + describe(type(op.operands[1])));
    } else if (op.name == "select") {
      if (type(op.operands[0]).dims != type(op.operands[1]).dims ||
          type(op.operands[1]) != type(op.operands[2]))
        complain(&op, "operands of different types");
    } else if (op.name == "reshape") {
      if (type(op.operands[0]).elementCount() != type(op.results[0]).elementCount())
        complain(&op, "another number of elements");
    } else if (op.name == "slice") {
      for (int64_t size : type(op.results[0]).dims)
        if (size < 0)
          complain(&op, "a negative size");
    } else if (op.name == "for") {
      std::vector<ValueId> inits(op.operands.begin() + 2, op.operands.end());
      std::vector<ValueId> args(op.regions[0].args.begin() + 1, op.regions[0].args.end());
      expectSame(op, inits, op.results, "initial values and results");
      expectSame(op, inits, args, "initial values and arguments");
      expectSame(op, inits, op.regions[0].yields, "initial and yielded values");
    } else if (op.name == "while") {
      for (const Region &region : op.regions)
        expectSame(op, op.operands, region.args, "initial values and arguments");
      expectSame(op, op.operands, op.results, "initial values and results");
      expectSame(op, op.operands, op.regions[1].yields, "initial and yielded values");
      if (op.regions[0].yields.size() != 1 ||
          type(op.regions[0].yields[0]) != TensorType{DType::Bool, {}})
        complain(&op, "the condition is no bool");
    } else if (op.name == "if") {
      for (const Region &region : op.regions)
        expectSame(op, op.results, region.yields, "results and yielded values");
    } else if (op.name == "vmap") {
      checkVmap(op);
    } else if (op.name == "vjp" || op.name == "jvp") {
      checkDerivative(op);
    } else if (op.name == "effect") {
      checkIndex(op, program.effects.size());
    } else if (op.name == "check") {
      checkIndex(op, program.checks.size());
    }
  }

  void checkIndex(const Op &op, size_t count) {
    for (const auto &[name, value] : op.attributes)
      if (name == "index" && static_cast<size_t>(std::get<int64_t>(value)) >= count)
        complain(&op, "an index beyond its table");
  }

  void checkVmap(const Op &op) {
    int64_t size = std::get<int64_t>(op.attributes.at(0).second);
    auto check = [&](const std::vector<ValueId> &outer, const std::vector<ValueId> &inner) {
      if (outer.size() != inner.size())
        return complain(&op, "another number of values inside");
      for (size_t i = 0; i < outer.size(); ++i) {
        TensorType expected = type(inner[i]);
        expected.dims.insert(expected.dims.begin(), size);
        if (type(outer[i]) != expected)
          complain(&op, describe(type(outer[i])) + " of " + describe(type(inner[i])));
      }
    };
    check(op.operands, op.regions[0].args);
    check(op.results, op.regions[0].yields);
  }

  void checkDerivative(const Op &op) {
    size_t count = static_cast<size_t>(op.operandGroups.at(0));
    std::vector<ValueId> primals(op.operands.begin(),
                                 op.operands.begin() + static_cast<ptrdiff_t>(count));
    std::vector<ValueId> seeds(op.operands.begin() + static_cast<ptrdiff_t>(count),
                               op.operands.end());
    expectSame(op, primals, op.regions[0].args, "primals and arguments");
    for (ValueId id : primals)
      if (!isFloat(type(id).dtype))
        complain(&op, "a primal that is no float");
    std::vector<ValueId> expected = op.regions[0].yields;
    if (op.name == "vjp") {
      expectSame(op, seeds,
                 {expected.begin(), expected.begin() + static_cast<ptrdiff_t>(std::min(
                                                           seeds.size(), expected.size()))},
                 "cotangents and yielded values");
      expected.insert(expected.end(), primals.begin(), primals.end());
    } else {
      expectSame(op, seeds, primals, "tangents and primals");
      for (ValueId id : op.regions[0].yields)
        if (isFloat(type(id).dtype))
          expected.push_back(id);
    }
    expectSame(op, op.results, expected, "results");
  }

  const Program &program;
  std::vector<bool> isVisible;
  std::string problem;
};

} // namespace

std::string problemOf(const Program &program) { return Checker(program).run(); }

} // namespace descent::sema
