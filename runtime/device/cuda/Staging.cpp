#include "runtime/device/cuda/Staging.h"

#include "runtime/device/cuda/Words.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace descent::device::cuda {

Staging::Staging(Card &card) : card(card) {
  const Driver &driver = card.driver();
  try {
    if (int code = driver.streamCreate(&stream, kStreamNonBlocking))
      card.fail(code, "make a stream for copies");
    for (Buffer &buffer : buffers) {
      void *memory = nullptr;
      if (int code = driver.memHostAlloc(&memory, kBytes, kHostPortable))
        card.fail(code, fmt::format("pin {} of the machine's memory for copies", inBytes(kBytes)));
      buffer.memory = static_cast<char *>(memory);
      if (int code = driver.eventCreate(&buffer.done, kEventDisableTiming))
        card.fail(code, "make an event for copies");
    }
  } catch (...) {
    destroy();
    throw;
  }
}

Staging::~Staging() {
  destroy();
}

void Staging::destroy() {
  const Driver &driver = card.driver();
  for (Buffer &buffer : buffers) {
    if (buffer.done)
      driver.eventDestroy(buffer.done);
    if (buffer.memory)
      driver.memFreeHost(buffer.memory);
  }
  if (stream)
    driver.streamDestroy(stream);
}

void Staging::await(const Buffer &buffer, std::string_view doing) {
  if (int code = card.driver().eventSynchronize(buffer.done))
    card.fail(code, doing);
}

void Staging::toCard(Address to, const void *from, int64_t bytes) {
  const Driver &driver = card.driver();
  auto doing = [&] { return fmt::format("copy {} to the card", inBytes(bytes)); };
  const char *next = static_cast<const char *>(from);
  int64_t copied = 0;
  for (size_t turn = 0; copied < bytes; ++turn) {
    const Buffer &buffer = buffers[turn % 2];
    int64_t part = std::min(bytes - copied, kBytes);
    if (turn >= 2)
      await(buffer, doing());
    std::memcpy(buffer.memory, next + copied, static_cast<size_t>(part));
    if (int code = driver.memcpyHostToDevice(to + static_cast<Address>(copied), buffer.memory,
                                             static_cast<size_t>(part), stream))
      card.fail(code, doing());
    if (int code = driver.eventRecord(buffer.done, stream))
      card.fail(code, doing());
    copied += part;
  }
  if (int code = driver.streamSynchronize(stream))
    card.fail(code, doing());
}

void Staging::fromCard(void *to, Address from, int64_t bytes) {
  const Driver &driver = card.driver();
  auto doing = [&] { return fmt::format("copy {} from the card", inBytes(bytes)); };
  char *next = static_cast<char *>(to);
  auto begin = [&](const Buffer &buffer, int64_t offset) {
    auto part = static_cast<size_t>(std::min(bytes - offset, kBytes));
    if (int code = driver.memcpyDeviceToHost(buffer.memory, from + static_cast<Address>(offset),
                                             part, stream))
      card.fail(code, doing());
    if (int code = driver.eventRecord(buffer.done, stream))
      card.fail(code, doing());
  };
  if (bytes > 0)
    begin(buffers[0], 0);
  for (int64_t copied = 0, turn = 0; copied < bytes; copied += kBytes, ++turn) {
    if (copied + kBytes < bytes)
      begin(buffers[(turn + 1) % 2], copied + kBytes);
    const Buffer &buffer = buffers[turn % 2];
    await(buffer, doing());
    std::memcpy(next + copied, buffer.memory,
                static_cast<size_t>(std::min(bytes - copied, kBytes)));
  }
}

void Staging::withinCard(Address to, Address from, int64_t bytes) {
  if (bytes == 0)
    return;
  const Driver &driver = card.driver();
  int code = driver.memcpyDeviceToDevice(to, from, static_cast<size_t>(bytes), stream);
  if (code == kSuccess)
    code = driver.streamSynchronize(stream);
  if (code)
    card.fail(code, fmt::format("copy {} within the card", inBytes(bytes)));
}

} // namespace descent::device::cuda
