#include "runtime/data/Results.h"

#include "descent/Error.h"
#include "runtime/core/Numbers.h"
#include "runtime/data/Files.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <variant>

namespace descent {

namespace {

using Json = nlohmann::ordered_json;

/// Text in pieces. One that grew as a whole would be there twice each time that it does.
class Pieces {
public:
  /// What follows is written to its end.
  std::string &end() {
    if (pieces.empty() || pieces.back().size() > kLength) {
      pieces.emplace_back();
      pieces.back().reserve(kLength + kMore);
    }
    return pieces.back();
  }
  const std::vector<std::string> &all() const { return pieces; }

private:
  /// Numbers and what stands between them are shorter than `kMore`.
  static constexpr size_t kLength = 1 << 20, kMore = 256;
  std::vector<std::string> pieces;
};

template <std::floating_point T> void encode(T value, std::string &out) {
  std::string text = shortestText(value);
  if (!std::isfinite(value))
    text = '"' + text + '"';
  else if (text.find_first_of(".e") == std::string::npos)
    text += ".0"; // still no integer for who reads it
  out += text;
}

void encode(bool value, std::string &out) {
  out += value ? "true" : "false";
}

void encode(uint64_t key, std::string &out) {
  fmt::format_to(std::back_inserter(out), "[{},{}]", key >> 32, key & 0xFFFFFFFF);
}

template <std::integral T> void encode(T value, std::string &out) {
  fmt::format_to(std::back_inserter(out), "{}", value);
}

/// The part of an array from axis `axis` on that begins at element `place`.
template <typename T>
void encode(std::span<const T> values, const Shape &shape, size_t axis, int64_t &place,
            Pieces &out) {
  if (axis == shape.size())
    return encode(values[static_cast<size_t>(place++)], out.end());
  out.end() += '[';
  for (int64_t i = 0; i < shape[axis]; ++i) {
    if (i > 0)
      out.end() += ',';
    encode(values, shape, axis + 1, place, out);
  }
  out.end() += ']';
}

void encode(const Array &array, Pieces &out) {
  visitDType(array.dtype(), [&](auto zero) {
    int64_t place = 0;
    encode(array.values<decltype(zero)>(), array.shape(), 0, place, out);
  });
}

/// Bytes that are not UTF-8 (a path may have them) are replaced rather than refused.
void encode(const std::string &text, Pieces &out) {
  out.end() += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace

struct Results::Document {
  /// A value, or else parts by their names.
  std::variant<std::monostate, Array, std::string> value;
  std::vector<std::string> names;
  std::vector<Document> parts;

  Document &at(const std::vector<std::string> &path) {
    Document *place = this;
    for (const std::string &name : path) {
      if (place->value.index() != 0)
        throw Error("'" + name + "' cannot be put into a result that is a value");
      auto found = std::ranges::find(place->names, name);
      auto index = static_cast<size_t>(found - place->names.begin());
      if (found == place->names.end()) {
        place->names.push_back(name);
        place->parts.emplace_back();
      }
      place = &place->parts[index];
    }
    return *place;
  }

  void write(Pieces &out) const {
    if (auto *array = std::get_if<Array>(&value))
      return encode(*array, out);
    if (auto *text = std::get_if<std::string>(&value))
      return encode(*text, out);
    out.end() += '{';
    for (size_t i = 0; i < names.size(); ++i) {
      if (i > 0)
        out.end() += ',';
      encode(names[i], out);
      out.end() += ':';
      parts[i].write(out);
    }
    out.end() += '}';
  }

  Pieces pieces() const {
    Pieces out;
    write(out);
    out.end() += '\n';
    return out;
  }
};

Results::Results() : document(std::make_unique<Document>()) {}
Results::~Results() = default;

void Results::set(const std::vector<std::string> &path, const Array &value) {
  document->at(path).value = value;
}

void Results::set(const std::vector<std::string> &path, std::string_view text) {
  document->at(path).value = std::string(text);
}

std::string Results::text() const {
  Pieces pieces = document->pieces();
  std::string text;
  for (const std::string &piece : pieces.all())
    text += piece;
  return text;
}

void Results::write(const std::string &file) const {
  Pieces text = document->pieces();
  writeFile(file, {text.all().begin(), text.all().end()});
}

} // namespace descent
