#include "tests/unit/sema/builtins/Analysis.h"

#include "frontend/sema/Sema.h"
#include "frontend/syntax/Parser.h"

#include <sstream>

namespace descent::sema {

Analysis analyzeText(const std::string &script) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  const SourceFile &file = sources.add("test.gd", script);
  auto tree = parse(file, diagnostics);
  auto program = analyze(*tree, sources, diagnostics, {});
  Analysis result;
  if (program) {
    result.program = print(*program);
    for (const abi::Effect &effect : program->effects) {
      if (!std::holds_alternative<abi::PrintEffect>(effect.what))
        continue;
      for (const abi::OperandType &operand : effect.operands) {
        std::string text(nameOf(operand.dtype));
        for (size_t i = 0; i < operand.shape.size(); ++i)
          text += (i == 0 ? "[" : ", ") + std::to_string(operand.shape[i]);
        result.printed.push_back(operand.shape.empty() ? text : text + "]");
      }
    }
  }
  for (const Diagnostic &diagnostic : diagnostics.all())
    if (diagnostic.severity == Severity::Error)
      result.errors.push_back(std::string(messageInfo(diagnostic.message).id) + ": " +
                              std::string(sources.text(diagnostic.caret)));
  std::ostringstream shown;
  diagnostics.render(shown);
  result.shown = shown.str();
  return result;
}

} // namespace descent::sema
