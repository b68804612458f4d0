// What the tests of CUDA share: the fake driver, set up anew for each test.
#pragma once

#include "FakeDriver.h"

#include "runtime/device/cuda/Cuda.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <dlfcn.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace descent::test {

/// Sets variables of the environment until it dies.
class Environment {
public:
  void set(const char *name, const char *value) {
    const char *before = std::getenv(name);
    saved.emplace_back(name, before ? std::optional<std::string>(before) : std::nullopt);
    value ? setenv(name, value, 1) : unsetenv(name);
  }
  ~Environment() {
    for (auto it = saved.rbegin(); it != saved.rend(); ++it)
      it->second ? setenv(it->first, it->second->c_str(), 1) : unsetenv(it->first);
  }

private:
  std::vector<std::pair<const char *, std::optional<std::string>>> saved;
};

/// PTX with these kernels, as far as the fake driver reads it.
inline std::string ptxOf(std::initializer_list<const char *> kernels, const char *version = "8.0") {
  std::string text = std::string("//\n.version ") + version + "\n.target sm_70\n";
  for (const char *kernel : kernels)
    text += std::string(".visible .entry ") + kernel + "()\n";
  return text;
}

/// What a call throws, or "nothing".
template <class Call> std::string problemOf(Call &&call) {
  try {
    call();
  } catch (const device::DeviceError &error) {
    return error.what();
  }
  return "nothing";
}

class CudaTest : public testing::Test {
protected:
  void SetUp() override { use(FAKE_CUDA); }
  void TearDown() override {
    EXPECT_EQ(fake->contexts, 0);
    EXPECT_EQ(fake->streams, 0);
    EXPECT_EQ(fake->events, 0);
    EXPECT_EQ(fake->modules, 0);
    EXPECT_EQ(fake->links, 0);
    EXPECT_EQ(fake->graphs, 0);
    EXPECT_EQ(fake->graphExecs, 0);
    EXPECT_EQ(fake->pinned, 0);
    EXPECT_EQ(fake->memory.size(), 0u);
    EXPECT_EQ(fake->registered.size(), 0u);
    EXPECT_EQ(fake->strays, 0);
    EXPECT_EQ(fake->misuses, 0);
  }

  /// Takes a build of the fake driver.
  void use(const char *library) {
    environment.set("DESCENT_LIBCUDA", library);
    environment.set("CUDA_VISIBLE_DEVICES", nullptr);
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(handle, nullptr) << dlerror();
    fake = reinterpret_cast<FakeCuda *(*)()>(dlsym(handle, "fakeCuda"))();
    fake->kernels.clear();
    fake->failures.clear();
    fake->version = 13000;
    fake->cards = 1;
    fake->major = 9;
    fake->minor = 0;
    fake->hasMemoryPools = fake->mapsHostMemory = true;
    fake->mostRegistered = 0;
    fake->mostPinnedBytes = SIZE_MAX;
    fake->memoryBytes = size_t{1} << 30;
    fake->allocations = 0;
    fake->compilations = 0;
    fake->loads = 0;
    fake->launches = 0;
    fake->graphLaunches = 0;
    fake->misuses = 0;
  }
  /// A kernel that adds arguments[1] to the integer at arguments[0].
  void addKernel() {
    fake->kernels["add"] = {[](const FakeLaunch &how) {
                              *reinterpret_cast<int64_t *>(how.arguments[0]) +=
                                  int64_t(how.arguments[1]);
                              return 0;
                            },
                            2};
  }
  /// A kernel that fails with a code.
  void failingKernel(const char *name, int code) {
    fake->kernels[name] = {[code](const FakeLaunch &) { return code; }};
  }

  Environment environment;
  FakeCuda *fake = nullptr;
};

} // namespace descent::test
