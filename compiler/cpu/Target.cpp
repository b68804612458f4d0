#include "compiler/cpu/Target.h"

#include "descent/Error.h"

#include <llvm/IR/LegacyPassManager.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/SubtargetFeature.h>

namespace descent::cpu {

namespace {

const llvm::Target &targetOf(const llvm::Triple &triple) {
  static const bool initialised = [] {
    return !llvm::InitializeNativeTarget() && !llvm::InitializeNativeTargetAsmPrinter();
  }();
  std::string problem;
  const llvm::Target *target =
      initialised ? llvm::TargetRegistry::lookupTarget(triple, problem) : nullptr;
  if (!target)
    throw Error("no code can be made for " + triple.getArchName().str() + ": " + problem);
  return *target;
}

} // namespace

Processor hostProcessor() {
  llvm::SubtargetFeatures features;
  for (const auto &feature : llvm::sys::getHostCPUFeatures())
    features.AddFeature(feature.first(), feature.second);
  return {llvm::Triple(llvm::sys::getProcessTriple()), llvm::sys::getHostCPUName().str(),
          features.getString()};
}

Processor processorNamed(const std::string &name) {
  if (name.empty() || name == "native")
    return hostProcessor();
  llvm::Triple triple(llvm::sys::getProcessTriple());
  // Asked without a name first: LLVM itself complains of an unknown one on standard error.
  if (!featuresOf({triple, "", ""})->isCPUStringValid(name))
    throw Error("there is no processor " + name + " of the kind " + triple.getArchName().str() +
                " (names are those of clang's -march: x86-64-v3, skylake, znver4)");
  return {triple, name, ""};
}

std::unique_ptr<llvm::MCSubtargetInfo> featuresOf(const Processor &processor) {
  return std::unique_ptr<llvm::MCSubtargetInfo>(
      targetOf(processor.triple)
          .createMCSubtargetInfo(processor.triple, processor.name, processor.features));
}

std::vector<std::string> missingHere(const Processor &processor) {
  // Of what a name stands for, much is a matter of tuning. What a machine has or lacks is among
  // these.
  llvm::StringMap<bool> here = llvm::sys::getHostCPUFeatures();
  std::unique_ptr<llvm::MCSubtargetInfo> wanted = featuresOf(processor);
  std::vector<std::string> missing;
  for (const llvm::SubtargetFeatureKV &feature : wanted->getEnabledProcessorFeatures())
    if (auto found = here.find(feature.Key); found != here.end() && !found->second)
      missing.push_back(feature.Key);
  return missing;
}

std::unique_ptr<llvm::TargetMachine> makeMachine(const Processor &processor) {
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  std::unique_ptr<llvm::TargetMachine> machine(
      targetOf(processor.triple)
          .createTargetMachine(processor.triple, processor.name, processor.features, options,
                               llvm::Reloc::PIC_, llvm::CodeModel::Small,
                               llvm::CodeGenOptLevel::Default,
                               /*JIT=*/true));
  if (!machine)
    throw Error("no code can be made for the processor " + processor.name);
  return machine;
}

llvm::SmallVector<char, 0> emitCode(llvm::Module &module, llvm::TargetMachine &machine,
                                    llvm::CodeGenFileType type) {
  llvm::SmallVector<char, 0> code;
  llvm::raw_svector_ostream stream(code);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type))
    throw Error("internal: this processor's code cannot be written");
  passes.run(module);
  return code;
}

} // namespace descent::cpu
