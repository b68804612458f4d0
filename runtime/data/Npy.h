// NumPy's file format for one array.
#pragma once

#include "descent/Array.h"
#include "descent/Error.h"

#include <string>
#include <string_view>

namespace descent {

/// What is wrong with bytes that should have been an array or an archive. Whoever knows the file
/// makes a FileError of it.
class FormatError : public Error {
public:
  using Error::Error;
};

/// An array from the bytes of an npy file, versions 1 to 3, in either byte order and either order
/// of elements; element types as readData says. Bytes after the array are ignored, as NumPy does.
/// Throws FormatError.
Array parseNpy(std::string_view bytes, DType floatType);

/// The same from a file, without a second copy of the elements in memory (but for elements in Fortran
/// order). Throws FileError, too.
Array readNpyFile(const std::string &path, DType floatType);

/// What comes before the elements in an npy file; the elements follow as they are in memory.
/// Throws FormatError for keys.
std::string npyHeader(const Array &array);

} // namespace descent
