#include "benchmarks/support/Inputs.h"

#include "descent/Data.h"
#include "descent/Error.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace descent::bench {
namespace {

const std::vector<std::string> kHowToRun = {"min_runs", "min_seconds", "batch", "sample",
                                            "precision"};

void flatten(const Json &json, size_t depth, Shape &shape, std::vector<double> &values) {
  if (!json.is_array()) {
    if (depth != shape.size() || !json.is_number())
      throw Error("an input's lists are not of one depth, or hold something else than numbers");
    values.push_back(json.get<double>());
    return;
  }
  auto count = static_cast<int64_t>(json.size());
  if (depth == shape.size() && values.empty())
    shape.push_back(count);
  if (depth >= shape.size() || shape[depth] != count)
    throw Error("an input's lists are not of one length");
  for (const Json &item : json)
    flatten(item, depth + 1, shape, values);
}

Array readArray(const Json &json, DType precision) {
  if (json.is_object()) {
    Table table = readData(json.at("npy").get<std::string>(), precision);
    return table.arrays.at(0).array;
  }
  Shape shape;
  std::vector<double> values;
  flatten(json, 0, shape, values);
  return Array::fromVector(values, shape).converted(precision);
}

Json toJson(const Array &array, size_t axis, const double *&next) {
  if (axis == array.shape().size())
    return *next++;
  Json list = Json::array();
  for (int64_t i = 0; i < array.shape()[axis]; ++i)
    list.push_back(toJson(array, axis + 1, next));
  return list;
}

Json sampled(std::span<const double> values, int64_t count) {
  double squares = 0;
  for (double value : values)
    squares += value * value;
  Json list = Json::array({std::sqrt(squares)});
  size_t stride = std::max<size_t>(1, values.size() / static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); i += stride)
    list.push_back(values[i]);
  return list;
}

} // namespace

Inputs Inputs::fromJson(const Json &json) {
  Inputs inputs;
  auto add = [&](const std::string &name, const Json &value) {
    if (value.is_number_integer())
      inputs.integers.emplace_back(name, value.get<int64_t>());
    else
      inputs.arrays.emplace_back(name, readArray(value, inputs.precision));
  };
  if (!json.is_object()) {
    inputs.arrays.emplace_back("", readArray(json, inputs.precision));
    return inputs;
  }
  if (json.value("precision", "f64") == "f32")
    inputs.precision = DType::F32;
  for (const auto &[name, value] : json.items())
    if (std::ranges::find(kHowToRun, name) == kHowToRun.end())
      add(name, value);
  return inputs;
}

const Array &Inputs::array(std::string_view name) const {
  for (const auto &[given, value] : arrays)
    if (given == name || given.empty())
      return value;
  throw Error("the input has no array '" + std::string(name) + "'");
}

int64_t Inputs::integer(std::string_view name) const {
  for (const auto &[given, value] : integers)
    if (given == name)
      return value;
  throw Error("the input has no integer '" + std::string(name) + "'");
}

double Inputs::number(std::string_view name) const {
  for (const auto &[given, value] : integers)
    if (given == name)
      return static_cast<double>(value);
  return array(name).toDouble();
}

Array &Outputs::add(std::string name, DType dtype, Shape shape) {
  names.push_back(std::move(name));
  arrays.push_back(Array::uninitialized(dtype, std::move(shape)));
  return arrays.back();
}

Json Outputs::toJson(int64_t sample) const {
  auto one = [sample](const Array &array) {
    Array doubles = array.converted(DType::F64);
    if (sample)
      return sampled(doubles.values<double>(), sample);
    const double *next = static_cast<const double *>(doubles.data());
    return bench::toJson(doubles, 0, next);
  };
  if (arrays.size() == 1 && names[0].empty())
    return one(arrays[0]);
  Json object = Json::object();
  for (size_t i = 0; i < arrays.size(); ++i)
    object[names[i]] = one(arrays[i]);
  return object;
}

} // namespace descent::bench
