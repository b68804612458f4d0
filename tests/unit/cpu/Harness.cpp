#include "tests/unit/cpu/Harness.h"

#include "compiler/Module.h"
#include "compiler/dialect/Dialect.h"
#include "descent/Array.h"
#include "runtime/abi/RunContext.h"

#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/Parser/Parser.h>

#include <cstring>

namespace descent::tests {

namespace {

using reference::Dims;

/// Elements as compiled code has them.
Array toArray(const Tensor &tensor) {
  Array array = Array::uninitialized(tensor.dtype, tensor.dims);
  visitDType(tensor.dtype, [&](auto zero) {
    using T = decltype(zero);
    auto *to = static_cast<T *>(array.mutableData());
    std::visit(
        [&](const auto &from) {
          for (size_t i = 0; i < from.size(); ++i)
            to[i] = T(from[i]);
        },
        tensor.elements);
  });
  return array;
}

Tensor fromMemory(DType dtype, const Dims &dims, const void *memory) {
  Tensor tensor = Tensor::zeros(dtype, dims);
  visitDType(dtype, [&](auto zero) {
    using T = decltype(zero);
    auto *from = static_cast<const T *>(memory);
    std::visit(
        [&](auto &to) {
          using E = typename std::remove_reference_t<decltype(to)>::value_type;
          for (size_t i = 0; i < to.size(); ++i)
            to[i] = E(from[i]);
        },
        tensor.elements);
  });
  return tensor;
}

mlir::func::FuncOp functionOf(const compiler::Module &module, const std::string &name) {
  return module.state().module->lookupSymbol<mlir::func::FuncOp>(name);
}

/// Effects and checks of the types that a program hands over; all keep their operands. Several
/// operations of a test may have one number, so the compiled program gets numbers of its own.
struct Tables {
  std::vector<abi::Effect> effects;
  std::vector<abi::Check> checks;
};

Tables tablesOf(mlir::ModuleOp module) {
  Tables tables;
  auto types = [](mlir::ValueRange values) {
    std::vector<abi::OperandType> all;
    for (mlir::Value value : values) {
      Tensor zero = reference::zerosLike(value.getType());
      all.push_back({zero.dtype, zero.dims});
    }
    return all;
  };
  module.walk([&](ir::EffectOp op) {
    abi::Effect effect;
    effect.operands = types(op.getValues());
    abi::ValueLayout layout;
    layout.kind = abi::ValueLayout::Kind::Tuple;
    for (size_t i = 0; i < effect.operands.size(); ++i) {
      layout.items.emplace_back();
      layout.items.back().operand = int(i);
    }
    effect.what = abi::KeepEffect{std::to_string(op.getIndex()), layout};
    op.setIndex(tables.effects.size());
    tables.effects.push_back(effect);
  });
  module.walk([&](ir::CheckOp op) {
    abi::Check check;
    check.operands = types(op.getValues());
    check.message.emplace_back();
    check.message.back().literal = "check " + std::to_string(op.getIndex());
    for (size_t i = 0; i < check.operands.size(); ++i) {
      check.message.emplace_back();
      check.message.back().literal = " ";
      check.message.emplace_back();
      check.message.back().value.emplace();
      check.message.back().value->operand = int(i);
    }
    op.setIndex(tables.checks.size());
    tables.checks.push_back(check);
  });
  return tables;
}

/// What a run did, in order.
std::vector<Event> eventsOf(const abi::RunContext &context) {
  std::vector<Event> events;
  for (const abi::KeptValue &kept : context.kept()) {
    Event event{Event::Kind::Effect, std::stoll(kept.name), {}};
    for (const Array &array : kept.arrays)
      event.operands.push_back(fromMemory(array.dtype(), array.shape(), array.data()));
    events.push_back(event);
  }
  if (context.failure())
    events.push_back(
        {Event::Kind::FailedCheck, std::stoll(context.failure()->message.substr(6)), {}});
  return events;
}

/// Garbage, with a margin behind it that must stay as it is.
class Arena {
public:
  explicit Arena(size_t bytes)
      : bytes(bytes), memory(Array::uninitialized(DType::Bool, {int64_t(bytes) + margin})) {
    std::memset(memory.mutableData(), 0x5a, bytes + margin);
  }
  ~Arena() {
    auto *data = static_cast<const unsigned char *>(memory.data());
    for (size_t i = bytes; i < bytes + margin; ++i)
      EXPECT_EQ(data[i], 0x5a) << "written behind the arena";
  }
  void *data() { return memory.mutableData(); }

private:
  static constexpr int64_t margin = 64;
  size_t bytes;
  Array memory;
};

} // namespace

Tensor f32(Dims dims, std::vector<double> numbers) {
  return Tensor::of(DType::F32, std::move(dims), std::move(numbers));
}
Tensor f64(Dims dims, std::vector<double> numbers) {
  return Tensor::of(DType::F64, std::move(dims), std::move(numbers));
}
Tensor i32(Dims dims, std::vector<double> numbers) {
  return Tensor::of(DType::I32, std::move(dims), std::move(numbers));
}
Tensor i64(Dims dims, std::vector<double> numbers) {
  return Tensor::of(DType::I64, std::move(dims), std::move(numbers));
}
Tensor u32(Dims dims, std::vector<double> numbers) {
  return Tensor::of(DType::U32, std::move(dims), std::move(numbers));
}
Tensor boolean(Dims dims, std::vector<double> numbers) {
  return Tensor::of(DType::Bool, std::move(dims), std::move(numbers));
}

Tensor sample(mlir::Type type, unsigned seed) {
  Tensor tensor = reference::zerosLike(type);
  uint32_t state = seed * 2654435761u + 12345u;
  for (int64_t i = 0; i < tensor.size(); ++i) {
    state = state * 1664525u + 1013904223u;
    double unit = double(state >> 8) / double(1 << 24);
    if (isFloat(tensor.dtype))
      tensor.set(i, (unit - 0.5) * 8);
    else if (tensor.dtype == DType::Bool)
      tensor.setInteger(i, state >> 31);
    else if (tensor.dtype == DType::U32 || tensor.dtype == DType::Key)
      tensor.setInteger(i, uint64_t(unit * 18));
    else
      tensor.setInteger(i, uint64_t(int64_t(unit * 19) - 9));
  }
  return tensor;
}

compiler::Module parse(const std::string &text) {
  auto state = std::make_unique<compiler::Module::State>();
  state->context = std::make_unique<mlir::MLIRContext>(mlir::MLIRContext::Threading::DISABLED);
  state->context->loadDialect<ir::DescentDialect, mlir::func::FuncDialect>();
  state->module = mlir::parseSourceString<mlir::ModuleOp>(text, state->context.get());
  if (!state->module)
    throw std::runtime_error("the test's program is wrong: " + text);
  return compiler::Module(std::move(state));
}

Tensor sample(const std::string &type, unsigned seed) {
  compiler::Module module = parse("func.func private @f(" + type + ")");
  return sample(functionOf(module, "f").getArgumentTypes()[0], seed);
}

Compiled compileFunction(const std::string &text, bool fuse) {
  compiler::CompileOptions options;
  options.verifyEachPass = true;
  options.fuse = fuse;
  return compileFunction(text, options);
}

Compiled compileFunction(const std::string &text, const compiler::CompileOptions &options) {
  compiler::Module module = parse(text);
  std::vector<Tensor> zeros;
  for (mlir::Type type : functionOf(module, "f").getResultTypes())
    zeros.push_back(reference::zerosLike(type));
  Tables tables = tablesOf(*module.state().module);
  return {compiler::compile(std::move(module), options), std::move(zeros),
          std::make_shared<Tables>(std::move(tables))};
}

std::vector<Tensor> Compiled::operator()(const std::vector<Tensor> &arguments, int *status,
                                         std::vector<Event> *events) const {
  const auto &known = *std::static_pointer_cast<const Tables>(tables);
  std::vector<Array> inputs, outputs;
  std::vector<const void *> inputPointers;
  std::vector<void *> outputPointers;
  for (const Tensor &argument : arguments)
    inputs.push_back(toArray(argument));
  for (const Array &input : inputs)
    inputPointers.push_back(input.data());
  for (const Tensor &zero : zeros) {
    outputs.push_back(Array::uninitialized(zero.dtype, zero.dims));
    std::memset(outputs.back().mutableData(), 0x5a, outputs.back().byteSize());
    outputPointers.push_back(outputs.back().mutableData());
  }
  Arena arena(executable.arenaBytes());
  abi::RunContext context(known.effects, known.checks, {});
  int result = executable.call("f", &context, inputPointers.data(), outputPointers.data(),
                               arena.data());
  for (size_t i = 0; i < inputs.size(); ++i)
    EXPECT_EQ(std::memcmp(inputs[i].data(), toArray(arguments[i]).data(), inputs[i].byteSize()), 0)
        << "argument " << i << " was written to";
  if (status)
    *status = result;
  else
    EXPECT_EQ(result, 0);
  if (events)
    *events = eventsOf(context);
  std::vector<Tensor> results;
  for (size_t i = 0; i < zeros.size(); ++i)
    results.push_back(fromMemory(zeros[i].dtype, zeros[i].dims, outputs[i].data()));
  return results;
}

std::vector<Event> runProgram(const std::string &text, const std::vector<Tensor> &inputs,
                              bool fuse) {
  compiler::CompileOptions options;
  options.fuse = fuse;
  return runProgram(text, inputs, options);
}

std::vector<Event> runProgram(const std::string &text, const std::vector<Tensor> &inputs,
                              const compiler::CompileOptions &options) {
  compiler::Module module = parse(text);
  Tables tables = tablesOf(*module.state().module);
  auto executable = compiler::compile(std::move(module), options);
  std::vector<Array> arrays;
  std::vector<const void *> pointers;
  for (const Tensor &input : inputs)
    arrays.push_back(toArray(input));
  for (const Array &array : arrays)
    pointers.push_back(array.data());
  Arena arena(executable.arenaBytes());
  abi::RunContext context(tables.effects, tables.checks, {});
  int status = executable.run(&context, pointers.data(), arena.data());
  EXPECT_EQ(status, context.failure() ? 1 : 0);
  return eventsOf(context);
}

std::vector<Tensor> evaluateFunction(const std::string &text, const std::vector<Tensor> &arguments) {
  compiler::Module module = parse(text);
  return reference::evaluate(functionOf(module, "f"), arguments);
}

void expectAgreement(const std::string &text, const std::vector<Tensor> &arguments,
                     double relative, double absolute) {
  std::vector<Tensor> expected = evaluateFunction(text, arguments);
  for (bool fuse : {true, false}) {
    std::vector<Tensor> actual = compileFunction(text, fuse)(arguments);
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i)
      EXPECT_TRUE(reference::agree(actual[i], expected[i], relative, absolute))
          << (fuse ? "fused" : "unfused") << ", result " << i << "\n  is        "
          << actual[i].text().substr(0, 600) << "\n  should be " << expected[i].text().substr(0, 600)
          << "\n"
          << text;
  }
}

void expectAgreement(const std::string &text, double relative, double absolute) {
  compiler::Module module = parse(text);
  std::vector<Tensor> arguments;
  for (mlir::Type type : functionOf(module, "f").getArgumentTypes())
    arguments.push_back(sample(type, unsigned(arguments.size()) + 1));
  expectAgreement(text, arguments, relative, absolute);
}

std::string llvmOf(const std::string &text, bool fuse) {
  compiler::CompileOptions options;
  options.fuse = fuse;
  return compiler::show(parse(text), compiler::Stage::Llvm, options);
}

} // namespace descent::tests
