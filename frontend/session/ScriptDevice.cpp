// A script's programs and functions on a device, and what is done where that cannot be.
#include "frontend/session/Failures.h"
#include "frontend/session/Rates.h"
#include "frontend/session/ScriptState.h"
#include "frontend/session/Stopwatch.h"

namespace descent {

DeviceSession *Script::State::onDevice(std::string_view function) {
  if (options.device == DeviceKind::Cpu)
    return nullptr;
  openDevice();
  if (!session->device())
    return nullptr;
  session->compile(
      function, validProgram(), compileOptions(), [this] { return emitted(); }, timing);
  return session.get();
}

void Script::State::openDevice() {
  if (session)
    return;
  Stopwatch watch(timing.open);
  session = std::make_unique<DeviceSession>(options.device, options.cache);
}

std::optional<std::string> Script::State::couldNotBegin(const device::DeviceError &error,
                                                        std::string_view function) {
  if (options.device == DeviceKind::Auto) {
    session->leaveToProcessor(error.what());
    return std::nullopt;
  }
  auto *shortage = dynamic_cast<const device::NoRoom *>(&error);
  if (!shortage)
    throw; // This is called where it was caught.
  const compiler::DeviceCode &code =
      session->withPlaces(function, compileOptions(), [this] { return emitted(); });
  return renderNoRoom(*shortage, needsOf(code.largest), sources);
}

std::optional<std::string> Script::State::failedOnDevice(const device::ProgramFailed &failure,
                                                         std::string_view function) {
  if (failure.step() <= 0 || session->namesPlaces())
    return std::nullopt;
  const std::vector<compiler::DeviceStep> &steps =
      session->withPlaces(function, compileOptions(), [this] { return emitted(); }).steps;
  // What a failing card wrote may be anything.
  if (static_cast<size_t>(failure.step()) > steps.size())
    return std::nullopt;
  const compiler::DeviceStep &step = steps[static_cast<size_t>(failure.step()) - 1];
  return renderDeviceFailure(failure, rangeOf(step.place), step.isInLoop, sources);
}

DeviceSession *Script::State::providedDevice(std::ostream *remarks, std::string &noRoom) {
  try {
    DeviceSession *device = onDevice();
    if (device) {
      if (device->leavesRowsOutside(*program))
        onDevice();
      device->provide(*program, timing, remarks);
    }
    return device;
  } catch (const device::DeviceError &error) {
    if (std::optional<std::string> message = couldNotBegin(error, "main")) {
      noRoom = *message;
      return session.get();
    }
    if (remarks)
      *remarks << "descent: it runs on the processor, as " << error.what() << '\n' << std::flush;
    return nullptr;
  }
}

bool Script::State::callOnDevice(Call &call, const sema::Function &function) {
  bool isLoaded = false;
  try {
    DeviceSession *device = onDevice(function.name);
    if (!device)
      return false;
    device->load(function.name);
    isLoaded = true;
    auto bytesOf = [&](sema::ValueId id) {
      const sema::TensorType &type = program->values[id];
      return type.elementCount() * static_cast<int64_t>(sizeOf(type.dtype));
    };
    std::vector<device::Input> arguments;
    for (size_t i = 0; i < call.arguments.size(); ++i)
      arguments.push_back({call.arguments[i], bytesOf(function.body.args[i])});
    std::vector<device::Output> results;
    for (size_t i = 0; i < call.results.size(); ++i)
      results.push_back({call.results[i], bytesOf(function.body.yields[i])});
    device->call(function.name, arguments, results, *program, *call.context);
    return true;
  } catch (const device::ProgramFailed &failure) {
    if (std::optional<std::string> message = failedOnDevice(failure, function.name))
      throw Error(*message);
    throw;
  } catch (const device::DeviceError &error) {
    // What failed while it ran would be hidden, if the processor did it now.
    if (isLoaded && !dynamic_cast<const device::NoRoom *>(&error))
      throw;
    if (std::optional<std::string> message = couldNotBegin(error, function.name))
      throw Error(*message);
    return false;
  }
}

std::pair<std::string, std::string> Script::device() {
  if (state->options.device == DeviceKind::Cpu)
    return {"the processor", ""};
  state->openDevice();
  return {state->session->name(), state->session->whyNot()};
}

double Script::copyRate() {
  device();
  bool onDevice = state->session && state->session->device();
  return onDevice ? state->session->copyRate() : copyRateOfProcessor(state->options.threads);
}

std::optional<double> Script::joules() {
  return state->session ? state->session->joules() : std::nullopt;
}

} // namespace descent
