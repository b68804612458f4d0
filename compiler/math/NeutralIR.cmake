# Makes LLVM IR independent of the target that clang assumed: the triple, the data layout, the
# functions' target attributes and the module flags go, so that the functions inline into code for
# the host's own processor and for NVPTX alike. Definitions become linkonce_odr: a module that links
# them drops what it does not use.

file(READ ${INPUT} text)
string(REGEX REPLACE "\ntarget (datalayout|triple) = [^\n]*" "" text "${text}")
string(REGEX REPLACE "\n!llvm[.][^\n]*" "" text "${text}")
string(REGEX REPLACE " \"[a-z0-9-]+\"(=\"[^\"\n]*\")?" "" text "${text}")
string(REGEX REPLACE "\ndefine dso_local " "\ndefine linkonce_odr " text "${text}")
file(WRITE ${OUTPUT} "${text}")
