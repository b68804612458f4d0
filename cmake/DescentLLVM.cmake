# MLIR and LLVM 22, as Debian packages them.
#
# Development links the two dylibs (quick to link); a release links all of it statically (one
# executable that starts in milliseconds), with code generation for x86 and NVIDIA GPUs alone. The two
# must never be mixed in one process: a component archive beside the dylib gives two storage uniquers
# and two sets of TypeIDs.

find_package(MLIR 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

add_library(descent_llvm INTERFACE)
target_include_directories(descent_llvm SYSTEM INTERFACE ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
separate_arguments(llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_definitions(descent_llvm INTERFACE ${llvm_definitions})
# LLVM's own headers warn under -Wextra; SYSTEM silences them.

if(DESCENT_STATIC_LLVM)
  # By path: Debian's MLIR targets name the dylib of LLVM as their own dependency. The linker takes only
  # the members that are needed, so all of MLIR's archives can stand here.
  file(GLOB mlir_archives ${LLVM_LIBRARY_DIRS}/libMLIR*.a)
  list(FILTER mlir_archives EXCLUDE REGEX "Test|CAPI|Lsp|Reduce")
  find_program(LLVM_CONFIG_PROGRAM llvm-config HINTS ${LLVM_TOOLS_BINARY_DIR} NO_DEFAULT_PATH REQUIRED)
  execute_process(
    COMMAND ${LLVM_CONFIG_PROGRAM} --link-static --libfiles core support bitreader linker passes orcjit x86 nvptx
    OUTPUT_VARIABLE llvm_archives OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  execute_process(
    COMMAND ${LLVM_CONFIG_PROGRAM} --link-static --system-libs
    OUTPUT_VARIABLE llvm_system OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(llvm_archives)
  separate_arguments(llvm_system)
  # What compresses is part of the executable, too; of the system it needs glibc alone.
  list(TRANSFORM llvm_system REPLACE "^-l(z|zstd)$" "-l:lib\\1.a")
  set(ZLIB_USE_STATIC_LIBS ON)
  target_link_libraries(descent_llvm INTERFACE ${mlir_archives} ${llvm_archives} ${llvm_system})
else()
  target_link_libraries(descent_llvm INTERFACE MLIR LLVM)
endif()
