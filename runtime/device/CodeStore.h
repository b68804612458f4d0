// Where code that a driver made is kept between processes.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace descent::device {

/// Images of code, found by what they were made of. Nothing is lost where nothing is kept.
class CodeStore {
public:
  using Parts = std::initializer_list<std::string_view>;
  virtual ~CodeStore() = default;
  /// What was kept for exactly these parts, whole.
  virtual std::optional<std::string> find(Parts parts) = 0;
  virtual void keep(Parts parts, std::string_view image) = 0;
};

} // namespace descent::device
