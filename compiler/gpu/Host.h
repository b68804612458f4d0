// Messages from a running program to the host, which carries out what only it can.
//
// The mailbox is memory of the host, in words of 64 bits. The first thread writes a request, then
// its number; the host answers, then writes that number as well.
#pragma once

#include "compiler/gpu/Program.h"
#include "runtime/device/Messages.h"

namespace descent::gpu {

/// Asks the host for something and waits for its answer. All threads get here together, and get it;
/// what they wrote before is there for the host to see.
llvm::Value *askHost(ProgramEmission &p, device::Request request, llvm::Value *index,
                     mlir::ValueRange operands);

/// Has a product made when the kernel has ended, by the device itself where it knows it there
/// (ProductTable.h), else by the host: the program goes on from here in another launch.
void leaveForProduct(ProgramEmission &p, int64_t number, mlir::ValueRange operands);

/// Whether the user asked to stop (i1). Looked at every few times only.
llvm::Value *pollHost(ProgramEmission &p);

/// Seconds since some time, by the card's own clock (f64): the same for all threads, who get here
/// together; zero for all but the first where nobody else needs it (OwnArrays.h). To ask the host
/// in each step of a training would cost more than many a step.
llvm::Value *timeOnDevice(ProgramEmission &p, mlir::Value time);

} // namespace descent::gpu
