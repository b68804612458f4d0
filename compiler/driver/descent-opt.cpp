// descent-opt: reads IR of the `descent` dialect, runs the passes named on the command line and prints
// the result. For the tests of tests/ir.
#include "compiler/driver/Passes.h"

#include "compiler/dialect/Dialect.h"

#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/Tools/mlir-opt/MlirOptMain.h>
#include <mlir/Transforms/Passes.h>

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<descent::ir::DescentDialect, mlir::func::FuncDialect>();
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  descent::registerDescentPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "The passes of the descent compiler\n", registry));
}
