// PTX as LLVM IR that the emulator takes: each instruction becomes what the manual (NVIDIA,
// "Parallel Thread Execution ISA") says it does, so that what the back end and inline assembly made
// of a program can be run without a card.
//
// Known are those instructions that Descent's code has, and their nearest relatives; of none is
// anything assumed: unknown words (`.ftz`, `.approx`) are refused. Addresses of shared and local
// memory are other numbers than generic ones, as on a card, so that one that is not converted
// (`cvta`) leads nowhere.
#pragma once

#include "Syntax.h"

namespace descent::ptx {

/// As bitcode. Throws Problem.
std::string bitcodeOf(const Code &code);

} // namespace descent::ptx
