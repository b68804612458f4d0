#include "frontend/emit/Emit.h"

#include "compiler/Module.h"
#include "compiler/dialect/Dialect.h"
#include "compiler/dialect/Precision.h"
#include "descent/Error.h"

#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/IR/Verifier.h>

using namespace mlir;

namespace descent {
namespace {

class Emitter {
public:
  Emitter(const sema::Program &program, const SourceManager &sources, MLIRContext &context)
      : program(program), sources(sources), context(context), builder(&context),
        values(program.values.size()) {}

  OwningOpRef<ModuleOp> run() {
    OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
    switch (program.products) {
    case sema::ProductPrecision::Full:
      break;
    case sema::ProductPrecision::Tf32:
      ir::setProductPrecision(*module, ir::ProductPrecision::Tf32);
      break;
    case sema::ProductPrecision::Bf16:
      ir::setProductPrecision(*module, ir::ProductPrecision::Bf16);
      break;
    }
    emitFunction(*module, "main", program.main);
    for (const sema::Function &function : program.exports)
      emitFunction(*module, function.name, function.body);
    return module;
  }

private:
  Type elementType(DType dtype) {
    switch (dtype) {
    case DType::F64:
      return builder.getF64Type();
    case DType::F32:
      return builder.getF32Type();
    case DType::I64:
      return builder.getI64Type();
    case DType::I32:
      return builder.getI32Type();
    case DType::U32:
      return builder.getIntegerType(32, /*isSigned=*/false);
    case DType::Bool:
      return builder.getI1Type();
    case DType::Key:
      return builder.getIntegerType(64, /*isSigned=*/false);
    }
    llvm_unreachable("every dtype is listed");
  }

  RankedTensorType typeOf(sema::ValueId id) {
    const sema::TensorType &type = program.values[id];
    return RankedTensorType::get(type.dims, elementType(type.dtype));
  }

  SmallVector<Type> typesOf(const std::vector<sema::ValueId> &ids) {
    return llvm::map_to_vector(ids, [&](sema::ValueId id) -> Type { return typeOf(id); });
  }

  SmallVector<Value> valuesOf(const std::vector<sema::ValueId> &ids) {
    return llvm::map_to_vector(ids, [&](sema::ValueId id) { return values[id]; });
  }

  /// The file, line and columns of a range, and the range itself for whoever has the texts.
  Location location(SourceRange range) {
    if (!range.isValid())
      return builder.getUnknownLoc();
    const SourceFile &file = sources.file(range.file);
    LineColumn begin = file.lineColumn(range.begin);
    LineColumn end = file.lineColumn(range.end);
    return FileLineColRange::get(builder.getStringAttr(file.path()), begin.line, begin.column,
                                 end.line, end.column);
  }

  DenseElementsAttr constant(const sema::ConstantData &data, RankedTensorType type) {
    Type element = type.getElementType();
    if (auto floats = std::get_if<std::vector<double>>(&data.elements)) {
      const llvm::fltSemantics &semantics = cast<FloatType>(element).getFloatSemantics();
      SmallVector<APFloat> converted;
      for (double number : *floats) {
        APFloat value(number);
        bool losesInformation = false;
        value.convert(semantics, APFloat::rmNearestTiesToEven, &losesInformation);
        converted.push_back(value);
      }
      return DenseElementsAttr::get(type, converted);
    }
    const auto &integers = std::get<std::vector<int64_t>>(data.elements);
    unsigned width = element.getIntOrFloatBitWidth();
    SmallVector<APInt> converted;
    for (int64_t number : integers)
      converted.push_back(APInt(width, static_cast<uint64_t>(number), true, true));
    return DenseElementsAttr::get(type, converted);
  }

  Attribute attribute(const sema::Op &op, StringRef name, const sema::Attribute &value) {
    if (auto integer = std::get_if<int64_t>(&value))
      return builder.getI64IntegerAttr(*integer);
    if (auto list = std::get_if<std::vector<int64_t>>(&value))
      return builder.getDenseI64ArrayAttr(*list);
    if (std::holds_alternative<bool>(value))
      return builder.getUnitAttr();
    if (auto data = std::get_if<sema::ConstantData>(&value))
      return constant(*data, typeOf(op.results.front()));
    const auto &keyword = std::get<std::string>(value);
    if (name == "predicate")
      return ir::PredicateAttr::get(&context, *ir::symbolizePredicate(keyword));
    return ir::ScatterKindAttr::get(&context, *ir::symbolizeScatterKind(keyword));
  }

  void emitOp(const sema::Op &op) {
    OperationState state(location(op.range), ("descent." + StringRef(op.name)).str());
    state.addOperands(valuesOf(op.operands));
    state.addTypes(typesOf(op.results));
    for (const auto &[name, value] : op.attributes)
      if (!(std::holds_alternative<bool>(value) && !std::get<bool>(value)))
        state.addAttribute(name, attribute(op, name, value));
    if (!op.operandGroups.empty())
      state.addAttribute("operandSegmentSizes", builder.getDenseI32ArrayAttr(op.operandGroups));
    for (size_t i = 0; i < op.regions.size(); ++i)
      state.addRegion();
    Operation *created = builder.create(state);
    for (auto [id, result] : llvm::zip(op.results, created->getResults()))
      values[id] = result;
    for (auto [region, from] : llvm::zip(created->getRegions(), op.regions))
      emitRegion(region, from, state.location);
  }

  void emitRegion(mlir::Region &region, const sema::Region &from, Location at) {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&region, {}, typesOf(from.args),
                                       SmallVector<Location>(from.args.size(), at));
    for (auto [id, argument] : llvm::zip(from.args, block->getArguments()))
      values[id] = argument;
    for (const sema::Op &op : from.ops)
      emitOp(op);
    ir::YieldOp::create(builder, at, valuesOf(from.yields));
  }

  void emitFunction(ModuleOp module, StringRef name, const sema::Region &body) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(module.getBody());
    auto type = builder.getFunctionType(typesOf(body.args), typesOf(body.yields));
    auto function = func::FuncOp::create(builder, builder.getUnknownLoc(), name, type);
    Block *block = function.addEntryBlock();
    builder.setInsertionPointToStart(block);
    for (auto [id, argument] : llvm::zip(body.args, block->getArguments()))
      values[id] = argument;
    for (const sema::Op &op : body.ops)
      emitOp(op);
    func::ReturnOp::create(builder, builder.getUnknownLoc(), valuesOf(body.yields));
  }

  const sema::Program &program;
  const SourceManager &sources;
  MLIRContext &context;
  OpBuilder builder;
  std::vector<Value> values;
};

} // namespace

compiler::Module emit(const sema::Program &program, const SourceManager &sources) {
  auto state = std::make_unique<compiler::Module::State>();
  state->context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
  state->context->loadDialect<ir::DescentDialect, func::FuncDialect>();
  std::string problems;
  ScopedDiagnosticHandler handler(state->context.get(), [&](mlir::Diagnostic &diagnostic) {
    problems += "\n  ";
    llvm::raw_string_ostream out(problems);
    diagnostic.getLocation()->print(out);
    out << ": " << diagnostic.str();
    return success();
  });
  state->module = Emitter(program, sources, *state->context).run();
  if (failed(verify(*state->module)))
    throw Error("the frontend made a program that does not verify (a defect of Descent):" +
                problems);
  return compiler::Module(std::move(state));
}

} // namespace descent
