// Programs that leave the device in the middle, for the host to have something done there, and go
// on in another launch.
#pragma once

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

namespace descent::gpu {

/// Marks a place where the kernel ends, to be launched again and to go on behind it. All threads
/// get there. What was computed before and is used behind it has to be the same for all of them;
/// only what the entry block makes is made again.
void markSuspension(llvm::IRBuilder<> &b);

/// Makes such a kernel of one with marks. What is needed behind a mark the first thread keeps in
/// the memory `state`, from byte `offset` on: a word that says where to go on (0: at the begin),
/// then values. `isFirst`: whether a thread is the first of all, a value of the entry block; the
/// entry block ends before anything that is to run once only.
///
/// Gives the bytes that are needed from `offset` on: 0 where there are no marks.
int64_t resumeAtMarks(llvm::Function &kernel, llvm::Value *state, int64_t offset,
                      llvm::Value *isFirst);

} // namespace descent::gpu
