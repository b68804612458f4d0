// How much memory this process may use.
#pragma once

#include <cstdint>
#include <string_view>

namespace descent {

/// Bytes of memory that the machine has, or its control group may use, if that is less.
int64_t machineMemory();

/// Bytes of memory that could still be used now.
int64_t availableMemory();

/// The bytes that a control group's memory.max grants; 0 for no limit.
int64_t memoryOfLimit(std::string_view memoryMax);

} // namespace descent
