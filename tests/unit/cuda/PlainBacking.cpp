// The process's memory, and kernels that are functions of a test.
#include "Backing.h"

#include <cstdlib>
#include <cstring>

namespace descent::test {

namespace {

class PlainBacking final : public Backing {
public:
  uint64_t allocate(size_t bytes) override {
    return reinterpret_cast<uint64_t>(std::aligned_alloc(512, (bytes + 511) / 512 * 512));
  }
  void release(uint64_t address) override { std::free(reinterpret_cast<void *>(address)); }
  bool isVariable(uint64_t, size_t) override { return false; }
  void *pin(size_t bytes) override { return std::malloc(bytes); }
  void unpin(void *memory) override { std::free(memory); }
  uint64_t share(void *memory, size_t) override { return reinterpret_cast<uint64_t>(memory); }
  void unshare(void *) override {}
  std::string complaintAbout(const std::string &ptx) override {
    if (ptx.find("mistake") == std::string::npos)
      return "";
    return "ptxas application ptx input, line 3; fatal: mistake\n";
  }
  std::unique_ptr<Kernels> load(const std::string &) override { return nullptr; }
};

} // namespace

std::unique_ptr<Backing> makeBacking(FakeCuda &) {
  return std::make_unique<PlainBacking>();
}

} // namespace descent::test
