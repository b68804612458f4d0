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
  case abi::Failure::Kind::Memory:
    return Msg::OutOfMemory;
  }
  return Msg::AssertFailed;
}

} // namespace

std::string renderFailure(const abi::Failure &failure, const SourceManager &sources,
                          std::optional<SourceRange> origin) {
  Diagnostics diagnostics(sources);
  SourceRange range{failure.span.file, failure.span.begin, failure.span.end};
  if (failure.kind == abi::Failure::Kind::Memory) {
    auto &&report =
        diagnostics.error(origin.value_or(SourceRange()), Msg::OutOfMemory, failure.message);
    report.note(
        "with `checkpoint(f)` around a part of the body that is itself a loop, only what goes into "
        "the part is kept, and it runs again");
    std::ostringstream out;
    diagnostics.render(out);
    return out.str();
  }
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
