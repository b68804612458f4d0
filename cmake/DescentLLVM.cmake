# MLIR and LLVM 22, as Debian packages them.
#
# Development links the two dylibs (quick to link); a release links all of it statically (one
# executable that starts in milliseconds). The two must never be mixed in one process: a component
# archive beside the dylib gives two storage uniquers and two sets of TypeIDs.

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
  llvm_map_components_to_libnames(llvm_components
    core support bitreader linker passes orcjit X86)
  target_link_libraries(descent_llvm INTERFACE MLIRIR MLIRParser MLIRPass MLIRTransforms
    MLIRTransformUtils MLIRSideEffectInterfaces MLIRInferTypeOpInterface MLIRControlFlowInterfaces
    MLIRFuncDialect MLIRControlFlowInterfaces MLIRLoopLikeInterface ${llvm_components})
else()
  target_link_libraries(descent_llvm INTERFACE MLIR LLVM)
endif()
