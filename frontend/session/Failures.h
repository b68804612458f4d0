// Failures of a run, shown like any other error: at their place in the script.
#pragma once

#include "frontend/diagnostics/Source.h"
#include "runtime/abi/RunContext.h"

#include <optional>
#include <string>

namespace descent {

/// The failure with its file, line, source line and carets, ending in a newline; with a note at the
/// operation that made the first NaN, where it was found.
std::string renderFailure(const abi::Failure &failure, const SourceManager &sources,
                          std::optional<SourceRange> origin = std::nullopt);

} // namespace descent
