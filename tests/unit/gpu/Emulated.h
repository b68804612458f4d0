// Scripts run by the emulator, and their values compared. With DESCENT_EMULATE_PTX in the
// environment what is run is not the code before LLVM's back end, but the PTX that it makes
// (tests/ptx).
#pragma once

#include "compiler/emulator/Emulator.h"
#include "runtime/device/Runner.h"
#include "tests/ptx/Reader.h"
#include "tests/unit/emit/ScriptProgram.h"

#include <cmath>
#include <cstdlib>

namespace descent {

struct GridShape {
  int threads = 64, blocks = 3;
  uint64_t seed = 1;
  /// The emulator takes the grid barrier's word for it, or looks at its fences and atomics alone.
  bool trustsBarrier = true;
  int major = 8;            ///< compute capability
  int64_t *waits = nullptr; ///< where waits of all threads for each other are counted
};

/// A script's code for the emulator.
inline compiler::DeviceCode deviceCode(const Program &program, compiler::DeviceTarget target,
                                       const std::string &function = "main") {
  static const bool isPtx = std::getenv("DESCENT_EMULATE_PTX") != nullptr;
  target.asBitcode = !isPtx;
  compiler::DeviceCode code =
      compiler::compileForDevice(emit(*program.program, program.sources), {}, target, function);
  if (isPtx)
    code.image.code = ptx::bitcodeOf(ptx::parse(code.image.code));
  return code;
}

/// For blocks of so many threads.
inline compiler::DeviceCode deviceCode(const Program &program, int threads, int major = 8) {
  compiler::DeviceTarget target;
  target.threads = threads;
  target.major = major;
  return deviceCode(program, target);
}

/// The values that a script keeps, run by the emulator. Throws DeviceError for what it reports.
inline Values emulated(const Program &program, const compiler::DeviceCode &code,
                       const GridShape &shape) {
  emulator::EmulatorOptions options;
  options.residentBlocks = shape.blocks;
  options.seed = shape.seed;
  options.trustGridBarrier = shape.trustsBarrier;
  options.gridWaits = shape.waits;
  std::unique_ptr<device::Device> device = emulator::makeEmulator(options);
  abi::RunContext context(program.program->effects, program.program->checks, {});
  std::vector<device::Input> inputs;
  for (const sema::Input &input : program.program->inputs)
    inputs.push_back({input.data.data(), static_cast<int64_t>(input.data.byteSize())});
  device::runProgram(*device, code.image, inputs, program.program->effects, program.program->checks,
                     context);
  EXPECT_FALSE(context.failure());
  Values values;
  for (const abi::KeptValue &kept : context.kept())
    for (const Array &array : kept.arrays) {
      Array wide = array.converted(DType::F64);
      auto elements = wide.values<double>();
      values[kept.name].insert(values[kept.name].end(), elements.begin(), elements.end());
    }
  return values;
}

inline Values emulated(const Program &program, const GridShape &shape) {
  return emulated(program, deviceCode(program, shape.threads, shape.major), shape);
}

inline void expectNear(const Values &a, const Values &b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto &[name, values] : a) {
    auto other = b.find(name);
    ASSERT_NE(other, b.end()) << name;
    ASSERT_EQ(values.size(), other->second.size()) << name;
    for (size_t i = 0; i < values.size(); ++i) {
      double x = values[i], y = other->second[i];
      bool near = (std::isnan(x) && std::isnan(y)) || x == y ||
                  std::abs(x - y) <= tolerance * (1 + std::max(std::abs(x), std::abs(y)));
      EXPECT_TRUE(near) << name << "[" << i << "]: " << x << " and " << y;
    }
  }
}

inline void expectBits(const Values &a, const Values &b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto &[name, values] : a) {
    const std::vector<double> &other = b.at(name);
    ASSERT_EQ(values.size(), other.size()) << name;
    for (size_t i = 0; i < values.size(); ++i)
      EXPECT_TRUE(values[i] == other[i] || (std::isnan(values[i]) && std::isnan(other[i])))
          << name << "[" << i << "]: " << values[i] << " and " << other[i];
  }
}

} // namespace descent
