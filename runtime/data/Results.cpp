#include "runtime/data/Results.h"

#include "descent/Error.h"
#include "runtime/core/Numbers.h"
#include "runtime/data/Files.h"

#include <nlohmann/json.hpp>

namespace descent {

using Json = nlohmann::ordered_json;

struct Results::Document {
  Json root = Json::object();
};

static Json encode(double value) {
  return std::isfinite(value) ? Json(value) : Json(shortestText(value));
}

/// An f32 becomes the f64 of its shortest text: 0.1 and not 0.10000000149011612.
static Json encode(float value) {
  std::string text = shortestText(value);
  if (!std::isfinite(value))
    return text;
  double wide = 0;
  std::from_chars(text.data(), text.data() + text.size(), wide);
  return wide;
}

static Json encode(uint64_t key) {
  return Json::array({key >> 32, key & 0xFFFFFFFF});
}

template <typename T> static Json encode(T value) {
  return value;
}

/// The part of an array from axis `axis` on that begins at element `place`.
template <typename T>
static Json encode(std::span<const T> values, const Shape &shape, size_t axis, int64_t &place) {
  if (axis == shape.size())
    return encode(values[place++]);
  Json list = Json::array();
  for (int64_t i = 0; i < shape[axis]; ++i)
    list.push_back(encode(values, shape, axis + 1, place));
  return list;
}

static Json encode(const Array &array) {
  return visitDType(array.dtype(), [&](auto zero) {
    int64_t place = 0;
    return encode(array.values<decltype(zero)>(), array.shape(), 0, place);
  });
}

static void put(Json &root, const std::vector<std::string> &path, Json value) {
  Json *place = &root;
  for (const std::string &name : path) {
    if (!place->is_object())
      throw Error("'" + name + "' cannot be put into a result that is a value");
    place = &(*place)[name];
    if (place->is_null())
      *place = Json::object();
  }
  *place = std::move(value);
}

Results::Results() : document(std::make_unique<Document>()) {}
Results::~Results() = default;

void Results::set(const std::vector<std::string> &path, const Array &value) {
  put(document->root, path, encode(value));
}

void Results::set(const std::vector<std::string> &path, std::string_view text) {
  put(document->root, path, text);
}

std::string Results::text() const {
  // Bytes that are not UTF-8 (a path may have them) are replaced rather than refused.
  return document->root.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void Results::write(const std::string &file) const {
  writeFile(file, {text()});
}

} // namespace descent
