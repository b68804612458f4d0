#include "tests/unit/sema/Subject.h"

#include "frontend/sema/Value.h"
#include "tests/unit/sema/ProgramCheck.h"

#include <functional>
#include <sstream>

namespace descent::sema {
namespace {

bool isKeep(const Program &program, const Op &op) {
  if (op.name != "effect")
    return false;
  const abi::Effect &effect =
      program.effects[static_cast<size_t>(std::get<int64_t>(op.attributes.at(0).second))];
  return std::holds_alternative<abi::KeepEffect>(effect.what);
}

void listOps(const Program &program, const Region &region, std::string &text) {
  for (const Op &op : region.ops) {
    if (op.name == "constant" || isKeep(program, op))
      continue;
    if (!text.empty() && text.back() != '{')
      text += " ";
    text += op.name;
    for (const Region &inner : op.regions) {
      text += " {";
      listOps(program, inner, text);
      text += "}";
    }
  }
}

void visit(const Region &region, const std::function<void(const Op &)> &use) {
  for (const Op &op : region.ops) {
    use(op);
    for (const Region &inner : op.regions)
      visit(inner, use);
  }
}

} // namespace

DataResult TestData::load(const std::string &path, DType defaultFloat) {
  loaded.push_back(path);
  DataResult result;
  if (path.ends_with("missing.csv")) {
    result.error = "cannot read `" + path + "`: no such file";
    return result;
  }
  std::vector<double> x, y;
  std::vector<int32_t> z;
  for (int i = 0; i < 10; ++i) {
    x.push_back(i);
    y.push_back(2 * i);
    z.push_back(i);
  }
  result.columns.push_back({"x", "x", Array::fromVector(x).converted(defaultFloat), ""});
  if (path.ends_with(".npy")) {
    result.isSingleArray = true;
    return result;
  }
  result.columns.push_back({"y", "y", Array::fromVector(y).converted(defaultFloat), ""});
  result.columns.push_back({"z", "z", Array::fromVector(z), ""});
  result.columns.push_back({"name", "name", {}, "line 2: `Ann` is not a number"});
  return result;
}

Subject::Subject(const std::string &script, AnalyzeOptions options) {
  const SourceFile &file = sources.add("test.gd", script);
  tree = parse(file, diagnostics);
  options.dataSource = &data;
  program = analyze(*tree, sources, diagnostics, options);
  std::ostringstream out;
  diagnostics.render(out);
  shown = out.str();
  if (program)
    problem = problemOf(*program);
}

std::string Subject::text() const { return program ? print(*program) : shown; }

std::string Subject::ops() const {
  std::string result;
  if (program)
    listOps(*program, program->main, result);
  return program ? result : shown;
}

std::vector<std::string> Subject::printed() const {
  std::vector<std::string> types;
  if (!program)
    return {shown};
  for (const abi::Effect &effect : program->effects)
    if (std::holds_alternative<abi::PrintEffect>(effect.what))
      for (const abi::OperandType &operand : effect.operands)
        types.push_back(describe({operand.dtype, operand.shape}));
  return types;
}

std::vector<std::string> Subject::constants() const {
  std::vector<std::string> values;
  if (!program)
    return {shown};
  std::vector<const ConstantData *> constants(program->values.size(), nullptr);
  visit(program->main, [&](const Op &op) {
    if (op.name == "constant")
      constants[op.results[0]] = &std::get<ConstantData>(op.attributes.at(0).second);
    if (op.name != "effect" || isKeep(*program, op))
      return;
    for (ValueId id : op.operands) {
      std::string text = "?";
      if (const ConstantData *data = constants[id]) {
        text.clear();
        std::visit(
            [&](const auto &elements) {
              for (auto element : elements) {
                std::ostringstream out;
                out << element;
                text += (text.empty() ? "" : " ") + out.str();
              }
            },
            data->elements);
      }
      values.push_back(text);
    }
  });
  return values;
}

size_t Subject::count(std::string_view name) const {
  size_t result = 0;
  if (program)
    visit(program->main, [&](const Op &op) { result += op.name == name; });
  return result;
}

} // namespace descent::sema
