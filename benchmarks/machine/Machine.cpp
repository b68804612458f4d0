// What the machine can do, as JSON on standard output: bytes per second that are read (by how much
// memory is read over and over), copied and combined (a triad) from memory, and operations per
// second of multiply-adds in registers; by one thread and by all.
#include <nlohmann/json.hpp>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;
using Vector __attribute__((vector_size(64))) = float;
using DoubleVector __attribute__((vector_size(64))) = double;

constexpr size_t kMemory = size_t(256) << 20; // beyond any cache

/// The elements of one thread.
using Block = std::unique_ptr<Vector[]>;

/// Keeps a value from being removed.
template <typename V> void keep(V &value) {
  asm volatile("" : "+v"(value));
}

/// The work of one thread on its three blocks of `count` vectors each.
using Work = std::function<void(Vector *, Vector *, Vector *, size_t)>;

/// Amounts per second of `work`, which does `amount` per thread and call: the best of several
/// tries.
double rate(unsigned threads, size_t bytes, double amount, const Work &work) {
  size_t count = bytes / threads / sizeof(Vector);
  auto calls =
      static_cast<int>(std::clamp<size_t>(kMemory / std::max<size_t>(bytes, 1), 1, 1 << 16));
  std::vector<double> seconds(threads);
  double best = 1e30;
  std::barrier together(threads);
  auto body = [&](unsigned index) {
    Block blocks[3];
    for (Block &block : blocks) {
      block.reset(new (std::align_val_t(64)) Vector[count + 1]);
      std::fill_n(block.get(), count + 1, Vector{} + 1.0f);
    }
    for (int tries = 0; tries < 7; ++tries) {
      together.arrive_and_wait();
      Clock::time_point begin = Clock::now();
      for (int call = 0; call < calls; ++call)
        work(blocks[0].get(), blocks[1].get(), blocks[2].get(), count);
      seconds[index] = std::chrono::duration<double>(Clock::now() - begin).count();
      together.arrive_and_wait();
      if (index == 0)
        best = std::min(best, *std::ranges::max_element(seconds));
    }
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads; ++i)
    others.emplace_back(body, i);
  body(0);
  for (std::thread &other : others)
    other.join();
  return amount * calls / best;
}

void read(Vector *a, Vector *, Vector *, size_t count) {
  Vector sums[8] = {};
  for (size_t i = 0; i + 8 <= count; i += 8)
    for (size_t j = 0; j < 8; ++j)
      sums[j] += a[i + j];
  for (Vector &sum : sums)
    keep(sum);
}

void copy(Vector *a, Vector *b, Vector *, size_t count) {
  for (size_t i = 0; i < count; ++i)
    __builtin_nontemporal_store(a[i], b + i);
}

void triad(Vector *a, Vector *b, Vector *c, size_t count) {
  for (size_t i = 0; i < count; ++i)
    __builtin_nontemporal_store(b[i] * 3.0f + c[i], a + i);
}

constexpr int kChains = 12, kRounds = 1 << 16;
constexpr double kMultiplyAdds = double(kChains) * kRounds;

template <typename V> void multiplyAdd(Vector *, Vector *, Vector *, size_t) {
  V sums[kChains] = {}, factor = V{} + 0.5f;
  keep(factor);
  for (int round = 0; round < kRounds; ++round)
    for (V &sum : sums) {
      sum = __builtin_elementwise_fma(sum, factor, factor);
      keep(sum);
    }
}

Json measure(unsigned threads) {
  Json result, levels = Json::array();
  for (size_t bytes : {size_t(16) << 10, size_t(256) << 10, size_t(4) << 20, size_t(16) << 20, kMemory}) {
    size_t all =
        bytes * (bytes < (size_t(1) << 20) ? threads : 1); // small caches are each core's own
    levels.push_back(
        {{"bytes", all}, {"rate", rate(threads, all, static_cast<double>(all), read)}});
  }
  result["read"] = levels;
  result["copy"] = rate(threads, kMemory, 2.0 * kMemory, copy);
  result["triad"] = rate(threads, kMemory, 3.0 * kMemory, triad);
  double each = kMultiplyAdds * 2 * threads;
  result["f32"] =
      rate(threads, kMemory, each * sizeof(Vector) / sizeof(float), multiplyAdd<Vector>);
  result["f64"] =
      rate(threads, kMemory, each * sizeof(Vector) / sizeof(double), multiplyAdd<DoubleVector>);
  return result;
}

} // namespace

int main() {
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  Json result = {{"threads", threads}, {"one", measure(1)}};
  result["all"] = threads > 1 ? measure(threads) : result["one"];
  std::cout << result.dump(2) << "\n";
}
