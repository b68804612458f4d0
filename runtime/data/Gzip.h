// Files packed by gzip.
#pragma once

#include <string>
#include <string_view>

namespace descent {

/// The contents of a gzip file, of all its members. Throws FormatError where it is damaged or cut off.
std::string unpackGzip(std::string_view bytes);

} // namespace descent
