#include "runtime/device/ProductLoop.h"

#include "runtime/device/ProductTable.h"

#include <algorithm>

namespace descent::device {

namespace {

/// A product is known at so many places at most: its entries are looked at one after the other.
constexpr size_t kMostPlaces = 32;

/// In a message's order.
std::vector<Address> operandsOf(const Product &product, const ProductArrays &arrays) {
  std::vector<Address> operands{arrays.lhs, arrays.rhs, arrays.result};
  if (product.beta != 0)
    operands.push_back(arrays.added);
  if (product.hasBias)
    operands.push_back(arrays.bias);
  return operands;
}

std::vector<int64_t> tableOf(const std::vector<Product> &products,
                             const std::vector<std::vector<ProductArrays>> &known) {
  std::vector<int64_t> words(products.size() * producttable::wordsOfProduct);
  int64_t number = 0;
  for (size_t i = 0; i < products.size(); ++i) {
    words[i * producttable::wordsOfProduct] = static_cast<int64_t>(words.size());
    words[i * producttable::wordsOfProduct + 1] = static_cast<int64_t>(known[i].size());
    for (const ProductArrays &arrays : known[i]) {
      size_t entry = words.size();
      words.push_back(++number);
      for (Address operand : operandsOf(products[i], arrays))
        words.push_back(static_cast<int64_t>(operand));
      words.resize(entry + producttable::wordsOfEntry);
    }
  }
  return words;
}

} // namespace

ProductLoop::ProductLoop(Device &device, Program &program, const ProgramImage &image,
                         const Launch &how, std::vector<uint64_t> arguments, Address state)
    : device(device), program(program), image(image), how(how), arguments(std::move(arguments)),
      state(state), known(image.products.size()) {}

void ProductLoop::start() {
  if (repetition)
    device.copyTo(state + state::products * 8, &table->address, 8);
  launch();
}

void ProductLoop::goOn(const MadeProduct &made) {
  std::vector<ProductArrays> &places = known[made.number];
  if (std::ranges::find(places, made.arrays) != places.end())
    isDue = true;
  else if (places.size() < kMostPlaces)
    places.push_back(made.arrays);
  launch();
}

void ProductLoop::launch() {
  if (isDue && !cannotRepeat)
    repeatKnown();
  isDue = false;
  if (repetition) {
    if (repetition->launch())
      return;
    // The device cannot after all: each product is the host's.
    cannotRepeat = true;
    repetition.reset();
    const Address none = 0;
    device.copyTo(state + state::products * 8, &none, 8);
  }
  program.launch(image.kernel, how, arguments);
}

/// The program has left the device, or is about to: it looks into no table any more.
void ProductLoop::repeatKnown() {
  std::vector<ProductCall> calls;
  for (size_t i = 0; i < known.size(); ++i)
    for (const ProductArrays &arrays : known[i])
      calls.push_back({image.products[i], arrays});
  std::vector<int64_t> words = tableOf(image.products, known);
  auto bytes = static_cast<int64_t>(words.size() * 8);
  // It knows fewer products: without room for the new one there is none.
  repetition.reset();
  try {
    if (!table || table->bytes < bytes)
      table = std::make_unique<Block>(device, bytes);
    repetition =
        device.repeat(program, image.kernel, how, arguments, calls, state + state::next * 8);
  } catch (const OutOfDeviceMemory &) {
  }
  cannotRepeat = !repetition;
  if (repetition)
    device.copyTo(table->address, words.data(), bytes);
  const Address where = repetition ? table->address : 0;
  device.copyTo(state + state::products * 8, &where, 8);
}

} // namespace descent::device
