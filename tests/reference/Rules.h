// The rule of each operation without regions: a function from operands to the result.
#pragma once

#include "tests/reference/Tensor.h"

#include <mlir/IR/Operation.h>

#include <functional>
#include <map>
#include <string>

namespace descent::reference {

/// Computes the one result of an operation from its operands.
using Rule = std::function<Tensor(mlir::Operation *, const std::vector<Tensor> &)>;
/// By the operation's name: "descent.add".
using RuleTable = std::map<std::string, Rule, std::less<>>;

void addElementwiseRules(RuleTable &table);
void addShapeRules(RuleTable &table);
void addIndexRules(RuleTable &table);
void addReduceRules(RuleTable &table);

} // namespace descent::reference
