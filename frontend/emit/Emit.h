// From the typed program to IR of the `descent` dialect: the frontend's one bridge to MLIR.
#pragma once

#include "compiler/Compiler.h"
#include "frontend/diagnostics/Source.h"
#include "frontend/sema/Program.h"

namespace descent {

/// Emits every operation as the dialect's operation of the same name, at its place in the script.
/// Throws descent::Error when the result does not verify, which is a defect of the frontend.
compiler::Module emit(const sema::Program &program, const SourceManager &sources);

} // namespace descent
