// Copies between the process and a card, through memory that the card can reach.
#pragma once

#include "runtime/device/cuda/Card.h"

#include <array>

namespace descent::device::cuda {

/// Ordinary memory cannot be copied while a kernel runs without the driver's waiting for it, so all
/// copies go through two pinned buffers: the process fills one while the card reads the other.
class Staging {
public:
  static constexpr int64_t kBytes = int64_t{4} << 20;

  /// In the card's context. Throws DeviceError.
  explicit Staging(Card &card);
  ~Staging();
  Staging(const Staging &) = delete;
  Staging &operator=(const Staging &) = delete;

  /// All return when the copy is done. In the card's context. Throw DeviceError.
  void toCard(Address to, const void *from, int64_t bytes);
  void fromCard(void *to, Address from, int64_t bytes);
  /// Beside kernels, too; through no buffer.
  void withinCard(Address to, Address from, int64_t bytes);

  /// The copies' stream.
  CudaStream queue() const { return stream; }

private:
  struct Buffer {
    char *memory = nullptr;
    CudaEvent done = nullptr;
  };
  void destroy();
  /// Waits until the card has done with a buffer.
  void await(const Buffer &buffer, std::string_view doing);

  Card &card;
  CudaStream stream = nullptr;
  std::array<Buffer, 2> buffers;
};

} // namespace descent::device::cuda
