// Runs a program that compares its derivatives with finite differences, and collects the outcomes.
#pragma once

#include "compiler/Compiler.h"
#include "descent/Script.h"
#include "frontend/diagnostics/Source.h"
#include "frontend/sema/Program.h"

namespace descent {

/// `arena` is memory for one run of the executable, which is that of the program.
GradientReport compareDerivatives(const sema::Program &program,
                                  const compiler::Executable &executable, void *arena,
                                  const SourceManager &sources);

} // namespace descent
