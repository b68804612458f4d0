// Tables as text: csv and tsv.
#pragma once

#include "descent/Data.h"
#include "runtime/data/TextInput.h"

namespace descent {

/// Reads a table from text; see readData. `path` is for messages. The text is in memory a part at a
/// time (at least its first 4096 bytes, or all); a record is as a whole.
Table readCsv(const std::string &path, TextInput &input, char separator, DType floatType);

/// The text of a table with a header; see writeData. `path` is for messages.
std::string csvText(const std::string &path, const std::vector<NamedArray> &arrays, char separator);

} // namespace descent
