// The typed program as text.
#include "frontend/sema/Program.h"

#include "frontend/sema/Value.h"

#include <cstdio>

namespace descent::sema {
namespace {

class Printer {
public:
  explicit Printer(const Program &program) : program(program) {}

  std::string run() {
    if (program.products != ProductPrecision::Full)
      text += program.products == ProductPrecision::Tf32 ? "products tf32\n" : "products bf16\n";
    printOps(program.main, 0);
    for (const Function &function : program.exports) {
      text += "export " + function.name + "(";
      printList(function.body.args, true);
      text += ")\n";
      printOps(function.body, 1);
      printYield(function.body, 1);
    }
    return std::move(text);
  }

private:
  void indent(int depth) { text.append(static_cast<size_t>(depth) * 2, ' '); }

  void printList(const std::vector<ValueId> &ids, bool withTypes) {
    for (size_t i = 0; i < ids.size(); ++i) {
      if (i > 0)
        text += ", ";
      text += "%" + std::to_string(ids[i]);
      if (withTypes)
        text += ": " + describe(program.values[ids[i]]);
    }
  }

  void printNumber(double number) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.9g", number);
    text += buffer;
  }

  void printAttribute(const Attribute &attribute) {
    if (auto integer = std::get_if<int64_t>(&attribute)) {
      text += std::to_string(*integer);
    } else if (auto list = std::get_if<std::vector<int64_t>>(&attribute)) {
      text += "[";
      for (size_t i = 0; i < list->size(); ++i)
        text += (i > 0 ? ", " : "") + std::to_string((*list)[i]);
      text += "]";
    } else if (auto flag = std::get_if<bool>(&attribute)) {
      text += *flag ? "true" : "false";
    } else if (auto word = std::get_if<std::string>(&attribute)) {
      text += *word;
    } else {
      printElements(std::get<ConstantData>(attribute));
    }
  }

  void printElements(const ConstantData &data) {
    constexpr size_t kShown = 8;
    text += "[";
    std::visit(
        [&](const auto &elements) {
          for (size_t i = 0; i < elements.size() && i < kShown; ++i) {
            if (i > 0)
              text += ", ";
            if constexpr (std::is_same_v<std::decay_t<decltype(elements[i])>, double>)
              printNumber(elements[i]);
            else
              text += std::to_string(elements[i]);
          }
          if (elements.size() > kShown)
            text += ", …";
        },
        data.elements);
    text += "]";
  }

  void printOps(const Region &region, int depth) {
    for (const Op &op : region.ops)
      printOp(op, depth);
  }

  void printYield(const Region &region, int depth) {
    indent(depth);
    text += "yield ";
    printList(region.yields, false);
    text += "\n";
  }

  void printOp(const Op &op, int depth) {
    indent(depth);
    if (!op.results.empty()) {
      printList(op.results, false);
      text += " = ";
    }
    text += op.name;
    text += " ";
    printList(op.operands, false);
    if (!op.operandGroups.empty()) {
      text += " groups";
      for (int32_t group : op.operandGroups)
        text += " " + std::to_string(group);
    }
    for (const auto &[name, value] : op.attributes) {
      text += " ";
      text += name;
      text += "=";
      printAttribute(value);
    }
    for (size_t i = 0; i < op.results.size(); ++i)
      text += (i == 0 ? " : " : ", ") + describe(program.values[op.results[i]]);
    text += "\n";
    for (const Region &region : op.regions) {
      indent(depth);
      text += "{(";
      printList(region.args, true);
      text += ")\n";
      printOps(region, depth + 1);
      printYield(region, depth + 1);
      indent(depth);
      text += "}\n";
    }
  }

  const Program &program;
  std::string text;
};

} // namespace

std::string print(const Program &program) { return Printer(program).run(); }

} // namespace descent::sema
