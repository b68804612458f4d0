#include "frontend/session/Failures.h"

#include "frontend/diagnostics/Diagnostics.h"

#include <sstream>

namespace descent {
namespace {

Msg messageOf(abi::Failure::Kind kind) {
  switch (kind) {
  case abi::Failure::Kind::Assert:
  case abi::Failure::Kind::Value:
    return Msg::AssertFailed;
  case abi::Failure::Kind::Index:
    return Msg::IndexOutOfRange;
  case abi::Failure::Kind::Effect:
    return Msg::EffectFailed;
  case abi::Failure::Kind::NotFinite:
    return Msg::NotFinite;
  }
  return Msg::AssertFailed;
}

} // namespace

std::string renderFailure(const abi::Failure &failure, const SourceManager &sources,
                          std::optional<SourceRange> origin) {
  Diagnostics diagnostics(sources);
  SourceRange range{failure.span.file, failure.span.begin, failure.span.end};
  auto &&report = diagnostics.error(range, messageOf(failure.kind), failure.message);
  if (origin)
    report.note(*origin,
                "the first value that was not finite was made here, from finite ones, or in "
                "the derivative of this");
  std::ostringstream out;
  diagnostics.render(out);
  return out.str();
}

} // namespace descent
