#include "compiler/kernel/Passes.h"

#include "compiler/kernel/Plan.h"

#include "descent/Error.h"

#include <mlir/Dialect/Func/IR/FuncOps.h>

using namespace mlir;

namespace descent::kernel {

namespace {

struct PrintKernelsPass : PassWrapper<PrintKernelsPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(PrintKernelsPass)

  PrintKernelsPass() = default;
  PrintKernelsPass(const PrintKernelsPass &) : PassWrapper() {}

  Option<bool> unfused{*this, "unfused", llvm::cl::desc("every operation by itself"),
                       llvm::cl::init(false)};

  StringRef getArgument() const override { return "print-kernels"; }
  StringRef getDescription() const override { return "Prints how operations form kernels"; }

  void runOnOperation() override {
    try {
      for (auto function : getOperation().getOps<func::FuncOp>())
        printPlan(planFunction(function, {.fuse = !unfused}), llvm::outs());
    } catch (const Error &error) {
      getOperation().emitError(error.what());
      signalPassFailure();
    }
    markAllAnalysesPreserved();
  }
};

} // namespace

std::unique_ptr<Pass> createPrintKernelsPass() {
  return std::make_unique<PrintKernelsPass>();
}

} // namespace descent::kernel
