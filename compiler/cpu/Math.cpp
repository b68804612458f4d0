#include "compiler/cpu/Math.h"

#include "compiler/math/Bitcode.h"

#include "descent/Error.h"

#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/Linker/Linker.h>
#include <llvm/Support/MemoryBuffer.h>

namespace descent::cpu {

void linkMath(llvm::Module &module, const std::set<std::string> &names) {
  if (names.empty())
    return;
  std::string_view bytes = mathBitcode();
  llvm::MemoryBufferRef buffer(llvm::StringRef(bytes.data(), bytes.size()), "math");
  auto math = llvm::getLazyBitcodeModule(buffer, module.getContext());
  if (!math)
    throw Error("internal: the math bitcode cannot be read: " + llvm::toString(math.takeError()));
  for (const std::string &name : names)
    if (!(*math)->getFunction(name))
      throw Error("the code generator has no function '" + name + "'");
  (*math)->setTargetTriple(module.getTargetTriple());
  (*math)->setDataLayout(module.getDataLayout());
  bool failed = llvm::Linker::linkModules(
      module, std::move(*math), llvm::Linker::LinkOnlyNeeded,
      [](llvm::Module &into, const llvm::StringSet<> &linked) {
        for (const auto &name : linked)
          if (llvm::GlobalValue *value = into.getNamedValue(name.getKey());
              value && !value->isDeclaration())
            value->setLinkage(llvm::GlobalValue::InternalLinkage);
      });
  if (failed)
    throw Error("internal: the math bitcode cannot be linked");
}

} // namespace descent::cpu
