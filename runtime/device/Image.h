// A program as a device takes it.
#pragma once

#include "runtime/device/Product.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace descent::device {

/// A program for a device: one kernel that all blocks of a launch run together, and what its launch
/// needs.
struct ProgramImage {
  std::string code; ///< what Device::load takes
  std::string kernel;
  int threads = 256;        ///< of a block
  int64_t arenaBytes = 0;   ///< working memory
  int64_t blockBytes = 0;   ///< working memory of each block
  int64_t stateBytes = 0;   ///< zeros when it begins
  int64_t tapeBytes = 0;    ///< that it will ask for, as far as it is known
  int64_t mailboxWords = 0; ///< see Messages.h
  int64_t usefulBlocks = 1; ///< more have nothing to do
  /// By the input: whether loops read rows of it only, so that it may be far away.
  std::vector<bool> byRows;
  /// By the input: whether some of these rows are fetched while the steps before run. Of as many
  /// inputs as `byRows`.
  std::vector<bool> ahead;

  /// Those that are left to the device's library, by their number in messages.
  std::vector<Product> products;

  /// All of it as bytes.
  std::string write() const;
  /// Nothing where the bytes are not such an image, whole.
  static std::optional<ProgramImage> read(std::string_view bytes);
};

} // namespace descent::device
