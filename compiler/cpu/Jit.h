// Machine code put into this process.
#pragma once

#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>

#include <memory>

namespace descent::cpu {

/// An object file, linked and executable. The functions of the runtime are known to it.
class LoadedCode {
public:
  /// Throws descent::Error.
  explicit LoadedCode(llvm::SmallVector<char, 0> object);

  /// The address of a function. Throws where there is none of the name.
  void *find(llvm::StringRef name) const;

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace descent::cpu
