// Kernels that a card runs again and again, with products between: a graph whose nodes depend on
// what is in the card's memory.
//
//   while (goes on)
//     the program's kernel, which leaves the number of a product in memory, or 0
//     a kernel of one thread that reads it, sets it to 0, and sets both conditions
//     switch (number): the products, as cuBLASLt puts them into a stream
#pragma once

#include "runtime/device/cuda/Module.h"

#include <functional>

namespace descent::device::cuda {

/// Why this driver cannot: a clause. Empty where it can.
std::string whyNoGraphs(const Driver &driver);

/// PTX of the kernel `descent_select`, for all cards: it has the address of the number, and the
/// handles of the loop and of the switch.
extern const char *const kSelectPtx;

/// Makes such graphs on a card; in its context, as all below.
class GraphMaker {
public:
  explicit GraphMaker(Card &card) : card(card) {}
  ~GraphMaker();
  GraphMaker(const GraphMaker &) = delete;
  GraphMaker &operator=(const GraphMaker &) = delete;

  struct Kernel {
    std::string name;
    CudaFunction function = nullptr;
    Launch how;
    std::span<const uint64_t> arguments;
  };
  /// `put` puts a product, by its number from 0 on, into a stream. `next`: where the kernel leaves
  /// its number, from 1 on. Null where the driver does not make it. Throws DeviceError where the
  /// card has failed.
  std::unique_ptr<Repetition> make(Queue &queue, const Kernel &kernel, size_t products,
                                   const std::function<void(size_t, CudaStream)> &put,
                                   Address next);

private:
  class Builder;

  Card &card;
  CudaModule module = nullptr;
  CudaFunction select = nullptr;
};

} // namespace descent::device::cuda
