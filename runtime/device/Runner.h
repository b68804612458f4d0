// Runs a compiled program on a device.
#pragma once

#include "runtime/abi/RunContext.h"
#include "runtime/device/Device.h"
#include "runtime/device/Image.h"

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace descent::device {

/// The elements of an input.
struct Input {
  const void *data = nullptr;
  int64_t bytes = 0;
};

/// Room for the elements of a result.
struct Output {
  void *data = nullptr;
  int64_t bytes = 0;
};

/// Seconds of a run, and what it takes.
struct RunTimes {
  double load = 0;     ///< until the device has the code
  double transfer = 0; ///< until it has the inputs
  double kernel = 0;   ///< the program itself; by the device's clock, if it measures launches
  int64_t bytes = 0;   ///< of the device's memory when it begins
  int launches = 0;    ///< by the host: it left the device for all but the first
};

/// A device has no room for a program. `what()` is a clause: "NVIDIA H100 has no room for this
/// program: it needs 2.00 GiB, …".
class NoRoom : public OutOfDeviceMemory {
public:
  /// What a program needs in bytes.
  struct Needs {
    int64_t inputs = 0;
    int64_t working = 0; ///< for the arrays that it makes
    int64_t all() const { return inputs + working; }
  };
  /// `free` before anything was allocated.
  NoRoom(const Properties &device, Needs needs, int64_t free);
  const Needs &needs() const { return needed; }

  /// The input, by number, that was to stay in the machine's memory, and why the device cannot read
  /// it there.
  struct Unshared {
    size_t input;
    std::string why;
  };
  const std::optional<Unshared> &unshared() const { return kept; }
  void cannotShare(size_t input, std::string why) { kept = {input, std::move(why)}; }

private:
  Needs needed;
  std::optional<Unshared> kept;
};

/// A program failed on a device while it ran, or the device did.
class ProgramFailed : public DeviceError {
public:
  ProgramFailed(const std::string &message, int64_t step) : DeviceError(message), reached(step) {}
  /// The number of the step that it began last, of those that it had not begun before: from 1 on;
  /// 0: of none yet.
  int64_t step() const { return reached; }

private:
  int64_t reached;
};

/// A program on a device, for one run after the other.
class ProgramRunner {
public:
  /// Puts the code there. `image` must outlive it. Throws DeviceError.
  ProgramRunner(Device &device, const ProgramImage &image);
  ~ProgramRunner();
  ProgramRunner(const ProgramRunner &) = delete;
  ProgramRunner &operator=(const ProgramRunner &) = delete;

  /// Makes room for it there and copies its inputs. Throws NoRoom, DeviceError;
  /// then there is as much room as before.
  /// `outside`: what of the inputs may stay outside of the device.
  enum class Outside { Nothing, ReadByRows, Anything };
  void provide(std::span<const Input> inputs, Outside outside = Outside::Anything);
  /// The inputs that `provide` would leave outside, by number: there is no room for all of them.
  std::vector<size_t> leavesOutside(std::span<const Input> inputs, Outside outside) const;
  /// Blocks of a launch, at most.
  int64_t mostBlocks() const { return resident; }
  /// Runs it from its beginning to its end; what it asks for meanwhile the
  /// context carries out. `effects` and `checks` are those of the context. To
  /// be called once after `provide`: the memory goes back. Throws ProgramFailed, DeviceError.
  void run(const std::vector<abi::Effect> &effects, const std::vector<abi::Check> &checks,
           abi::RunContext &context);

  /// Runs a function: copies its arguments there and its results back, unless a check fails. The
  /// memory is kept for the next call, whose arguments and results have as many bytes. Throws
  /// NoRoom, ProgramFailed, DeviceError.
  void call(std::span<const Input> arguments, std::span<const Output> results,
            const std::vector<abi::Effect> &effects, const std::vector<abi::Check> &checks,
            abi::RunContext &context);

  /// The inputs that were not copied to the device, as it has no room for them, by number: kernels
  /// read them in this process's memory, which must stay until the run has ended.
  const std::vector<size_t> &outside() const { return leftOutside; }
  const RunTimes &times() const { return seconds; }

private:
  struct Memory;
  std::unique_ptr<Memory> makeRoom(std::span<const Input> inputs, std::span<const Output> results,
                                   Outside outside);
  NoRoom::Needs needsOf(std::span<const Input> inputs, std::span<const Output> results) const;
  void transfer(const Memory &to, std::span<const Input> inputs);
  void launchUntilEnd(Memory &with);
  void execute(Memory &with, const std::vector<abi::Effect> &effects,
               const std::vector<abi::Check> &checks, abi::RunContext &context);

  Device &device;
  const ProgramImage &image;
  std::unique_ptr<Program> program;
  int64_t resident = 1;
  Launch launch;
  std::unique_ptr<Memory> memory;
  std::vector<size_t> leftOutside;
  RunTimes seconds;
};

/// All of that at once.
RunTimes runProgram(Device &device, const ProgramImage &image, std::span<const Input> inputs,
                    const std::vector<abi::Effect> &effects, const std::vector<abi::Check> &checks,
                    abi::RunContext &context);

} // namespace descent::device
