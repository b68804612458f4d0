// A card in use by this process: its context, and what is said when it fails.
#pragma once

#include "runtime/device/Device.h"
#include "runtime/device/cuda/Driver.h"

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace descent::device::cuda {

/// The smallest compute capability that code is made for: 7.0 (Volta, 2017).
constexpr int kLeastMajor = 7;

/// What a driver tells of a card without a context on it.
struct CardFacts {
  CudaDeviceNumber device = 0;
  std::string bus;
  Properties properties;
  /// Memory can be had in the order of a stream, without waiting for kernels of others.
  bool allocatesInStreams = false;
  /// Kernels can read memory of the machine.
  bool mapsHostMemory = false;
  /// Of all multiprocessors, at a time.
  int64_t threads = 0;
};
CardFacts factsOf(const Driver &driver, int number);

/// How many cards the driver shows. Throws DeviceError.
int countCards(const Driver &driver);

/// "there is no GPU 3: the driver shows GPU 0 to GPU 1"
std::string noSuchCard(int number, int count);

/// Why that card is of no use; empty where it is.
std::string unsuited(const Properties &properties);

/// Holds the card's primary context, which other libraries of the process share.
class Card {
public:
  Card(std::shared_ptr<const Driver> driver, int number);
  ~Card();
  Card(const Card &) = delete;
  Card &operator=(const Card &) = delete;

  /// The context is the thread's own while this lives.
  class Entered {
  public:
    explicit Entered(Card &card);
    ~Entered();
    Entered(const Entered &) = delete;
    Entered &operator=(const Entered &) = delete;
    explicit operator bool() const { return entered; }

  private:
    Card &card;
    bool entered;
  };

  /// Throws DeviceError where the card failed before.
  void expectUsable() const;
  /// Throws what happened while this was tried.
  [[noreturn]] void fail(int code, std::string_view doing);
  /// Remembers what happened where nothing may be thrown; thrown by the next expectUsable.
  void note(int code, std::string_view doing) noexcept;
  bool isLost() const { return !lost.empty(); }

  /// A kernel was launched; who did it, if one fails.
  void launched(const std::string &kernel);
  /// All kernels have ended.
  void idle() { launchedCount = 0; }

  const Driver &driver() const { return *table; }
  const CardFacts &facts() const { return cardFacts; }
  CudaContext handle() const { return context; }
  /// "GPU 0 (NVIDIA H100)"
  const std::string &name() const { return shownName; }

private:
  std::string messageOf(int code, std::string_view doing) const;
  std::string launchedKernels() const;

  std::shared_ptr<const Driver> table;
  CardFacts cardFacts;
  std::string shownName;
  CudaContext context = nullptr;
  /// What made the card useless.
  std::string lost;
  /// The kernels that may be running: the last few names.
  std::array<std::string, 4> recent;
  size_t launchedCount = 0;
};

} // namespace descent::device::cuda
