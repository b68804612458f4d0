# How every target of the project is made: warnings, sanitizers, ccache, precompiled headers.

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
endif()

add_library(descent_flags INTERFACE)
target_compile_options(descent_flags INTERFACE -Wall -Wextra -Wno-unused-parameter)
target_include_directories(descent_flags INTERFACE
  ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR}/runtime/include)
if(DESCENT_SANITIZE)
  target_compile_options(descent_flags INTERFACE
    -fsanitize=${DESCENT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined
    # Code that was compiled at run time has no type to be checked against.
    -fno-sanitize=function)
  target_link_options(descent_flags INTERFACE -fsanitize=${DESCENT_SANITIZE})
endif()

# descent_library(<name> SOURCES a.cpp b.cpp [LINK lib...] [LLVM])
#
# A static library of one stage. LLVM: the stage includes MLIR or LLVM headers; it then shares one
# precompiled header with the others (parsing MLIR's headers is three quarters of a build).
function(descent_library name)
  cmake_parse_arguments(ARG "LLVM" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC descent_flags ${ARG_LINK})
  if(ARG_LLVM)
    descent_uses_llvm(${name})
  endif()
endfunction()

# Gives a target MLIR's headers, its libraries and the shared precompiled header.
function(descent_uses_llvm name)
  target_link_libraries(${name} PUBLIC descent_llvm)
  if(NOT TARGET descent_pch)
    file(WRITE ${CMAKE_BINARY_DIR}/pch.cpp "")
    add_library(descent_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cpp)
    target_link_libraries(descent_pch PUBLIC descent_flags descent_llvm)
    target_precompile_headers(descent_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/LlvmHeaders.h)
    target_compile_options(descent_pch PRIVATE -Xclang -fno-pch-timestamp)
  endif()
  target_compile_options(${name} PRIVATE -Xclang -fno-pch-timestamp)
  target_precompile_headers(${name} REUSE_FROM descent_pch)
endfunction()

# descent_executable(<name> SOURCES ... [LINK ...] [LLVM])
function(descent_executable name)
  cmake_parse_arguments(ARG "LLVM" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE descent_flags ${ARG_LINK})
  if(ARG_LLVM)
    descent_uses_llvm(${name})
  endif()
endfunction()

# descent_unit_test(<name> SOURCES ... [LINK ...] [LLVM])
#
# One GoogleTest executable, registered with ctest as one entry.
function(descent_unit_test name)
  find_package(GTest REQUIRED)
  cmake_parse_arguments(ARG "LLVM" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE descent_flags ${ARG_LINK} GTest::gtest GTest::gmock GTest::gtest_main)
  if(ARG_LLVM)
    descent_uses_llvm(${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  # What is tested is compiled, and nothing is left in the user's cache.
  set_tests_properties(${name} PROPERTIES ENVIRONMENT_MODIFICATION DESCENT_CACHE_DIR=set:)
endfunction()
