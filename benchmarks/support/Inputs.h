// What a benchmark's function is given and what it gives, as JSON and as arrays.
#pragma once

#include "descent/Array.h"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace descent::bench {

using Json = nlohmann::ordered_json;

/// The input of an evaluation. In JSON: an object of named values, or one value alone, whose name
/// is empty. An integer is known at compile time; a number with a point is a scalar; lists are
/// arrays of floats; {"npy": path} is the array of a file. Fields that tell how to run (`min_runs`,
/// `min_seconds`, `batch`, `precision`) are no inputs.
class Inputs {
public:
  /// Throws Error where the JSON is not as said.
  static Inputs fromJson(const Json &json);

  DType precision = DType::F64;
  std::vector<std::pair<std::string, Array>> arrays;
  std::vector<std::pair<std::string, int64_t>> integers;

  /// The value of that name (an input without a name has any). Throws Error where there is none.
  const Array &array(std::string_view name) const;
  int64_t integer(std::string_view name) const;
  /// A scalar, or an integer, as a double.
  double number(std::string_view name) const;
};

/// Named results: one without a name, or several with names.
struct Outputs {
  std::vector<std::string> names;
  std::vector<Array> arrays;

  /// A new result, its elements yet to be written.
  Array &add(std::string name, DType dtype, Shape shape);
  /// Of each array all elements, nested; or, with a sample, its length as a vector and that many
  /// elements or a few more, evenly spread.
  Json toJson(int64_t sample = 0) const;
};

} // namespace descent::bench
