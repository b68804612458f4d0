#include "runtime/device/Image.h"

#include <array>
#include <cstring>

namespace descent::device {

namespace {

/// What is before the name of the kernel, the code, a byte for each input and the products:
/// numbers, the last four their lengths.
using Header = std::array<int64_t, 11>;
static_assert(std::is_trivially_copyable_v<Product> && sizeof(Product) == 15 * sizeof(int64_t));

} // namespace

std::string ProgramImage::write() const {
  Header header{threads,
                arenaBytes,
                blockBytes,
                stateBytes,
                tapeBytes,
                mailboxWords,
                usefulBlocks,
                int64_t(kernel.size()),
                int64_t(code.size()),
                int64_t(byRows.size()),
                int64_t(products.size())};
  std::string bytes(reinterpret_cast<const char *>(header.data()), sizeof(header));
  bytes += kernel;
  bytes += code;
  for (size_t i = 0; i < byRows.size(); ++i)
    bytes += char('0' + byRows[i] + 2 * (i < ahead.size() && ahead[i]));
  bytes.append(reinterpret_cast<const char *>(products.data()), products.size() * sizeof(Product));
  return bytes;
}

std::optional<ProgramImage> ProgramImage::read(std::string_view bytes) {
  Header header;
  if (bytes.size() < sizeof(header))
    return std::nullopt;
  std::memcpy(header.data(), bytes.data(), sizeof(header));
  bytes.remove_prefix(sizeof(header));
  auto left = int64_t(bytes.size());
  auto [threads, arena, block, state, tapes, words, useful, kernel, code, inputs, products] = header;
  for (int64_t number : header)
    if (number < 0)
      return std::nullopt;
  if (threads < 1 || threads > 1024 || kernel > left || code > left - kernel ||
      inputs > left - kernel - code || products > left ||
      products * int64_t(sizeof(Product)) != left - kernel - code - inputs)
    return std::nullopt;
  ProgramImage image;
  image.threads = int(threads);
  image.arenaBytes = arena;
  image.blockBytes = block;
  image.stateBytes = state;
  image.tapeBytes = tapes;
  image.mailboxWords = words;
  image.usefulBlocks = useful;
  image.kernel = bytes.substr(0, size_t(kernel));
  image.code = bytes.substr(size_t(kernel), size_t(code));
  for (char each : bytes.substr(size_t(kernel + code), size_t(inputs))) {
    image.byRows.push_back((each - '0') & 1);
    image.ahead.push_back((each - '0') & 2);
  }
  image.products.resize(size_t(products));
  if (products)
    std::memcpy(image.products.data(), bytes.data() + kernel + code + inputs,
                image.products.size() * sizeof(Product));
  return image;
}

} // namespace descent::device
