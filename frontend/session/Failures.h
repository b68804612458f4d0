// Failures of a run, shown like any other error: at their place in the script.
#pragma once

#include "frontend/diagnostics/Source.h"
#include "frontend/sema/Program.h"
#include "runtime/abi/RunContext.h"
#include "runtime/device/Runner.h"

#include <optional>
#include <string>
#include <vector>

namespace descent {

/// The failure with its file, line, source line and carets, ending in a newline; with a note at the
/// operation that made the first NaN, where it was found, and a remark.
std::string renderFailure(const abi::Failure &failure, const SourceManager &sources,
                          std::optional<SourceRange> origin = std::nullopt,
                          const std::string &remark = "");

/// Where a NaN or infinity comes from that no operation makes of finite values: the first in the data.
std::string sourceOfNonFinite(const sema::Program &program);

/// An array of a program's working memory: its type as the script has it ("" for the working memory
/// of an operation), and where it is made.
struct PlacedArray {
  std::string type;
  int64_t bytes = 0;
  std::optional<SourceRange> place;
};

/// What a program takes memory for.
struct NeedsOfProgram {
  const sema::Program &program; ///< its data
  std::vector<PlacedArray> largest;
  bool floatsAreWide = false; ///< `precision f64`
};

/// That a device has no room for a program: what takes most of it, and what may help.
std::string renderNoRoom(const device::NoRoom &shortage, const NeedsOfProgram &needs,
                         const SourceManager &sources);

/// The same of this machine, where a program needs `bytes` to work in.
std::string renderNoMemory(int64_t bytes, const NeedsOfProgram &needs,
                           const SourceManager &sources);

/// That a program failed on a device: about how far it had come. `isInLoop`: that place is in a
/// loop.
std::string renderDeviceFailure(const device::ProgramFailed &failure,
                                std::optional<SourceRange> reached, bool isInLoop,
                                const SourceManager &sources);

} // namespace descent
