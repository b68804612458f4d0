// descent-eval: evaluates a function without arguments of a .mlir file and prints what it returns
// and what it did, one line each. For tests that compare a program before and after a pass.
#include "tests/reference/Evaluator.h"

#include "compiler/dialect/Dialect.h"

#include <llvm/Support/CommandLine.h>
#include <llvm/Support/raw_ostream.h>
#include <mlir/IR/Verifier.h>
#include <mlir/Parser/Parser.h>

using namespace descent::reference;

namespace {

void print(llvm::StringRef label, const std::vector<Tensor> &tensors) {
  llvm::outs() << label;
  for (const Tensor &tensor : tensors)
    llvm::outs() << (label.empty() ? "" : " ") << tensor.text() << (label.empty() ? "\n" : "");
  if (!label.empty())
    llvm::outs() << "\n";
}

} // namespace

int main(int argc, char **argv) {
  llvm::cl::opt<std::string> file(llvm::cl::Positional, llvm::cl::init("-"),
                                  llvm::cl::desc("<file.mlir>"));
  llvm::cl::opt<std::string> name("function", llvm::cl::init("main"),
                                  llvm::cl::desc("The function to evaluate"));
  llvm::cl::ParseCommandLineOptions(argc, argv, "Evaluates a function of the descent dialect\n");

  mlir::DialectRegistry registry;
  registry.insert<descent::ir::DescentDialect, mlir::func::FuncDialect>();
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(file, &context);
  if (!module)
    return 2;
  auto function = module->lookupSymbol<mlir::func::FuncOp>(name);
  if (!function) {
    llvm::errs() << "no function @" << name << "\n";
    return 2;
  }
  try {
    std::vector<Event> events;
    Options options;
    options.events = &events;
    std::vector<Tensor> results = evaluate(function, {}, options);
    for (const Event &event : events)
      print((event.kind == Event::Kind::Effect ? "effect " : "check failed ") +
                std::to_string(event.index),
            event.operands);
    print("", results);
  } catch (const EvaluationError &error) {
    llvm::errs() << error.what() << "\n";
    return 1;
  }
  return 0;
}
