// Runs a fuzz target without libFuzzer: on each file of the folders given, then on random texts.
//
//   fuzz-replay [--seconds N] [--seed S] [FOLDER…]
//
// The seed is printed; the same seed gives the same texts.

#include "tests/fuzz/TokenSoup.h"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const std::string &text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(text.data()), text.size());
}

int main(int argc, char **argv) {
  double seconds = 3;
  uint64_t seed = std::random_device()();
  size_t files = 0, texts = 0;
  for (int i = 1; i < argc; ++i) {
    if (!std::strcmp(argv[i], "--seconds") && i + 1 < argc) {
      seconds = std::strtod(argv[++i], nullptr);
    } else if (!std::strcmp(argv[i], "--seed") && i + 1 < argc) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      for (const auto &entry : std::filesystem::recursive_directory_iterator(argv[i])) {
        if (!entry.is_regular_file())
          continue;
        std::ifstream in(entry.path(), std::ios::binary);
        run({std::istreambuf_iterator<char>(in), {}});
        ++files;
      }
    }
  }
  std::cout << "seed " << seed << std::endl;
  std::mt19937_64 random(seed);
  auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  for (; std::chrono::steady_clock::now() < end; ++texts)
    run(descent::fuzz::tokenSoup(random));
  std::cout << files << " files, " << texts << " random texts\n";
}
