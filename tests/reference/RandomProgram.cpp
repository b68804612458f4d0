#include "tests/reference/RandomProgram.h"

#include "tests/reference/RandomBuilder.h"

using namespace mlir;

namespace descent::reference {

func::FuncOp RandomProgram::main() {
  return module->lookupSymbol<func::FuncOp>("main");
}

std::vector<Event> RandomProgram::evaluate() {
  std::vector<Event> events;
  Options evaluation;
  evaluation.inputs = inputs;
  evaluation.events = &events;
  evaluation.maxIterations = 100'000;
  reference::evaluate(main(), {}, evaluation);
  return events;
}

RandomProgram randomProgram(MLIRContext &context, uint64_t seed,
                            const RandomProgramOptions &options) {
  context.loadDialect<ir::DescentDialect, func::FuncDialect>();
  OpBuilder builder(&context);
  Location loc = builder.getUnknownLoc();
  RandomProgram program;
  program.module = ModuleOp::create(builder, loc);
  builder.setInsertionPointToEnd(program.module->getBody());
  auto function = func::FuncOp::create(builder, loc, "main", builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  RandomBuilder generator(builder, seed, options);
  generator.grow(options.operations);
  SmallVector<Value> values;
  for (const Known &known : generator.someOf(6))
    values.push_back(known.value);
  ir::EffectOp::create(builder, loc, 0, values);
  func::ReturnOp::create(builder, loc);
  program.inputs = std::move(generator.inputs);
  return program;
}

std::optional<std::string> difference(const std::vector<Event> &expected,
                                      const std::vector<Event> &actual) {
  for (size_t i = 0; i < std::max(expected.size(), actual.size()); ++i) {
    std::string place = "event " + std::to_string(i) + ": ";
    if (i >= expected.size() || i >= actual.size())
      return place + "only one run has it";
    const Event &a = expected[i], &b = actual[i];
    if (a.kind != b.kind || a.index != b.index || a.operands.size() != b.operands.size())
      return place + "another event";
    for (size_t k = 0; k < a.operands.size(); ++k) {
      double tolerance = a.operands[k].dtype == DType::F32 ? 1e-3 : 1e-7;
      if (!agree(a.operands[k], b.operands[k], tolerance, tolerance))
        return place + "operand " + std::to_string(k) + ": " + a.operands[k].text() + " and " +
               b.operands[k].text();
    }
    if (a.kind == Event::Kind::FailedCheck)
      break;
  }
  return std::nullopt;
}

} // namespace descent::reference
