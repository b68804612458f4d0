#include "tests/unit/emulator/Harness.h"

#include <llvm/AsmParser/Parser.h>
#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/raw_ostream.h>

#include <map>
#include <regex>

namespace descent::emulator {

namespace {

const char *const declarations = R"(
target triple = "nvptx64-nvidia-cuda"
target datalayout = "e-p6:32:32-i64:64-i128:128-i256:256-v16:16-v32:32-n16:32:64"
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.laneid()
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)
declare void @llvm.nvvm.barrier.cta.sync.aligned.count(i32, i32)
declare void @llvm.nvvm.barrier.cta.arrive.aligned.count(i32, i32)
declare i32 @llvm.nvvm.barrier.cta.red.popc.aligned.all(i32, i1)
declare void @llvm.nvvm.bar.warp.sync(i32)
declare i32 @llvm.nvvm.shfl.sync.idx.i32(i32, i32, i32, i32)
declare i32 @llvm.nvvm.shfl.sync.up.i32(i32, i32, i32, i32)
declare {i32, i1} @llvm.nvvm.shfl.sync.down.i32p(i32, i32, i32, i32)
declare float @llvm.nvvm.shfl.sync.bfly.f32(i32, float, i32, i32)
declare i1 @llvm.nvvm.vote.all.sync(i32, i1)
declare i1 @llvm.nvvm.vote.any.sync(i32, i1)
declare i1 @llvm.nvvm.vote.uni.sync(i32, i1)
declare i32 @llvm.nvvm.vote.ballot.sync(i32, i1)
declare i32 @llvm.nvvm.redux.sync.max(i32, i32)
declare i32 @llvm.nvvm.match.any.sync.i32(i32, i32)
declare void @llvm.nvvm.membar.cta()
declare void @llvm.nvvm.membar.gl()
declare void @llvm.nvvm.membar.sys()
declare void @llvm.nvvm.nanosleep(i32)
declare i64 @llvm.nvvm.read.ptx.sreg.globaltimer()
declare void @llvm.nvvm.exit()
declare void @llvm.trap()
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare float @llvm.fma.f32(float, float, float)
)";

/// "@here(7)" becomes a location of line 7, column 3.
std::string withPlaces(std::string text) {
  std::string metadata = R"(
!llvm.module.flags = !{!0}
!llvm.dbg.cu = !{!1}
!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = distinct !DICompileUnit(language: DW_LANG_C, file: !2, emissionKind: LineTablesOnly)
!2 = !DIFile(filename: "kernel.gd", directory: "")
!3 = !DISubroutineType(types: !{})
!4 = distinct !DISubprogram(name: "k", file: !2, line: 1, type: !3, unit: !1, spFlags: DISPFlagDefinition)
)";
  std::regex mark(R"(@here\((\d+)\))");
  std::map<std::string, int> lines;
  std::string result;
  for (std::smatch found; std::regex_search(text, found, mark); text = found.suffix()) {
    auto [line, isNew] = lines.insert({found[1], int(lines.size()) + 100});
    if (isNew)
      metadata += "!" + std::to_string(line->second) + " = !DILocation(line: " + line->first +
                  ", column: 3, scope: !4)\n";
    result += found.prefix().str() + ", !dbg !" + std::to_string(line->second);
  }
  result += text;
  if (lines.empty())
    return result;
  // Places need a function that has them.
  return std::regex_replace(result, std::regex(R"((define ptx_kernel void @k\([^)]*\)) \{)"),
                            "$1 !dbg !4 {") +
         metadata;
}

} // namespace

std::string bitcode(std::string_view text) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic error;
  auto module =
      llvm::parseAssemblyString(declarations + withPlaces(std::string(text)), error, context);
  if (!module) {
    std::string message;
    llvm::raw_string_ostream os(message);
    error.print("kernel", os);
    ADD_FAILURE() << message;
    return "";
  }
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  llvm::WriteBitcodeToFile(*module, os);
  return bytes;
}

std::string kernel(const std::string &body, const std::string &before) {
  return before + R"(
define ptx_kernel void @k(ptr %data, i64 %n) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %p = getelementptr i32, ptr %data, i32 %t
  %next = add i32 %t, 1
  %q = getelementptr i32, ptr %data, i32 %next
  %isFirst = icmp eq i32 %t, 0
)" + body +
         "\n}\n";
}

std::string run(device::Device &device, device::Program &program, const device::Launch &how,
                std::vector<uint64_t> arguments, const std::string &kernel) {
  try {
    program.launch(kernel, how, arguments);
    device.wait();
    return "";
  } catch (const device::DeviceError &error) {
    return error.what();
  }
}

std::string run(device::Device &device, std::string_view text, const device::Launch &how,
                std::vector<uint64_t> arguments) {
  auto program = device.load(bitcode(text));
  return run(device, *program, how, std::move(arguments));
}

} // namespace descent::emulator
