// Rewritten IR as code in this process.
#pragma once

#include "compiler/emulator/Access.h"
#include "compiler/emulator/Machine.h"
#include "compiler/emulator/Memory.h"

#include <llvm/ExecutionEngine/Orc/LLJIT.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace descent::emulator {

class Code {
public:
  /// Throws DeviceError.
  Code(std::string_view bitcode, Machine &machine, Memory &memory, bool checks);
  ~Code();
  Code(const Code &) = delete;
  Code &operator=(const Code &) = delete;

  /// Null where there is none of the name.
  const KernelCode *find(const std::string &kernel) const;

private:
  Memory &memory;
  AccessTable accesses;
  std::map<std::string, KernelCode> kernels;
  std::vector<uint64_t> variables; ///< where those of the program lie
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace descent::emulator
