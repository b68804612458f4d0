#include "tests/unit/reference/Program.h"

#include "compiler/dialect/Dialect.h"

#include <mlir/Parser/Parser.h>

namespace descent::reference {

std::vector<Tensor> evaluateText(const std::string &text, std::vector<Tensor> arguments,
                                 const Options &options) {
  mlir::DialectRegistry registry;
  registry.insert<ir::DescentDialect, mlir::func::FuncDialect>();
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module) {
    ADD_FAILURE() << "does not parse:\n" << text;
    return {};
  }
  return evaluate(module->lookupSymbol<mlir::func::FuncOp>("main"), std::move(arguments), options);
}

Tensor evaluateLine(const std::string &line, const std::string &result,
                    std::vector<Tensor> arguments) {
  mlir::MLIRContext context;
  std::string parameters, type;
  llvm::raw_string_ostream out(parameters);
  for (size_t i = 0; i < arguments.size(); ++i)
    out << (i ? ", " : "") << "%" << char('a' + i) << ": " << arguments[i].type(&context);
  auto results = evaluateText("func.func @main(" + parameters + ") -> " + result + " {\n" + line +
                                  "\nreturn %r : " + result + "\n}\n",
                              std::move(arguments));
  return results.empty() ? Tensor::zeros(DType::F64, {}) : results.front();
}

std::vector<double> numbers(const Tensor &tensor) {
  std::vector<double> result;
  for (int64_t i = 0; i < tensor.size(); ++i)
    result.push_back(tensor.number(i));
  return result;
}

} // namespace descent::reference
