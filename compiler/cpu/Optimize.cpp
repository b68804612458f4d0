// The passes over LLVM IR. The kernels come out of the emitter in the shape that the vectoriser
// wants, so few passes are needed, and each costs compile time.
#include "compiler/cpu/Sums.h"
#include "compiler/cpu/Target.h"
#include "compiler/math/RareLanes.h"
#include "compiler/math/VectorCalls.h"

#include "descent/Error.h"

#include <llvm/IR/Verifier.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Transforms/IPO/AlwaysInliner.h>
#include <llvm/Transforms/IPO/GlobalDCE.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/ADCE.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/LICM.h>
#include <llvm/Transforms/Scalar/LoopPassManager.h>
#include <llvm/Transforms/Scalar/LoopUnrollPass.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Vectorize/LoopVectorize.h>
#include <llvm/Transforms/Vectorize/SLPVectorizer.h>

#include <string>

namespace descent::cpu {

void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);

  auto invariants = [] {
    llvm::LoopPassManager passes;
    passes.addPass(llvm::LICMPass(llvm::LICMOptions()));
    return llvm::createFunctionToLoopPassAdaptor(std::move(passes), /*UseMemorySSA=*/true);
  };
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  passes.addPass(llvm::EarlyCSEPass());
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(invariants());
  passes.addPass(llvm::LoopVectorizePass());
  // Loops over a few elements, so that small arrays end up in registers.
  passes.addPass(llvm::LoopUnrollPass(llvm::LoopUnrollOptions()
                                          .setPartial(false)
                                          .setPeeling(false)
                                          .setRuntime(false)
                                          .setUpperBound(false)
                                          .setFullUnrollMaxCount(8)));
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  passes.addPass(llvm::EarlyCSEPass());
  passes.addPass(llvm::SLPVectorizerPass());
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(invariants());
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(SumsPass());
  // Last: what comes out has branches where the vectoriser has made none.
  passes.addPass(RareLanesPass());

  VectorCalls calls(module);
  llvm::ModulePassManager before;
  before.addPass(llvm::AlwaysInlinerPass(/*InsertLifetimeIntrinsics=*/false));
  before.addPass(llvm::GlobalDCEPass());
  before.run(module, modules);
  for (llvm::Function &function : module)
    if (!function.isDeclaration() && !calls.contains(function))
      passes.run(function, functions);
  calls.finish([&](llvm::Function &function) { passes.run(function, functions); });
  // Functions of which only a vector variant is left.
  llvm::ModulePassManager after;
  after.addPass(llvm::GlobalDCEPass());
  modules.clear();
  after.run(module, modules);
#ifndef NDEBUG
  // Passes of our own have been here: code that is not valid gives wrong numbers, not messages.
  std::string complaint;
  llvm::raw_string_ostream os(complaint);
  if (llvm::verifyModule(module, &os))
    throw Error("internal: the optimised code is not valid: " + complaint);
#endif
}

} // namespace descent::cpu
