// Programs that leave the device for the same products again and again do so without the host.
#pragma once

#include "runtime/device/Host.h"
#include "runtime/device/Image.h"

#include <memory>
#include <span>
#include <vector>

namespace descent::device {

/// Starts a program, and goes on with it behind its products. Where these are in memory is known
/// once the program has asked for them. With the first product that it asks for a second time, all
/// that are known become a repetition (Device::repeat); those that come at other places later are
/// the host's, until they come again.
class ProductLoop {
public:
  /// A program, the shape of its launches and its arguments, and the address of its state. All but
  /// the arguments must outlive this.
  ProductLoop(Device &device, Program &program, const ProgramImage &image, const Launch &how,
              std::vector<uint64_t> arguments, Address state);

  /// The program starts anew. Its state is all zeros.
  void start();
  /// The host has had a product made: the program goes on.
  void goOn(const MadeProduct &made);

private:
  void launch();
  void repeatKnown();

  Device &device;
  Program &program;
  const ProgramImage &image;
  const Launch how;
  const std::vector<uint64_t> arguments;
  const Address state;
  /// By the number of the product.
  std::vector<std::vector<ProductArrays>> known;
  /// One that is known has come again.
  bool isDue = false;
  bool cannotRepeat = false;
  std::unique_ptr<Block> table;
  std::unique_ptr<Repetition> repetition;
};

} // namespace descent::device
