// The functions that compiled code may call, from the one table Functions.def.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

extern "C" {
#define ptr void *
#define i32 int32_t
#define i64 int64_t
#define f64 double
#define DESCENT_ABI(result, name, parameters) result descent_##name parameters;
#include "runtime/abi/Functions.def"
#undef ptr
#undef i32
#undef i64
#undef f64
}

namespace descent::abi {

/// A function that compiled code may call: its symbol and where it is.
struct FunctionEntry {
  std::string_view symbol; ///< "descent_effect"
  void *address;
};

/// All of Functions.def.
std::span<const FunctionEntry> functions();

} // namespace descent::abi
