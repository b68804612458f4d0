// Rows of arrays that the device reads over the bus, brought by blocks of their own while all
// others go on with the program.
//
// The last blocks of a launch fetch. For each fetch of the program there are two counters in the
// launch's state: how often it was posted, and how many blocks have been done with it. Whoever
// needs the rows waits for as many as were asked for; that costs the others nothing.
#pragma once

#include "compiler/gpu/Program.h"

namespace descent::gpu {

/// Asks for rows: writes the indices where the fetching blocks find them, and goes on.
void emitFetch(ProgramEmission &p, const kernel::Step &step);
/// Waits until the rows of that fetch are there. Each block waits by itself.
void waitForFetch(ProgramEmission &p, int fetch);

/// Bytes of the state for so many fetches.
int64_t fetchStateBytes(size_t count);
/// To be called when all else has been emitted: what the fetching blocks do, and the ends of the
/// program, at which they are told to end, too. `entry` ends with a jump to the program.
void emitFetchers(ProgramEmission &p);

} // namespace descent::gpu
