// Data of random scripts: `data x = "f32 130 7"` is an array of that type and shape.
#pragma once

#include "frontend/sema/Sema.h"

#include <sstream>

namespace descent::fuzz {

class RandomData : public sema::DataSource {
public:
  sema::DataResult load(const std::string &what, DType) override {
    std::istringstream words(what);
    std::string type;
    words >> type;
    Shape shape;
    for (int64_t size; words >> size;)
      shape.push_back(size);
    sema::DataResult result;
    result.isSingleArray = true;
    result.columns.push_back({"", "",
                              type == "f64"   ? made<double>(shape)
                              : type == "i32" ? made<int32_t>(shape)
                                              : made<float>(shape),
                              ""});
    return result;
  }

private:
  /// Between -1 and 1, no two of a few thousand closer than they must be; integers from -7 to 7.
  template <typename T> static Array made(const Shape &shape) {
    Array array = Array::uninitialized(dtypeOf<T>, shape);
    auto elements = array.mutableValues<T>();
    double x = 0.123;
    for (T &element : elements) {
      x += 0.61803398874989485;
      x -= x >= 1;
      element = T((std::is_integral_v<T> ? 8 : 1) * (2 * x - 1));
    }
    return array;
  }
};

} // namespace descent::fuzz
