#pragma once

#include <optional>
#include <string_view>

namespace descent {

/// What follows the colon in `{x:8.3f}`: `[[fill]align][sign][#][0][width][,][.precision][type]`,
/// as in Python.
struct FormatSpec {
  /// The fill character, one code point in UTF-8; empty for a space.
  std::string_view fill;
  /// '<', '>', '^', or 0.
  char align = 0;
  /// '+', '-', ' ', or 0.
  char sign = 0;
  bool alternate = false;
  bool zeroPadded = false;
  /// `,` between thousands.
  bool separated = false;
  /// At most 1000; -1 where absent.
  int width = -1;
  int precision = -1;
  /// One of b d o x X e E f F g G %, or 0.
  char type = 0;
};

/// Reads a format; absent where it is none. Views of `text` are kept.
std::optional<FormatSpec> parseFormatSpec(std::string_view text);

} // namespace descent
