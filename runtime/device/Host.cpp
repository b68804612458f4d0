#include "runtime/device/Host.h"

#include "runtime/core/Memory.h"
#include "runtime/device/Messages.h"

#include <fmt/format.h>

#include <algorithm>

namespace descent::device {

namespace {

/// From one place of a device to another while a kernel runs: by way of this process, as the driver
/// may copy within a card by a kernel of its own, for which there is no room beside one that fills
/// the card.
void copyBeside(Device &device, Address to, Address from, int64_t bytes) {
  constexpr int64_t piece = 16 << 20;
  std::vector<std::byte> buffer(static_cast<size_t>(std::min(bytes, piece)));
  for (int64_t done = 0; done < bytes; done += piece) {
    int64_t count = std::min(piece, bytes - done);
    device.copyFrom(buffer.data(), from + static_cast<Address>(done), count);
    device.copyTo(to + static_cast<Address>(done), buffer.data(), count);
  }
}

} // namespace

Block::Block(Device &device, int64_t bytes) : device(device), bytes(std::max<int64_t>(bytes, 1)) {
  address = device.allocate(this->bytes);
}

void Block::clear() {
  std::vector<std::byte> zeros(static_cast<size_t>(bytes));
  device.copyTo(address, zeros.data(), bytes);
}

Host::Host(Device &device, int64_t words)
    : device(device), words(words), box(device.allocateMailbox(words * 8)) {}

void Host::begin(const std::vector<abi::Effect> &itsEffects,
                 const std::vector<abi::Check> &itsChecks, const std::vector<Product> &itsProducts,
                 abi::RunContext &run) {
  std::fill_n(static_cast<int64_t *>(box.host), words, 0);
  effects = &itsEffects;
  checks = &itsChecks;
  products = &itsProducts;
  context = &run;
  served = 0;
  error = nullptr;
}

bool Host::serve() {
  int64_t number = word(mailbox::requested).load(std::memory_order_acquire);
  if (number == served)
    return false;
  int64_t answer = 0;
  isToGoOn = false;
  try {
    answer = carryOut();
  } catch (...) {
    // Nothing may be taken down while the program waits: it is answered, and asked to stop.
    if (!error)
      error = std::current_exception();
    word(mailbox::stop).store(1, std::memory_order_relaxed);
  }
  word(mailbox::answer).store(answer, std::memory_order_relaxed);
  served = number;
  word(mailbox::answered).store(number, std::memory_order_release);
  return true;
}

void Host::rethrow() const {
  if (error)
    std::rethrow_exception(error);
}

void Host::passOnInterrupt() {
  if (context->poll())
    word(mailbox::stop).store(1, std::memory_order_relaxed);
}

Address Host::operandAddress(size_t number) {
  auto first = mailbox::operands + static_cast<int64_t>(number) * mailbox::wordsOfOperand;
  return static_cast<Address>(word(first).load(std::memory_order_relaxed));
}

/// Pointers to the elements of operands, of which arrays are copied from the device.
std::vector<const void *> Host::operands(const std::vector<abi::OperandType> &types) {
  std::vector<const void *> pointers;
  arrays.clear();
  arrays.reserve(types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    auto first = mailbox::operands + static_cast<int64_t>(i) * mailbox::wordsOfOperand;
    Address from = operandAddress(i);
    if (from == 0) {
      pointers.push_back(static_cast<int64_t *>(box.host) + first + 1);
      continue;
    }
    Array &array = arrays.emplace_back(Array::uninitialized(types[i].dtype, types[i].shape));
    if (array.byteSize() > 0)
      device.copyFrom(array.mutableData(), from, static_cast<int64_t>(array.byteSize()));
    pointers.push_back(array.data());
  }
  return pointers;
}

int64_t Host::carryOut() {
  int64_t index = word(mailbox::index).load(std::memory_order_relaxed);
  switch (static_cast<Request>(word(mailbox::request).load(std::memory_order_relaxed))) {
  case Request::Effect:
    // What nobody wants need not be copied here.
    if (!context->takes(static_cast<int32_t>(index)))
      return 0;
    context->effect(static_cast<int32_t>(index),
                    operands(effects->at(static_cast<size_t>(index)).operands).data());
    return 0;
  case Request::CheckFailed:
    context->checkFailed(static_cast<int32_t>(index),
                         operands(checks->at(static_cast<size_t>(index)).operands).data());
    return 0;
  case Request::Tape:
    return growTape(index, word(mailbox::bytes).load(std::memory_order_relaxed));
  case Request::Product: {
    const Product &product = products->at(static_cast<size_t>(index));
    ProductArrays arrays{operandAddress(0), operandAddress(1), operandAddress(2)};
    size_t next = 3;
    if (product.beta != 0)
      arrays.added = operandAddress(next++);
    if (product.hasBias)
      arrays.bias = operandAddress(next);
    device.multiply(product, arrays);
    madeLast = {static_cast<size_t>(index), arrays};
    isToGoOn = true;
    return 0;
  }
  }
  return 0;
}

/// Memory of at least so many bytes that begins with what a tape has; 0 where there is none.
/// `tape`: its memory, or the number of its place where it has none yet.
int64_t Host::growTape(int64_t tape, int64_t bytes) {
  auto byAddress = tapeOf.find(static_cast<Address>(tape));
  int64_t site = byAddress == tapeOf.end() ? tape : byAddress->second;
  std::unique_ptr<Block> &known = tapes[site];
  if (known && known->bytes >= bytes)
    return static_cast<int64_t>(known->address);
  try {
    auto larger = std::make_unique<Block>(device, bytes);
    if (known) {
      copyBeside(device, larger->address, known->address, known->bytes);
      tapeOf.erase(known->address);
    }
    known = std::move(larger);
    tapeOf[known->address] = site;
  } catch (const OutOfDeviceMemory &error) {
    context->failTape(static_cast<int32_t>(site),
                      fmt::format("the device has no memory for what this loop keeps of each "
                                  "iteration for its derivative, {} by now: {}; `--tape-limit` makes a "
                                  "`for` loop keep less",
                                  inBytes(known ? known->bytes : 0), error.what()));
    return 0;
  }
  return static_cast<int64_t>(known->address);
}

} // namespace descent::device
