#include "runtime/device/Placement.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace descent::device {

namespace {

/// What is smaller would not help.
constexpr int64_t kLeastBytes = int64_t{1} << 20;

} // namespace

std::vector<size_t> inputsOutside(std::span<const int64_t> bytes, const std::vector<bool> &byRows,
                                  int64_t room, bool rowsOnly) {
  int64_t tooMuch = std::accumulate(bytes.begin(), bytes.end(), int64_t{0}) - room;
  std::vector<bool> isOutside(bytes.size());
  for (bool rows : {true, false})
    while (tooMuch > 0 && (rows || !rowsOnly)) {
      std::optional<size_t> best;
      auto isBetter = [&](size_t i) {
        if (!best)
          return true;
        bool isEnough = bytes[i] >= tooMuch, wasEnough = bytes[*best] >= tooMuch;
        return isEnough != wasEnough
                   ? isEnough
                   : (isEnough ? bytes[i] < bytes[*best] : bytes[i] > bytes[*best]);
      };
      for (size_t i = 0; i < bytes.size(); ++i)
        if (!isOutside[i] && bytes[i] >= kLeastBytes && (i < byRows.size() && byRows[i]) == rows &&
            isBetter(i))
          best = i;
      if (!best)
        break;
      isOutside[*best] = true;
      tooMuch -= bytes[*best];
    }
  std::vector<size_t> outside;
  for (size_t i = 0; i < bytes.size(); ++i)
    if (isOutside[i])
      outside.push_back(i);
  return outside;
}

} // namespace descent::device
