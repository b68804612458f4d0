#include "compiler/cpu/Jit.h"

#include "descent/Error.h"
#include "runtime/abi/Functions.h"

#include <llvm/ExecutionEngine/Orc/AbsoluteSymbols.h>
#include <llvm/ExecutionEngine/Orc/CompileUtils.h>
#include <llvm/Support/SmallVectorMemoryBuffer.h>
#include <llvm/TargetParser/Host.h>

#include <cmath>
#include <cstring>

namespace descent::cpu {

namespace {

namespace orc = llvm::orc;

[[noreturn]] void fail(llvm::Error error) {
  throw Error("internal: the code cannot be loaded: " + llvm::toString(std::move(error)));
}

/// What LLVM may call by itself: on processors without instructions for it.
struct LibraryFunction {
  const char *name;
  void *address;
};

const LibraryFunction libraryFunctions[] = {
    {"memcpy", reinterpret_cast<void *>(&std::memcpy)},
    {"memmove", reinterpret_cast<void *>(&std::memmove)},
    {"memset", reinterpret_cast<void *>(&std::memset)},
#define DESCENT_LIBM(name, type) {#name, reinterpret_cast<void *>(static_cast<type>(&::name))}
    DESCENT_LIBM(fma, double (*)(double, double, double)),
    DESCENT_LIBM(fmaf, float (*)(float, float, float)),
    DESCENT_LIBM(floor, double (*)(double)),
    DESCENT_LIBM(floorf, float (*)(float)),
    DESCENT_LIBM(ceil, double (*)(double)),
    DESCENT_LIBM(ceilf, float (*)(float)),
    DESCENT_LIBM(trunc, double (*)(double)),
    DESCENT_LIBM(truncf, float (*)(float)),
    DESCENT_LIBM(rint, double (*)(double)),
    DESCENT_LIBM(rintf, float (*)(float)),
    // In the rounding mode that everything runs in, the two are the same.
    {"roundeven", reinterpret_cast<void *>(static_cast<double (*)(double)>(&::rint))},
    {"roundevenf", reinterpret_cast<void *>(static_cast<float (*)(float)>(&::rintf))},
#undef DESCENT_LIBM
};

} // namespace

LoadedCode::LoadedCode(llvm::SmallVector<char, 0> object) {
  // No target machine: code from the cache is loaded without one.
  llvm::Triple triple(llvm::sys::getProcessTriple());
  auto made = orc::LLJITBuilder()
                  .setJITTargetMachineBuilder(orc::JITTargetMachineBuilder(triple))
                  .setDataLayout(llvm::DataLayout(triple.computeDataLayout()))
                  .setCompileFunctionCreator(
                      [](orc::JITTargetMachineBuilder)
                          -> llvm::Expected<std::unique_ptr<orc::IRCompileLayer::IRCompiler>> {
                        return nullptr; // only objects are added
                      })
                  .setPlatformSetUp(orc::setUpInactivePlatform)
                  .setLinkProcessSymbolsByDefault(false)
                  .create();
  if (!made)
    fail(made.takeError());
  jit = std::move(*made);
  orc::SymbolMap symbols;
  auto add = [&](llvm::StringRef name, void *address) {
    symbols[jit->mangleAndIntern(name)] = {orc::ExecutorAddr::fromPtr(address),
                                           llvm::JITSymbolFlags::Exported |
                                               llvm::JITSymbolFlags::Callable};
  };
  for (const LibraryFunction &function : libraryFunctions)
    add(function.name, function.address);
  for (const abi::FunctionEntry &function : abi::functions())
    add(llvm::StringRef(function.symbol.data(), function.symbol.size()), function.address);
  if (llvm::Error error = jit->getMainJITDylib().define(orc::absoluteSymbols(std::move(symbols))))
    fail(std::move(error));
  if (llvm::Error error = jit->addObjectFile(std::make_unique<llvm::SmallVectorMemoryBuffer>(
          std::move(object), "program", /*RequiresNullTerminator=*/false)))
    fail(std::move(error));
}

void *LoadedCode::find(llvm::StringRef name) const {
  auto address = jit->lookup(name);
  if (!address)
    fail(address.takeError());
  return address->toPtr<void *>();
}

} // namespace descent::cpu
