// The kernel layer on the command line of descent-opt.
#pragma once

#include <mlir/Pass/Pass.h>

namespace descent::kernel {

/// `--print-kernels`: prints the plan of every function to standard output; changes nothing.
std::unique_ptr<mlir::Pass> createPrintKernelsPass();

} // namespace descent::kernel
