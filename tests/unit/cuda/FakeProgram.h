// What compiled programs do where they leave a card for a product, by hand: for kernels that are
// functions of a test.
#pragma once

#include "runtime/device/Messages.h"
#include "runtime/device/ProductTable.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

namespace descent::test {

/// The mailbox and the state of a program.
struct FakeProgram {
  int64_t *box = nullptr, *state = nullptr;

  std::atomic_ref<int64_t> word(int64_t at) const { return std::atomic_ref<int64_t>(box[at]); }

  void post() const {
    namespace mailbox = device::mailbox;
    word(mailbox::requested).store(word(mailbox::requested).load() + 1);
  }

  /// The kernel ends behind this.
  void leaveFor(int64_t product, std::array<const void *, 3> operands) const {
    namespace mailbox = device::mailbox;
    namespace table = device::producttable;
    if (auto *known = reinterpret_cast<const int64_t *>(state[device::state::products])) {
      int64_t &next = state[device::state::next];
      next = 0;
      const int64_t *entry = known + known[product * table::wordsOfProduct];
      int64_t count = known[product * table::wordsOfProduct + 1];
      for (; count > 0; --count, entry += table::wordsOfEntry)
        if (std::ranges::equal(operands, std::array{entry[1], entry[2], entry[3]}, {},
                               [](const void *at) { return reinterpret_cast<int64_t>(at); }))
          next = entry[0];
      if (next)
        return;
    }
    box[mailbox::request] = int64_t(device::Request::Product);
    box[mailbox::index] = product;
    for (size_t i = 0; i < operands.size(); ++i)
      box[mailbox::operands + int64_t(i) * mailbox::wordsOfOperand] =
          reinterpret_cast<int64_t>(operands[i]);
    post();
  }
};

} // namespace descent::test
