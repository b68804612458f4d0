// What the brackets of `x[1:3, ..., newaxis, i]` select, axis by axis.
#pragma once

#include "frontend/sema/Value.h"

#include <optional>
#include <vector>

namespace descent::sema {

/// The selection along one axis of the array.
struct AxisIndex {
  enum class Kind : uint8_t {
    Slice,  ///< start, count and stride are known
    Window, ///< `count` elements from a start known at run time
    At,     ///< one element; the axis goes away. Known (start) or at run time (index)
    Gather  ///< elements by an array of indices
  };
  Kind kind = Kind::Slice;
  /// Slice: the first element taken and the (possibly negative) stride. At, when known: the element.
  int64_t start = 0, count = 0, stride = 1;
  /// Window and At: the first element, where it is not known; Gather: the indices. Checked, from 0.
  std::optional<ArrayValue> index;

  bool isWhole(int64_t size) const {
    return kind == Kind::Slice && start == 0 && stride == 1 && count == size;
  }
};

struct Selection {
  std::vector<AxisIndex> axes; ///< one for each axis of the array
  /// The result's axes in order: the number of an array's axis, or −1 for a new one. A gather's own
  /// axes stand where its first array is; axes of kind At are left out.
  std::vector<int> order;
  /// As in NumPy: where something stands between indices that are numbers or arrays, the gather's axes
  /// come first of all.
  bool gatherIsFirst = false;

  bool hasGather() const {
    for (const AxisIndex &axis : axes)
      if (axis.kind == AxisIndex::Kind::Gather)
        return true;
    return false;
  }
};

} // namespace descent::sema
