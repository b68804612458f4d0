// One door for all kinds of data files.

#include "descent/Data.h"

#include "descent/Error.h"
#include "runtime/data/Csv.h"
#include "runtime/data/Files.h"
#include "runtime/data/Gzip.h"
#include "runtime/data/Npy.h"
#include "runtime/data/Zip.h"

#include <algorithm>
#include <filesystem>
#include <set>

namespace descent {

const Array *Table::find(std::string_view name) const {
  for (const NamedArray &item : arrays)
    if (item.name == name)
      return &item.array;
  for (const NamedArray &item : arrays)
    if (item.label == name)
      return &item.array;
  return nullptr;
}

const Array &Table::column(std::string_view name) const {
  if (const Array *array = find(name))
    return *array;
  for (const RefusedColumn &item : refused)
    if (item.name == name || item.label == name)
      throw FileError(path, item.reason, item.line, item.column);
  std::string names;
  for (const NamedArray &item : arrays)
    names += (names.empty() ? "" : ", ") + item.name;
  throw FileError(path, "there is no column " + quotedForMessage(name) +
                            (names.empty() ? "" : "; there are " + names));
}

/// Gives every column a name from its label, none twice.
static void nameColumns(Table &table) {
  std::set<std::string> taken;
  auto nameFor = [&](const std::string &label, size_t index) {
    std::string base = identifierFromLabel(label);
    if (base.empty())
      base = "c" + std::to_string(index);
    std::string name = base;
    for (int i = 2; !taken.insert(name).second; ++i)
      name = base + "_" + std::to_string(i);
    return name;
  };
  size_t index = 0;
  for (NamedArray &item : table.arrays)
    item.name = nameFor(item.label, index++);
  for (Table::RefusedColumn &item : table.refused)
    item.name = nameFor(item.label, index++);
}

static Table singleArray(const std::string &path, Array array) {
  Table table;
  table.isSingleArray = true;
  table.arrays.push_back({"", std::move(array), std::filesystem::path(path).stem().string()});
  return table;
}

static Table readNpz(std::string_view bytes, DType floatType) {
  Table table;
  std::string buffer;
  for (const ZipEntry &entry : readZipDirectory(bytes)) {
    std::string label = entry.name;
    if (!label.ends_with(".npy")) {
      table.refused.push_back({"", label, quotedForMessage(label) + " is not an array"});
      continue;
    }
    label.erase(label.size() - 4);
    std::string_view content;
    try {
      content = unpack(entry, buffer);
    } catch (const FormatError &error) {
      throw FormatError("array " + quotedForMessage(label) + ": " + error.what());
    }
    try {
      table.arrays.push_back({"", parseNpy(content, floatType), label});
    } catch (const FormatError &error) {
      // One array of text among others is no reason to refuse the others.
      table.refused.push_back(
          {"", label, "array " + quotedForMessage(label) + ": " + error.what()});
    }
  }
  return table;
}

/// Reads a text file in blocks: what is parsed need not be in memory any longer.
static Table readText(const std::string &path, bool isPacked, char separator, DType floatType) {
  constexpr size_t blockBytes = size_t{1} << 22;
  FileReader file(path);
  auto bytes = [&](char *to, size_t count) { return file.read(to, count); };
  if (!isPacked) {
    TextInput input(bytes, blockBytes, file.size());
    return readCsv(path, input, separator, floatType);
  }
  GzipReader unpacked(bytes);
  TextInput input([&](char *to, size_t count) { return unpacked.read(to, count); }, blockBytes, 0);
  return readCsv(path, input, separator, floatType);
}

static bool isPlanned(const std::string &extension) {
  for (const char *planned : {"h5", "hdf5", "idx", "safetensors", "parquet"})
    if (extension == planned)
      return true;
  return false;
}

[[noreturn]] static void failUnknown(const std::string &path, const std::string &extension,
                                     const char *verb) {
  const char *known = "; the kinds are csv, tsv, npy and npz";
  if (isPlanned(extension))
    throw FileError(path,
                    std::string(verb) + " ." + extension + " files is not supported yet" + known);
  if (extension.empty())
    throw FileError(path, std::string("the kind of this file is told by its extension, and it has "
                                      "none") +
                              known);
  throw FileError(path, "files of the kind ." + extension + " are not known" + known);
}

static bool isKnown(const std::string &extension) {
  return extension == "csv" || extension == "tsv" || extension == "npy" || extension == "npz";
}

Table readData(const std::string &path, DType floatType) {
  std::string extension = extensionOf(path);
  bool isPacked = extension == "gz";
  if (isPacked)
    extension = extensionOf(std::filesystem::path(path).stem().string());
  if (!isKnown(extension))
    failUnknown(path, extension, "reading");
  Table table;
  try {
    auto unpacked = [&] { return unpackGzip(readFile(path).view()); };
    if (extension == "npy")
      table = singleArray(path, isPacked ? parseNpy(unpacked(), floatType)
                                         : readNpyFile(path, floatType));
    else if (extension == "npz")
      table = isPacked ? readNpz(unpacked(), floatType) : readNpz(readFile(path).view(), floatType);
    else
      table = readText(path, isPacked, extension == "tsv" ? '\t' : ',', floatType);
  } catch (const FormatError &error) {
    throw FileError(path, error.what());
  }
  table.path = path;
  nameColumns(table);
  return table;
}

static std::string_view elementBytes(const Array &array) {
  return {static_cast<const char *>(array.data()), array.byteSize()};
}

static void writeNpz(const std::string &path, const std::vector<NamedArray> &arrays) {
  ZipWriter writer;
  std::set<std::string> names;
  std::vector<std::string> headers;
  headers.reserve(arrays.size());
  for (size_t i = 0; i < arrays.size(); ++i) {
    // NumPy calls arrays without a name arr_0, arr_1, …
    std::string name = arrays[i].name.empty() ? "arr_" + std::to_string(i) : arrays[i].name;
    if (!names.insert(name).second)
      throw FileError(path, "two arrays have the name " + quotedForMessage(name));
    headers.push_back(npyHeader(arrays[i].array));
    writer.add(name + ".npy", {headers.back(), elementBytes(arrays[i].array)});
  }
  writeFile(path, writer.finish());
}

void writeData(const std::string &path, const std::vector<NamedArray> &arrays) {
  std::string extension = extensionOf(path);
  if (!isKnown(extension))
    failUnknown(path, extension, "writing");
  if (arrays.empty())
    throw FileError(path, "there is nothing to save");
  try {
    if (extension == "npz") {
      writeNpz(path, arrays);
    } else if (extension == "npy") {
      if (arrays.size() != 1)
        throw FileError(path, "npy files hold one array, and there are " +
                                  std::to_string(arrays.size()) + "; npz files hold several");
      std::string header = npyHeader(arrays[0].array);
      writeFile(path, {header, elementBytes(arrays[0].array)});
    } else {
      writeFile(path, {csvText(path, arrays, extension == "tsv" ? '\t' : ',')});
    }
  } catch (const FormatError &error) {
    throw FileError(path, error.what());
  }
}

} // namespace descent
