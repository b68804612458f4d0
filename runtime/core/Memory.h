// Memory for arrays, and how much of it this process may use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace descent {

/// Memory that begins at a line of the cache (64 bytes), to be given back with std::free; null
/// where there is not enough. Large memory is in large pages where the system has them: it hands
/// them out, and the processor finds them, much faster than many small ones.
void *allocate(size_t bytes);

/// A number of bytes as people read it: "1.50 GiB", "20.0 MiB", "100 bytes".
std::string inBytes(int64_t bytes);

/// Bytes of memory that the machine has, or its control group or this process may use, if that is
/// less.
int64_t machineMemory();

/// Bytes of memory that could still be used now.
int64_t availableMemory();

/// Whether a program can work in so many bytes: the system hands out more, and ends the process
/// that uses them.
bool hasMemoryFor(int64_t bytes);

/// The bytes that a control group's memory.max grants; 0 for no limit.
int64_t memoryOfLimit(std::string_view memoryMax);

} // namespace descent
