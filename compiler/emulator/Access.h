// What the code of a kernel says of itself to the emulator: one record for each place where it
// touches memory or meets other threads. The rewritten code holds addresses of these records.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

namespace descent::emulator {

/// What a warp operation computes.
enum class WarpOp : uint8_t {
  Sync,
  ShuffleUp,
  ShuffleDown,
  ShuffleButterfly,
  ShuffleIndex,
  VoteAll,
  VoteAny,
  VoteUniform,
  Ballot,
  MatchAny,
  MatchAll,
  Add,
  UnsignedMin,
  UnsignedMax,
  Min,
  Max,
  And,
  Or,
  Xor,
  ProductTf32,     ///< mma.m16n8k8
  ProductBf16,     ///< mma.m16n8k16
  ProductF64,      ///< mma.m8n8k4
  ProductF64Large, ///< mma.m16n8k8
};

/// Bytes that a lane brings to a product: of the left matrix, of the right one, and sums.
constexpr unsigned productBytes = (4 + 2 + 4) * 8;

/// What a block barrier returns.
enum class BarrierResult : uint8_t { None, Count, And, Or };

struct Access {
  bool reads = false, writes = false;
  bool atomic = false;
  bool acquires = false, releases = false;
  /// Orders threads of the same block only.
  bool blockScope = false;
  /// It can be the condition of a wait, so others must run.
  bool isPoll = false;
  uint8_t alignment = 1;
  WarpOp warpOp = WarpOp::Sync;
  BarrierResult barrierResult = BarrierResult::None;
  /// Its number among the records of its program; not 0.
  uint32_t id = 0;
  /// "model.gd:3:7", or "in the function f (block)".
  std::string place;
  /// "the barrier", "a shuffle".
  std::string what;
};

/// All records of a program. Their addresses stay.
class AccessTable {
public:
  Access &add() {
    records.emplace_back();
    records.back().id = static_cast<uint32_t>(records.size());
    return records.back();
  }
  const Access &at(uint32_t id) const { return records.at(id - 1); }

private:
  std::deque<Access> records;
};

} // namespace descent::emulator
