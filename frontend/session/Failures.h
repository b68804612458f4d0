// Failures of a run, shown like any other error: at their place in the script.
#pragma once

#include "frontend/diagnostics/Source.h"
#include "runtime/abi/RunContext.h"

#include <string>

namespace descent {

/// The failure with its file, line, source line and carets, ending in a newline.
std::string renderFailure(const abi::Failure &failure, const SourceManager &sources);

} // namespace descent
