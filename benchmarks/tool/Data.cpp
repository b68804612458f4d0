// Writes an input of a case: bench-data OUT.npy f32|f64 SEED DESCRIPTION [SIZE=VALUE...]
#include "benchmarks/support/RandomData.h"

#include "descent/Data.h"
#include "descent/Error.h"

#include <iostream>

int main(int count, char **arguments) {
  using namespace descent;
  if (count < 5) {
    std::cerr << "usage: bench-data OUT.npy f32|f64 SEED DESCRIPTION [SIZE=VALUE...]\n";
    return 2;
  }
  try {
    bench::Sizes sizes;
    for (int i = 5; i < count; ++i) {
      std::string size = arguments[i];
      size_t equals = size.find('=');
      sizes[size.substr(0, equals)] = std::stoll(size.substr(equals + 1));
    }
    DType precision = std::string(arguments[2]) == "f32" ? DType::F32 : DType::F64;
    Array array = bench::makeArray(arguments[4], sizes, precision, std::stoull(arguments[3]));
    writeData(arguments[1], {{"data", array, "data"}});
  } catch (const std::exception &error) {
    std::cerr << "bench-data: " << error.what() << "\n";
    return 1;
  }
}
