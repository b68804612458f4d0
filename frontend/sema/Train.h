// `train`, and its losses as functions for a gradient check.
#pragma once

#include "frontend/sema/Function.h"
#include "frontend/sema/Program.h"
#include "frontend/sema/Sema.h"

namespace descent::sema {

/// In a gradient check: which `train` of the script is looked at, and what is wanted of it. The script
/// is specialised into a function of its own up to there; the rest is left out.
struct TrainProbe {
  enum class Want : uint8_t { Start, Loss, Gradient };
  size_t which = 0;
  Want want = Want::Start;
  Function function;
  TrainedLoss loss;

  size_t seen = 0; ///< `train`s met so far
  bool isFound = false;
};

/// Specialises a script into `program`, or, with a probe, into the probe's function.
void analyzeScript(const ast::Ast &script, SourceManager &sources, Diagnostics &diagnostics,
                   const AnalyzeOptions &options, Program &program, TrainProbe *probe);

/// Fills `program.exports` with the functions of a gradient check (see AnalyzeOptions).
void analyzeGradients(const ast::Ast &script, SourceManager &sources, Diagnostics &diagnostics,
                      const AnalyzeOptions &options, Program &program,
                      std::vector<TrainedLoss> &losses);

} // namespace descent::sema
