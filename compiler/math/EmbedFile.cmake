# Writes a C++ source that holds a file's bytes and defines descent::mathBitcode.

file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"compiler/math/Bitcode.h\"

// LLVM reads bitcode in words.
alignas(8) static const unsigned char bytes[] = {
${bytes}
};

std::string_view descent::mathBitcode() {
  return {reinterpret_cast<const char *>(bytes), sizeof(bytes)};
}
")
