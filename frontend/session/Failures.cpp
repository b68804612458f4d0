#include "frontend/session/Failures.h"

#include "frontend/diagnostics/Diagnostics.h"
#include "runtime/core/Memory.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace descent {
namespace {

Msg messageOf(abi::Failure::Kind kind) {
  switch (kind) {
  case abi::Failure::Kind::Assert:
  case abi::Failure::Kind::Value:
    return Msg::AssertFailed;
  case abi::Failure::Kind::Index:
    return Msg::IndexOutOfRange;
  case abi::Failure::Kind::Effect:
    return Msg::EffectFailed;
  case abi::Failure::Kind::NotFinite:
    return Msg::NotFinite;
  case abi::Failure::Kind::Memory:
    return Msg::OutOfMemory;
  }
  return Msg::AssertFailed;
}

} // namespace

std::string renderFailure(const abi::Failure &failure, const SourceManager &sources,
                          std::optional<SourceRange> origin, const std::string &remark) {
  Diagnostics diagnostics(sources);
  SourceRange range{failure.span.file, failure.span.begin, failure.span.end};
  if (failure.kind == abi::Failure::Kind::Memory) {
    auto &&report =
        diagnostics.error(origin.value_or(SourceRange()), Msg::OutOfMemory, failure.message);
    report.note(
        "with `checkpoint(f)` around a part of the body that is itself a loop, only what goes into "
        "the part is kept, and it runs again");
    std::ostringstream out;
    diagnostics.render(out);
    return out.str();
  }
  auto &&report = diagnostics.error(range, messageOf(failure.kind), failure.message);
  if (origin)
    report.note(*origin,
                "the first value that was not finite was made here, from finite ones, or in "
                "the derivative of this");
  if (!remark.empty())
    report.note(remark);
  std::ostringstream out;
  diagnostics.render(out);
  return out.str();
}

std::string sourceOfNonFinite(const sema::Program &program) {
  for (const sema::Input &input : program.inputs) {
    int64_t place = -1;
    auto find = [&](auto values) {
      auto found = std::ranges::find_if(values, [](auto value) { return !std::isfinite(value); });
      if (found != values.end())
        place = found - values.begin();
    };
    if (input.data.dtype() == DType::F32)
      find(input.data.values<float>());
    else if (input.data.dtype() == DType::F64)
      find(input.data.values<double>());
    if (place < 0)
      continue;
    std::vector<int64_t> indices;
    for (size_t axis = input.data.shape().size(); axis-- > 0; place /= input.data.shape()[axis])
      indices.insert(indices.begin(), place % input.data.shape()[axis]);
    return fmt::format("the data have such values: the first in `{}` is at [{}]", input.name,
                       fmt::join(indices, ", "));
  }
  return "no operation made it of finite values: something that it begins with is not finite";
}

namespace {

/// What takes most of the memory that a program has no room for, and where: the message with a note
/// for each. `help`: what may help besides fewer rows at a time.
std::string renderShortage(Msg id, const std::string &message, const NeedsOfProgram &needs,
                           const std::vector<std::string> &remarks, const std::string &help,
                           const SourceManager &sources) {
  // What is less than a tenth of the largest is not what it is about.
  int64_t least = 0;
  std::vector<const sema::Input *> data;
  for (const sema::Input &input : needs.program.inputs) {
    data.push_back(&input);
    least = std::max(least, static_cast<int64_t>(input.data.byteSize()) / 10);
  }
  for (const PlacedArray &array : needs.largest)
    least = std::max(least, array.bytes / 10);
  std::ranges::sort(data, std::ranges::greater(),
                    [](const sema::Input *input) { return input->data.byteSize(); });
  std::erase_if(data, [&](const sema::Input *input) {
    return static_cast<int64_t>(input->data.byteSize()) < least;
  });

  Diagnostics diagnostics(sources);
  std::optional<SourceRange> first;
  for (const PlacedArray &array : needs.largest)
    if (!first && array.bytes >= least)
      first = array.place;
  auto &&report = diagnostics.error(first.value_or(SourceRange()), id, message);
  bool isWide = false;
  for (const PlacedArray &array : needs.largest) {
    if (array.bytes < least)
      continue;
    isWide |= array.type.starts_with("f64");
    std::string what =
        fmt::format("{} takes {}", array.type.empty() ? "what this works in" : array.type,
                    inBytes(array.bytes));
    array.place ? report.note(*array.place, what) : report.note(what);
  }
  for (size_t i = 0; i < data.size() && i < 4; ++i) {
    isWide |= data[i]->data.dtype() == DType::F64;
    report.note(fmt::format("the data `{}`, {}, take {}", data[i]->name, data[i]->data.typeName(),
                            inBytes(static_cast<int64_t>(data[i]->data.byteSize()))));
  }
  for (const std::string &remark : remarks)
    report.note(remark);
  report.note(fmt::format("what may help: fewer rows at a time (`batch=` of `train`){}{}",
                          isWide && needs.floatsAreWide ? ", `precision f32`" : "", help));
  std::ostringstream out;
  diagnostics.render(out);
  return out.str();
}

} // namespace

std::string renderNoRoom(const device::NoRoom &shortage, const NeedsOfProgram &needs,
                         const SourceManager &sources) {
  std::vector<std::string> remarks;
  if (const auto &unshared = shortage.unshared())
    remarks.push_back(fmt::format("the data `{}` could stay in the machine's memory, but {}",
                                  needs.program.inputs.at(unshared->input).name, unshared->why));
  return renderShortage(Msg::OutOfDeviceMemory, shortage.what(), needs, remarks,
                        fmt::format(", or the processor (`--device cpu`), where {} are available",
                                    inBytes(availableMemory())),
                        sources);
}

std::string renderNoMemory(int64_t bytes, const NeedsOfProgram &needs,
                           const SourceManager &sources) {
  return renderShortage(
      Msg::NotEnoughMemory,
      fmt::format("there is not enough memory for this program: it needs {} for the arrays that it "
                  "makes, and {} of {} are available",
                  inBytes(bytes), inBytes(availableMemory()), inBytes(machineMemory())),
      needs, {}, "", sources);
}

std::string renderDeviceFailure(const device::ProgramFailed &failure,
                                std::optional<SourceRange> reached, bool isInLoop,
                                const SourceManager &sources) {
  Diagnostics diagnostics(sources);
  auto &&report =
      diagnostics.error(reached.value_or(SourceRange()), Msg::DeviceFailed, failure.what());
  report.note(isInLoop
                  ? "the program had come about as far as this when it failed: to this loop, "
                    "of which it may have been in any iteration and at any step"
                  : "the program had come about as far as this when it failed; some threads may "
                    "have been at the next step");
  std::ostringstream out;
  diagnostics.render(out);
  return out.str();
}

} // namespace descent
