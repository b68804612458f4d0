#include "compiler/emulator/Code.h"

#include "compiler/emulator/Functions.h"
#include "compiler/emulator/Rewrite.h"

#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/ExecutionEngine/Orc/AbsoluteSymbols.h>
#include <llvm/ExecutionEngine/Orc/ThreadSafeModule.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/MemoryBufferRef.h>
#include <llvm/Support/TargetSelect.h>

#include <cstring>

namespace descent::emulator {

namespace {

namespace orc = llvm::orc;

template <typename T> T expect(llvm::Expected<T> value, const char *what) {
  if (!value)
    throw device::DeviceError(std::string(what) + ": " + llvm::toString(value.takeError()));
  return std::move(*value);
}

void expect(llvm::Error error) {
  if (error)
    throw device::DeviceError("the emulator's code cannot be loaded: " +
                              llvm::toString(std::move(error)));
}

std::unique_ptr<orc::LLJIT> makeJit() {
  static const bool once = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)once;
  auto target = expect(orc::JITTargetMachineBuilder::detectHost(), "this processor is not known");
  // Most programs run for less time than it takes to make better code of them.
  target.setCodeGenOptLevel(llvm::CodeGenOptLevel::None);
  return expect(orc::LLJITBuilder()
                    .setJITTargetMachineBuilder(std::move(target))
                    .setPlatformSetUp(orc::setUpInactivePlatform)
                    .setLinkProcessSymbolsByDefault(false)
                    .create(),
                "code cannot be made");
}

} // namespace

Code::Code(std::string_view bitcode, Machine &machine, Memory &memory, bool checks)
    : memory(memory) {
  auto context = std::make_unique<llvm::LLVMContext>();
  auto module =
      expect(llvm::parseBitcodeFile(
                 llvm::MemoryBufferRef(llvm::StringRef(bitcode.data(), bitcode.size()), "program"),
                 *context),
             "what was loaded is not LLVM bitcode");
  std::string complaint;
  llvm::raw_string_ostream os(complaint);
  if (llvm::verifyModule(*module, &os))
    throw device::DeviceError("what was loaded is not valid LLVM IR: " + complaint);
  if (!module->getTargetTriple().isNVPTX())
    throw device::DeviceError("what was loaded was made for " + module->getTargetTriple().str() +
                              ", not for NVPTX");

  jit = makeJit();
  Rewritten rewritten = rewrite(*module, jit->getDataLayout(), machine, checks, accesses);

  orc::SymbolMap symbols;
  auto add = [&](llvm::StringRef name, uint64_t address) {
    symbols[jit->mangleAndIntern(name)] = {orc::ExecutorAddr(address),
                                           llvm::JITSymbolFlags::Exported};
  };
  for (const Function &function : functions())
    add(function.name, reinterpret_cast<uint64_t>(function.address));
  for (const LibraryFunction &function : libraryFunctions())
    add(function.name, reinterpret_cast<uint64_t>(function.address));
  try {
    for (const GlobalVariable &variable : rewritten.variables) {
      variables.push_back(
          memory.allocate(static_cast<int64_t>(variable.bytes),
                          variable.constant ? RegionKind::Table : RegionKind::Global));
      add(variable.symbol, variables.back());
    }
    expect(jit->getMainJITDylib().define(orc::absoluteSymbols(std::move(symbols))));
    expect(jit->addIRModule(orc::ThreadSafeModule(std::move(module), std::move(context))));
    auto find = [&](const std::string &symbol) {
      return expect(jit->lookup(symbol), "the emulator's code cannot be loaded").getValue();
    };
    for (RewrittenKernel &kernel : rewritten.kernels) {
      kernel.code.entry = reinterpret_cast<void (*)(const uint64_t *)>(find(kernel.entry));
      kernels[kernel.code.name] = std::move(kernel.code);
    }
    for (size_t i = 0; i < variables.size(); ++i) {
      const GlobalVariable &variable = rewritten.variables[i];
      std::memcpy(reinterpret_cast<void *>(variables[i]),
                  reinterpret_cast<const void *>(find(variable.initial)), variable.bytes);
      memory.markWritten(variables[i], variable.bytes);
    }
  } catch (...) {
    for (uint64_t variable : variables)
      memory.release(variable);
    throw;
  }
}

Code::~Code() {
  for (uint64_t variable : variables)
    memory.release(variable);
}

const KernelCode *Code::find(const std::string &kernel) const {
  auto it = kernels.find(kernel);
  return it == kernels.end() ? nullptr : &it->second;
}

} // namespace descent::emulator
