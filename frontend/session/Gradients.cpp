#include "frontend/session/Gradients.h"

#include "frontend/session/Failures.h"
#include "runtime/abi/RunContext.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <tuple>

namespace descent {
namespace {

/// What a right derivative stays under.
constexpr double kTolerance = 1e-5;

/// A piece of a script on one line.
std::string onOneLine(std::string_view text) {
  std::string result;
  for (char c : text)
    if (!std::isspace(static_cast<unsigned char>(c)))
      result += c;
    else if (!result.empty() && result.back() != ' ')
      result += ' ';
  return result;
}

} // namespace

GradientReport compareDerivatives(const sema::Program &program,
                                  const compiler::Executable &executable, void *arena,
                                  const SourceManager &sources) {
  std::vector<const void *> inputs;
  for (const sema::Input &input : program.inputs)
    inputs.push_back(input.data.data());
  abi::RunContext::Options silently;
  silently.rehearse = true;
  abi::RunContext context(program.effects, program.checks, silently);
  executable.run(&context, inputs.data(), arena);

  // One place of the script may have become several of the program: a function called from two.
  using Place = std::tuple<uint32_t, uint32_t, uint32_t, std::string, int64_t>;
  std::map<Place, GradientCheck> checks;
  for (const auto &[index, outcome] : context.derivatives()) {
    const abi::Effect &effect = program.effects.at(static_cast<size_t>(index));
    const auto &derivative = std::get<abi::DerivativeEffect>(effect.what);
    SourceRange range{effect.span.file, effect.span.begin, effect.span.end};
    GradientCheck &check =
        checks[{range.file, range.begin, range.end, derivative.with, derivative.elements}];
    check.line = sources.file(range.file).lineOf(range.begin);
    check.expression = onOneLine(sources.text(range));
    check.parameter = derivative.with;
    check.elements = derivative.elements;
    check.times += outcome.times;
    check.largestError = std::max(check.largestError, outcome.largestError);
    check.compared &= derivative.isComparable;
    check.passed = !check.compared || check.largestError <= kTolerance;
  }
  GradientReport report;
  for (auto &[place, check] : checks)
    report.checks.push_back(std::move(check));
  if (const auto &failure = context.failure())
    report.stopped = renderFailure(*failure, sources);
  return report;
}

} // namespace descent
