#include "tests/unit/batch/LaneCase.h"

#include "compiler/batch/Batch.h"
#include "compiler/dialect/Dialect.h"
#include "tests/reference/Evaluator.h"

#include <mlir/IR/Verifier.h>
#include <mlir/Parser/Parser.h>
#include <mlir/Pass/PassManager.h>

#include <random>

using namespace mlir;
using descent::reference::Tensor;

namespace descent::batch {

namespace {

/// "tensor<3x…>" of "tensor<…>".
std::string stacked(int64_t size, const std::string &type) {
  return "tensor<" + std::to_string(size) + "x" + type.substr(7);
}

std::string nameOf(size_t operand) {
  return std::string("%") + char('a' + operand);
}

std::string joined(const std::vector<std::string> &parts) {
  std::string result;
  for (const std::string &part : parts)
    result += (result.empty() ? "" : ", ") + part;
  return result;
}

/// A vmap of `size` around text that defines %r: the operands chosen are its inputs.
struct Layer {
  int64_t size;
  std::vector<bool> differs;
};

/// Wraps the case in layers, outermost first; gives the text of a module.
std::string program(const LaneCase &lane, const std::vector<Layer> &layers) {
  std::string open, close, result = lane.result;
  std::vector<std::string> types = lane.operands;
  for (size_t level = layers.size(); level-- > 0;) {
    const Layer &layer = layers[level];
    std::string suffix = std::to_string(level), arguments;
    std::vector<std::string> inputs, inputTypes, blockArguments;
    for (size_t i = 0; i < types.size(); ++i)
      if (layer.differs[i]) {
        // The argument of this level is named by its level; the innermost uses the plain name.
        std::string inner = nameOf(i) + std::to_string(level + 1);
        inputs.push_back(nameOf(i) + suffix);
        blockArguments.push_back(inner + ": " + types[i]);
        types[i] = stacked(layer.size, types[i]);
        inputTypes.push_back(types[i]);
      }
    std::string yielded = level + 1 == layers.size() ? "%r" : "%y" + std::to_string(level + 1);
    open = "%y" + suffix + " = descent.vmap " + std::to_string(layer.size) + " (" + joined(inputs) +
           ") : (" + joined(inputTypes) + ") {\n^bb0(" + joined(blockArguments) + "):\n" + open;
    close += "descent.yield " + yielded + " : " + result + "\n";
    result = stacked(layer.size, result);
    close += "} to (" + result + ")\n";
  }
  // Each use of an operand in the body is of the innermost level at which it differs.
  std::string body;
  for (size_t at = 0; at < lane.body.size(); ++at) {
    body += lane.body[at];
    bool isOperand = lane.body[at] == '%' && at + 2 <= lane.body.size() &&
                     lane.body[at + 1] >= 'a' &&
                     lane.body[at + 1] < char('a' + lane.operands.size()) &&
                     (at + 2 == lane.body.size() || !std::isalnum(lane.body[at + 2]));
    if (!isOperand)
      continue;
    size_t operand = lane.body[++at] - 'a', level = 0;
    for (size_t i = 0; i < layers.size(); ++i)
      if (layers[i].differs[operand])
        level = i + 1;
    body += std::string(1, char('a' + operand)) + std::to_string(level);
  }
  // An operand that only an inner level takes is an input from further out.
  std::vector<std::string> parameters;
  for (size_t i = 0; i < types.size(); ++i)
    parameters.push_back(nameOf(i) + "0: " + types[i]);
  std::string text = open + body + "\n" + close;
  for (size_t i = 0; i < types.size(); ++i)
    for (size_t level = 1; level < layers.size(); ++level)
      if (!layers[level - 1].differs[i]) {
        std::string name = nameOf(i) + std::to_string(level), outer = nameOf(i) + "0";
        for (size_t at; (at = text.find(name)) != std::string::npos;)
          text.replace(at, name.size(), outer);
      }
  return "func.func @main(" + joined(parameters) + ") -> " + result + " {\n" + text +
         "return %y0 : " + result + "\n}\n";
}

Tensor randomTensor(Type type, std::mt19937 &random) {
  Tensor tensor = reference::zerosLike(type);
  for (int64_t i = 0; i < tensor.size(); ++i) {
    if (isFloat(tensor.dtype))
      tensor.set(i, std::uniform_real_distribution<double>(-2, 2)(random));
    else if (tensor.dtype == DType::Bool)
      tensor.setInteger(i, random() % 2);
    else if (tensor.dtype == DType::Key)
      tensor.setInteger(i, uint64_t(random()) << 32 | random());
    else
      tensor.setInteger(i, uint64_t(int64_t(random() % 8) - 2));
  }
  return tensor;
}

void expectExpansionAgrees(const std::string &text) {
  SCOPED_TRACE(text);
  DialectRegistry registry;
  registry.insert<ir::DescentDialect, func::FuncDialect>();
  MLIRContext context(registry);
  context.disableMultithreading();
  auto module = parseSourceString<ModuleOp>(text, &context);
  ASSERT_TRUE(module);
  auto function = module->lookupSymbol<func::FuncOp>("main");
  std::mt19937 random(std::hash<std::string>()(text));
  std::vector<Tensor> arguments;
  for (Type type : function.getArgumentTypes())
    arguments.push_back(randomTensor(type, random));
  reference::Options options;
  options.maxIterations = 10'000;
  Tensor expected = reference::evaluate(function, arguments, options).front();

  PassManager passes(&context);
  passes.addNestedPass<func::FuncOp>(createExpandVmapPass());
  ASSERT_TRUE(succeeded(passes.run(*module)));
  function.walk([](ir::VmapOp) { ADD_FAILURE() << "a vmap is left"; });
  Tensor actual = reference::evaluate(function, arguments, options).front();
  EXPECT_TRUE(reference::agree(expected, actual, 1e-12))
      << "loop:     " << expected.text() << "\nexpanded: " << actual.text();
}

std::vector<bool> choice(size_t bits, size_t count) {
  std::vector<bool> result;
  for (size_t i = 0; i < count; ++i)
    result.push_back(bits >> i & 1);
  return result;
}

} // namespace

void expectLanesAgree(const LaneCase &lane) {
  SCOPED_TRACE(lane.name);
  for (int64_t size : {0, 1, 3})
    for (size_t bits = 1; bits < size_t(1) << lane.operands.size(); ++bits)
      expectExpansionAgrees(program(lane, {{size, choice(bits, lane.operands.size())}}));
}

void expectNestedLanesAgree(const LaneCase &lane) {
  SCOPED_TRACE(lane.name);
  size_t count = lane.operands.size();
  for (size_t outer = 0; outer < size_t(1) << count; ++outer)
    for (size_t inner = 0; inner < size_t(1) << count; ++inner)
      expectExpansionAgrees(program(lane, {{3, choice(outer, count)}, {2, choice(inner, count)}}));
}

} // namespace descent::batch
