// The functions of Math.h as LLVM bitcode.
#pragma once

#include <string_view>

namespace descent {

/// A module that defines every function of Math.def and declares nothing but LLVM intrinsics. It
/// has no triple, no data layout and no target attributes; its functions are linkonce_odr and, but
/// for the sorts and those that serve few arguments only (DESCENT_MATH_RARE), alwaysinline; its data
/// are constant. The bytes live as long as the process, aligned to 8.
///
/// To use: declare the functions wanted in a module, read this one lazily
/// (llvm::getLazyBitcodeModule), link it with Linker::LinkOnlyNeeded, and run the always-inliner
/// before the loop vectoriser.
std::string_view mathBitcode();

} // namespace descent
