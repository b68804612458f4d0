// Energy, power and clocks of a card, from NVIDIA's management library where it is installed.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace descent::device {

/// What a card's sensors say. A card need not have all of them.
class CardSensors {
public:
  virtual ~CardSensors() = default;
  /// Used since some time in the past.
  virtual std::optional<double> joules() = 0;
  virtual std::optional<double> watts() = 0;
  /// Of the processors and of the memory, now.
  virtual std::optional<double> processorMegahertz() = 0;
  virtual std::optional<double> memoryMegahertz() = 0;
};

/// The sensors of the card at a bus address (CudaCard::bus), from libnvidia-ml.so.1 or the file
/// that $DESCENT_LIBNVML names. Null where they cannot be read; then `problem` says why.
std::unique_ptr<CardSensors> openSensors(const std::string &bus, std::string &problem);

} // namespace descent::device
