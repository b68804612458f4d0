// What becomes the bitcode: every function of Math.h with a definition of its own.
#define DESCENT_MATH_FUNCTION extern "C"
#include "compiler/math/Math.h"
