// What a compiled program asks of the runtime, described at compile time.
//
// Compiled code refers to an effect by its index and passes pointers to the elements of its operands
// (row-major, scalars too). The frontend fills these tables; the runtime carries them out. Nothing
// here knows of syntax: a place in a script is a span of bytes of a file by number.
#pragma once

#include "descent/Array.h"
#include "descent/DType.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace descent::abi {

/// Bytes [begin, end) of file number `file`; for whoever holds the texts.
struct SourceSpan {
  uint32_t file = ~0u;
  uint32_t begin = 0;
  uint32_t end = 0;
};

/// How operands form a value a user knows: an array, or a tuple or record of such.
struct ValueLayout {
  enum class Kind { Array, Tuple, Record };
  Kind kind = Kind::Array;
  int operand = -1;                ///< Array: which operand of the effect
  std::vector<std::string> names;  ///< Record: one for each item
  std::vector<ValueLayout> items;  ///< Tuple, Record
};

/// A piece of text: literal, or a value under a format (empty: the default).
struct TextPiece {
  std::string literal;
  std::optional<ValueLayout> value;
  std::string format;
};
using Text = std::vector<TextPiece>;

struct OperandType {
  DType dtype = DType::F32;
  Shape shape;
};

/// Writes a line to standard output.
struct PrintEffect {
  Text text;
};

/// Writes values to a file, by its extension (npz, npy, csv). A record gives named arrays.
struct SaveEffect {
  Text path;
  ValueLayout value;
};

/// Training begins. No operands.
struct TrainBeginEffect {
  std::string expression;  ///< as written: "loss(x, y)"
  std::string optimizer;   ///< as written: "sgd(rate=0.1)"
  int64_t steps = 0;       ///< planned steps
  int64_t reportEvery = 0; ///< steps between lines; 0: chosen by the runtime
};

/// One report. Operands: step (i64 or i32, 1-based count of steps done), loss (float), gradient norm
/// (float), and the validation value (float) where there is one.
struct TrainReportEffect {
  bool hasValidation = false;
};

/// Training ended. Operands: steps done, last loss, last gradient norm, reason (i32: an index into
/// `reasons`), seconds (f64).
struct TrainEndEffect {
  std::vector<std::string> reasons;
  int notFinite = -1;   ///< the reason that means a NaN or infinity: the run fails
};

/// Keeps a top-level value for `--json` and for embedding. Operands as in the layout.
struct KeepEffect {
  std::string name;
  ValueLayout value;
};

/// Begins or ends a `test` block. No operands.
struct TestEffect {
  std::string name;
  bool begins = true;
};

/// An assertion under `descent test`, which goes on where it does not hold. The last operand is the condition
/// (bool, any shape: all must hold); the message may use the others.
struct TestAssertEffect {
  Text message;
};

/// One comparison of a derivative with finite differences, in a gradient check. Operand: the error (f64).
struct DerivativeEffect {
  std::string with;     ///< with respect to what: "net.w1"
  int64_t elements = 0; ///< of it
  /// False where the function stops gradients on purpose, which differences do not see.
  bool isComparable = true;
};

struct Effect {
  std::variant<PrintEffect, SaveEffect, TrainBeginEffect, TrainReportEffect, TrainEndEffect,
               KeepEffect, TestEffect, TestAssertEffect, DerivativeEffect>
      what;
  std::vector<OperandType> operands;
  SourceSpan span;
};

/// What is said where a `check` fails. The message may use the operands of the check.
struct Check {
  enum class Kind {
    Assert,    ///< an `assert` of the script
    Index,     ///< an index outside its array
    Value,     ///< an argument whose value does not do
    NotFinite, ///< training met a NaN or infinity
  };
  Kind kind = Kind::Assert;
  Text message;
  std::vector<OperandType> operands;
  SourceSpan span;
};

} // namespace descent::abi
