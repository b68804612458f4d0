#include "frontend/session/Data.h"

#include "descent/Data.h"
#include "descent/Error.h"
#include "frontend/session/Stopwatch.h"

#include <fmt/format.h>

#include <filesystem>

namespace descent {

FileData::FileData(const std::string &scriptPath)
    : folder(std::filesystem::path(scriptPath).parent_path().string()) {}

sema::DataResult FileData::load(const std::string &path, DType defaultFloat) {
  std::filesystem::path full = std::filesystem::path(path).is_absolute() || folder.empty()
                                   ? std::filesystem::path(path)
                                   : std::filesystem::path(folder) / path;
  asked.push_back(full.string());
  Stopwatch watch(spent);
  sema::DataResult result;
  try {
    Table table = readData(full.string(), defaultFloat);
    result.isSingleArray = table.isSingleArray;
    for (NamedArray &array : table.arrays)
      result.columns.push_back({array.name, array.label, std::move(array.array), ""});
    for (const Table::RefusedColumn &column : table.refused)
      result.columns.push_back(
          {column.name,
           column.label,
           {},
           FileError(full.string(), column.reason, column.line, column.column).what()});
  } catch (const Error &error) {
    result.error = error.what();
  }
  return result;
}

} // namespace descent
