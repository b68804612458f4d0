// The inside of a compiler::Executable, and its form as bytes.
#pragma once

#include "compiler/Compiler.h"
#include "compiler/cpu/Jit.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringMap.h>

namespace descent::compiler {

/// All that is needed to run a program again, in this process or another.
struct CodeImage {
  uint64_t arenaBytes = 0;
  std::vector<std::string> functions; ///< "main" is the program itself
  llvm::SmallVector<char, 0> object;  ///< the object file

  std::string write() const;
  /// Nothing where the bytes are not such an image.
  static std::optional<CodeImage> read(std::string_view bytes);
};

struct Executable::State {
  using Program = int (*)(void *, const void *const *, void *);

  /// Puts the code into this process. Throws descent::Error.
  explicit State(CodeImage image);

  size_t arenaBytes = 0;
  cpu::LoadedCode code;
  Program program = nullptr;
  llvm::StringMap<Function> exported;
  CompileTimes times;
  std::vector<SourcePlace> tracedPlaces, tapePlaces;
};

} // namespace descent::compiler
