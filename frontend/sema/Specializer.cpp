// What all parts of specialisation need: accounting, attempts, what arguments are expected to be.
#include "frontend/sema/Specializer.h"

#include "frontend/sema/Fold.h"
#include "frontend/sema/Structure.h"

#include <algorithm>
#include <cmath>

namespace descent::sema {

Specializer::Specializer(Program &program, SourceManager &sources, Diagnostics &diagnostics,
                         const AnalyzeOptions &options)
    : diagnostics(diagnostics), builder(program), sources(sources), options(options) {}

Specializer::~Specializer() = default;

Specializer::Attempt Specializer::attempt() const {
  const Program &program = builder.program();
  return {program.values.size(), program.effects.size(), program.checks.size(), noteStates.size(),
          diagnostics.mark()};
}

void Specializer::undo(const Attempt &attempt) {
  Program &program = builder.program();
  program.values.resize(attempt.values);
  program.effects.resize(attempt.effects);
  program.checks.resize(attempt.checks);
  noteStates.resize(std::min(noteStates.size(), attempt.noteStates));
  diagnostics.restore(attempt.diagnostics);
}

bool Specializer::charge(size_t amount) {
  if (exhausted)
    return false;
  work += amount;
  const char *here = static_cast<const char *>(__builtin_frame_address(0));
  bool isStackFull = stackLimit && here < stackLimit;
  if (work + builder.operationCount < options.maxWork && !isStackFull)
    return true;
  diagnostics.error(builder.range, Msg::ProgramTooLarge);
  exhausted = true;
  return false;
}

Value Specializer::errorAt(SourceRange range, Msg message,
                           std::initializer_list<MessageArgument> args) {
  diagnostics.report(range, message, std::span(args.begin(), args.size()));
  return ErrorValue{};
}

// ---- Arguments ---------------------------------------------------------------------------------

namespace {

Value mismatch(Specializer &sema, const Argument &argument, std::string_view wanted) {
  if (!argument.value.isError())
    sema.diagnostics.error(argument.range, Msg::TypeMismatch, describeType(argument.value), wanted);
  return ErrorValue{};
}

/// Reports a value that is of the right kind but computed, or not of that kind.
void reportUnknown(Specializer &sema, const Argument &argument, bool isRightKind,
                   std::string_view wanted) {
  std::string what = argument.name.empty() ? "this argument" : "`" + argument.name + "`";
  if (isRightKind)
    sema.diagnostics.error(argument.range, Msg::NotKnown, what, describeType(argument.value));
  else
    mismatch(sema, argument, wanted);
}

} // namespace

std::optional<ArrayValue> Specializer::expectArray(const Argument &argument) {
  Value value = asArray(argument.value, argument.range);
  if (auto array = value.array())
    return *array;
  if (!value.isError())
    mismatch(*this, argument, "an array");
  return std::nullopt;
}

std::optional<ArrayValue> Specializer::expectFloat(const Argument &argument) {
  auto array = expectArray(argument);
  if (!array)
    return std::nullopt;
  if (isFloat(array->type.dtype))
    return array;
  if (array->type.dtype == DType::Key) {
    mismatch(*this, argument, "numbers");
    return std::nullopt;
  }
  if (array->weak && array->known)
    return builder.known(*array->known, defaultFloat, true);
  return builder.convert(*array, defaultFloat);
}

std::optional<int64_t> Specializer::expectKnownInteger(const Argument &argument) {
  if (argument.value.isError())
    return std::nullopt;
  if (auto integer = argument.value.knownInteger())
    return integer;
  auto array = argument.value.array();
  reportUnknown(*this, argument, array && array->isScalar() && isInteger(array->type.dtype),
                "an integer");
  return std::nullopt;
}

std::optional<bool> Specializer::expectKnownBool(const Argument &argument) {
  if (argument.value.isError())
    return std::nullopt;
  auto array = argument.value.array();
  bool isBool = array && array->isScalar() && array->type.dtype == DType::Bool;
  if (isBool && array->known)
    return truthOf(*array->known);
  reportUnknown(*this, argument, isBool, "true or false");
  return std::nullopt;
}

std::optional<std::string> Specializer::expectKnownText(const Argument &argument) {
  if (argument.value.isError())
    return std::nullopt;
  auto text = argument.value.as<TextValue>();
  if (!text) {
    mismatch(*this, argument, "text");
    return std::nullopt;
  }
  std::string result;
  for (const TextValue::Piece &piece : text->pieces) {
    if (piece.value) {
      reportUnknown(*this, argument, true, "text");
      return std::nullopt;
    }
    result += piece.literal;
  }
  return result;
}

std::optional<std::vector<int64_t>> Specializer::expectShapeLike(const Argument &argument) {
  if (argument.value.isError())
    return std::nullopt;
  std::optional<std::vector<int64_t>> shape;
  bool isRightKind = false;
  if (auto integer = argument.value.knownInteger()) {
    shape = {*integer};
  } else if (auto array = argument.value.array()) {
    isRightKind = isInteger(array->type.dtype) && array->rank() <= 1;
    if (array->elements)
      shape = *array->elements;
    else if (array->type.dims == std::vector<int64_t>{0}) // `[]`: the shape of a scalar
      shape.emplace();
  } else if (auto tuple = argument.value.as<TupleValue>()) {
    isRightKind = true;
    shape.emplace();
    for (const Value &item : tuple->items) {
      auto integer = item.knownInteger();
      if (!integer) {
        shape.reset();
        break;
      }
      shape->push_back(*integer);
    }
  }
  if (!shape) {
    reportUnknown(*this, argument, isRightKind, "a shape");
    return std::nullopt;
  }
  return shape;
}

std::optional<std::vector<int64_t>> Specializer::expectShape(const Argument &argument) {
  auto shape = expectShapeLike(argument);
  if (!shape)
    return std::nullopt;
  for (int64_t size : *shape)
    if (size < 0) {
      diagnostics.error(argument.range, Msg::NegativeSize, size);
      return std::nullopt;
    }
  return shape;
}

std::optional<int64_t> Specializer::expectAxis(const Argument &argument, int64_t rank) {
  auto axis = expectKnownInteger(argument);
  if (!axis)
    return std::nullopt;
  if (*axis >= -rank && *axis < rank)
    return *axis < 0 ? *axis + rank : *axis;
  diagnostics.error(argument.range, Msg::AxisRange, *axis,
                    rank == 0   ? std::string("a scalar")
                    : rank == 1 ? std::string("an array with one axis")
                                : "an array with " + std::to_string(rank) + " axes");
  return std::nullopt;
}

std::optional<DType> Specializer::expectDType(const Argument &argument) {
  if (auto type = argument.value.as<DTypeValue>())
    return type->dtype;
  if (argument.value.isError())
    return std::nullopt;
  std::string given = argument.value.array() ? "a value of type " + describeType(argument.value)
                                             : describeType(argument.value);
  auto report = diagnostics.error(argument.range, Msg::TypeMismatch, given,
                                  "the name of a type, such as `f64`,");
  if (!argument.nameRange.isValid())
    report.note("by its position this is `dtype`; give what comes after it by name");
  return std::nullopt;
}

std::optional<FunctionPointer> Specializer::expectFunction(const Argument &argument) {
  if (auto function = argument.value.as<FunctionPointer>())
    return *function;
  mismatch(*this, argument, "a function");
  return std::nullopt;
}

} // namespace descent::sema
