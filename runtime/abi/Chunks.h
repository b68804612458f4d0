// Pieces of a compiled loop, on several threads.
#pragma once

#include <cstdint>

namespace descent::abi {

/// One chunk of a loop, compiled. `lane` is memory of the thread that runs it.
using ChunkCode = void (*)(void *captured, int64_t chunk, void *lane);

/// Runs chunks 0 … count-1 on the shared pool, by at most `threads` threads (at least 1; the calling one
/// is among them), which then is as large. The calling thread's lane is `lane`; other threads get as much memory
/// of their own, which they keep for the next time.
void runChunks(int threads, int64_t count, ChunkCode code, void *captured, void *lane,
               int64_t laneBytes);

} // namespace descent::abi
