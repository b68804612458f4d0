// Tables as text: csv and tsv.
#pragma once

#include "descent/Data.h"

namespace descent {

/// Reads a table from text; see readData. `path` is for messages.
Table parseCsv(const std::string &path, std::string_view text, char separator, DType floatType);

/// The text of a table with a header; see writeData. `path` is for messages.
std::string csvText(const std::string &path, const std::vector<NamedArray> &arrays, char separator);

} // namespace descent
