// What the code of kernels calls of the emulator.
#pragma once

#include <span>

namespace descent::emulator {

/// A function that rewritten code may call.
struct Function {
  const char *name;
  void *address;
  /// The result, then the parameters: v(oid), i(32 bits), l(64 bits), p(ointer). The first
  /// parameter is the machine.
  const char *signature;
  /// Pure: a thread gets the same from each call. Check: memory that the code sees stays as it is,
  /// but the call may not return. Meet: others may run. Last: it does not return.
  enum class Effect { Pure, Check, Meet, Last } effect;
};

std::span<const Function> functions();

/// A function that LLVM may call by itself, or for an intrinsic that x86 has no code for.
struct LibraryFunction {
  const char *name;
  void *address;
};

std::span<const LibraryFunction> libraryFunctions();

} // namespace descent::emulator
