// Tables and named arrays, read from files and written to them.
#pragma once

#include "descent/Array.h"

#include <string>
#include <string_view>
#include <vector>

namespace descent {

struct NamedArray {
  /// As a script writes it after the dot: an identifier, unique in its table.
  std::string name;
  Array array;
  /// As the file has it: "petal length (cm)".
  std::string label;
};

/// What a data file holds.
class Table {
public:
  /// A column that is there but has no value of the language, such as one of text.
  struct RefusedColumn {
    std::string name;
    std::string label;
    /// The column's first value that cannot be used: where it is and what is wrong.
    std::string reason;
    int64_t line = 0;
    int64_t column = 0;
  };

  std::string path;
  /// In the file's order. The columns of a table have the shape [rows].
  std::vector<NamedArray> arrays;
  std::vector<RefusedColumn> refused;
  /// The file holds one array without a name (npy): the data are this array, not a table.
  bool isSingleArray = false;

  /// The array of a name or a label, or null.
  const Array *find(std::string_view name) const;

  /// The array of a name or a label. Throws FileError, which says where the offending value is for
  /// a refused column, and names all columns where there is no such column.
  const Array &column(std::string_view name) const;
};

/// Reads a data file, whole. The kind is told by the extension: csv, tsv, npy, npz, and the same
/// packed by gzip: csv.gz.
///
/// Floats become `floatType` (F32 or F64), whatever the file has. Columns of text files that hold
/// integers alone are i32, or i64 where one of them does not fit; those that hold true and false
/// alone (also True, TRUE …) are bool. In npy and npz, i1 i2 i4 u1 u2 become i32, u4 u32, i8 and u8
/// i64 (a u8 that does not fit is an error), b1 bool, f2 f4 f8 `floatType`.
///
/// The first line of a text file is its header if its fields, unlike those below, are not numbers.
/// Without one the columns are called c0, c1, … Fields may be quoted ("a, ""b"""), lines end
/// with LF, CRLF or CR, blank lines are left out. A column whose first value is not a number is
/// refused, the others are there; anything else that is not as it should be (a missing value, also
/// NA or nan; a line with too few or too many fields; text among numbers) throws FileError with the
/// line, the column and what to do.
Table readData(const std::string &path, DType floatType);

/// Writes arrays to a file of the kind that the extension tells (csv, tsv, npy, npz), all or
/// nothing: to a temporary file beside it, which then takes its place.
///
/// npy takes one array. csv takes arrays of one axis and equal length, as columns, and matrices,
/// each of their columns on its own (name_0, name_1, …); a scalar is a column of one row. Floats
/// are written so that they read back as the same value. Keys are written to no file of these
/// kinds. Throws FileError.
void writeData(const std::string &path, const std::vector<NamedArray> &arrays);

/// A label as an identifier that can stand after a dot: "petal length (cm)" is petal_length_cm,
/// "2019" is c2019; empty where nothing of it can be kept.
std::string identifierFromLabel(std::string_view label);

} // namespace descent
